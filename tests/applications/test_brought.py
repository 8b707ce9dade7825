"""Digits as people bring them are found and read: shadows, falling light, desks, frames, bars, transparent ink."""

import io

import numpy as np
import pytest
import torch
from PIL import Image, ImageDraw

from dsn.applications.digits import fit_digit
from dsn.applications.held_out import HeldOut
from dsn.applications.reading import PictureError, open_picture
from dsn.measuring.brought.kinds import KINDS
from dsn.measuring.brought.measure import right_of_kind
from dsn.places import CHECKPOINTS
from dsn.results.store import read_results
from dsn.student.collection import demo_serials
from dsn.student.hub import load_student
from dsn.student.student import Student


@pytest.fixture(scope="module")
def alder() -> Student:
    return load_student(CHECKPOINTS / "digits/alder")


@pytest.mark.parametrize("kind", list(KINDS))
def test_every_kind_is_read(alder: Student, kind: str) -> None:
    right = right_of_kind(KINDS[kind], alder, demo_serials()["digits/alder"], 6, seed=11)
    assert right.correct >= 5, f"{right.correct} of 6"  # the bars stand on more pictures, in the results file


def test_the_recorded_figures_are_of_every_kind() -> None:
    assert set(KINDS) <= set(read_results("pictures"))


def stroke(size: tuple[int, int] = (100, 100), paper: int = 255, ink: int = 0) -> Image.Image:
    """A digit one, far from the edges."""
    picture = Image.new("L", size, paper)
    picture.paste(ink, (size[0] // 2 - 3, size[1] // 5, size[0] // 2 + 3, size[1] * 4 // 5))
    return picture


def is_upright_stroke(picture: Image.Image) -> bool:
    found = fit_digit(picture.convert("RGB"))[0, 0]
    rows, columns = (found > 0.5).any(1).nonzero().flatten(), (found > 0.5).any(0).nonzero().flatten()
    return len(rows) >= 18 and len(columns) <= 5


@pytest.mark.parametrize("paper", [255, 0])
@pytest.mark.parametrize("line", [0, 90, 255])
@pytest.mark.parametrize("width", [1, 2, 5])
def test_a_line_round_the_picture_is_no_ink(paper: int, line: int, width: int) -> None:
    picture = stroke(paper=paper, ink=255 - paper)
    ImageDraw.Draw(picture).rectangle((0, 0, 99, 99), outline=line, width=width)
    assert is_upright_stroke(picture)


@pytest.mark.parametrize("turn", range(4))
@pytest.mark.parametrize("share", [0.05, 0.12, 0.25])
def test_a_bar_at_any_side_is_no_ink(turn: int, share: float) -> None:
    values = np.asarray(stroke((200, 200))).copy()
    rows = int(200 * share)
    on_side = np.rot90(values, turn).copy()
    on_side[: min(rows, 36)] = 40
    assert is_upright_stroke(Image.fromarray(np.rot90(on_side, -turn)))


def test_ink_that_is_nothing_but_joined_to_the_edge_is_taken() -> None:
    picture = Image.new("L", (120, 120), 255)
    picture.paste(0, (55, 0, 66, 120))  # from edge to edge
    assert is_upright_stroke(picture)


def test_white_ink_on_nothing_is_ink() -> None:
    ink = stroke(paper=0, ink=255)
    for colour in ("white", "black", "yellow"):
        picture = Image.new("RGBA", ink.size, colour)
        picture.putalpha(ink)
        file = io.BytesIO()
        picture.save(file, "PNG")
        assert is_upright_stroke(open_picture(file.getvalue()))


def test_only_what_lies_as_training_pictures_do_passes_through(digits: HeldOut) -> None:
    for image in digits.split.images[:100, 0]:
        assert torch.equal(fit_digit(Image.fromarray(image.numpy()).convert("RGB"))[0, 0], image / 255)
        moved = Image.fromarray(np.roll(image.numpy(), (3, -3), (0, 1)))
        found = fit_digit(moved.convert("RGB"))[0, 0]
        middle = (found.sum(1) @ torch.arange(28.0) / found.sum(), found.sum(0) @ torch.arange(28.0) / found.sum())
        assert all(abs(place - 14) <= 0.75 for place in middle)


@pytest.mark.parametrize("size", [(1, 1), (1, 300), (300, 1), (2, 2), (3, 900), (28, 28)])
def test_a_picture_of_any_shape_is_a_digit_or_a_sentence(size: tuple[int, int]) -> None:
    noise = np.random.default_rng(5).integers(0, 256, (size[1], size[0], 3), dtype=np.uint8)
    for picture in (Image.fromarray(noise), Image.new("RGB", size, "grey")):
        try:
            found = fit_digit(picture)
        except PictureError:
            continue
        assert found.shape == (1, 1, 28, 28) and found.min() >= 0 and found.max() <= 1
