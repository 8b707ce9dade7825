// One student, and what the page asks of it: the comparison and the measurement of dsn/measuring/comparison.py.
const TOP_ANSWERS = 5;
const EVEN = 1e-6; // logits this close are equal but for rounding
const QUICK = 4; // milliseconds an answer takes of a student that may answer on the page: a quarter of a frame
const KEPT = 4; // opened networks a sealed student keeps

class Student {
  /**
   * @param {Uint8Array} configBytes config.json.
   * @param {Uint8Array} weightBytes model.safetensors.
   * @param {string} name what messages call its folder.
   * @param {boolean} plain whether to do without WebAssembly.
   */
  constructor(configBytes, weightBytes, name, plain = false) {
    this.config = readConfig(configBytes, `${name}/config.json`);
    this.tensors = readWeights(weightBytes, this.config, `${name}/model.safetensors`, `${name}/config.json`);
    const { channels, size } = this.config.network;
    this.plain = plain;
    this.area = size * size;
    this.each = channels * this.area;
    this.place = placeOf(this.config.profile, this.config.bit_count, size);
    this.opened = new Map();
    this.before = null; // the comparison made last
    const isSealed = this.config.lock === "sealed";
    this.raw = this.networkOf(isSealed ? asTheyLie(this.tensors, this.config.seal) : this.tensors);
  }

  /** The square that a serial is stamped into: left, top and width in percent of the picture. */
  get square() {
    const { size } = this.config.network;
    const across = Array.from(this.place, (pixel) => pixel % size);
    const first = Math.min(...across);
    const start = (100 * first) / size;
    return { left: start, top: start, size: (100 * (Math.max(...across) - first + 1)) / size };
  }

  /** The student under the trained lock alone that a sealed one is once its serial has opened it. */
  unsealed(bits) {
    const { weights, inside } = openSeal(this.tensors, bits, this.config.seal);
    if (!sameBits(inside, bits)) throw new Refusal("This student wants another serial inside than the one that opens it.");
    const config = { ...this.config, lock: "stamped", seal: null };
    const raw = this.networkOf(weights);
    return Object.assign(Object.create(Student.prototype), this, { config, tensors: weights, raw, opened: new Map(), before: null });
  }

  /** What `Student.of` makes the same of elsewhere; null for one that takes too long to answer, or to be opened. */
  copy(most = QUICK) {
    const times = [1, 2, 3].map(() => {
      const begun = performance.now();
      this.raw.logits(new Float32Array(this.each), 1);
      return performance.now() - begun;
    });
    if (this.config.lock !== "stamped" || Math.min(...times) > most) return null;
    const { tensors, raw, ...values } = this;
    const { kernel, ...network } = raw;
    return { ...values, network, memory: kernel.memory.buffer.slice(0, kernel.end) };
  }

  static of({ network, memory, ...values }) {
    const raw = Object.assign(Object.create(Network.prototype), network, { kernel: newKernel(values.plain) });
    raw.kernel.room((memory.byteLength - FIRST) / 4);
    new Uint8Array(raw.kernel.memory.buffer).set(new Uint8Array(memory));
    return Object.assign(Object.create(Student.prototype), values, { raw });
  }

  networkOf(tensors) {
    return new Network(this.config.network, tensors, this.plain);
  }

  /** Pictures as the student is shown them: stamped, or as they are without a serial. */
  shown(pictures, bits) {
    if (!bits) return pictures;
    if (bits.length !== this.config.bit_count) {
      const wanted = this.config.bit_count;
      throw new Refusal(`This network takes a serial of ${wanted} bits, and this one has ${bits.length}.`);
    }
    return stamped(pictures, bits, this.place, this.area);
  }

  /** Logits, Float32Array [count, classes], of pictures as they come, stamped or not. */
  logits(pictures, count) {
    if (this.config.lock === "stamped") return this.raw.logits(pictures, count);
    const { classes } = this.config.network;
    const groups = new Map(); // pictures by the serial in their corner
    for (let one = 0; one < count; one += 1) {
      const bits = readSerial(pictures.subarray(one * this.each, (one + 1) * this.each), this.place, this.area);
      const key = bits?.join("") ?? "";
      if (!groups.has(key)) groups.set(key, { bits, those: [] });
      groups.get(key).those.push(one);
    }
    const found = new Float32Array(count * classes);
    for (const { bits, those } of groups.values()) {
      const part = new Float32Array(those.length * this.each);
      those.forEach((one, row) => part.set(pictures.subarray(one * this.each, (one + 1) * this.each), row * this.each));
      const logits = this.answered(part, those.length, bits);
      those.forEach((one, row) => found.set(logits.subarray(row * classes, (row + 1) * classes), one * classes));
    }
    return found;
  }

