// What dsn/ui/engine/packing.py packed: students and pictures, as texts of 15 bits a character.
const FIRST_CHARACTER = 0x3400;

/** The bytes, `length` of them, that a text stands for. */
function bytesOfText(text, length) {
  const bytes = new Uint8Array(length);
  let [held, count, at] = [0, 0, 0];
  for (let place = 0; place < text.length && at < length; place += 1) {
    held = (held << 15) | (text.charCodeAt(place) - FIRST_CHARACTER);
    count += 15;
    while (count >= 8 && at < length) {
      count -= 8;
      bytes[at++] = (held >> count) & 255;
    }
    held &= (1 << count) - 1;
  }
  return bytes;
}

async function inflated(bytes) {
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

/** A number of half precision, given as its upper and lower byte. */
function half(upper, lower) {
  const exponent = (upper >> 2) & 31;
  const fraction = ((upper & 3) << 8) | lower;
  const size = exponent ? (1 + fraction / 1024) * 2 ** (exponent - 15) : (fraction / 1024) * 2 ** -14;
  return upper & 128 ? -size : size;
}

/** config.json and a model.safetensors of float32, from what `packed_student` made. */
function unpackedStudent(bytes) {
  const lengths = new DataView(bytes.buffer, bytes.byteOffset);
  const [configLength, headerLength] = [lengths.getUint32(0, true), lengths.getUint32(4, true)];
  const config = bytes.slice(8, 8 + configLength);
  const header = bytes.subarray(8 + configLength, 8 + configLength + headerLength);
  const { __metadata__: _notes, ...entries } = JSON.parse(new TextDecoder().decode(header));
  const parts = Object.values(entries);
  const end = Math.max(...parts.map((one) => one.data_offsets[1]));
  const weights = new Uint8Array(8 + headerLength + end);
  new DataView(weights.buffer).setBigUint64(0, BigInt(headerLength), true);
  weights.set(header, 8);
  const values = bytes.subarray(8 + configLength + headerLength);
  if (parts.every(({ dtype }) => dtype === "I16")) {
    weights.set(values, 8 + headerLength); // a sealed student's codes
    return { config, weights };
  }
  const view = new DataView(weights.buffer, 8 + headerLength);
  let place = 0;
  for (const { dtype, data_offsets: [start, stop] } of parts.sort((one, other) => one.data_offsets[0] - other.data_offsets[0])) {
    if (dtype !== "F32") continue; // a counter of training steps, of no use here
    for (let at = start; at < stop; at += 4, place += 1) {
      view.setFloat32(at, half(values[place], values[values.length / 2 + place]), true);
    }
  }
  return { config, weights };
}

/** Pictures, uint8 [count, channels, size, size], from what `packed_pictures` made. */
function unpackedPictures(bytes, count, channels, size) {
  const area = size * size;
  const found = new Uint8Array(count * channels * area);
  const order = channels === 3 ? [1, 0, 2] : [0]; // green first: the others are told as differences from its rest
  for (let picture = 0; picture < count; picture += 1) {
    for (const channel of order) {
      const start = (picture * channels + channel) * area;
      const rest = (channel * count + picture) * area;
      const green = (count + picture) * area;
      for (let y = 0; y < size; y += 1) {
        for (let x = 0; x < size; x += 1) {
          const at = y * size + x;
          const left = x ? found[start + at - 1] : 0;
          const above = y ? found[start + at - size] : 0;
          const both = x && y ? found[start + at - size - 1] : 0;
          const [low, high] = left < above ? [left, above] : [above, left];
          const expected = both >= high ? low : both <= low ? high : left + above - both;
          const shared = channels === 3 && channel !== 1 ? bytes[green + at] : 0;
          found[start + at] = expected + shared + bytes[rest + at];
        }
      }
    }
  }
  return found;
}
