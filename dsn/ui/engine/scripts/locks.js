// What a serial does: Eq. 9, and the sealed lock as dsn/locks/sealing.py describes it.
const AT_LEAST_ONE = Math.fround(0.9);
const AT_MOST_ZERO = Math.fround(0.1); // a pixel between them is no bit

/** The pixels a serial is written to, row by row from the top left of the picture, one a bit. */
function placeOf(profile, bitCount, size) {
  const side = Math.round(Math.sqrt(bitCount));
  const at = (index) => {
    return profile === "spread" ? Math.trunc(((index + 0.5) * size) / side - 0.25) % size : size - side + index;
  };
  return Array.from({ length: bitCount }, (_, bit) => at(Math.floor(bit / side)) * size + at(bit % side));
}

/** Pictures, [count, channels, size, size], with the bits stamped into every channel (Eq. 9): a new Float32Array. */
function stamped(pictures, bits, place, area) {
  const found = pictures.slice();
  for (let start = 0; start < found.length; start += area) {
    place.forEach((pixel, bit) => (found[start + pixel] = bits[bit]));
  }
  return found;
}

/** The bits in one picture's corner; null where there is none that could have been issued. */
function readSerial(picture, place, area) {
  const bits = [];
  for (const pixel of place) {
    const values = [];
    for (let start = 0; start < picture.length; start += area) values.push(picture[start + pixel]);
    if (values.every((value) => value > AT_LEAST_ONE)) bits.push(1);
    else if (values.every((value) => value < AT_MOST_ZERO)) bits.push(0);
    else return null;
  }
  return isIssuable(bits) ? bits : null;
}

const bytesOf = (hexadecimal) => Uint8Array.from(hexadecimal.match(/../g) ?? [], (pair) => parseInt(pair, 16));

function keyOf(bits, { salt, scrypt: { n, r, p } }) {
  const text = new TextEncoder().encode(bits.join(""));
  return noble.scrypt(text, bytesOf(salt), { N: n, r, p, dkLen: 32, maxmem: 2 ** 28 });
}

/** Codes, Int16Array or Int32Array by name, as the numbers they are. */
function asTheyLie(codes, { scales }) {
  return new Map(
    [...codes].map(([name, values]) => {
      const step = scales.get(name) / 2 ** (8 * values.BYTES_PER_ELEMENT - 1);
      return [name, (values instanceof Int16Array ? Float32Array : Float64Array).from(values, (code) => code * step)];
    })
  );
}

/** What a serial opens: the weights by name, noise with a wrong one, and the serial that the network inside wants. */
function openSeal(codes, bits, seal) {
  const names = [...codes.keys()].sort();
  const after = bytesOf(seal.inside);
  const whole = new Uint8Array(names.reduce((sum, name) => sum + codes.get(name).byteLength, after.length));
  let start = 0;
  for (const name of names) {
    const values = codes.get(name);
    whole.set(new Uint8Array(values.buffer, values.byteOffset, values.byteLength), start);
    start += values.byteLength;
  }
  whole.set(after, start);
  const plain = noble.chacha20(keyOf(bits, seal), new Uint8Array(12), whole);
  const opened = new Map();
  start = 0;
  for (const name of names) {
    const { constructor: Codes, byteLength } = codes.get(name);
    opened.set(name, new Codes(plain.slice(start, start + byteLength).buffer));
    start += byteLength;
  }
  const inside = [...plain.subarray(start)].flatMap((byte) => [...byte.toString(2).padStart(8, "0")].map(Number));
  return { weights: asTheyLie(opened, seal), inside: seal.inside ? inside.slice(0, INSIDE_BITS[seal.inside.length]) : bits };
}
