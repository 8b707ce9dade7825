// Images as Pillow, SciPy and scikit-image treat them: planes { width, height, data }, row by row.

/** Python's round: halves go to the even neighbour. */
function rounded(value) {
  const floor = Math.floor(value);
  if (value - floor !== 0.5) return Math.round(value);
  return floor % 2 ? floor + 1 : floor;
}

const plane = (width, height, data) => ({ width, height, data });
function mapped({ width, height, data }, Kind, change) {
  const found = new Kind(data.length);
  for (let place = 0; place < data.length; place += 1) found[place] = change(data[place], place);
  return plane(width, height, found);
}
const maskOf = (image, test) => mapped(image, Uint8Array, (value) => (test(value) ? 1 : 0));
const both = (one, other) => mapped(one, Uint8Array, (value, place) => value & other.data[place]);
const butNot = (one, other) => mapped(one, Uint8Array, (value, place) => value & ~other.data[place] & 1);
const sumOf = (values) => values.reduce((sum, value) => sum + value, 0);
const leastOf = (values) => values.reduce((least, value) => Math.min(least, value), Infinity);
const mostOf = (values) => values.reduce((most, value) => Math.max(most, value), -Infinity);

/** The value below which `share` percent lie, between two of them where need be. */
function percentile(values, share) {
  const sorted = Float64Array.from(values).sort();
  const at = ((sorted.length - 1) * share) / 100;
  const low = Math.floor(at);
  const high = Math.min(low + 1, sorted.length - 1);
  return sorted[low] + (sorted[high] - sorted[low]) * (at - low);
}
const median = (values) => percentile(values, 50);

const FILTERS = {
  box: { support: 0.5, at: (x) => (x > -0.5 && x <= 0.5 ? 1 : 0) },
  bilinear: { support: 1, at: (x) => Math.max(0, 1 - Math.abs(x)) },
  bicubic: {
    support: 2,
    at(x) {
      const [a, d] = [-0.5, Math.abs(x)];
      if (d < 1) return ((a + 2) * d - (a + 3)) * d * d + 1;
      return d < 2 ? (((d - 5) * d + 8) * d - 4) * a : 0;
    },
  },
};
const PRECISION = 2 ** 22; // of Pillow's weights for bytes

/** For each place of a row of `size`: where its source begins, and the weights from there on. */
function resampling(from, to, length, size, { support, at }, isBytes) {
  const scale = (to - from) / size;
  const wide = Math.max(1, scale);
  return Array.from({ length: size }, (_, place) => {
    const centre = from + (place + 0.5) * scale;
    const first = Math.max(0, Math.trunc(centre - support * wide + 0.5));
    const last = Math.min(length, Math.trunc(centre + support * wide + 0.5));
    const weights = Array.from({ length: last - first }, (_, one) => at((first + one - centre + 0.5) / wide));
    const sum = sumOf(weights);
    const shares = weights.map((one) => (sum ? one / sum : one));
    return { first, weights: isBytes ? shares.map((one) => Math.trunc(one * PRECISION + (one < 0 ? -0.5 : 0.5))) : shares };
  });
}

/** Pillow's resize of one plane, bytes or floats; `box`: left, top, right, bottom of the part that is taken. */
function resizedPlane(image, width, height, filter, box = [0, 0, image.width, image.height]) {
  const isBytes = image.data instanceof Uint8Array;
  const Kind = isBytes ? Uint8Array : Float32Array;
  const clipped = (sum) => (isBytes ? Math.min(255, Math.max(0, Math.floor((sum + PRECISION / 2) / PRECISION))) : sum);
  let { data } = image;
  if (width !== image.width || box[0] !== 0 || box[2] !== image.width) {
    const across = resampling(box[0], box[2], image.width, width, FILTERS[filter], isBytes);
    const found = new Kind(width * image.height);
    for (let y = 0; y < image.height; y += 1) {
      for (let x = 0; x < width; x += 1) {
        const { first, weights } = across[x];
        let sum = 0;
        for (let one = 0; one < weights.length; one += 1) sum += weights[one] * data[y * image.width + first + one];
        found[y * width + x] = clipped(sum);
      }
    }
    data = found;
  }
  if (height === image.height && box[1] === 0 && box[3] === image.height) return plane(width, height, Kind.from(data));
  const down = resampling(box[1], box[3], image.height, height, FILTERS[filter], isBytes);
  const found = new Kind(width * height);
  for (let y = 0; y < height; y += 1) {
    const { first, weights } = down[y];
    for (let x = 0; x < width; x += 1) {
      let sum = 0;
      for (let one = 0; one < weights.length; one += 1) sum += weights[one] * data[(first + one) * width + x];
      found[y * width + x] = clipped(sum);
    }
  }
  return plane(width, height, found);
}

