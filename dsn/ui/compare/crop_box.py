"""A visitor's picture with the box that says which part of it the network is given."""

import base64
import io
from dataclasses import dataclass

from PIL import Image

from dsn.applications.cropping import WHOLE, Box, FirstLook
from dsn.applications.reading import open_picture
from dsn.applications.record import Application
from dsn.ui.rendering import render_template
from dsn.ui.texts import Texts

LONGEST = 800  # pixels of the longer side that are kept of a picture, for cropping it again
SHOWN = 480  # and that are shown
FOR_FINGERS = 240  # and that are shown at least, or the box's corners would lie over each other


@dataclass(frozen=True)
class Brought:
    """A picture that a visitor brought.

    Attributes:
        picture: RGB, made smaller where it was large.
        look: the first look at it.
    """

    picture: Image.Image
    look: FirstLook

    @classmethod
    def of(cls, picture: Image.Image, application: Application) -> "Brought":
        """What is kept of a picture, RGB, and the first look at it."""
        look = application.looked_at(picture)
        kept = picture.copy()
        kept.thumbnail((LONGEST, LONGEST))
        return cls(kept, look)


def bring(texts: Texts, application: Application, path: str) -> tuple[Image.Image, str, Brought]:
    """A file's picture: the part to look at first, the picture with its box in HTML, and what is kept of it.

    Raises:
        PictureError: it cannot be used.
    """
    picture = open_picture(path)
    brought = Brought.of(picture, application)
    box = brought.look.box
    return picture if box == WHOLE else box.cut(picture), render_crop(texts, brought, application, box), brought


def render_crop(texts: Texts, brought: Brought, application: Application, box: Box) -> str:
    """The picture with a box on it that can be dragged, and moved by keyboard.

    Args:
        texts: of a language.
        brought: the picture.
        application: that recognises it.
        box: that is drawn first.
    """
    shown = brought.picture.copy()
    shown.thumbnail((SHOWN, SHOWN))
    if (times := FOR_FINGERS // max(shown.size)) > 1:
        shown = shown.resize((times * shown.width, times * shown.height), Image.Resampling.NEAREST)
    file = io.BytesIO()
    shown.save(file, "JPEG", quality=85)
    said = texts["compare"]["crop"]
    doubt = brought.look.doubt
    kind = "drawn" if application.can_be_drawn else "photographed"
    return render_template(
        "crop.html",
        said=said,
        doubt=said["doubts"][kind].get(doubt, "") if doubt else "",
        lead=said["lead"][kind],
        picture="data:image/jpeg;base64," + base64.b64encode(file.getvalue()).decode(),
        width=shown.width,
        height=shown.height,
        box=[round(100 * value, 2) for value in (box.left, box.top, box.right, box.bottom)],
    )
