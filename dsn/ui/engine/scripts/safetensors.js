// model.safetensors, once it is known to hold what config.json says and nothing else.
const LARGEST_HEADER = 1_000_000; // bytes
const LARGEST_WEIGHTS = 4 * LARGEST_STUDENT + LARGEST_HEADER; // bytes
const ITEM = { F32: 4, I64: 8, I16: 2, F16: 2, BF16: 2, F64: 8, I32: 4, I8: 1, U8: 1, BOOL: 1, U16: 2, U32: 4, U64: 8 };

/** The network's modules with parameters, in order: kind, name, and lengths of the weight. */
function modulesOf({ channels, size, layers, features, classes, first_kernel: firstKernel, batch_norm: batchNorm }) {
  const modules = [];
  let [depth, side, kernel, place] = [channels, size, firstKernel, 0];
  for (const layer of layers) {
    if (layer === "pool") {
      modules.push({ kind: "pool" });
      side >>= 1;
      place += 1;
      continue;
    }
    const norm = batchNorm ? `extractor.${place + 1}` : null;
    modules.push({ kind: "convolution", name: `extractor.${place}`, norm, shape: [layer, depth, kernel, kernel] });
    place += batchNorm ? 3 : 2;
    [depth, kernel] = [layer, 3];
  }
  modules.push({ kind: "dense", name: `extractor.${place + 1}`, shape: [features, depth * side * side], depth, side });
  modules.push({ kind: "predictor", name: "predictor", shape: [classes, features] });
  return modules;
}

/** What the file must hold: lengths by name, and the type of each. */
function expectedTensors(config) {
  const expected = new Map();
  const add = (name, shape, dtype = "F32") => expected.set(name, { shape, dtype: config.lock === "sealed" ? "I16" : dtype });
  for (const { kind, name, norm, shape } of modulesOf(config.network)) {
    if (kind === "pool") continue;
    add(`${name}.weight`, shape);
    if (kind === "dense" || (kind === "convolution" && !norm)) add(`${name}.bias`, [shape[0]]);
    if (!norm) continue;
    for (const part of ["weight", "bias", "running_mean", "running_var"]) add(`${norm}.${part}`, [shape[0]]);
    add(`${norm}.num_batches_tracked`, [], "I64");
  }
  return expected;
}

const sizeOf = (shape) => shape.reduce((product, length) => product * length, 1);

function headerOf(bytes, length) {
  const wrong = (why) => {
    throw new Error(why);
  };
  if (bytes.length < 8) wrong("it has no header");
  if (length > bytes.length - 8) wrong("its header is longer than the file");
  const header = parsedJson(bytes.subarray(8, 8 + length));
  if (!isObject(header)) wrong("its header is no object");
  const { __metadata__: notes, ...entries } = header;
  if (notes !== undefined && !(isObject(notes) && Object.values(notes).every((one) => typeof one === "string"))) {
    wrong("its notes are no texts");
  }
  const tensors = Object.entries(entries);
  for (const [name, entry] of tensors) {
    if (!isObject(entry)) wrong(`no tensor: ${name.slice(0, 60)}`);
    const { dtype, shape, data_offsets: offsets } = entry;
    const areWhole = (list) => Array.isArray(list) && list.every((one) => Number.isSafeInteger(one) && one >= 0);
    if (typeof dtype !== "string" || !Object.hasOwn(ITEM, dtype)) wrong(`an unknown type: ${String(dtype).slice(0, 60)}`);
    if (!areWhole(shape) || !areWhole(offsets) || offsets.length !== 2) wrong(`no whole numbers: ${name.slice(0, 60)}`);
    if (sizeOf(shape) * ITEM[dtype] !== offsets[1] - offsets[0]) wrong(`its places do not fit its shape: ${name.slice(0, 60)}`);
  }
  tensors.sort(([, one], [, other]) => one.data_offsets[0] - other.data_offsets[0] || one.data_offsets[1] - other.data_offsets[1]);
  let end = 0;
  for (const [name, { data_offsets: offsets }] of tensors) {
    if (offsets[0] !== end) wrong(`its places overlap or leave a gap: ${name.slice(0, 60)}`);
    end = offsets[1];
  }
  if (end !== bytes.length - 8 - length) wrong("it is longer or shorter than its header says");
  return new Map(tensors);
}

/** A tensor's values: Float32Array or Int16Array; a counter of 64 bits is of no use and left out. */
function valuesOf(bytes, dtype) {
  const aligned = bytes.slice().buffer;
  return dtype === "F32" ? new Float32Array(aligned) : dtype === "I16" ? new Int16Array(aligned) : null;
}

/** The tensors by name; `bytes` is the whole file, `names` what messages call it and its config. Throws a Refusal. */
function readWeights(bytes, config, name, configName) {
  const expected = expectedTensors(config);
  const count = [...expected.values()].reduce((sum, { shape }) => sum + sizeOf(shape), 0);
  if (count > LARGEST_STUDENT) {
    const most = thousands(LARGEST_STUDENT);
    throw new Refusal(`${configName} describes a network of ${thousands(count)} weights: a student has at most ${most}.`);
  }
  const { seal } = config;
  if (seal && (seal.scales.size !== expected.size || ![...expected.keys()].every((key) => seal.scales.has(key)))) {
    throw new Refusal(`${configName} has scales of another network: copy or download the folder again.`);
  }
  if (bytes.length > LARGEST_WEIGHTS) {
    const most = thousands(LARGEST_WEIGHTS);
    throw new Refusal(`${name} has ${thousands(bytes.length)} bytes: a student's has at most ${most}.`);
  }
  const length = bytes.subarray(0, 8).reduceRight((sum, byte) => sum * 256n + BigInt(byte), 0n);
  if (length > BigInt(LARGEST_HEADER)) {
    const why = `its header would have ${thousands(length)} bytes`;
    throw new Refusal(`${name} is cut short or damaged (${why}): copy or download it again.`);
  }
  let header;
  try {
    header = headerOf(bytes, Number(length));
  } catch (error) {
    throw new Refusal(`${name} is cut short or damaged (${shortened(error.message)}): copy or download it again.`);
  }
  checkTensors(header, expected, name);
  const start = 8 + Number(length);
  const tensors = new Map();
  for (const [key, { dtype }] of expected) {
    const [from, to] = header.get(key).data_offsets;
    tensors.set(key, valuesOf(bytes.subarray(start + from, start + to), dtype));
  }
  for (const [key, values] of tensors) {
    if (values instanceof Float32Array && !values.every(Number.isFinite)) {
      throw new Refusal(`${name} holds weights that are no numbers (in ${key}): copy or download it again.`);
    }
  }
  return tensors;
}

function checkTensors(header, expected, name) {
  const lacking = [...expected.keys()].filter((key) => !header.has(key)).sort();
  const besides = [...header.keys()].filter((key) => !expected.has(key)).sort();
  if (lacking.length || besides.length) {
    const parts = [...lacking.slice(0, 1).map((key) => `lacks ${key}`), ...besides.slice(0, 1).map((key) => `has ${written(key)} besides`)];
    throw new Refusal(`${name} is not of the network in config.json (it ${parts.join(" and ")}): take both files from one student.`);
  }
  for (const [key, spec] of expected) {
    const there = header.get(key);
    const [found, needed] = [there, spec].map(({ dtype, shape }) => `${dtype} [${shape.join(", ")}]`);
    if (found !== needed) {
      throw new Refusal(
        `${name} is not of the network in config.json (${key} is ${found}, not ${needed}): take both files from one student.`
      );
    }
  }
}
