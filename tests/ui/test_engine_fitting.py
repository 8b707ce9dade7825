"""A visitor's picture is fitted in the browser as Python fits it; the network then says the same."""

import io
import os
from collections import Counter
from itertools import islice

import numpy as np
import pytest
import torch
from engine_in_browser import Engine, packed
from PIL import Image

from dsn.applications.digits import fit_digit
from dsn.applications.pictures import fit_frame
from dsn.applications.reading import PictureError, open_picture
from dsn.measuring.brought.kinds import KINDS
from dsn.places import CHECKPOINTS
from dsn.student.collection import demo_serials
from dsn.student.folder import load_folder

pytestmark = pytest.mark.browser
COUNT = int(os.environ.get("DSN_FITTED", "26"))  # 200 for the figure in the engine's README
MOST_OTHERS = 0.01  # share of pictures that may be answered otherwise

FIT = """([pixels, width, height, kind, channels, size]) => {
  try {
    return Array.from(dsnEngine.fittedPicture({ pixels: bytesIn(pixels), width, height, kind, channels, size }));
  } catch (error) {
    return error.message;
  }
}"""


def fitted(engine: Engine, picture: Image.Image, kind: str, channels: int, size: int) -> torch.Tensor | str:
    """What the engine makes of a picture."""
    found = engine.ask(FIT, packed(picture.convert("RGBA").tobytes()), *picture.size, kind, channels, size)
    return found if isinstance(found, str) else torch.tensor(found).view(1, channels, size, size)


def test_brought_pictures_are_answered_as_python_answers_them(engine: Engine) -> None:
    student, serial = load_folder(CHECKPOINTS / "digits/alder"), demo_serials()["digits/alder"]
    seeds = -(-COUNT // len(KINDS))
    pictures = (
        (kind, make(np.random.default_rng(7000 + seed))) for seed in range(seeds) for kind, make in KINDS.items()
    )
    others: Counter[str] = Counter()
    for kind, brought in islice(pictures, COUNT):
        expected = fit_digit(open_picture(brought.content))
        found = fitted(engine, Image.open(io.BytesIO(brought.content)), "digit", 1, 28)
        assert isinstance(found, torch.Tensor)
        answers = student.predict(torch.cat([expected, found]), serial).argmax(1)
        others[kind] += int(answers[0] != answers[1])
    assert others.total() <= MOST_OTHERS * COUNT, +others


def test_an_empty_picture_is_refused_in_the_same_words(engine: Engine) -> None:
    empty = Image.new("RGB", (60, 80), "white")
    with pytest.raises(PictureError) as raised:
        fit_digit(empty)
    assert fitted(engine, empty, "digit", 1, 28) == str(raised.value)


@pytest.mark.parametrize("size", [(40, 30), (33, 90), (200, 120), (32, 32), (7, 5)])
def test_frames_are_pythons_to_the_pixel(engine: Engine, size: tuple[int, int]) -> None:
    values = np.random.default_rng(3).integers(0, 256, (size[1], size[0], 3), dtype=np.uint8)
    picture = Image.fromarray(values)
    for channels in (3, 1):
        found = fitted(engine, picture, "frame", channels, 32)
        assert isinstance(found, torch.Tensor) and torch.equal(found, fit_frame(picture, channels, 32))
