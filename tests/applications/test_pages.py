"""Drawn pages: the same by the same number, text where the boxes say, maps that are what they are said to be."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dsn.applications.pages.drawn import CELL, SHARES, draw_page, text_map
from dsn.applications.pages.layouts import LAYOUTS
from dsn.applications.pages.scanning import HEIGHT, WIDTH
from dsn.applications.pages.sheet import Paper
from dsn.applications.pages.words import HANDS, hand, words_of

SERIES = [draw_page(5, number) for number in range(16)]


def test_the_same_number_gives_the_same_page_and_another_gives_another() -> None:
    again = draw_page(5, 3)
    assert np.array_equal(again.picture, SERIES[3].picture) and np.array_equal(again.boxes, SERIES[3].boxes)
    assert len({page.picture.tobytes() for page in SERIES}) == len(SERIES)
    assert not np.array_equal(draw_page(6, 3).picture, SERIES[3].picture)


def test_pages_are_of_one_size_and_their_boxes_lie_on_them() -> None:
    for page in SERIES:
        assert page.picture.shape == (HEIGHT, WIDTH) and page.picture.dtype == np.uint8
        assert page.boxes.dtype == np.float32 and page.boxes.shape[1] == 4 and len(page.boxes) > 5
        x1, y1, x2, y2 = page.boxes.T
        assert (x1 < x2).all() and (y1 < y2).all() and x1.min() >= 0 and y1.min() >= 0
        assert x2.max() <= WIDTH and y2.max() <= HEIGHT


def test_there_is_more_going_on_inside_the_boxes_than_beside_them() -> None:
    inside, beside = [], []
    for page in SERIES:
        rough = np.abs(np.diff(page.picture.astype(int), axis=1, append=255))
        is_text = np.zeros((HEIGHT, WIDTH), bool)
        for x1, y1, x2, y2 in page.boxes.round().astype(int):
            is_text[y1:y2, x1:x2] = True
        inside.append(rough[is_text].mean())
        beside.append(rough[~is_text].mean())
    assert np.mean(inside) > 2.5 * np.mean(beside)


@pytest.mark.parametrize("kind", LAYOUTS)
@pytest.mark.parametrize("chinese", [False, True])
def test_every_kind_is_written_in_both_scripts_without_print_over_print(kind: str, chinese: bool) -> None:
    random = np.random.default_rng([3, chinese])
    sheet = Paper(512, 1024, words_of(random, chinese), hand(random, chinese), 20)
    LAYOUTS[kind](sheet)
    boxes = np.array(sheet.boxes)
    assert len(boxes) > 5 and sum(SHARES.values()) == pytest.approx(1) and set(SHARES) == set(LAYOUTS)
    for number, (x1, y1, x2, y2) in enumerate(boxes):
        other = np.delete(boxes, number, 0)
        assert not ((other[:, 0] < x2) & (x1 < other[:, 2]) & (other[:, 1] < y2) & (y1 < other[:, 3])).any()


def test_the_boxes_hold_all_the_ink_of_a_line() -> None:
    random = np.random.default_rng(1)
    for letters in HANDS:
        sheet = Paper(400, 60, words_of(random, False), letters, 0)
        sheet.write("Total: 12.50 gjpq", 10, 10, 24)
        dark = np.argwhere(np.asarray(sheet.picture) < 200)
        (y1, x1), (y2, x2) = dark.min(0), dark.max(0)
        assert np.allclose(sheet.boxes[0], (x1, y1, x2 + 1, y2 + 1), atol=2)


@given(
    st.lists(st.tuples(st.integers(0, 240), st.integers(0, 490), st.integers(1, 200), st.integers(1, 40)), max_size=6)
)
@settings(max_examples=8)
def test_a_map_holds_the_share_of_each_cell_that_is_text(places: list[tuple[int, int, int, int]]) -> None:
    boxes = np.array([(x, y, min(x + w, WIDTH), min(y + h, HEIGHT)) for x, y, w, h in places]).reshape(-1, 4)
    painted = np.zeros((HEIGHT, WIDTH))
    for x1, y1, x2, y2 in boxes:
        painted[y1:y2, x1:x2] = 1
    by_hand = [
        [painted[CELL * y : CELL * y + CELL, CELL * x : CELL * x + CELL].mean() for x in range(WIDTH // CELL)]
        for y in range(HEIGHT // CELL)
    ]
    assert np.allclose(text_map(boxes.astype(np.float32)), by_hand)
