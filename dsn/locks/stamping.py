"""Stamping a serial into pictures: x (+) k of Eq. 9, on whole batches."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor

PAPER_SHARE = 0.1  # of the picture's width that a pattern is wide


@dataclass(frozen=True)
class StampPlace:
    """The cells a serial is written to, one a bit, in the order of its bits: single pixels, or squares of them.

    Attributes:
        rows: top row of each bit's cell, 0 at the top.
        columns: left column of each bit's cell, 0 at the left.
        cell: height and width of a cell, in pixels.
    """

    rows: tuple[int, ...]
    columns: tuple[int, ...]
    cell: int = 1

    @cached_property
    def cells(self) -> tuple[Tensor, Tensor]:
        """Row and column of each bit's cell as int64 [K], on the CPU: made once, not for every answer."""
        import torch

        return torch.tensor(self.rows), torch.tensor(self.columns)

    @cached_property
    def pixels(self) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """Row and column of every pixel, cell after cell: `cell` squared of them a bit."""
        return (
            tuple(row + down for row in self.rows for down in range(self.cell) for _ in range(self.cell)),
            tuple(column + right for column in self.columns for _ in range(self.cell) for right in range(self.cell)),
        )


def paper_cell(bit_count: int, size: int) -> int:
    """Pixels a cell is high and wide where the pattern is about a tenth as wide as the picture, as the paper has it.

    Args:
        bit_count: a square number of bits.
        size: width of the picture, in pixels.
    """
    return max(1, round(PAPER_SHARE * size / round(bit_count**0.5)))


def corner_place(bit_count: int, height: int, width: int, *, up: int = 0, left: int = 0, cell: int = 1) -> StampPlace:
    """The square in the bottom right corner (the paper's place).

    Args:
        bit_count: a square number of bits.
        height: of the picture, in pixels.
        width: of the picture, in pixels.
        up: pixels to move the square up from the corner (a serial in a wrong place).
        left: pixels to move it to the left.
        cell: pixels that a bit is high and wide.
    """
    side = round(bit_count**0.5)
    wide = side * cell
    top, start = height - wide - up, width - wide - left
    if top < 0 or start < 0 or up < 0 or left < 0:
        raise ValueError(f"a {wide}x{wide} pattern moved by ({up}, {left}) does not fit a {height}x{width} picture")
    return StampPlace(
        rows=tuple(top + cell * (bit // side) for bit in range(bit_count)),
        columns=tuple(start + cell * (bit % side) for bit in range(bit_count)),
        cell=cell,
    )


def spread_place(bit_count: int, height: int, width: int, *, up: int = 0, left: int = 0, cell: int = 1) -> StampPlace:
    """An even grid over the whole picture: Eq. 9 lets a pattern be anywhere.

    Args:
        bit_count: a square number of bits.
        height: of the picture, in pixels.
        width: of the picture, in pixels.
        up: pixels to move the grid up (a serial in a wrong place); what leaves the picture comes in again below.
        left: pixels to move it to the left.
        cell: pixels that a bit is high and wide.
    """
    side = round(bit_count**0.5)
    if side * cell > min(height, width):
        what = f"a grid of {side}x{side}" + (f" cells of {cell} pixels" if cell > 1 else "")
        raise ValueError(f"{what} does not fit a {height}x{width} picture")

    def steps(length: int, back: int) -> list[int]:
        middles = [(index + 0.5) * length / side for index in range(side)]
        within = length - cell + 1  # where a cell may begin and is not cut by the picture's edge
        return [(int(middle - cell / 2 + 0.25) - back) % within for middle in middles]

    rows, columns = steps(height, up), steps(width, left)
    return StampPlace(
        rows=tuple(rows[bit // side] for bit in range(bit_count)),
        columns=tuple(columns[bit % side] for bit in range(bit_count)),
        cell=cell,
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
    import torch

    stamped = images.clone()
    values = bits.to(images.dtype).reshape(-1, 1, bits.shape[-1])
    if place.cell > 1:
        values = values.repeat_interleave(place.cell**2, 2)
    rows, columns = (torch.as_tensor(one, device=images.device) for one in place.pixels)
    stamped[:, :, rows, columns] = values.expand(len(images), images.shape[1], -1)
    return stamped
