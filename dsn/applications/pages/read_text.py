"""What a program that reads text makes of boxes on a page: Tesseract, where it is installed."""

from __future__ import annotations

import shutil
from functools import cache
from typing import TYPE_CHECKING

import pytesseract
from PIL import Image

from dsn.applications.pictures import to_image
from dsn.applications.reading import PictureError

if TYPE_CHECKING:
    from torch import Tensor

PROGRAM = "tesseract"
LARGER = 3  # times: letters of a page are a few pixels high
AROUND = 2  # pixels beyond a box that its letters may reach
SECONDS = 20
LANGUAGES = ("eng", "chi_sim")


def can_read() -> bool:
    """Whether the program is here."""
    return shutil.which(PROGRAM) is not None


@cache
def _languages() -> str:
    """Those of the pages that it has; empty for none of them."""
    there = pytesseract.get_languages()
    return "+".join(one for one in LANGUAGES if one in there)


def read_text(page: Tensor, boxes: Tensor) -> str:
    """The text in the boxes; all else on the page is kept from the program. Without boxes it has nothing to read.

    Args:
        page: float [1, H, W] in [0, 1].
        boxes: float [B, 4], x1 y1 x2 y2 in pixels.

    Raises:
        PictureError: it takes too long.
    """
    if not len(boxes):
        return ""
    picture = to_image(page)
    seen = Image.new("L", (picture.width * LARGER, picture.height * LARGER), 255)
    for x1, y1, x2, y2 in boxes.round().int().tolist():
        box = (
            max(0, x1 - AROUND),
            max(0, y1 - AROUND),
            min(picture.width, x2 + AROUND),
            min(picture.height, y2 + AROUND),
        )
        size = (box[2] - box[0]) * LARGER, (box[3] - box[1]) * LARGER
        seen.paste(picture.crop(box).resize(size, Image.Resampling.LANCZOS), (box[0] * LARGER, box[1] * LARGER))
    try:
        text = pytesseract.image_to_string(seen, lang=_languages() or None, config="--psm 6", timeout=SECONDS)
    except pytesseract.TesseractError:  # a RuntimeError too, but no visitor's doing
        raise
    except RuntimeError as error:
        raise PictureError("This page took too long to read: choose another one.") from error
    return "\n".join(line.strip() for line in text.splitlines() if line.strip())
