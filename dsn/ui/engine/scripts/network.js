// G_y(G_e(x)) with BatchNorm folded into the convolutions; pictures lie as height, width, channels inside.
const EPSILON = 1e-5; // of every BatchNorm
const CHUNK = 32; // pictures at a time
const GATHERED = 32; // pixels whose surroundings the kernel gathers

const toEight = (count) => Math.ceil(count / 8) * 8;
const toFour = (count) => Math.ceil(count / 4) * 4;

/** Weight(output, inner) as panels of 8 outputs, each [inner, 8]; outputs that are not there are zero. */
function panels(outputs, inner, weight) {
  const packed = new Float32Array(toEight(outputs) * inner);
  for (let output = 0; output < outputs; output += 1) {
    const panel = (output - (output % 8)) * inner + (output % 8);
    for (let place = 0; place < inner; place += 1) packed[panel + 8 * place] = weight(output, place);
  }
  return packed;
}

/** A convolution's weight as a function of (output, place in the surroundings), and its bias; BatchNorm folded in. */
function foldedConvolution({ name, norm, shape }, tensors, depth) {
  const [outputs, inputs, kernel] = shape;
  const weight = tensors.get(`${name}.weight`);
  const scale = new Float64Array(outputs).fill(1);
  let bias = tensors.get(`${name}.bias`);
  if (norm) {
    const [gain, shift, mean, variance] = ["weight", "bias", "running_mean", "running_var"].map((part) => tensors.get(`${norm}.${part}`));
    scale.forEach((_, one) => (scale[one] = gain[one] / Math.sqrt(variance[one] + EPSILON)));
    bias = shift.map((value, one) => value - mean[one] * scale[one]);
  }
  const at = (output, place) => {
    const channel = place % depth;
    if (channel >= inputs) return 0;
    const spot = (place - channel) / depth;
    return weight[(output * inputs + channel) * kernel * kernel + spot] * scale[output];
  };
  return { weight: at, bias, inner: kernel * kernel * depth };
}

class Network {
  /**
   * @param {object} shape the part "network" of a config.
   * @param {Map<string, Float32Array>} tensors by name, as the file or an opened seal gives them.
   * @param {boolean} plain whether to do without WebAssembly.
   */
  constructor(shape, tensors, plain = false) {
    this.shape = shape;
    this.kernel = newKernel(plain);
    this.steps = [];
    let [depth, side] = [shape.channels, shape.size];
    let [largest, gathered] = [depth * side * side, 0];
    const placed = (values, outputs) => {
      const room = this.kernel.room(Math.max(values.length, outputs));
      this.kernel.floats(room, values.length).set(values);
      return room;
    };
    for (const one of modulesOf(shape)) {
      if (one.kind === "pool") {
        this.steps.push({ kind: "pool", side, depth });
        side >>= 1;
      } else if (one.kind === "convolution") {
        const [outputs, , kernel] = one.shape;
        const { weight, bias, inner } = foldedConvolution(one, tensors, depth);
        const packed = placed(panels(outputs, inner, weight), 0);
        this.steps.push({ kind: "convolution", side, depth, kernel, outputs: toEight(outputs), weights: packed, bias: placed(bias, toEight(outputs)) });
        gathered = Math.max(gathered, GATHERED * inner);
        depth = toEight(outputs);
      } else if (one.kind === "dense") {
        this.inner = depth * side * side;
        const area = side * side;
        const weight = tensors.get(`${one.name}.weight`);
        const at = (output, place) => {
          const channel = place % depth;
          return channel < one.depth ? weight[(output * one.depth + channel) * area + (place - channel) / depth] : 0;
        };
        this.dense = placed(panels(shape.features, this.inner, at), 0);
        this.denseBias = placed(tensors.get(`${one.name}.bias`), toEight(shape.features));
      } else {
        const weight = tensors.get("predictor.weight");
        const inner = toEight(shape.features);
        const at = (output, place) => (place < shape.features ? weight[output * shape.features + place] : 0);
        this.predictor = placed(panels(shape.classes, inner, at), 0);
        this.predictorBias = this.kernel.room(toEight(shape.classes));
      }
      largest = Math.max(largest, (side * side + 3) * depth);
    }
    this.picture = this.kernel.room(largest);
    this.spare = this.kernel.room(largest);
    this.gathered = this.kernel.room(gathered);
    this.flat = this.kernel.room(CHUNK * this.inner + largest);
    this.features = this.kernel.room(CHUNK * toEight(shape.features));
    this.answers = this.kernel.room(CHUNK * toEight(shape.classes));
  }

  /** Logits, Float32Array [count, classes], of pictures, Float32Array [count, channels, size, size] in [0, 1]. */
  logits(pictures, count) {
    const { channels, size, classes } = this.shape;
    const each = channels * size * size;
    const logits = new Float32Array(count * classes);
    for (let start = 0; start < count; start += CHUNK) {
      const here = Math.min(CHUNK, count - start);
      for (let one = 0; one < here; one += 1) {
        this.flatten(pictures.subarray((start + one) * each, (start + one + 1) * each), this.flat + 4 * one * this.inner);
      }
      const [features, answers] = [toEight(this.shape.features), toEight(classes)];
      this.kernel.product(this.flat, this.dense, this.denseBias, this.features, toFour(here), this.inner, features, 0);
      this.kernel.product(this.features, this.predictor, this.predictorBias, this.answers, toFour(here), features, answers, -Infinity);
      const found = this.kernel.floats(this.answers, here * answers);
      for (let one = 0; one < here; one += 1) {
        logits.set(found.subarray(one * answers, one * answers + classes), (start + one) * classes);
      }
    }
    return logits;
  }

  /** Convolutions and pooling of one picture; their last output lies at `to`, and perhaps some rubbish behind it. */
  flatten(picture, to) {
    const { channels, size } = this.shape;
    const area = size * size;
    const [last, ...others] = [...this.steps].reverse();
    const first = this.kernel.floats(last ? this.picture : to, channels * area);
    for (let channel = 0; channel < channels; channel += 1) {
      for (let place = 0; place < area; place += 1) first[place * channels + channel] = picture[channel * area + place];
    }
    let [from, spare] = [this.picture, this.spare];
    const run = (step, out) => {
      const { kind, side, depth, kernel, outputs, weights, bias } = step;
      if (kind === "pool") this.kernel.pool(from, out, side, side, depth);
      else this.kernel.convolve(from, out, weights, bias, this.gathered, side, side, depth, kernel, outputs);
    };
    for (const step of others.reverse()) {
      run(step, spare);
      [from, spare] = [spare, from];
    }
    if (last) run(last, to);
  }
}

/** Probabilities, Float32Array, of logits [count, classes]. */
function softmax(logits, classes) {
  const found = new Float32Array(logits.length);
  for (let start = 0; start < logits.length; start += classes) {
    const row = Array.from(logits.subarray(start, start + classes));
    const most = Math.max(...row);
    const powers = row.map((one) => Math.exp(one - most));
    const sum = powers.reduce((total, one) => total + one, 0);
    powers.forEach((one, place) => (found[start + place] = one / sum));
  }
  return found;
}
