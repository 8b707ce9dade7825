// On the page: questions to the Worker, made from the text of `dsnMakeEngine`, so that a file:// page has one too.

/** Ask(what, values) gives a promise of the answer; where there is no Worker the page itself answers. */
function engineClient(source) {
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
  return (what, values) =>
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
}
