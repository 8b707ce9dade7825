"""Unsealing from its description alone: hashlib's scrypt, and ChaCha20 as RFC 8439 writes it, on plain numbers."""

import hashlib
import struct
from typing import Any


def chacha20(key: bytes, length: int) -> bytes:
    """RFC 8439's block function, counter and nonce from zero."""

    def quarter(s: list[int], a: int, b: int, c: int, d: int) -> None:
        for x, y, z, by in ((a, b, d, 16), (c, d, b, 12), (a, b, d, 8), (c, d, b, 7)):
            s[x] = (s[x] + s[y]) % 2**32
            s[z] ^= s[x]
            s[z] = (s[z] << by | s[z] >> (32 - by)) % 2**32

    stream = b""
    for counter in range(-(-length // 64)):
        first = [*struct.unpack("<4I", b"expand 32-byte k"), *struct.unpack("<8I", key), counter, 0, 0, 0]
        state = first.copy()
        for _ in range(10):
            for places in ((0, 4, 8, 12), (1, 5, 9, 13), (2, 6, 10, 14), (3, 7, 11, 15)):
                quarter(state, *places)
            for places in ((0, 5, 10, 15), (1, 6, 11, 12), (2, 7, 8, 13), (3, 4, 9, 14)):
                quarter(state, *places)
        stream += struct.pack("<16I", *((x + y) % 2**32 for x, y in zip(state, first, strict=True)))
    return stream[:length]


def key_of(bits: str, salt: str, n: int = 2**14, r: int = 8, p: int = 1) -> bytes:
    """The key of a serial, given as the text of its zeros and ones, and a salt, given as hexadecimal digits."""
    return hashlib.scrypt(bits.encode(), salt=bytes.fromhex(salt), n=n, r=r, p=p, dklen=32)


def opened(case: dict[str, Any], bits: str) -> tuple[dict[str, list[float]], str]:
    """Weights by name, and the bits of the serial inside, that these bits give of a case of the vector."""
    inside = bytes.fromhex(case["inside"])
    letter = {16: "h", 32: "i"}
    layout = {name: f"<{len(codes)}{letter[case['width'][name]]}" for name, codes in sorted(case["codes"].items())}
    mixed = b"".join(struct.pack(how, *case["codes"][name]) for name, how in layout.items()) + inside
    stream = chacha20(key_of(bits, case["salt"], **case["scrypt"]), len(mixed))
    plain = bytes(one ^ other for one, other in zip(mixed, stream, strict=True))
    weights, start = {}, 0
    for name, how in layout.items():
        top = 2 ** (case["width"][name] - 1)
        weights[name] = [code * case["scales"][name] / top for code in struct.unpack_from(how, plain, start)]
        start += struct.calcsize(how)
    after = "".join(f"{byte:08b}" for byte in plain[start:])
    return weights, after[: len(bits)] or bits
