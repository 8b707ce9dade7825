// The paper on a visitor's picture, and the light on it: dsn/applications/paper.py.
const COARSE = 64;
const MIDDLE = 128;

const everywhere = ({ width, height }) => plane(width, height, new Uint8Array(width * height).fill(1));
const shareOf = (mask) => sumOf(mask.data) / mask.data.length;
const chosenOf = (image, mask) => Array.from(image.data).filter((_, place) => mask.data[place]);

function otsuThreshold(values) {
  const [least, most] = [leastOf(values), mostOf(values)];
  const counts = new Float64Array(256);
  for (const value of values) counts[Math.min(255, Math.floor(((value - least) / (most - least)) * 256))] += 1;
  const centre = (bin) => least + ((bin + 0.5) * (most - least)) / 256;
  const all = { count: values.length, sum: counts.reduce((sum, count, bin) => sum + count * centre(bin), 0) };
  let [below, sum, best, found] = [0, 0, -1, 0];
  for (let bin = 0; bin < 255; bin += 1) {
    below += counts[bin];
    sum += counts[bin] * centre(bin);
    const above = all.count - below;
    const variance = below * above * (sum / below - (all.sum - sum) / above) ** 2;
    if (variance > best) [best, found] = [variance, bin];
  }
  return centre(found);
}

/** Where the paper is, of a picture given as red, green and blue. */
function findPaper(picture) {
  const [small] = withSide([greyOf(picture)], MIDDLE);
  const grey = blurred(small, 1);
  if (mostOf(grey.data) - leastOf(grey.data) < 50) return everywhere(picture[0]);
  const threshold = otsuThreshold(grey.data);
  let [best, area] = [null, 0];
  for (const isRegion of [(value) => value > threshold, (value) => value <= threshold]) {
    const region = dilated(eroded(maskOf(grey, isRegion)));
    const { parts, count } = labelled(region, false);
    if (!count) continue;
    const sizes = new Array(count + 1).fill(0);
    parts.forEach((part) => part && (sizes[part] += 1));
    const largest = sizes.indexOf(mostOf(sizes));
    const sheet = mapped(region, Uint8Array, (_, place) => (parts[place] === largest ? 1 : 0));
    const filled = filledHoles(sheet);
    if (shareOf(filled) > area && isSheet(grey, sheet, filled)) [best, area] = [filled, shareOf(filled)];
  }
  if (!best) return everywhere(picture[0]);
  return resizedMask(times(2, (one) => eroded(one, 1), best), picture[0].width, picture[0].height);
}

function isSheet(grey, sheet, filled) {
  const share = shareOf(filled);
  if (!(share > 0.06 && share < 0.985)) return false;
  const holes = sumOf(butNot(filled, sheet).data) / sumOf(filled.data);
  if (!(holes > 0.003 && holes < 0.45)) return false;
  const hull = hullOf(filled);
  const size = sumOf(hull.data);
  if (sumOf(filled.data) / size < 0.93 || size / leastRectangle(hull) < 0.86) return false;
  const inner = times(3, (one) => eroded(one, 1), filled);
  const outer = times(3, dilated, filled);
  const innerRim = chosenOf(grey, butNot(inner, eroded(inner, 1)));
  const outerRim = chosenOf(grey, butNot(dilated(outer), outer));
  if (!outerRim.length || !innerRim.length) return false;
  const step = Math.abs(median(innerRim) - median(outerRim));
  const outside = chosenOf(grey, mapped(filled, Uint8Array, (value) => 1 - value));
  return step > 0.5 * Math.abs(median(chosenOf(grey, sheet)) - median(outside)) && step > 35;
}

/** The convex hull of a mask whose pixels are diamonds. */
function hullOf(mask) {
  const { width, height, data } = mask;
  const points = [];
  data.forEach((value, at) => {
    if (!value) return;
    const [x, y] = [at % width, Math.floor(at / width)];
    points.push([x - 0.5, y], [x + 0.5, y], [x, y - 0.5], [x, y + 0.5]);
  });
  points.sort((one, other) => one[0] - other[0] || one[1] - other[1]);
  const turn = ([ax, ay], [bx, by], [cx, cy]) => (bx - ax) * (cy - ay) - (by - ay) * (cx - ax);
  const half = (some) => {
    const kept = [];
    for (const point of some) {
      while (kept.length > 1 && turn(kept.at(-2), kept.at(-1), point) <= 0) kept.pop();
      kept.push(point);
    }
    return kept.slice(0, -1);
  };
  const hull = [...half(points), ...half(points.reverse())];
  const found = new Uint8Array(data.length);
  for (let at = 0; at < data.length; at += 1) {
    const place = [at % width, Math.floor(at / width)];
    found[at] = hull.every((point, one) => turn(point, hull[(one + 1) % hull.length], place) >= -1e-9) ? 1 : 0;
  }
  return plane(width, height, found);
}