/** The nearest pixel of a mask. */
function resizedMask(image, width, height) {
  const found = new Uint8Array(width * height);
  for (let y = 0; y < height; y += 1) {
    const row = Math.floor(((y + 0.5) * image.height) / height) * image.width;
    for (let x = 0; x < width; x += 1) found[y * width + x] = image.data[row + Math.floor(((x + 0.5) * image.width) / width)];
  }
  return plane(width, height, found);
}

/** The same for planes of one picture, with a longer side of so many pixels. */
function withSide(planes, side) {
  const [{ width, height }] = planes;
  const scale = side / Math.max(width, height);
  const size = [width, height].map((length) => Math.max(1, rounded(length * scale)));
  return planes.map((one) => resizedPlane(one, ...size, scale < 1 ? "box" : "bilinear"));
}

/** Red, green and blue as Pillow's mode L. */
function greyOf([red, green, blue]) {
  return mapped(red, Uint8Array, (value, place) => {
    return (value * 19595 + green.data[place] * 38470 + blue.data[place] * 7471 + 0x8000) >> 16;
  });
}

/** Each place as a weighted sum along rows and then columns, mirrored at the edges: SciPy's mode "reflect". */
function convolved({ width, height, data }, weights) {
  const reach = (weights.length - 1) / 2;
  const mirrored = (at, length) => {
    const within = ((at % (2 * length)) + 2 * length) % (2 * length);
    return within < length ? within : 2 * length - 1 - within;
  };
  const along = (values, length, lines, step, stride) => {
    const found = new Float32Array(values.length);
    for (let line = 0; line < lines; line += 1) {
      for (let at = 0; at < length; at += 1) {
        let sum = 0;
        for (let one = -reach; one <= reach; one += 1) {
          const from = at + one;
          const inside = from >= 0 && from < length ? from : mirrored(from, length);
          sum += weights[one + reach] * values[line * stride + inside * step];
        }
        found[line * stride + at * step] = sum;
      }
    }
    return found;
  };
  return plane(width, height, along(along(data, height, width, width, 1), width, height, 1, width));
}

function blurred(image, sigma) {
  const reach = Math.trunc(4 * sigma + 0.5);
  const weights = Array.from({ length: 2 * reach + 1 }, (_, at) => Math.exp((-0.5 * (at - reach) ** 2) / sigma ** 2));
  const sum = sumOf(weights);
  return convolved(image, weights.map((one) => one / sum));
}
const averaged = (image, wide) => convolved(image, Array(wide).fill(1 / wide));

/** A mask grown (or, where `value` is 0, shrunk) by a square of 3x3; `outside` is what lies beyond the edge. */
function spreadOf(image, value, outside, isCross = false) {
  const { width, height, data } = image;
  const found = new Uint8Array(data.length);
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) {
      let hit = false;
      for (let down = -1; down <= 1 && !hit; down += 1) {
        for (let right = -1; right <= 1 && !hit; right += 1) {
          if (isCross && down && right) continue;
          const [row, column] = [y + down, x + right];
          const isInside = row >= 0 && row < height && column >= 0 && column < width;
          hit = (isInside ? data[row * width + column] : outside) === value;
        }
      }
      found[y * width + x] = hit ? value : 1 - value;
    }
  }
  return plane(width, height, found);
}
const times = (count, change, image) => (count ? times(count - 1, change, change(image)) : image);
const eroded = (image, outside = 0) => spreadOf(image, 0, outside);
const dilated = (image) => spreadOf(image, 1, 0);

