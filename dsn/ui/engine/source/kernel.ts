// What a student does with most of its time: matrix products, 4 rows by 8 columns at a time (f32x4), and pooling.
// Pictures lie as height, width, channels; weights as panels of 8 columns, each [inner, 8]. Addresses are in bytes.

const BLOCK: i32 = 32; // pixels gathered at a time: they and a panel stay in the cache

function copied(from: usize, to: usize, count: i32): usize {
  const end = to + (<usize>count << 2);
  while (to + 16 <= end) {
    v128.store(to, v128.load(from));
    from += 16;
    to += 16;
  }
  while (to < end) {
    f32.store(to, f32.load(from));
    from += 4;
    to += 4;
  }
  return to;
}

function cleared(to: usize, count: i32): usize {
  const end = to + (<usize>count << 2);
  for (; to < end; to += 4) f32.store(to, 0);
  return to;
}

/** out = a b + bias, no value below `least`: a [rows, inner], b panels of [inner, columns], out [rows, columns]. */
export function product(
  a: usize, b: usize, bias: usize, out: usize, rows: i32, inner: i32, columns: i32, least: f32
): void {
  const stride = <usize>inner << 2;
  const step = <usize>columns << 2;
  const floor = f32x4.splat(least);
  for (let column: i32 = 0; column < columns; column += 8) {
    const panel = b + <usize>column * stride;
    const bias0 = v128.load(bias + (<usize>column << 2));
    const bias1 = v128.load(bias + (<usize>column << 2), 16);
    for (let row: i32 = 0; row < rows; row += 4) {
      let a0 = a + <usize>row * stride;
      let a1 = a0 + stride;
      let a2 = a1 + stride;
      let a3 = a2 + stride;
      let c00 = bias0, c01 = bias1, c10 = bias0, c11 = bias1;
      let c20 = bias0, c21 = bias1, c30 = bias0, c31 = bias1;
      const end = a0 + stride;
      for (let at = panel; a0 < end; at += 32) {
        const b0 = v128.load(at);
        const b1 = v128.load(at, 16);
        let value = v128.load_splat<f32>(a0);
        c00 = f32x4.add(c00, f32x4.mul(value, b0));
        c01 = f32x4.add(c01, f32x4.mul(value, b1));
        value = v128.load_splat<f32>(a1);
        c10 = f32x4.add(c10, f32x4.mul(value, b0));
        c11 = f32x4.add(c11, f32x4.mul(value, b1));
        value = v128.load_splat<f32>(a2);
        c20 = f32x4.add(c20, f32x4.mul(value, b0));
        c21 = f32x4.add(c21, f32x4.mul(value, b1));
        value = v128.load_splat<f32>(a3);
        c30 = f32x4.add(c30, f32x4.mul(value, b0));
        c31 = f32x4.add(c31, f32x4.mul(value, b1));
        a0 += 4;
        a1 += 4;
        a2 += 4;
        a3 += 4;
      }
      let to = out + <usize>row * step + (<usize>column << 2);
      v128.store(to, f32x4.max(c00, floor));
      v128.store(to, f32x4.max(c01, floor), 16);
      to += step;
      v128.store(to, f32x4.max(c10, floor));
      v128.store(to, f32x4.max(c11, floor), 16);
      to += step;
      v128.store(to, f32x4.max(c20, floor));
      v128.store(to, f32x4.max(c21, floor), 16);
      to += step;
      v128.store(to, f32x4.max(c30, floor));
      v128.store(to, f32x4.max(c31, floor), 16);
    }
  }
}

/** A convolution of odd size that keeps height and width, and ReLU: input [height, width, channels] to out [height,
 * width, outputs], up to three rows more; `gathered` has room for BLOCK pixels' surroundings. */
export function convolve(
  input: usize, out: usize, weights: usize, bias: usize, gathered: usize,
  height: i32, width: i32, channels: i32, kernel: i32, outputs: i32
): void {
  const pixels = height * width;
  const half = kernel >> 1;
  for (let start: i32 = 0; start < pixels; start += BLOCK) {
    const count = min(BLOCK, pixels - start);
    let to = gathered;
    for (let pixel = start; pixel < start + count; pixel++) {
      const row = pixel / width;
      const left = pixel - row * width - half;
      const before = max(0, -left);
      const after = max(0, left + kernel - width);
      for (let y = row - half; y <= row + half; y++) {
        if (y < 0 || y >= height) {
          to = cleared(to, kernel * channels);
          continue;
        }
        to = cleared(to, before * channels);
        const inside = kernel - before - after;
        to = copied(input + (<usize>((y * width + left + before) * channels) << 2), to, inside * channels);
        to = cleared(to, after * channels);
      }
    }
    const inner = kernel * kernel * channels;
    const place = out + (<usize>(start * outputs) << 2);
    product(gathered, weights, bias, place, (count + 3) & ~3, inner, outputs, 0);
  }
}

/** 2x2 max-pooling: input [height, width, channels] to out [height / 2, width / 2, channels]. */
export function pool(input: usize, out: usize, height: i32, width: i32, channels: i32): void {
  const beside = <usize>channels << 2;
  const below = <usize>width * beside;
  for (let y: i32 = 0; y + 1 < height; y += 2) {
    for (let x: i32 = 0; x + 1 < width; x += 2) {
      let from = input + <usize>y * below + <usize>x * beside;
      const end = from + beside;
      while (from + 16 <= end) {
        const upper = f32x4.max(v128.load(from), v128.load(from + beside));
        const lower = f32x4.max(v128.load(from + below), v128.load(from + below + beside));
        v128.store(out, f32x4.max(upper, lower));
        from += 16;
        out += 16;
      }
      while (from < end) {
        const upper = max(f32.load(from), f32.load(from + beside));
        const lower = max(f32.load(from + below), f32.load(from + below + beside));
        f32.store(out, max(upper, lower));
        from += 4;
        out += 4;
      }
    }
  }
}
