"""Stamping a serial into pictures: x (+) k of Eq. 9, on whole batches."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True)
class StampPlace:
    """The pixels a serial is written to, one a bit, in the order of its bits.

    Attributes:
        rows: row of each bit's pixel, 0 at the top.
        columns: column of each bit's pixel, 0 at the left.
    """

    rows: tuple[int, ...]
    columns: tuple[int, ...]


def corner_place(bit_count: int, height: int, width: int, *, up: int = 0, left: int = 0) -> StampPlace:
    """The square in the bottom right corner, one pixel a bit (the paper's place).

    Args:
        bit_count: a square number of bits.
        height: of the picture, in pixels.
        width: of the picture, in pixels.
        up: pixels to move the square up from the corner (a serial in a wrong place).
        left: pixels to move it to the left.
    """
    side = round(bit_count**0.5)
    top, start = height - side - up, width - side - left
    if top < 0 or start < 0 or up < 0 or left < 0:
        raise ValueError(f"a {side}x{side} pattern moved by ({up}, {left}) does not fit a {height}x{width} picture")
    return StampPlace(
        rows=tuple(top + bit // side for bit in range(bit_count)),
        columns=tuple(start + bit % side for bit in range(bit_count)),
    )


def spread_place(bit_count: int, height: int, width: int, *, up: int = 0, left: int = 0) -> StampPlace:
    """An even grid over the whole picture, one pixel a bit: Eq. 9 lets a pattern be anywhere.

    Args:
        bit_count: a square number of bits.
        height: of the picture, in pixels.
        width: of the picture, in pixels.
        up: pixels to move the grid up (a serial in a wrong place); what leaves the picture comes in again below.
        left: pixels to move it to the left.
    """
    side = round(bit_count**0.5)
    if side > min(height, width):
        raise ValueError(f"a grid of {side}x{side} does not fit a {height}x{width} picture")

    def steps(length: int, back: int) -> list[int]:
        return [(int((index + 0.5) * length / side - 0.25) - back) % length for index in range(side)]

    rows, columns = steps(height, up), steps(width, left)
    return StampPlace(
        rows=tuple(rows[bit // side] for bit in range(bit_count)),
        columns=tuple(columns[bit % side] for bit in range(bit_count)),
    )


CORNER, SPREAD = "corner", "spread"
PLACES: dict[str, Callable[..., StampPlace]] = {CORNER: corner_place, SPREAD: spread_place}


def stamp(images: Tensor, bits: Tensor, place: StampPlace) -> Tensor:
    """Overwrite the pixels under the pattern with its bits, in every channel (Eq. 9).

    Args:
        images: float [N, C, H, W] in [0, 1]; left as they are.
        bits: [K] for one serial on all pictures or [N, K] for one each; values in [0, 1]
            (0 -> 0.0, 1 -> 1.0; values between are grey, which attackers may try).
        place: where the K bits go.

    Returns:
        A new batch, float [N, C, H, W].
    """
    stamped = images.clone()
    values = bits.to(images.dtype).reshape(-1, 1, bits.shape[-1])
    rows = torch.as_tensor(place.rows, device=images.device)
    columns = torch.as_tensor(place.columns, device=images.device)
    stamped[:, :, rows, columns] = values.expand(len(images), images.shape[1], -1)
    return stamped