function leastRectangle(region) {
  const rim = butNot(region, spreadOf(region, 0, 0, true));
  const places = [];
  rim.data.forEach((value, at) => value && places.push([Math.floor(at / rim.width), at % rim.width]));
  let least = Infinity;
  for (let degrees = 0; degrees < 90; degrees += 3) {
    const [cos, sin] = [Math.cos((degrees * Math.PI) / 180), Math.sin((degrees * Math.PI) / 180)];
    const along = places.map(([y, x]) => y * cos + x * sin);
    const across = places.map(([y, x]) => -y * sin + x * cos);
    least = Math.min(least, (mostOf(along) - leastOf(along) + 1) * (mostOf(across) - leastOf(across) + 1));
  }
  return least;
}

/** Weights of surfaces [N][6] that are nearest to values [N]. */
function leastSquares(basis, values) {
  const size = basis[0].length;
  const rows = Array.from({ length: size }, (_, one) => {
    const row = Array.from({ length: size + 1 }, () => 0);
    basis.forEach((each, place) => {
      for (let other = 0; other < size; other += 1) row[other] += each[one] * each[other];
      row[size] += each[one] * values[place];
    });
    row[one] += 1e-6;
    return row;
  });
  for (let one = 0; one < size; one += 1) {
    const best = rows.slice(one).reduce((most, row, at) => (Math.abs(row[one]) > Math.abs(rows[most][one]) ? at + one : most), one);
    [rows[one], rows[best]] = [rows[best], rows[one]];
    rows.forEach((row, at) => {
      if (at === one) return;
      const factor = row[one] / rows[one][one];
      for (let other = one; other <= size; other += 1) row[other] -= factor * rows[one][other];
    });
  }
  return rows.map((row, one) => row[size] / row[one]);
}

/** The quadratic surface that most of a picture follows, less its mean: three planes. */
function trendOf(planes, inside) {
  const [{ width, height }] = planes;
  const at = (place, length) => (length > 1 ? -1 + (2 * place) / (length - 1) : -1);
  const basis = Array.from({ length: width * height }, (_, place) => {
    const [row, column] = [at(Math.floor(place / width), height), at(place % width, width)];
    return [1, row, column, row * row, row * column, column * column];
  });
  const dot = (one, weights) => one.reduce((sum, value, place) => sum + value * weights[place], 0);
  const grey = Float32Array.from(planes[0].data, (value, place) => (value + planes[1].data[place] + planes[2].data[place]) / 3);
  const within = basis.map((_, place) => place).filter((place) => inside.data[place]);
  let keep = within;
  for (let turn = 0; turn < 5; turn += 1) {
    const weights = leastSquares(keep.map((place) => basis[place]), keep.map((place) => grey[place]));
    const far = basis.map((one, place) => Math.abs(grey[place] - dot(one, weights)));
    const most = Math.max(4, 2 * median(within.map((place) => far[place])));
    keep = within.filter((place) => far[place] <= most);
  }
  const found = planes.map(({ data }) => {
    const weights = leastSquares(keep.map((place) => basis[place]), keep.map((place) => data[place]));
    return basis.map((one) => dot(one, weights));
  });
  const isWild = found.some((values) => {
    const some = within.map((place) => values[place]);
    return mostOf(some) - leastOf(some) > 200;
  });
  return found.map((values) => {
    const mean = sumOf(within.map((place) => values[place])) / within.length;
    return Float32Array.from(values, (value) => (isWild ? 0 : value - mean));
  });
}

const enlargedPlanes = (planes, width, height) => planes.map((one) => resizedPlane(one, width, height, "bilinear"));

/** The light as a median over a third of the picture around each place: three planes. */
function firstGround(picture, paper) {
  const small = withSide(picture, COARSE);
  const inside = resizedMask(paper, small[0].width, small[0].height);
  const slope = trendOf(small, inside);
  const { top, bottom, left, right } = boundsOf(inside);
  const reach = Math.max(2, rounded(Math.max(bottom - top, right - left) / 3));
  const ground = small.map((one, channel) => {
    const clipped = (value) => Math.min(255, Math.max(0, value));
    const level = mapped(one, Uint8Array, (value, place) => Math.trunc(clipped(value - slope[channel][place])));
    const around = diskMedian(level, reach, inside);
    return mapped(around, Float32Array, (value, place) => clipped(value + slope[channel][place]));
  });
  return enlargedPlanes(ground, picture[0].width, picture[0].height);
}

/** The light as a median over a tenth of the picture, without what was taken for ink. */
function secondGround(picture, paper, ground, ink) {
  const small = withSide(picture, MIDDLE);
  const [{ width, height }] = small;
  const free = resizedMask(butNot(paper, grownMask(ink, 3)), width, height);
  const reach = Math.max(3, rounded(Math.max(width, height) * 0.09));
  const known = averaged(mapped(free, Float32Array, (value) => value), 2 * reach + 1);
  const found = small.map((one, channel) => {
    const around = diskMedian(one, reach, free);
    const before = resizedPlane(ground[channel], width, height, "bicubic");
    return mapped(around, Float32Array, (value, place) => (known.data[place] > 0.06 ? value : before.data[place]));
  });
  return enlargedPlanes(found, picture[0].width, picture[0].height);
}
