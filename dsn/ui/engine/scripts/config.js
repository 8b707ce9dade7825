// config.json as dsn/student/student.py and folder.py check it: the same values are refused, in the same words.
const LARGEST_CONFIG = 1_000_000; // bytes
const LARGEST_STUDENT = 16_000_000; // weights
const MOST_LAYERS = 32;
const HIGHEST = { channels: 3, size: 256, features: 4096, classes: 1000, first_kernel: 15, layer: 512 };
const PLACE_NAMES = ["corner", "spread"];
const INSIDE_BITS = { 4: 9, 16: 64 }; // by its hexadecimal digits
const KEYS = ["task", "customer", "bit_count", "classes", "network", "recipe"];
const NETWORK_KEYS = ["channels", "size", "layers", "features", "classes"];

/** A number that was written with a point or an exponent: no whole number to Python. */
class Written {
  constructor(value, source) {
    this.value = value;
    this.source = source;
  }
}

const thousands = (number) => String(number).replace(/\B(?=(\d{3})+$)/g, ",");
const isObject = (value) => typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof Written);
const isWhole = (value) => typeof value === "number" && Number.isInteger(value);

/** A value as Python's reprlib writes it, near enough to be recognised. */
function written(value) {
  const whole = (one) => {
    if (one instanceof Written) return one.source;
    if (typeof one === "string") return quoted(one);
    if (one === null || one === undefined) return "None";
    if (one === true) return "True";
    if (one === false) return "False";
    if (Array.isArray(one)) return `[${one.slice(0, 6).map(written).join(", ")}${one.length > 6 ? ", ..." : ""}]`;
    if (isObject(one)) return `{${Object.entries(one).slice(0, 4).map(([key, inner]) => `${quoted(key)}: ${written(inner)}`).join(", ")}}`;
    return String(one);
  };
  const text = whole(value);
  const longest = typeof value === "number" || value instanceof Written ? 40 : 30;
  if (Array.isArray(value) || isObject(value) || text.length <= longest) return text;
  const head = Math.floor((longest - 3) / 2);
  return `${text.slice(0, head)}...${text.slice(text.length - (longest - 3 - head))}`;
}

function shortened(text, longest = 200) {
  const words = text.replace(/\s+/g, " ").trim();
  if (words.length <= longest) return words;
  const cut = words.slice(0, longest - 6);
  return `${cut.slice(0, Math.max(0, cut.lastIndexOf(" ")))} [...]`;
}

function parsedJson(bytes) {
  const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  return JSON.parse(text, (_, value, context) => {
    return typeof value === "number" && /[.eE]/.test(context?.source ?? "") ? new Written(value, context.source) : value;
  });
}

function unexpected(what) {
  throw new Refusal(`a value is missing or not as expected (${what})`);
}

function only(values, needed, allowed) {
  if (!isObject(values)) unexpected("no object");
  for (const key of needed) if (!Object.hasOwn(values, key)) unexpected(quoted(key));
  for (const key of Object.keys(values)) if (!needed.includes(key) && !allowed.includes(key)) unexpected(`${quoted(key)} besides`);
}

function sealOf(values) {
  const isHexadecimal = (text) => typeof text === "string" && /^[0-9a-f]*$/.test(text);
  const needed = ["salt", "scales", "scrypt"];
  const keys = isObject(values) ? Object.keys(values).filter((key) => key !== "inside") : [];
  const cost = isObject(values) ? values.scrypt : null;
  const isWholeSeal = keys.length === 3 && needed.every((key) => keys.includes(key)) && isObject(values.scales) && isObject(cost);
  if (!isWholeSeal || Object.keys(cost).sort().join() !== "n,p,r") {
    throw new Refusal("a seal has salt, scales, scrypt (n, r, p) and perhaps inside, no more");
  }
  const { n, r, p } = cost;
  if (![n, r, p].every((one) => isWhole(one) && one > 0) || n % 1 || (BigInt(n) & (BigInt(n) - 1n)) !== 0n) {
    throw new Refusal("scrypt's n, r and p must be whole numbers above 0, and n a power of two");
  }
  if (!(n >= 2 && n <= 2 ** 17 && r <= 16 && p <= 4 && 128 * n * r <= 2 ** 27)) {
    throw new Refusal("scrypt asks for more than 128 MiB or too many rounds (n at most 2**17, r 16, p 4)");
  }
  if (!isHexadecimal(values.salt) || values.salt.length !== 32) {
    throw new Refusal("the salt must be 32 hexadecimal digits in small letters");
  }
  const scales = new Map();
  for (const [name, scale] of Object.entries(values.scales)) {
    const value = scale instanceof Written ? scale.value : scale;
    const isScale = typeof value === "number" && value > 0 && Number.isInteger(Math.log2(value)) && 2 ** Math.log2(value) === value;
    if (!isScale || Math.abs(Math.log2(value)) > 64) {
      throw new Refusal(`the scale of ${quoted(name.slice(0, 60))} must be a power of two that is not extreme`);
    }
    scales.set(name, value);
  }
  const inside = values.inside ?? "";
  if (!isHexadecimal(inside) || ![0, 4, 16].includes(inside.length) || values.inside === null) {
    throw new Refusal("the serial inside must be 16 or 4 hexadecimal digits");
  }
  return { salt: values.salt, scales, scrypt: { n, r, p }, inside };
}

