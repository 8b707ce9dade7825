// Inside the Worker: one message is one question, answered by one message of the same number.
function workerHandlers() {
  const students = new Map();
  const pictures = new Map();
  const floatsOf = (name, from, to) => {
    const { bytes, each } = pictures.get(name);
    return asFloats(bytes.subarray(from * each, to * each));
  };
  return {
    /** Keep a student under a name; its config comes back. */
    open({ name, config, weights, plain }) {
      const student = new Student(config, weights, name, plain);
      students.set(name, student);
      return student.config;
    },
    /** Keep pictures, uint8 [N, each], under a name. */
    keep({ name, bytes, each }) {
      pictures.set(name, { bytes, each });
      return bytes.length / each;
    },
    /** The three panels of one picture: a kept one by its index, or one that comes along. */
    compare({ name, picture, from, index, valid, entered, label }) {
      return students.get(name).compare(picture ?? floatsOf(from, index, index + 1), valid, entered, label);
    },
    /** Answers to some of the kept pictures, with a serial or without. */
    answers({ name, from, start, end, bits }) {
      return students.get(name).answers(floatsOf(from, start, end), end - start, bits);
    },
  };
}

if (typeof WorkerGlobalScope !== "undefined" && self instanceof WorkerGlobalScope) {
  const handlers = workerHandlers();
  self.onmessage = ({ data: { number, what, values } }) => {
    try {
      self.postMessage({ number, found: handlers[what](values) });
    } catch (error) {
      self.postMessage({ number, refused: error.message, isRefusal: error instanceof Refusal });
    }
  };
}
