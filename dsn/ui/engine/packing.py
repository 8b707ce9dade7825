"""Students and pictures made small; and as scripts that a page from a folder can read: `file://` pages may not fetch.

A script in UTF-16 holds 15 bits a character, a sixteenth more than the bytes themselves, where base64 takes a third
more. `scripts/unpacking.js` reads them.
"""

import json
import zlib
from pathlib import Path

import numpy as np
from safetensors import safe_open

from dsn.student.folder import CONFIG, WEIGHTS

FIRST_CHARACTER = 0x3400  # from here on, 2**15 characters that no language of scripts gives a meaning of its own
BITS = 15
CODES = "I16"  # what a sealed student's tensors are of


def as_text(content: bytes) -> str:
    """Bytes as characters of 15 bits each."""
    bits = np.unpackbits(np.frombuffer(content, np.uint8))
    padded = np.concatenate([bits, np.zeros(-len(bits) % BITS, np.uint8)]).reshape(-1, BITS)
    values = padded @ (1 << np.arange(BITS - 1, -1, -1)) + FIRST_CHARACTER
    return values.astype("<u2").tobytes().decode("utf-16-le")


def data_script(name: str, content: bytes) -> bytes:
    """A classic script that hands `content`, compressed, to `dsnData`; UTF-16, which its first two bytes say."""
    small = zlib.compress(content, 9)
    return f'dsnData({json.dumps(name)}, "{as_text(small)}", {len(small)});\n'.encode("utf-16-le").join(
        (b"\xff\xfe", b"")
    )


def packed_student(folder: Path) -> bytes:
    """A student's two files; a stamped one's weights in half precision: upper bytes, then lower bytes.

    Half precision changes probabilities in the third decimal; tests compare the answers with those of the whole. A
    sealed one's codes are noise of 16 bits each, and stay as they are.
    """
    config, weights = (folder / CONFIG).read_bytes(), (folder / WEIGHTS).read_bytes()
    length = int.from_bytes(weights[:8], "little")
    header = weights[8 : 8 + length]
    entries = {key: one for key, one in json.loads(header).items() if key != "__metadata__"}
    lengths = len(config).to_bytes(4, "little") + length.to_bytes(4, "little")
    if all(one["dtype"] == CODES for one in entries.values()):
        return lengths + config + weights[8:]
    floats = sorted((one["data_offsets"][0], key) for key, one in entries.items() if one["dtype"] == "F32")
    with safe_open(folder / WEIGHTS, "np") as file:
        halves = np.concatenate([file.get_tensor(key).ravel() for _, key in floats]).astype("<f2")
    lower, upper = halves.view(np.uint8).reshape(-1, 2).T
    return lengths + config + header + upper.tobytes() + lower.tobytes()


def packed_pictures(images: np.ndarray) -> bytes:
    """Pictures, uint8 [N, C, S, S], as what is left when each pixel is guessed from its neighbours: [C, N, S, S].

    The guess is the median of left, above, and left + above - both; what is left of red and blue is told as the
    difference from what is left of green.
    """
    values = images.astype(np.int16)
    left, above, both = (np.zeros_like(values) for _ in range(3))
    left[..., 1:], above[..., 1:, :], both[..., 1:, 1:] = values[..., :-1], values[..., :-1, :], values[..., :-1, :-1]
    low, high = np.minimum(left, above), np.maximum(left, above)
    expected = np.where(both >= high, low, np.where(both <= low, high, left + above - both))
    rest = (values - expected).transpose(1, 0, 2, 3)
    if len(rest) == 3:
        rest[[0, 2]] -= rest[1]
    return (rest & 255).astype(np.uint8).tobytes()
