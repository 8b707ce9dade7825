"""The part of a picture that a network is given: a box that a visitor draws, and where one is suggested."""

from dataclasses import dataclass
from typing import Literal

from PIL import Image

LEAST_SIDE = 0.02  # of a box, as a share of the picture's
Doubt = Literal["nothing", "several", "page", "small"]


@dataclass(frozen=True)
class Box:
    """A part of a picture.

    Attributes:
        left: where it begins, as a share of the picture's width, 0 to 1.
        top: the same of its height.
        right: where it ends, above `left`.
        bottom: the same, above `top`.
    """

    left: float
    top: float
    right: float
    bottom: float

    @property
    def area(self) -> float:
        """Its share of the picture."""
        return (self.right - self.left) * (self.bottom - self.top)

    def cut(self, picture: Image.Image) -> Image.Image:
        """The part itself; at least one pixel."""
        width, height = picture.size
        left, top = min(width - 1, round(self.left * width)), min(height - 1, round(self.top * height))
        right, bottom = max(left + 1, round(self.right * width)), max(top + 1, round(self.bottom * height))
        return picture.crop((left, top, right, bottom))

    def squared(self, picture: Image.Image, margin: float) -> "Box":
        """A square around it, larger by a margin on every side, as far as the picture reaches.

        Args:
            picture: whose part it is.
            margin: as a share of its longer side.
        """
        width, height = picture.size
        side = max((self.right - self.left) * width, (self.bottom - self.top) * height) * (1 + 2 * margin)
        side = min(side, width, height)
        left = (self.left + self.right) / 2 * width - side / 2
        top = (self.top + self.bottom) / 2 * height - side / 2
        left, top = min(max(left, 0), width - side), min(max(top, 0), height - side)
        return Box(left / width, top / height, (left + side) / width, (top + side) / height)

    @classmethod
    def read(cls, values: object) -> "Box | None":
        """A box that a page sends, as four numbers; None for anything else. What reaches out of the picture is cut."""
        if not isinstance(values, list) or len(values) != 4:
            return None
        if any(type(value) not in (int, float) or not -1e6 < value < 1e6 for value in values):
            return None
        left, top, right, bottom = (min(max(float(value), 0.0), 1.0) for value in values)
        is_box = right - left >= LEAST_SIDE and bottom - top >= LEAST_SIDE
        return cls(left, top, right, bottom) if is_box else None


WHOLE = Box(0.0, 0.0, 1.0, 1.0)


@dataclass(frozen=True)
class FirstLook:
    """A first look at a picture.

    Attributes:
        box: what a network should be given of it.
        doubt: why that may be wrong: "nothing" was found, "several" things that may be meant, a "page" of writing, or
            something "small" in a large picture; None where nothing speaks against it.
    """

    box: Box = WHOLE
    doubt: Doubt | None = None
