"""A sheet of paper to write on: every piece of text leaves its box."""

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from dsn.applications.pages.words import Words, font

WHITE = 255
APART = 0.7  # pieces of text in a line stand so far from one another, in heights of their letters


@dataclass
class Paper:
    """Paper with ink, drawn at a multiple of its size on the page.

    Args:
        width: in pixels.
        height: in pixels.
        words: what is written.
        hand: fonts, regular and bold.
        ink: grey level of what is printed.
    """

    width: int
    height: int
    words: Words
    hand: tuple[Path, Path]
    ink: int
    boxes: list[tuple[float, float, float, float]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.picture = Image.new("L", (self.width, self.height), WHITE)
        self.pen = ImageDraw.Draw(self.picture)

    @property
    def random(self) -> np.random.Generator:
        """That everything is drawn from."""
        return self.words.random

    def between(self, low: float, high: float) -> float:
        """An even draw."""
        return float(self.random.uniform(low, high))

    def chance(self, share: float) -> bool:
        """True in this share of draws."""
        return bool(self.random.random() < share)

    def write(
        self,
        text: str,
        x: float,
        y: float,
        size: float,
        *,
        align: str = "l",
        bold: bool = False,
        colour: int | None = None,
    ) -> float:
        """Write a piece of text, or as much of it as fits, and keep its box.

        Args:
            text: in one line.
            x: of its left end, middle or right end.
            y: of its top.
            size: of the letters, in pixels.
            align: "l", "m" or "r": what `x` is.
            bold: in the bold hand.
            colour: grey level; None for the sheet's ink.

        Returns:
            Its width; 0 where there was no room.
        """
        letters = font(self.hand[bold], max(8, round(size)))
        text = text.strip()
        room = {"l": self.width - x, "r": x, "m": 2 * min(x, self.width - x)}[align]
        wide = self.pen.textlength(text, letters)
        if wide > room - 2:
            text = text[: int(len(text) * max(0.0, room - 2) / wide)].rstrip()
            if self.pen.textlength(text, letters) > room - 2:
                text = text[:-2].rstrip()
        if not text or y + size * 1.2 > self.height:
            return 0.0
        where = (x, y)
        box = self.pen.textbbox(where, text, letters, anchor=f"{align}a")
        if any(
            box[0] - size * APART < x2 and x1 < box[2] + size * APART and box[1] - 2 < y2 and y1 < box[3] + 2
            for x1, y1, x2, y2 in self.boxes
        ):
            return 0.0  # what is printed over other print is nothing to be found
        self.pen.text(where, text, self.ink if colour is None else colour, letters, anchor=f"{align}a")
        if box[2] - box[0] >= 2 and box[3] - box[1] >= 2:
            self.boxes.append(box)
        return box[2] - box[0]

    def rule(self, x: float, y: float, to_x: float, to_y: float, *, dashed: bool = False, width: int = 2) -> None:
        """A line, whole or of dashes; no text."""
        if not dashed:
            self.pen.line((x, y, to_x, to_y), self.ink, width)
            return
        dash = self.between(4, 14)
        for start in np.arange(x, to_x, 2 * dash):
            self.pen.line((start, y, min(start + dash, to_x), y), self.ink, width)