/** A mask and everything within `reach` pixels of it, sideways, up and down. */
function grownMask({ width, height, data }, reach) {
  const along = (values, length, lines, step, stride) => {
    const found = new Uint8Array(values.length);
    for (let line = 0; line < lines; line += 1) {
      let ahead = -Infinity; // the last place of the mask up to `reach` ahead
      for (let at = -reach; at < length; at += 1) {
        const next = at + reach;
        if (next < length && values[line * stride + next * step]) ahead = next;
        if (at >= 0 && ahead >= at - reach) found[line * stride + at * step] = 1;
      }
    }
    return found;
  };
  return plane(width, height, along(along(data, width, height, 1, width), height, width, width, 1));
}

/** Parts of a mask that hang together: a number for each pixel, 0 outside, and how many parts there are. */
function labelled({ width, height, data }, isEight) {
  const parts = new Int32Array(data.length);
  const stack = [];
  let count = 0;
  for (let start = 0; start < data.length; start += 1) {
    if (!data[start] || parts[start]) continue;
    count += 1;
    parts[start] = count;
    stack.push(start);
    while (stack.length) {
      const at = stack.pop();
      const [x, y] = [at % width, Math.floor(at / width)];
      for (let down = -1; down <= 1; down += 1) {
        for (let right = -1; right <= 1; right += 1) {
          if (!isEight && down && right) continue;
          const [row, column] = [y + down, x + right];
          if (row < 0 || row >= height || column < 0 || column >= width) continue;
          const next = row * width + column;
          if (data[next] && !parts[next]) {
            parts[next] = count;
            stack.push(next);
          }
        }
      }
    }
  }
  return { parts, count };
}

/** A mask with its holes filled: what is not joined to the edge. */
function filledHoles(image) {
  const { width, height } = image;
  const wide = plane(width + 2, height + 2, new Uint8Array((width + 2) * (height + 2)).fill(1));
  image.data.forEach((value, at) => (wide.data[(Math.floor(at / width) + 1) * (width + 2) + (at % width) + 1] = 1 - value));
  const { parts } = labelled(wide, false);
  return mapped(image, Uint8Array, (_, at) => (parts[(Math.floor(at / width) + 1) * (width + 2) + (at % width) + 1] === parts[0] ? 0 : 1));
}

/** First and last row and column of a mask: top, bottom, left, right; null where it is empty. */
function boundsOf({ width, height, data }) {
  let [top, bottom, left, right] = [height, -1, width, -1];
  data.forEach((value, at) => {
    if (!value) return;
    const [x, y] = [at % width, Math.floor(at / width)];
    [top, bottom, left, right] = [Math.min(top, y), Math.max(bottom, y), Math.min(left, x), Math.max(right, x)];
  });
  return bottom < 0 ? null : { top, bottom, left, right };
}

/** scikit-image's rank.median: the median of bytes in a disk around each pixel, of those that the mask has. */
function diskMedian({ width, height, data }, reach, mask) {
  const found = new Uint8Array(data.length);
  const histogram = new Int32Array(256);
  const wide = Array.from({ length: 2 * reach + 1 }, (_, at) => Math.floor(Math.sqrt(reach * reach - (at - reach) ** 2)));
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) {
      histogram.fill(0);
      let count = 0;
      for (let row = Math.max(0, y - reach); row <= Math.min(height - 1, y + reach); row += 1) {
        const side = wide[row - y + reach];
        const end = row * width + Math.min(width - 1, x + side);
        for (let at = row * width + Math.max(0, x - side); at <= end; at += 1) {
          if (mask.data[at]) {
            histogram[data[at]] += 1;
            count += 1;
          }
        }
      }
      let left = count / 2;
      for (let value = 0; count && value < 256; value += 1) {
        left -= histogram[value];
        if (left < 0) {
          found[y * width + x] = value;
          break;
        }
      }
    }
  }
  return plane(width, height, found);
}