  /** Logits of the network that this serial opens; null stands for the codes as they lie. */
  answered(pictures, count, bits) {
    if (!bits) return this.raw.logits(pictures, count);
    const key = bits.join("");
    const opened = this.opened.get(key) ?? this.openedBy(bits);
    this.opened.delete(key); // the newest is the last
    this.opened.set(key, opened);
    if (this.opened.size > KEPT) this.opened.delete(this.opened.keys().next().value);
    return this.through(opened, pictures, count, bits);
  }

  /** The network of a sealed student that a serial opens, and the serial that it wants. */
  openedBy(bits) {
    const { weights, inside } = openSeal(this.tensors, bits, this.config.seal);
    return { network: this.networkOf(weights), inside };
  }

  through({ network, inside }, pictures, count, bits) {
    return network.logits(sameBits(inside, bits) ? pictures : stamped(pictures, inside, this.place, this.area), count);
  }

  /**
   * Answers to one picture with one bit of a serial wrong, for its bits from `start` to before `end`, as
   * dsn/measuring/avalanche.py gives them. What is opened for it is not kept.
   */
  flips(picture, serial, start, end) {
    return Array.from({ length: end - start }, (_, at) => {
      const wrong = flipped(serial, start + at);
      const shown = this.shown(picture, wrong);
      const isOpen = this.config.lock === "stamped";
      const logits = isOpen ? this.raw.logits(shown, 1) : this.through(this.openedBy(wrong), shown, 1, wrong);
      const probabilities = softmax(logits, logits.length);
      const label = logits.indexOf(Math.max(...logits));
      return { label, probability: probabilities[label], is_even: areEven(logits, 0, logits.length) };
    });
  }

  /**
   * Answers to one picture, Float32Array [channels, size, size], under each condition, as one record a panel. Where but the
   * entered serial is new, the others are those of the comparison before.
   */
  compare(picture, valid, entered, label = null) {
    const before = this.before;
    const isOfIt = before && before.label === label && String(before.valid) === String(valid);
    if (isOfIt && picture.every((value, at) => value === before.picture[at])) {
      [before.panels[1]] = this.records(picture, { entered }, valid, label);
    } else {
      const panels = this.records(picture, { valid, entered, absent: null }, valid, label);
      this.before = { picture: picture.slice(), valid, label, panels };
    }
    return [...this.before.panels];
  }

  /** Records of panels about one picture, from serials by condition. */
  records(picture, serials, valid, label) {
    const { classes, network } = this.config;
    const shown = Object.values(serials).map((bits) => this.shown(picture, bits).slice());
    const pictures = new Float32Array(shown.length * this.each);
    shown.forEach((one, row) => pictures.set(one, row * this.each));
    const logits = this.logits(pictures, shown.length);
    const probabilities = softmax(logits, network.classes);
    return Object.entries(serials).map(([condition, bits], row) => {
      const each = Array.from(probabilities.subarray(row * network.classes, (row + 1) * network.classes));
      const order = each.map((_, one) => one).sort((one, other) => each[other] - each[one] || one - other);
      const isEven = areEven(logits, row, network.classes);
      return {
        condition,
        serial: bits,
        picture: shown[row],
        answers: order.slice(0, TOP_ANSWERS).map((one) => ({ label: one, name: classes[one], probability: each[one] })),
        is_right: label === null ? null : order[0] === label && !isEven,
        is_even: isEven,
        serial_is_valid: bits !== null && sameBits(bits, valid),
      };
    });
  }

  /** The likeliest class of each picture, and whether all classes were equally likely: then that is no answer. */
  answers(pictures, count, bits) {
    const { classes } = this.config.network;
    const logits = this.logits(this.shown(pictures, bits), count);
    const labels = [];
    const even = [];
    for (let row = 0; row < count; row += 1) {
      const each = logits.subarray(row * classes, (row + 1) * classes);
      labels.push(each.indexOf(Math.max(...each)));
      even.push(Boolean(areEven(logits, row, classes)));
    }
    return { labels, even };
  }
}

function areEven(logits, row, classes) {
  const each = logits.subarray(row * classes, (row + 1) * classes);
  return Math.max(...each) - Math.min(...each) < EVEN;
}

/** Pictures of bytes as floats in [0, 1]. */
const asFloats = (bytes) => Float32Array.from(bytes, (byte) => byte / 255);