function configOf(values) {
  if (!isObject(values) || values.model_type !== "dsn-student") throw new Refusal("it does not describe a DSN student");
  if (values.format !== 1) throw new Refusal("it is of another format than 1");
  const { model_type: _type, format: _format, ...rest } = values;
  only(rest, KEYS, ["profile", "lock", "seal"]);
  only(rest.network, NETWORK_KEYS, ["first_kernel", "batch_norm"]);
  for (const list of [rest.classes, rest.network.layers]) {
    if (!Array.isArray(list) && typeof list !== "string" && !isObject(list)) unexpected("no list");
  }
  const seal = rest.seal === undefined || rest.seal === null ? null : sealOf(rest.seal);
  const listed = (list) => (Array.isArray(list) ? list : typeof list === "string" ? [...list] : Object.keys(list));
  const network = { first_kernel: 3, batch_norm: true, ...rest.network, layers: listed(rest.network.layers) };
  const config = { profile: "corner", lock: "stamped", ...rest, network, seal, classes: listed(rest.classes) };
  const bitCount = config.bit_count instanceof Written ? config.bit_count.value : config.bit_count;
  if (!BIT_COUNTS.includes(bitCount)) {
    const said = typeof config.bit_count === "string" ? config.bit_count : written(config.bit_count);
    throw new Refusal(`bit_count is ${said}: it must be one of (64, 9)`);
  }
  if (typeof config.profile === "object") unexpected("no text");
  if (!PLACE_NAMES.includes(config.profile)) {
    throw new Refusal(`profile is ${written(config.profile)}: it must be one of ${PLACE_NAMES.join(", ")}`);
  }
  const classes = network.classes instanceof Written ? network.classes.value : network.classes;
  if (config.classes.length !== classes) {
    throw new Refusal(`${config.classes.length} class names for a network of ${written(network.classes)} classes`);
  }
  if (typeof config.lock === "object") unexpected("no text");
  if (!["stamped", "sealed"].includes(config.lock)) {
    throw new Refusal(`lock is ${written(config.lock)}: it must be one of stamped, sealed`);
  }
  if (config.lock === "stamped" && seal) throw new Refusal("a stamped student has no seal");
  if (config.lock === "sealed" && !seal) throw new Refusal("a sealed student has a seal");
  if (seal && network.batch_norm !== false && network.batch_norm !== null) {
    throw new Refusal("a sealed network has its BatchNorm folded: batch_norm must be false");
  }
  if (seal?.inside && INSIDE_BITS[seal.inside.length] !== bitCount) {
    throw new Refusal(`the serial inside has another length than ${bitCount} bits`);
  }
  return config;
}

function checkValues({ network, bit_count: bitCount, ...config }) {
  const sizes = ["channels", "size", "features", "classes", "first_kernel"].map((name) => [name, network[name]]);
  for (const layer of network.layers) if (layer !== "pool") sizes.push(["layer", layer]);
  for (const [name, value] of sizes) {
    if (!isWhole(value) || value < 1 || value > HIGHEST[name]) {
      throw new Refusal(`${name} is ${written(value)}: it must be a whole number from 1 to ${HIGHEST[name]}`);
    }
  }
  if (network.first_kernel % 2 === 0) throw new Refusal(`first_kernel is ${network.first_kernel}: it must be an odd number`);
  const pools = network.layers.filter((layer) => layer === "pool").length;
  if (network.layers.length > MOST_LAYERS || !(network.size >> pools)) {
    throw new Refusal(`its ${network.layers.length} layers are too many`);
  }
  if (typeof network.batch_norm !== "boolean") {
    throw new Refusal(`batch_norm is ${written(network.batch_norm)}: it must be true or false`);
  }
  if (!isWhole(bitCount) || Math.sqrt(bitCount) > network.size) {
    throw new Refusal(`a serial of ${written(bitCount)} bits has no place on ${network.size} pixels`);
  }
  const texts = [config.task, config.customer, config.recipe, ...config.classes];
  if (!texts.every((text) => typeof text === "string")) {
    throw new Refusal("task, customer, recipe and every class name must be texts");
  }
}

/** The content of config.json (Uint8Array), checked; `name` is what messages call it. Throws a Refusal. */
function readConfig(bytes, name) {
  try {
    if (bytes.length > LARGEST_CONFIG) throw new Refusal("it is larger than 1,000,000 bytes");
    const config = configOf(parsedJson(bytes));
    checkValues(config);
    return config;
  } catch (error) {
    throw new Refusal(`${name} is not a student's (${shortened(error.message)}): copy or download it again.`);
  }
}
