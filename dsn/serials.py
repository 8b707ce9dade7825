"""Serial numbers: 0/1 bit patterns and the text people read aloud and type.

The text is Crockford's base32 with his modulo-37 check symbol: 64 bits become thirteen characters
and the check symbol, grouped 5-5-4; the paper's nine bits become two and the check symbol.
"""

import math
import random
import re
from dataclasses import dataclass
from functools import cached_property

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
CHECK_ALPHABET = ALPHABET + "*~$=U"  # 37 symbols: a prime number catches every slip of one character
LOOKALIKES = str.maketrans({"O": "0", "I": "1", "L": "1"})
SEPARATORS = re.compile(r"[\s\u2010-\u2015\u2212-]")  # blanks, hyphens, dashes and the minus sign
BIT_COUNTS = (64, 9)  # the licensed profile; the paper's 3x3 profile
GROUP_LENGTH = 5
BITS_PER_CHARACTER = 5


class SerialError(ValueError):
    """A serial that cannot be read; its message is one sentence for the person who typed it."""


def _character_count(bit_count: int) -> int:
    """Characters of the text before the check symbol."""
    return math.ceil(bit_count / BITS_PER_CHARACTER)


@dataclass(frozen=True)
class Serial:
    """A serial number `k`: a square 0/1 pattern, its bits in rows from the top left.

    Attributes:
        bits: a tuple of 0 and 1, of length 64 (8x8) or 9 (3x3).
    """

    bits: tuple[int, ...]

    def __post_init__(self) -> None:
        if len(self.bits) not in BIT_COUNTS or not set(self.bits) <= {0, 1}:
            raise SerialError(f"A serial has 64 or 9 bits, each 0 or 1; these are {len(self.bits)}.")

    def check_length(self, bit_count: int) -> None:
        """Refuse this serial where one of another length is wanted.

        Raises:
            ValueError: how many bits it has, and how many it should have.
        """
        if len(self.bits) != bit_count:
            raise ValueError(f"This network takes a serial of {bit_count} bits, and this one has {len(self.bits)}.")

    @classmethod
    def from_bits(cls, bits) -> "Serial":
        """The serial with these bits (any iterable of 64 or 9 zeros and ones).

        Raises:
            SerialError: another count, or a value that is neither 0 nor 1.
        """
        return cls(tuple(int(bit) if bit in (0, 1) else -1 for bit in bits))

    @classmethod
    def from_number(cls, number: int, bit_count: int = 64) -> "Serial":
        """The serial whose bits are `number` in binary, most significant bit first.

        Raises:
            SerialError: the number is negative, or needs more bits.
        """
        if number < 0 or number >> bit_count:
            raise SerialError(f"The number {number} does not fit into {bit_count} bits.")
        return cls(tuple((number >> shift) & 1 for shift in reversed(range(bit_count))))

    @classmethod
    def random(cls, bit_count: int = 64) -> "Serial":
        """A random serial that could be issued, from the operating system's randomness."""
        return random_serial(bit_count)

    @classmethod
    def parse(cls, text: str) -> "Serial":
        """Read a typed serial; case, blanks and dashes of any kind, O for 0 and I or L for 1 are forgiven.

        Raises:
            SerialError: wrong length, character or check symbol; the message says which.
        """
        symbols = SEPARATORS.sub("", text).upper().translate(LOOKALIKES)
        if not symbols:
            raise SerialError("Type a serial number first, or choose one with the buttons.")
        lengths = {_character_count(count) + 1: count for count in BIT_COUNTS}
        for position, symbol in enumerate(symbols, start=1):
            last = position == len(symbols)
            if symbol not in (CHECK_ALPHABET if last else ALPHABET):
                raise SerialError(
                    f"{symbol!r} at place {position} is not a character of a serial number: "
                    "use digits and the letters A to Z without I, L, O and U."
                )
        if len(symbols) not in lengths:
            raise SerialError(
                f"A serial number has 14 characters (or 3 for the paper's short ones), and this has {len(symbols)}."
            )
        bit_count = lengths[len(symbols)]
        number = 0
        for symbol in symbols[:-1]:
            number = number * len(ALPHABET) + ALPHABET.index(symbol)
        if CHECK_ALPHABET[number % len(CHECK_ALPHABET)] != symbols[-1]:
            raise SerialError(
                f"The check symbol {symbols[-1]!r} at the end does not fit the characters before it: "
                "look for a slip of the pen."
            )
        if number >> bit_count:
            raise SerialError(f"The first character {symbols[0]!r} is too large for {bit_count} bits.")
        return cls.from_number(number, bit_count)

    @cached_property
    def number(self) -> int:
        """The bits as one integer, most significant bit first."""
        return int("".join(map(str, self.bits)), 2)

    @property
    def text(self) -> str:
        """The serial as people write it, such as `7KQ2M-9XHFT-4RWC`."""
        shifts = reversed(range(0, _character_count(len(self.bits)) * BITS_PER_CHARACTER, BITS_PER_CHARACTER))
        symbols = "".join(ALPHABET[self.number >> shift & 31] for shift in shifts)
        symbols += CHECK_ALPHABET[self.number % len(CHECK_ALPHABET)]
        return "-".join(symbols[i : i + GROUP_LENGTH] for i in range(0, len(symbols), GROUP_LENGTH))

    def __str__(self) -> str:
        return self.text

    @property
    def side(self) -> int:
        """Width and height of the square pattern, in bits."""
        return math.isqrt(len(self.bits))

    @property
    def is_issuable(self) -> bool:
        """Whether ones and zeros each make up at least a quarter of the bits.

        An all-zero serial on MNIST *is* the bare picture, whose corner is black: serials of low
        weight, in ones or in zeros, are never issued.
        """
        return 0.25 <= sum(self.bits) / len(self.bits) <= 0.75

    def flipped(self, *places: int) -> "Serial":
        """The serial with the bits at these places (0 = top left, row by row) changed.

        Raises:
            IndexError: a place the serial does not have.
        """
        if not set(places) <= set(range(len(self.bits))):
            raise IndexError(f"a serial of {len(self.bits)} bits has no place {max(places)}")
        return Serial(tuple(bit ^ (place in places) for place, bit in enumerate(self.bits)))

    def inverted(self) -> "Serial":
        """Every bit changed."""
        return self.flipped(*range(len(self.bits)))

    def distance(self, other: "Serial") -> int:
        """Number of bits in which two serials of one length differ."""
        return sum(a != b for a, b in zip(self.bits, other.bits, strict=True))


def random_serial(bit_count: int = 64, *, unlike: Serial | None = None, source: random.Random | None = None) -> Serial:
    """A random serial that could be issued, and is not `unlike`.

    Args:
        bit_count: 64 or 9.
        unlike: a serial that must not come out (to draw a wrong one).
        source: a seeded generator, or none for the operating system's randomness.
    """
    source = source or random.SystemRandom()
    while True:
        serial = Serial.from_number(source.getrandbits(bit_count), bit_count)
        if serial.is_issuable and serial != unlike:
            return serial


def near_miss(serial: Serial, *, source: random.Random | None = None) -> Serial:
    """The serial with one bit, chosen at random, wrong."""
    return serial.flipped((source or random.SystemRandom()).randrange(len(serial.bits)))


def near_misses(serial: Serial) -> list[Serial]:
    """Every serial with exactly one bit wrong, in the order of the bits."""
    return [serial.flipped(place) for place in range(len(serial.bits))]
