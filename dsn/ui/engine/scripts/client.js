// On the page: questions to the Worker, made from the text of `dsnMakeEngine`, so that a file:// page has one too.

/**
 * Ask(what, values) gives a promise of the answer; where there is no Worker the page itself answers. Else it has a copy
 * of the student it asks, if that is quick (`Student.copy`): its answers are in the next frame, a Worker's in one after.
 * `engine` gives `dsnEngine`, of which the page may have a part only.
 */
function engineClient(source, engine) {
  let worker = null;
  try {
    worker = new Worker(URL.createObjectURL(new Blob([source], { type: "text/javascript" })));
  } catch {
    worker = null; // as on some file:// pages
  }
  const handlers = worker ? null : workerHandlers();
  const waiting = new Map();
  let asked = 0;
  const refusal = (message, isRefusal) => (isRefusal ? new Refusal(message) : new Error(message));
  if (worker) {
    worker.onmessage = ({ data: { number, found, refused, isRefusal } }) => {
      const [answer, refuse] = waiting.get(number);
      waiting.delete(number);
      if (refused === undefined) answer(found);
      else refuse(refusal(refused, isRefusal));
    };
    worker.onerror = (event) => {
      for (const [, refuse] of waiting.values()) refuse(new Error(event.message));
      waiting.clear();
    };
  }
  const asking = (what, values) =>
    new Promise((answer, refuse) => {
      if (!worker) {
        setTimeout(async () => {
          try {
            answer(await handlers[what](values));
          } catch (error) {
            refuse(error);
          }
        });
        return;
      }
      asked += 1;
      waiting.set(asked, [answer, refuse]);
      worker.postMessage({ number: asked, what, values });
    });

  let near = {}; // the student asked last: its name, and its copy once it is there
  async function comeNear({ name, picture, valid, entered }) {
    const mine = (near = { name });
    const copy = await asking("copy", { name });
    if (!copy || mine !== near) return;
    const student = engine().Student.of(copy);
    student.compare(picture, valid, entered); // the first takes longest
    mine.student = student;
  }
  const whenIdle = globalThis.requestIdleCallback ?? setTimeout;
  return async (what, values) => {
    const { name, picture, valid, entered, label } = values;
    if (!worker || what !== "compare" || !picture) return asking(what, values);
    if (near.name === name && near.student) return near.student.compare(picture, valid, entered, label);
    const found = await asking(what, values);
    if (near.name !== name) whenIdle(() => comeNear(values).catch(() => {})); // the Worker goes on answering
    return found;
  };
}
