// Shares never stand alone: dsn/statistics.py in script.
const Z_95 = 1.959963984540054; // two-sided 95 % point of the normal distribution

/** The 95 % Wilson score interval of right answers, as two shares. */
function wilson(correct, count) {
  const share = correct / count;
  const square = (Z_95 * Z_95) / count;
  const centre = (share + square / 2) / (1 + square);
  const half = (Z_95 / (1 + square)) * Math.sqrt((share * (1 - share)) / count + square / (4 * count));
  return [Math.min(Math.max(0, centre - half), share), Math.max(Math.min(1, centre + half), share)];
}
