"""Pages by number: the same number, the same page."""

from dataclasses import dataclass

import numpy as np

from dsn.applications.pages.layouts import LAYOUTS, stray_marks
from dsn.applications.pages.scanning import HEIGHT, WIDTH, scanned
from dsn.applications.pages.sheet import Paper
from dsn.applications.pages.words import hand, words_of

CELL = 4  # pixels of a page a value of its map, in each direction
CHINESE = 0.25  # share of pages
LARGER = 2  # a sheet is drawn so many times its size on the page
SHARES = {"receipt": 0.55, "invoice": 0.2, "letter": 0.1, "form": 0.15}


@dataclass(frozen=True)
class Page:
    """A page and what is known of it.

    Attributes:
        picture: uint8 [512, 256], grey.
        boxes: round each piece of text in a line, float32 [B, 4]: x1 y1 x2 y2 in pixels.
        kind: "receipt", "invoice", "letter" or "form".
    """

    picture: np.ndarray
    boxes: np.ndarray
    kind: str


def draw_page(seed: int, number: int) -> Page:
    """A page of a series.

    Args:
        seed: of the series.
        number: of the page.
    """
    random = np.random.default_rng([seed, number])
    kind = str(random.choice(list(SHARES), p=list(SHARES.values())))
    if kind == "receipt":
        width = round(WIDTH * random.uniform(0.7, 1) if random.random() < 0.4 else WIDTH)
        height = round(min(HEIGHT, width * random.uniform(1.3, 2.6)))
    else:
        width = round(WIDTH * random.uniform(0.8, 1) if random.random() < 0.2 else WIDTH)
        height = round(min(HEIGHT, width * random.choice([1.294, 1.414, 1.414, 2])))
    narrow, fine = random.uniform(0.8, 1.25), random.uniform(0.65, 1.4)
    size = round(width * LARGER * narrow * fine), round(height * LARGER * fine)
    chinese = bool(random.random() < CHINESE)
    ink = int(random.integers(0, 90))
    sheet = Paper(*size, words_of(random, chinese), hand(random, chinese), ink)
    LAYOUTS[kind](sheet)
    if random.random() < 0.6:
        stray_marks(sheet)
    return Page(*scanned(sheet, width, height), kind)


def text_map(boxes: np.ndarray) -> np.ndarray:
    """How much of each cell of a page is text: float32 [128, 64] in [0, 1], one value every 4 pixels.

    Args:
        boxes: float [B, 4]: x1 y1 x2 y2 in pixels.
    """
    fine = np.zeros((HEIGHT * 2, WIDTH * 2), bool)  # half pixels: nearer than anybody draws a box
    for x1, y1, x2, y2 in np.rint(boxes * 2).astype(int):
        fine[y1:y2, x1:x2] = True
    return fine.reshape(HEIGHT // CELL, CELL * 2, WIDTH // CELL, CELL * 2).mean((1, 3), dtype=np.float32)
