// A visitor's picture as the network saw its training pictures: dsn/applications/digits.py and pictures.py.
const DIGIT_BOX = 20;
const DIGIT_SIDE = 28;
const DIGIT_MIDDLE = 14;
const LONGEST_SHAPE = 1.3;
const VISIBLE = 32;
const LIGHT = 160;

/** Red, green and blue of a picture, uint8 [height, width, 4], on white, or on black where all to be seen is light. */
function planesOf(pixels, width, height) {
  const [red, green, blue, opacity] = [0, 1, 2, 3].map((channel) => {
    return mapped(plane(width, height, new Uint8Array(width * height)), Uint8Array, (_, place) => pixels[4 * place + channel]);
  });
  const planes = [red, green, blue];
  if (opacity.data.every((value) => value === 255)) return planes;
  const visible = greyOf(planes).data.filter((_, place) => opacity.data[place] >= VISIBLE);
  const isLight = visible.length > 0 && visible.length < width * height && percentile(visible, 2) >= LIGHT;
  return planes.map((one) => {
    return mapped(one, Uint8Array, (value, place) => {
      const sum = value * opacity.data[place] + (isLight ? 0 : 255) * (255 - opacity.data[place]) + 128;
      return ((sum >> 8) + sum) >> 8;
    });
  });
}

/** The whole frame, shrunk or enlarged; one far from square is cropped first: Float32Array [channels, size, size]. */
function fitFrame(picture, channels, size) {
  const [{ width, height }] = picture;
  const side = Math.min(width, height);
  let planes = picture;
  if (Math.max(width, height) > LONGEST_SHAPE * side) {
    const box = [(width - side) / 2, (height - side) / 2, (width + side) / 2, (height + side) / 2];
    planes = planes.map((one) => resizedPlane(one, side, side, "bilinear", box));
  }
  planes = planes.map((one) => resizedPlane(one, size, size, "bilinear"));
  if (channels === 1) planes = [greyOf(planes)];
  return Float32Array.from(planes.flatMap(({ data }) => Array.from(data)), (value) => value / 255);
}

/** A digit as MNIST made them, Float32Array [1, 28, 28]; throws a Refusal where there is nothing to be seen. */
function fitDigit(picture) {
  const grey = greyOf(picture);
  if (grey.width === DIGIT_SIDE && grey.height === DIGIT_SIDE && liesAsTrained(grey)) {
    return Float32Array.from(grey.data, (value) => value / 255);
  }
  const ink = inkOf(picture);
  if (!ink) throw new Refusal("There is nothing to be seen on the picture: draw or photograph one digit, large and dark.");
  const { top, bottom, left, right } = boundsOf(maskOf(ink, (value) => value > 0.15));
  const [width, height] = [right + 1 - left, bottom + 1 - top];
  const values = Float32Array.from({ length: width * height }, (_, place) => {
    return ink.data[(top + Math.floor(place / width)) * ink.width + left + (place % width)];
  });
  const scale = DIGIT_BOX / Math.max(width, height);
  const size = [width, height].map((length) => Math.max(1, rounded(length * scale)));
  const small = resizedPlane(plane(width, height, values), ...size, scale < 1 ? "box" : "bilinear");
  const most = mostOf(small.data);
  return centredDigit(mapped(small, Float32Array, (value) => value / most));
}

function massOf({ width, height, data }) {
  let [mass, row, column] = [0, 0, 0];
  data.forEach((value, at) => {
    mass += value;
    row += value * Math.floor(at / width);
    column += value * (at % width);
  });
  return { row: row / mass, column: column / mass };
}

function liesAsTrained(grey) {
  const bounds = boundsOf(maskOf(grey, (value) => value > 0));
  const side = DIGIT_SIDE;
  const at = (row, column) => grey.data[row * side + column];
  const edge = Array.from({ length: side }, (_, one) => [at(0, one), at(side - 1, one), at(one, 0), at(one, side - 1)]).flat();
  if (percentile(edge, 90) > 0 || !bounds) return false;
  const { top, bottom, left, right } = bounds;
  const { row, column } = massOf(grey);
  const longest = Math.max(bottom - top, right - left) + 1;
  return longest === DIGIT_BOX && [row, column].every((place) => Math.abs(place - DIGIT_MIDDLE) <= 0.55);
}

function centredDigit(digit) {
  const frame = new Float32Array(DIGIT_SIDE * DIGIT_SIDE);
  const { width, height, data } = digit;
  const { row, column } = massOf(digit);
  const clipped = (value, most) => Math.min(most, Math.max(0, value));
  const top = clipped(rounded(DIGIT_MIDDLE - row), DIGIT_SIDE - height);
  const left = clipped(rounded(DIGIT_MIDDLE - column), DIGIT_SIDE - width);
  data.forEach((value, at) => (frame[(top + Math.floor(at / width)) * DIGIT_SIDE + left + (at % width)] = value));
  return frame;
}

/** A picture, uint8 [height, width, 4], as a network of this kind of picture takes it. */
function fittedPicture({ pixels, width, height, kind, channels, size }) {
  const picture = planesOf(pixels, width, height);
  return kind === "digit" ? fitDigit(picture) : fitFrame(picture, channels, size);
}
