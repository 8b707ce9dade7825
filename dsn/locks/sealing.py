"""Sealing: tensors become fixed-point codes, xored with a stream that only the serial gives. Not in the paper.

A tensor's scale is the smallest power of two that its values fit under; a code is a value as a share of it, in 16 bits
(32 where a file asks for it). The codes of all tensors, in alphabetical order of their names, little-endian, are xored
with one ChaCha20 stream, counter and nonce zero, whose key is scrypt of the serial's bits, written as the text of their
zeros and ones, and a random salt. Unauthenticated on purpose: a wrong serial gives values uniform in [-scale, scale),
so that the network runs and can be measured.

Many customers' copies of one stamped student have a serial each, and one serial inside, which that student was
distilled for. Its bits follow the codes in the stream: whoever opens the weights has it too, and nobody else.
"""

from __future__ import annotations

import math
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import ChaCha20
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt as KeyFromSerial

from dsn.serials import BIT_COUNTS, Serial

if TYPE_CHECKING:
    from torch import Tensor

SALT_BYTES = 16
KEY_BYTES = 32
INSIDE_BITS = {2 * -(-count // 8): count for count in BIT_COUNTS}  # of the serial inside, by its hexadecimal digits
LARGEST_EXPONENT = 64  # of a scale: its power of two lies between -64 and 64


class SealError(ValueError):
    """A seal that cannot be: its message says which value, and what it must be."""


@dataclass(frozen=True)
class ScryptCost:
    """What finding a key costs (RFC 7914): 16 MiB and about a twentieth of a second by default.

    Attributes:
        n: a power of two; memory is 128 n r bytes.
        r: size of a block.
        p: how often over.
    """

    n: int = 2**14
    r: int = 8
    p: int = 1

    def __post_init__(self) -> None:
        if not all(type(one) is int and one > 0 for one in (self.n, self.r, self.p)) or self.n & (self.n - 1):
            raise SealError("scrypt's n, r and p must be whole numbers above 0, and n a power of two")
        if not (2 <= self.n <= 2**17 and self.r <= 16 and self.p <= 4 and 128 * self.n * self.r <= 2**27):
            raise SealError("scrypt asks for more than 128 MiB or too many rounds (n at most 2**17, r 16, p 4)")


USUAL_COST = ScryptCost()


@dataclass(frozen=True)
class Seal:
    """What must be known besides the serial to open sealed tensors; nothing in it is secret.

    Attributes:
        salt: 16 random bytes, as 32 hexadecimal digits; another for every sealed copy.
        scales: a power of two for each tensor, by its name.
        scrypt: what finding the key costs.
        inside: bits of the serial that the network inside wants, sealed, as hexadecimal digits; empty where it is the
            serial that opens the seal.
    """

    salt: str
    scales: Mapping[str, float]
    scrypt: ScryptCost = USUAL_COST
    inside: str = ""

    def __post_init__(self) -> None:
        if not _is_hexadecimal(self.salt) or len(self.salt) != 2 * SALT_BYTES:
            raise SealError(f"the salt must be {2 * SALT_BYTES} hexadecimal digits in small letters")
        for name, scale in self.scales.items():
            if not isinstance(name, str) or not isinstance(scale, float) or not _is_scale(scale):
                raise SealError(f"the scale of {str(name)[:60]!r} must be a power of two that is not extreme")
        if not _is_hexadecimal(self.inside) or len(self.inside) not in (0, *INSIDE_BITS):
            raise SealError(f"the serial inside must be {' or '.join(map(str, INSIDE_BITS))} hexadecimal digits")

    def to_json(self) -> dict[str, Any]:
        """Plain values; what is usual is not said."""
        values = asdict(self)
        if not self.inside:
            del values["inside"]
        return values

    @classmethod
    def from_json(cls, values: object) -> Seal:
        """Read what `to_json` gave.

        Raises:
            SealError: a value is missing, or cannot be.
        """
        if not (
            isinstance(values, dict)
            and set(values) - {"inside"} == {"salt", "scales", "scrypt"}
            and isinstance(values["scales"], dict)
            and isinstance(values["scrypt"], dict)
            and set(values["scrypt"]) == {"n", "r", "p"}
        ):
            raise SealError("a seal has salt, scales, scrypt (n, r, p) and perhaps inside, no more")
        scales = {name: _number(value) for name, value in values["scales"].items()}
        return cls(**{**values, "scales": scales, "scrypt": ScryptCost(**values["scrypt"])})


def new_salt() -> str:
    """A random salt from the operating system."""
    return os.urandom(SALT_BYTES).hex()


def seal_tensors(
    tensors: Mapping[str, Tensor],
    serial: Serial,
    salt: str,
    *,
    scrypt: ScryptCost = USUAL_COST,
    wide: frozenset[str] = frozenset(),
    inside: Serial | None = None,
) -> tuple[dict[str, Tensor], Seal]:
    """Codes that tell nothing without the serial.

    Args:
        tensors: of any floating-point type, finite.
        serial: that opens them.
        salt: 32 hexadecimal digits, used for no other tensors under this serial.
        scrypt: what finding the key is to cost.
        wide: names of tensors that get 32 bits a code.
        inside: the serial that the network inside wants, where it is another.

    Returns:
        Codes, int16 or int32 of the tensors' shapes, on the CPU; and what goes with them.

    Raises:
        SealError: a value that is not finite or too large, or a tensor that is not of a floating-point type.
    """
    scales, codes = {}, {}
    for name, tensor in tensors.items():
        if not tensor.is_floating_point():
            raise SealError(f"{name} is {tensor.dtype}: only floating-point tensors can be sealed")
        width = 32 if name in wide else 16
        scales[name], codes[name] = _coded(name, tensor.detach().cpu().double(), width)
    after = np.packbits(inside.bits).tobytes() if inside else b""
    mixed, after = _xored(codes, serial, salt, scrypt, after)
    return mixed, Seal(salt, scales, scrypt, after.hex())


def open_codes(codes: Mapping[str, Tensor], serial: Serial, seal: Seal) -> tuple[dict[str, Tensor], Serial]:
    """What a serial opens; with a wrong one, noise.

    Returns:
        The tensors that the codes stand for, as `as_they_lie` gives them (noise is uniform in [-scale, scale)), and
        the serial that the network inside wants in the picture.
    """
    plain, after = _xored(codes, serial, seal.salt, seal.scrypt, bytes.fromhex(seal.inside))
    weights = as_they_lie(plain, seal)
    if not seal.inside:
        return weights, serial
    bits = np.unpackbits(np.frombuffer(after, np.uint8))[: INSIDE_BITS[len(seal.inside)]]
    return weights, Serial(tuple(bits.tolist()))


def as_they_lie(codes: Mapping[str, Tensor], seal: Seal) -> dict[str, Tensor]:
    """What the codes are as numbers, opened or not, without rounding.

    Returns:
        Of the codes' shapes: float32 for codes of 16 bits, float64 for those of 32.
    """
    import torch

    holds = {torch.int16: (16, torch.float32), torch.int32: (32, torch.float64)}  # bits a code, and what holds each

    def as_it_lies(name: str, one: Tensor) -> Tensor:
        width, dtype = holds[one.dtype]
        return (one.double() * (seal.scales[name] / 2 ** (width - 1))).to(dtype)

    return {name: as_it_lies(name, one) for name, one in codes.items()}


def codes_of(weights: Mapping[str, Tensor], seal: Seal) -> dict[str, Tensor]:
    """The 16-bit codes of weights that lie as `as_they_lie` gave them: int16, on the CPU."""
    import torch

    return {
        name: (one.detach().cpu().double() * (2**15 / seal.scales[name])).round().to(torch.int16)
        for name, one in weights.items()
    }


def _is_hexadecimal(text: object) -> bool:
    return isinstance(text, str) and set(text) <= set("0123456789abcdef")


def _number(value: object) -> Any:
    """A scale as JSON has it: other writers, JavaScript's among them, leave the point of 1.0 out."""
    return float(value) if type(value) is int and 0 < value <= 2**LARGEST_EXPONENT else value


def _is_scale(value: float) -> bool:
    if not math.isfinite(value) or value <= 0:
        return False
    mantissa, exponent = math.frexp(value)
    return mantissa == 0.5 and abs(exponent - 1) <= LARGEST_EXPONENT


def _coded(name: str, values: Tensor, width: int) -> tuple[float, Tensor]:
    """Scale and plain codes of one tensor."""
    import torch

    largest = values.abs().max().item() if values.numel() else 0.0
    if not math.isfinite(largest) or largest >= 2.0**LARGEST_EXPONENT:
        raise SealError(f"{name} holds values that are no numbers or too large: only finite weights can be sealed")
    scale = 2.0 ** max(-LARGEST_EXPONENT, math.frexp(largest)[1] if largest else 0)
    top = 2 ** (width - 1)
    if round(largest / scale * top) == top:  # it would round up to the scale itself, which has no code
        scale *= 2
    return scale, (values / scale * top).round().to(torch.int16 if width == 16 else torch.int32)


def _xored(
    codes: Mapping[str, Tensor], serial: Serial, salt: str, scrypt: ScryptCost, after: bytes
) -> tuple[dict[str, Tensor], bytes]:
    """Codes, and bytes after them, xored with the stream of this serial and salt; twice gives what was there."""
    import torch

    names = sorted(codes)
    plain = [codes[name].detach().cpu().contiguous().numpy() for name in names]
    content = b"".join(one.astype(one.dtype.newbyteorder("<"), copy=False).tobytes() for one in plain) + after
    stream = Cipher(ChaCha20(_key(serial, salt, scrypt), bytes(16)), mode=None).encryptor()
    mixed, start, found = stream.update(content), 0, {}
    for name, one in zip(names, plain, strict=True):
        part = np.frombuffer(mixed, one.dtype.newbyteorder("<"), one.size, start).astype(one.dtype)
        found[name] = torch.from_numpy(part.reshape(one.shape))
        start += one.nbytes
    return {name: found[name] for name in codes}, mixed[start:]


def _key(serial: Serial, salt: str, scrypt: ScryptCost) -> bytes:
    bits = "".join(map(str, serial.bits)).encode("ascii")
    return KeyFromSerial(bytes.fromhex(salt), KEY_BYTES, scrypt.n, scrypt.r, scrypt.p).derive(bits)
