"""Boxes on pictures: a page's is checked, signs are found in scenes, doubtful digits are told from sound ones."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from dsn.applications.cropping import LEAST_SIDE, WHOLE, Box
from dsn.applications.digits import look_at_digits
from dsn.applications.held_out import HeldOut, load_held_out
from dsn.applications.reading import open_picture
from dsn.applications.registry import BUILT_IN
from dsn.applications.sign_places import find_sign
from dsn.measuring.brought.kinds import KINDS
from dsn.measuring.brought.scenes import places_of_signs
from dsn.places import CHECKPOINTS
from dsn.student.collection import demo_serials
from dsn.student.hub import load_student

SCENES = 24


@given(st.lists(st.floats() | st.integers() | st.text(max_size=3) | st.none(), max_size=5) | st.text())
def test_what_a_page_sends_is_a_box_within_the_picture_or_none(values: object) -> None:
    box = Box.read(values)
    if box is not None:
        assert 0 <= box.left < box.right <= 1 and 0 <= box.top < box.bottom <= 1
        assert min(box.right - box.left, box.bottom - box.top) >= LEAST_SIDE
        assert min(box.cut(Image.new("RGB", (3, 2))).size) >= 1
        square = box.squared(Image.new("RGB", (300, 200)), 0.1)
        assert square.left >= 0 and square.bottom <= 1 + 1e-9


def test_a_box_is_cut_where_it_was_drawn() -> None:
    picture = Image.new("RGB", (200, 100), "white")
    picture.paste("red", (50, 20, 100, 60))
    part = Box.read([0.25, 0.2, 0.5, 0.6])
    assert part and part.cut(picture).size == (50, 40)
    assert part.cut(picture).getextrema() == ((255, 255), (0, 0), (0, 0))
    assert Box.read([True, 0, 1, 1]) is None and Box.read([0, 0, 0.001, 1]) is None and Box.read("0 0 1 1") is None


def test_a_sign_in_a_scene_is_found_and_then_read() -> None:
    student, serial = load_student(CHECKPOINTS / "signs/alder"), demo_serials()["signs/alder"]
    right = {name: one.correct for name, one in places_of_signs(student, serial, SCENES).items()}
    assert right["whole"] <= 0.25 * SCENES, right
    assert right["found"] >= 0.75 * SCENES and right["box"] >= 0.75 * SCENES, right  # a suggestion, to be dragged


def test_a_sign_that_fills_the_picture_is_left_as_it_is() -> None:
    signs = load_held_out(BUILT_IN["signs"])
    for index in range(20):
        small = Image.fromarray(signs.split.images[index].permute(1, 2, 0).numpy())
        assert find_sign(small).box == WHOLE


@pytest.mark.parametrize("kind", list(KINDS))
def test_one_digit_is_not_doubted(kind: str) -> None:
    doubts = [
        look_at_digits(open_picture(KINDS[kind](np.random.default_rng([11, index])).content)).doubt
        for index in range(4)
    ]
    assert sum(doubt is not None for doubt in doubts) <= 1, doubts


def digits_on_paper(places: list[tuple[int, int]], digits: HeldOut, side: int = 60) -> Image.Image:
    paper = Image.new("L", (480, 360), 235)
    for at, place in enumerate(places):
        digit = Image.fromarray(255 - digits.split.images[at * 7, 0].numpy()).resize((side, side))
        paper.paste(Image.new("L", (side, side), 30), place, digit.point(lambda value: 255 - value))
    return paper.convert("RGB")


def test_two_digits_a_page_and_nothing_are_doubted(digits: HeldOut) -> None:
    assert look_at_digits(digits_on_paper([(200, 150)], digits)).doubt is None
    two = look_at_digits(digits_on_paper([(90, 150), (300, 140)], digits))
    assert two.doubt == "several" and two.box.area < 0.3
    page = [(x, y) for y in range(20, 320, 70) for x in range(20, 440, 70)]
    assert look_at_digits(digits_on_paper(page, digits, 44)).doubt == "page"
    assert look_at_digits(Image.new("RGB", (300, 200), "white")).doubt == "nothing"
