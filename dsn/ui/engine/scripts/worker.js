// Inside the Worker: one message is one question, answered by one message of the same number.
function workerHandlers() {
  const students = new Map();
  const pictures = new Map();
  const floatsOf = (name, from, to) => {
    const { bytes, each } = pictures.get(name);
    return asFloats(bytes.subarray(from * each, to * each));
  };
  return {
    /** Keep a student under a name; its config comes back, and where its stamp lies. */
    open({ name, config, weights, plain }) {
      const student = new Student(config, weights, name, plain);
      students.set(name, student);
      return { ...student.config, stamp: student.square };
    },
    /** The same for a student that came packed. */
    async openPacked({ name, text, length }) {
      const { config, weights } = unpackedStudent(await inflated(bytesOfText(text, length)));
      return this.open({ name, config, weights });
    },
    /** A sealed student that came packed, and what its serial opens: under both locks, names and configs by lock. */
    async openBoth({ names, text, length, serial }) {
      const sealed = await this.openPacked({ name: names.sealed, text, length });
      const student = students.get(names.sealed).unsealed(serial);
      students.set(names.stamped, student);
      return { sealed, stamped: { ...student.config, stamp: student.square } };
    },
    /** Keep packed pictures, uint8 [count, channels, size, size], under a name: bytes, or a text that stands for them. */
    async keepPacked({ name, bytes, text, length, count, channels, size }) {
      const values = unpackedPictures(await inflated(bytes ?? bytesOfText(text, length)), count, channels, size);
      pictures.set(name, { bytes: values, each: channels * size * size });
    },
    /** What makes a copy of a student on the page; null for one that is too slow for it. */
    copy({ name }) {
      return students.get(name).copy();
    },
    /** Some of the kept pictures, each Float32Array [channels, size, size]. */
    some({ from, indices }) {
      return indices.map((index) => floatsOf(from, index, index + 1));
    },
    /** A visitor's picture as the network takes it. */
    fit(values) {
      return fittedPicture(values);
    },
    /** The three panels of one picture: a kept one by its index, or one that comes along. */
    compare({ name, picture, from, index, valid, entered, label }) {
      return students.get(name).compare(picture ?? floatsOf(from, index, index + 1), valid, entered, label);
    },
    /** Answers to some of the kept pictures, with a serial or without. */
    answers({ name, from, start, end, bits }) {
      return students.get(name).answers(floatsOf(from, start, end), end - start, bits);
    },
    /** Answers to one picture with one bit of a serial wrong, for some of its bits. */
    flips({ name, picture, from, index, serial, start, end }) {
      return students.get(name).flips(picture ?? floatsOf(from, index, index + 1), serial, start, end);
    },
    /** Right answers to some of the kept pictures under each of many serials. */
    tried({ name, from, indices, labels, serials }) {
      const student = students.get(name);
      const chosen = new Float32Array(indices.length * student.each);
      indices.forEach((one, row) => chosen.set(floatsOf(from, one, one + 1), row * student.each));
      return serials.map((bits) => {
        return student.answers(chosen, indices.length, bits).labels.filter((label, row) => label === labels[row]).length;
      });
    },
  };
}

if (typeof WorkerGlobalScope !== "undefined" && self instanceof WorkerGlobalScope) {
  const handlers = workerHandlers();
  self.onmessage = async ({ data: { number, what, values } }) => {
    try {
      self.postMessage({ number, found: await handlers[what](values) });
    } catch (error) {
      self.postMessage({ number, refused: error.message, isRefusal: error instanceof Refusal });
    }
  };
}
