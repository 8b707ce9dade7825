// The two kernels: WebAssembly (source/kernel.ts), and the same in plain script where a browser has none with SIMD.
const PAGE = 65536; // bytes
const FIRST = 1024; // no tensor lies at the very beginning

/** Memory, handed out once and never taken back, and the three functions that work in it; addresses are in bytes. */
class Kernel {
  constructor({ memory, ...functions }) {
    this.memory = memory;
    this.end = FIRST;
    Object.assign(this, functions);
  }

  /** The address of room for so many floats, zero. */
  room(count) {
    const address = this.end;
    this.end += Math.ceil(count / 4) * 16;
    const lacking = this.end - this.memory.buffer.byteLength;
    if (lacking > 0) this.memory.grow(Math.ceil(lacking / PAGE));
    return address;
  }

  /** The floats at an address; valid until more room is asked for. */
  floats(address, count) {
    return new Float32Array(this.memory.buffer, address, count);
  }
}

function plainKernel() {
  const memory = {
    buffer: new ArrayBuffer(PAGE),
    grow(pages) {
      const larger = new ArrayBuffer(this.buffer.byteLength + pages * PAGE);
      new Uint8Array(larger).set(new Uint8Array(this.buffer));
      this.buffer = larger;
    },
  };

  function product(a, b, bias, out, rows, inner, columns, least) {
    const all = new Float32Array(memory.buffer);
    for (let row = 0; row < rows; row += 1) {
      for (let column = 0; column < columns; column += 8) {
        const sums = Float64Array.from({ length: 8 }, (_, one) => all[bias / 4 + column + one]);
        let at = b / 4 + column * inner;
        for (let place = a / 4 + row * inner, end = place + inner; place < end; place += 1, at += 8) {
          const value = all[place];
          if (value === 0) continue; // weights are finite, so that nothing is lost
          for (let one = 0; one < 8; one += 1) sums[one] += value * all[at + one];
        }
        const to = out / 4 + row * columns + column;
        for (let one = 0; one < 8; one += 1) all[to + one] = Math.max(sums[one], least);
      }
    }
  }

  function convolve(input, out, weights, bias, gathered, height, width, channels, kernel, outputs) {
    const all = new Float32Array(memory.buffer);
    const half = kernel >> 1;
    for (let y = 0; y < height; y += 1) {
      for (let x = 0; x < width; x += 1) {
        let to = gathered / 4;
        for (let row = y - half; row <= y + half; row += 1) {
          for (let column = x - half; column <= x + half; column += 1, to += channels) {
            const isInside = row >= 0 && row < height && column >= 0 && column < width;
            const from = input / 4 + (row * width + column) * channels;
            for (let one = 0; one < channels; one += 1) all[to + one] = isInside ? all[from + one] : 0;
          }
        }
        product(gathered, weights, bias, out + 4 * (y * width + x) * outputs, 1, kernel * kernel * channels, outputs, 0);
      }
    }
  }

  function pool(input, out, height, width, channels) {
    const all = new Float32Array(memory.buffer);
    let to = out / 4;
    for (let y = 0; y + 1 < height; y += 2) {
      for (let x = 0; x + 1 < width; x += 2) {
        for (let one = 0; one < channels; one += 1) {
          const from = input / 4 + (y * width + x) * channels + one;
          const below = from + width * channels;
          all[to++] = Math.max(all[from], all[from + channels], all[below], all[below + channels]);
        }
      }
    }
  }

  return new Kernel({ memory, product, convolve, pool });
}

let compiled; // null where there is no WebAssembly with SIMD

/** A kernel with memory of its own; `plain` asks for the one in plain script. */
function newKernel(plain = false) {
  if (compiled === undefined) {
    try {
      compiled = new WebAssembly.Module(Uint8Array.from(atob(KERNEL), (one) => one.charCodeAt(0)));
    } catch {
      compiled = null;
    }
  }
  return plain || !compiled ? plainKernel() : new Kernel(new WebAssembly.Instance(compiled).exports);
}
