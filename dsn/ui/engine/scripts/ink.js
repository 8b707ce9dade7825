// Ink on a visitor's picture: dsn/applications/ink.py.
const WORK = 256;
const STRONG = 0.42;
const FAINT = 0.2;
const LEVELS = [0.6, 0.4, 0.27, 0.18, 0.1];

/** The ink of the digit on a picture (red, green, blue), a plane in [0, 1]; null where there is none. */
function inkOf(picture) {
  const longer = Math.max(picture[0].width, picture[0].height);
  const work = withSide(picture, longer > WORK ? WORK : Math.max(longer, WORK / 2));
  const paper = findPaper(work);
  const ground = firstGround(work, paper);
  const first = strongest(work, ground, paper);
  const found = first && strongest(work, secondGround(work, paper, ground, first.mark.mask), paper);
  if (!found) return null;
  const { mark, depths } = found;
  const near = grownMask(mark.mask, 2);
  return mapped(depths, Float32Array, (value, place) => {
    return near.data[place] * Math.min(1, Math.max(0, (value / mark.contrast - FAINT) / (1 - FAINT)));
  });
}

const scoreOf = ({ isWhole, size, contrast }) => (isWhole ? 1 : 0.15) * size * contrast;

/** The best mark, dark on a light ground or the other way round, and the depth of everything of its kind. */
function strongest(picture, ground, paper) {
  let best = null;
  for (const sign of [1, -1]) {
    const depths = depthOf(picture, ground, sign);
    const mark = bestMark(depths, paper);
    if (mark && (!best || scoreOf(mark) > scoreOf(best.mark))) best = { mark, depths };
  }
  return best;
}

/** How much of the ground's light a place takes away (or adds, of what is missing to white), in its best colour. */
function depthOf(picture, ground, sign) {
  const most = new Float32Array(picture[0].data.length).fill(-Infinity);
  ground.forEach(({ data }, channel) => {
    const values = picture[channel].data;
    for (let place = 0; place < most.length; place += 1) {
      const whole = Math.max(sign === 1 ? data[place] : 255 - data[place], 60);
      most[place] = Math.max(most[place], ((data[place] - values[place]) * sign) / whole);
    }
  });
  return blurred(plane(picture[0].width, picture[0].height, most), 0.6);
}

function bestMark(depths, paper) {
  const above = (level) => largestMark(maskOf(depths, (value) => value > level), depths, paper);
  const marks = LEVELS.map(above).filter(Boolean);
  if (!marks.length) return null;
  const best = marks.reduce((one, mark) => (scoreOf(mark) > scoreOf(one) * 1.25 ? mark : one));
  return above(STRONG * best.contrast) ?? best;
}

function largestMark(mask, depths, paper) {
  const { width, height } = mask;
  const { parts, count } = labelled(both(mask, paper), true);
  if (!count) return null;
  const marks = Array.from({ length: count + 1 }, () => ({ area: 0, sum: 0, top: height, bottom: -1, left: width, right: -1 }));
  const outside = grownMask(mapped(paper, Uint8Array, (value) => 1 - value), 2);
  const joined = new Set();
  parts.forEach((part, at) => {
    const [x, y] = [at % width, Math.floor(at / width)];
    const one = marks[part];
    one.area += 1;
    one.sum += depths.data[at];
    [one.top, one.bottom] = [Math.min(one.top, y), Math.max(one.bottom, y)];
    [one.left, one.right] = [Math.min(one.left, x), Math.max(one.right, x)];
    if (outside.data[at] || x === 0 || y === 0 || x === width - 1 || y === height - 1) joined.add(part);
  });
  const lengthOf = ({ top, bottom, left, right }) => Math.max(bottom - top, right - left) + 1;
  const numbers = Array.from({ length: count }, (_, one) => one + 1);
  const sound = numbers.filter((one) => marks[one].area >= 6);
  const whole = sound.filter((one) => !joined.has(one));
  const reaching = sound.filter((one) => joined.has(one) && !runsAlong(marks[one], width, height));
  const longestOf = (some) => Math.max(0, ...some.map((one) => lengthOf(marks[one])));
  const longest = longestOf(whole);
  let chosen = whole;
  if (!longest || (longest < 0.08 * Math.max(width, height) && longest < 0.35 * longestOf(reaching))) {
    chosen = reaching.length ? reaching : longest ? whole : sound;
  }
  if (!chosen.length) return null;
  const weight = (one) => (lengthOf(marks[one]) * marks[one].sum) / marks[one].area;
  const main = chosen.reduce((best, one) => (weight(one) > weight(best) ? one : best));
  const near = grownMask(maskOf(plane(width, height, parts), (part) => part === main), Math.max(2, rounded(0.1 * lengthOf(marks[main]))));
  const close = new Set();
  near.data.forEach((value, at) => value && close.add(parts[at]));
  const taken = new Set(chosen.filter((one) => close.has(one) && marks[one].area >= 0.015 * marks[main].area));
  const together = maskOf(plane(width, height, parts), (part) => taken.has(part));
  const { top, bottom, left, right } = boundsOf(together);
  const contrast = percentile(chosenOf(depths, together), 85);
  return { mask: together, contrast, size: Math.max(bottom - top, right - left) + 1, isWhole: chosen === whole };
}

function runsAlong({ top, bottom, left, right }, width, height) {
  const [wide, high] = [right + 1 - left, bottom + 1 - top];
  return (wide > 0.85 * width && (top === 0 || bottom + 1 === height)) || (high > 0.85 * height && (left === 0 || right + 1 === width));
}
