"""Files that are not what they say: what a thief, or a broken disk, might give in place of a student's weights."""

import io
import json
import struct
import zipfile
import zlib


def packed(header: bytes | dict, data: bytes = b"", length: int | None = None) -> bytes:
    """A safetensors file with any header."""
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(text) if length is None else length) + text + data


def entry(shape: object = (1,), offsets: object = (0, 4), dtype: object = "F32") -> dict:
    return {"dtype": dtype, "shape": shape, "data_offsets": offsets}


def zip_bomb(size: int = 200_000_000) -> bytes:
    """A zip file of a thousandth of what it unpacks to."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as file, file.open("model.safetensors", "w") as inner:
        for _ in range(size // 10_000_000):
            inner.write(bytes(10_000_000))
    return packed.getvalue()


def png_claiming(width: int, height: int) -> bytes:
    """A PNG of a few bytes that says it is this large."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0" * 99)) + chunk(b"IEND", b"")
    )


FOUR = b"\0" * 4
HOSTILE = {
    "empty": b"",
    "short": b"\x01\x02",
    "header of 1 GB": packed({}, length=2**30),
    "header of 2^64": packed({}, length=2**64 - 1),
    "header larger than the file": packed({}, length=100),
    "no JSON": packed(b"{]"),
    "no UTF-8": packed(b"\xff\xfe\xff"),
    "a list": packed(b"[1, 2]"),
    "nested": packed(b"[" * 100_000),
    "a long number": packed(b'{"a": ' + b"9" * 10_000 + b"}"),
    "nothing in it": packed({}),
    "no entry": packed({"a": 3}, FOUR),
    "unknown key": packed({"a": {**entry(), "x": 1}}, FOUR),
    "negative offset": packed({"a": entry(offsets=(-4, 0))}, FOUR),
    "swapped offsets": packed({"a": entry(offsets=(4, 0))}, FOUR),
    "offset behind the end": packed({"a": entry(offsets=(0, 2**62), shape=(2**60,))}, FOUR),
    "three offsets": packed({"a": entry(offsets=(0, 4, 8))}, FOUR),
    "true for an offset": packed({"a": entry(offsets=(False, 4))}, FOUR),
    "a float": packed({"a": entry(shape=(1.0,))}, FOUR),
    "overlap": packed({"a": entry(), "b": entry()}, FOUR),
    "gap": packed({"a": entry(), "b": entry(offsets=(8, 12))}, FOUR * 3),
    "something behind": packed({"a": entry()}, FOUR * 2),
    "cut short": packed({"a": entry()}, FOUR[:2]),
    "wrong shape": packed({"a": entry(shape=(2,))}, FOUR),
    "negative shapes": packed({"a": entry(shape=(-1, -1))}, FOUR),
    "huge shape": packed({"a": entry(shape=(2**40, 2**40))}, FOUR),
    "ninefold": packed({"a": entry(shape=[1] * 9)}, FOUR),
    "dtype": packed({"a": entry(dtype="BOOL")}, FOUR),
    "a list as dtype": packed({"a": entry(dtype=["F32"])}, FOUR),
    "twice": packed(b'{"a":' + json.dumps(entry()).encode() + b',"a":' + json.dumps(entry()).encode() + b"}", FOUR),
    "10,000 tensors": packed({f"t{n}": entry((0,), (0, 0)) for n in range(10_000)}),
    "another shape": packed({"a": entry()}, FOUR),
    "a pickle": b"\x80\x02}q\x00." * 10,
    "a zip bomb": zip_bomb(),
    "a name of a million letters": packed({"a" * 999_000: entry(offsets=(0, 8))}, FOUR),
    "a dtype of a million letters": packed({"a": entry(dtype="X" * 999_000)}, FOUR),
    "HTML": b"<!DOCTYPE html><html><body>Sign in</body></html>",
}
