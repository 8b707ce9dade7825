"""Stamping (Eq. 9), against a loop over pictures, channels and bits."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from dsn.locks.stamping import StampPlace, corner_place, paper_cell, spread_place, stamp
from dsn.serials import Serial
from dsn.student.student import Student


def looped(images: Tensor, bits: Tensor, place: StampPlace) -> Tensor:
    stamped = images.tolist()
    for index, picture in enumerate(stamped):
        pattern = (bits[index] if bits.dim() == 2 else bits).tolist()
        for channel in picture:
            for bit, row, column in zip(pattern, place.rows, place.columns, strict=True):
                for down in range(place.cell):
                    for right in range(place.cell):
                        channel[row + down][column + right] = bit
    return torch.tensor(stamped, dtype=images.dtype)


@st.composite
def stampings(draw: st.DrawFn) -> tuple[Tensor, Tensor, StampPlace]:
    side, cell = draw(st.sampled_from([1, 2, 3, 8])), draw(st.sampled_from([1, 1, 2, 3]))
    wide = side * cell
    count, channels = draw(st.integers(1, 4)), draw(st.sampled_from([1, 3]))
    height, width = wide + draw(st.integers(0, 5)), wide + draw(st.integers(0, 5))
    up, left = draw(st.integers(0, height - wide)), draw(st.integers(0, width - wide))
    generator = torch.Generator().manual_seed(draw(st.integers(0, 2**32)))
    images = torch.rand(count, channels, height, width, generator=generator, dtype=torch.float64)
    shape = draw(st.sampled_from([(side**2,), (count, side**2)]))
    bits = torch.rand(shape, generator=generator, dtype=torch.float64)
    if draw(st.booleans()):
        bits = bits.round()
    return images, bits, corner_place(side**2, height, width, up=up, left=left, cell=cell)


@given(stampings())
def test_stamp_is_the_loop(stamping: tuple[Tensor, Tensor, StampPlace]) -> None:
    images, bits, place = stamping
    before = images.clone()
    stamped = stamp(images, bits, place)
    assert torch.equal(stamped, looped(images, bits, place))
    assert torch.equal(images, before) and stamped.dtype == images.dtype
    assert stamped.data_ptr() != images.data_ptr()


@given(st.integers(1, 8), st.integers(0, 6), st.integers(0, 6), st.integers(0, 6), st.integers(0, 6))
def test_corner_place_is_a_square_read_row_by_row(side: int, above: int, before: int, up: int, left: int) -> None:
    height, width = above + side + up, before + side + left
    place = corner_place(side**2, height, width, up=up, left=left)
    grid = torch.arange(height * width).view(height, width)
    square = grid[above : above + side, before : before + side]
    assert grid[list(place.rows), list(place.columns)].tolist() == square.flatten().tolist()


@given(st.integers(1, 8), st.integers(1, 4), st.integers(0, 30), st.integers(0, 99))
def test_spread_cells_lie_whole_in_the_picture_and_apart(side: int, cell: int, more: int, up: int) -> None:
    size = side * cell + more
    place = spread_place(side**2, size, size, up=up % size, left=up % size, cell=cell)
    counts = torch.zeros(size, size)
    for row, column in zip(*place.pixels, strict=True):
        counts[row, column] += 1  # an IndexError outside
    assert counts.max() == 1 or up % size  # moved ones may meet where they come in again
    assert counts.sum() == (side * cell) ** 2
    if cell == 1:
        assert place.pixels == (place.rows, place.columns)


def test_cells_are_a_tenth_of_the_width() -> None:
    assert [paper_cell(64, size) for size in (28, 32, 64, 128, 224, 512)] == [1, 1, 1, 2, 3, 6]
    assert [paper_cell(9, size) for size in (28, 32, 64, 224)] == [1, 1, 2, 7]
    with pytest.raises(ValueError, match=r"24x24 pattern moved by .* does not fit a 20x20 picture"):
        corner_place(64, 20, 20, cell=3)
    with pytest.raises(ValueError, match="8x8 cells of 3 pixels does not fit"):
        spread_place(64, 20, 20, cell=3)


def test_the_paper_s_corner() -> None:
    place = corner_place(9, 28, 28)
    assert (place.rows[0], place.columns[0]) == (25, 25)
    assert (place.rows[-1], place.columns[-1]) == (27, 27)


@pytest.mark.parametrize("move", [{"up": 21}, {"left": 21}, {"up": -1}, {"left": -1}])
def test_places_outside_the_picture_are_refused(move: dict[str, int]) -> None:
    with pytest.raises(ValueError, match="does not fit a 28x28 picture"):
        corner_place(64, 28, 28, **move)


def test_pictures_smaller_than_the_pattern_are_refused() -> None:
    with pytest.raises(ValueError, match="does not fit a 7x28 picture"):
        corner_place(64, 7, 28)


@pytest.mark.parametrize("shape", [(8,), (10,), (3, 9), (1, 8)])
def test_bits_that_do_not_fit_are_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises((RuntimeError, IndexError)):
        stamp(torch.zeros(2, 1, 5, 5), torch.ones(shape), corner_place(9, 5, 5))


def test_a_student_stamps_its_serial(talkative_student: Student) -> None:
    serial = Serial.from_number(0x0123456789ABCDEF)
    images = torch.full((2, 1, 28, 28), 0.5)
    stamped = talkative_student.stamp(images, serial)
    corner = stamped[:, :, -8:, -8:]
    assert corner[1, 0].flatten().tolist() == list(serial.bits)
    assert stamped.sum() == 2 * (0.5 * (28**2 - 64) + sum(serial.bits))
    with pytest.raises(ValueError, match="takes a serial of 64 bits, and this one has 9"):
        talkative_student.stamp(images, Serial.from_number(5, 9))
