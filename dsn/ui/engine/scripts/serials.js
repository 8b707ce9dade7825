// Serial numbers as dsn/serials.py reads and writes them.
const ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const CHECK_ALPHABET = `${ALPHABET}*~$=U`;
const BIT_COUNTS = [64, 9];

/** What a visitor can mend; its message is one sentence, the same as Python's. */
class Refusal extends Error {}

const charactersOf = (bitCount) => Math.ceil(bitCount / 5);
const numberOf = (bits) => BigInt(`0b${bits.join("")}`);
const checkOf = (number) => CHECK_ALPHABET[Number(number % BigInt(CHECK_ALPHABET.length))];
const sameBits = (one, other) => one.length === other.length && one.every((bit, place) => bit === other[place]);

/** A text as Python's repr writes it. */
function quoted(text) {
  const mark = text.includes("'") && !text.includes('"') ? '"' : "'";
  const odd = /[\x00-\x1f\x7f\\]/g;
  const named = { "\n": "\\n", "\r": "\\r", "\t": "\\t", "\\": "\\\\" };
  const inner = text.replace(odd, (one) => named[one] ?? `\\x${one.charCodeAt(0).toString(16).padStart(2, "0")}`);
  return mark + (mark === "'" ? inner.replaceAll("'", "\\'") : inner) + mark;
}

/** The bits of a typed serial, each 0 or 1; throws a Refusal. */
function parseSerial(text) {
  const plain = text.replace(/[\s\x1c-\x1f\x85\u2010-\u2015\u2212-]/g, "").toUpperCase();
  const symbols = [...plain].map((one) => ({ O: "0", I: "1", L: "1" })[one] ?? one);
  if (!symbols.length) throw new Refusal("Type a serial number first, or choose one with the buttons.");
  symbols.forEach((symbol, place) => {
    if (!(place === symbols.length - 1 ? CHECK_ALPHABET : ALPHABET).includes(symbol)) {
      throw new Refusal(
        `${quoted(symbol)} at place ${place + 1} is not a character of a serial number: ` +
          "use digits and the letters A to Z without I, L, O and U."
      );
    }
  });
  const bitCount = BIT_COUNTS.find((count) => charactersOf(count) + 1 === symbols.length);
  if (!bitCount) {
    throw new Refusal(
      `A serial number has 14 characters (or 3 for the paper's short ones), and this has ${symbols.length}.`
    );
  }
  let number = 0n;
  for (const symbol of symbols.slice(0, -1)) number = number * 32n + BigInt(ALPHABET.indexOf(symbol));
  if (checkOf(number) !== symbols.at(-1)) {
    throw new Refusal(
      `The check symbol ${quoted(symbols.at(-1))} at the end does not fit the characters before it: ` +
        "look for a slip of the pen."
    );
  }
  if (number >> BigInt(bitCount)) {
    throw new Refusal(`The first character ${quoted(symbols[0])} is too large for ${bitCount} bits.`);
  }
  return [...number.toString(2).padStart(bitCount, "0")].map(Number);
}

/** The serial as people write it, such as 7KQ2M-9XHFT-4RWC. */
function serialText(bits) {
  const number = numberOf(bits);
  const count = charactersOf(bits.length);
  const symbols = Array.from({ length: count }, (_, place) => {
    return ALPHABET[Number((number >> BigInt(5 * (count - 1 - place))) & 31n)];
  });
  return (symbols.join("") + checkOf(number)).match(/.{1,5}/g).join("-");
}

/** Whether ones and zeros each make up at least a quarter of the bits. */
function isIssuable(bits) {
  const share = bits.reduce((sum, bit) => sum + bit, 0) / bits.length;
  return share >= 0.25 && share <= 0.75;
}

/** A random serial that could be issued, and is not `unlike`; `draw` gives random bytes. */
function randomSerial(bitCount, unlike, draw = (bytes) => crypto.getRandomValues(bytes)) {
  for (;;) {
    const bits = Array.from(draw(new Uint8Array(bitCount)), (byte) => byte & 1);
    if (isIssuable(bits) && !(unlike && sameBits(bits, unlike))) return bits;
  }
}

const flipped = (bits, place) => bits.map((bit, one) => (one === place ? 1 - bit : bit));
