"""Digits as bare ink: handwriting from the held-out pictures, printed ones, and ones drawn with a pen."""

from functools import cache
from pathlib import Path

import matplotlib
import numpy as np
from PIL import Image, ImageDraw, ImageFilter, ImageFont
from scipy.interpolate import make_interp_spline

from dsn.applications.held_out import HeldOut, load_held_out
from dsn.applications.registry import BUILT_IN

FONTS = (
    "DejaVuSans", "DejaVuSans-Bold", "DejaVuSans-Oblique", "DejaVuSerif", "DejaVuSerif-Bold", "DejaVuSansMono",
    "STIXGeneral", "STIXGeneralBol", "STIXGeneralItalic", "cmr10", "cmss10", "cmtt10",
)  # fmt: skip
FINE = 4  # a pen's line is drawn so many times larger and then made smaller, for smooth edges
# A pen's way: for each digit its usual forms, for each form its strokes, for each stroke places in a box of 1x1 with
# y downwards. A curve goes through them; a stroke ends where the pen is lifted or turns sharply.
WAYS: dict[int, tuple[tuple[tuple[tuple[float, float], ...], ...], ...]] = {
    0: (
        (((0.5, 0), (0.12, 0.25), (0.08, 0.7), (0.45, 1), (0.85, 0.75), (0.88, 0.3), (0.5, 0)),),
        (((0.6, 0), (0.2, 0.15), (0.1, 0.6), (0.35, 0.98), (0.75, 0.85), (0.9, 0.4), (0.6, 0), (0.45, 0.04)),),
    ),
    1: ((((0.5, 0), (0.5, 1)),), (((0.55, 0), (0.45, 1)),), (((0.33, 0.2), (0.5, 0)), ((0.5, 0), (0.5, 1)))),
    2: (
        (((0.1, 0.25), (0.35, 0.02), (0.75, 0.06), (0.85, 0.35), (0.5, 0.7), (0.08, 1)), ((0.08, 1), (0.92, 1))),
        (((0.15, 0.2), (0.5, 0), (0.82, 0.22), (0.6, 0.6), (0.1, 0.97)), ((0.1, 0.97), (0.5, 0.94), (0.9, 1))),
    ),
    3: (
        (
            ((0.12, 0.14), (0.45, 0), (0.8, 0.2), (0.42, 0.47)),
            ((0.42, 0.47), (0.88, 0.68), (0.6, 0.98), (0.1, 0.9)),
        ),
        (((0.15, 0.1), (0.5, 0), (0.75, 0.22), (0.4, 0.45)), ((0.4, 0.45), (0.8, 0.7), (0.5, 1), (0.12, 0.86))),
    ),
    4: (
        (((0.55, 0), (0.05, 0.64)), ((0.05, 0.64), (0.95, 0.62)), ((0.7, 0.3), (0.66, 1))),
        (((0.7, 0), (0.05, 0.68)), ((0.05, 0.68), (0.95, 0.68)), ((0.7, 0), (0.7, 1))),
        (((0.15, 0), (0.1, 0.5)), ((0.1, 0.5), (0.85, 0.48)), ((0.82, 0.05), (0.75, 1))),
    ),
    5: (
        (((0.85, 0), (0.22, 0)), ((0.22, 0), (0.16, 0.45)), ((0.16, 0.45), (0.85, 0.6), (0.6, 0.98), (0.08, 0.9))),
        (((0.8, 0.02), (0.25, 0)), ((0.25, 0), (0.2, 0.4)), ((0.2, 0.4), (0.75, 0.5), (0.7, 0.92), (0.1, 0.95))),
    ),
    6: (
        (((0.7, 0), (0.25, 0.4), (0.12, 0.75), (0.45, 1), (0.82, 0.78), (0.55, 0.55), (0.16, 0.7)),),
        (((0.55, 0), (0.18, 0.45), (0.2, 0.9), (0.6, 0.98), (0.8, 0.72), (0.5, 0.56), (0.15, 0.78)),),
    ),
    7: (
        (((0.05, 0.02), (0.92, 0.02)), ((0.92, 0.02), (0.55, 0.5), (0.4, 1))),
        (((0.08, 0.05), (0.9, 0)), ((0.9, 0), (0.35, 1)), ((0.38, 0.5), (0.82, 0.46))),
    ),
    8: (
        (
            (
                (0.78, 0.14), (0.5, 0), (0.18, 0.2), (0.5, 0.47), (0.86, 0.75), (0.5, 1), (0.12, 0.76), (0.5, 0.47),
                (0.8, 0.22), (0.74, 0.1),
            ),
        ),
    ),
    9: (
        (((0.82, 0.2), (0.45, 0), (0.15, 0.25), (0.45, 0.48), (0.82, 0.2)), ((0.82, 0.2), (0.78, 0.6), (0.62, 1))),
        (((0.78, 0.25), (0.5, 0.02), (0.2, 0.22), (0.45, 0.46), (0.8, 0.22)), ((0.8, 0.22), (0.76, 1))),
    ),
}  # fmt: skip


@cache
def _held_out() -> HeldOut:
    return load_held_out(BUILT_IN["digits"])


def handwritten(rng: np.random.Generator, height: int) -> tuple[np.ndarray, int]:
    """A held-out digit, enlarged until its frame is `height` pixels high, as crisp as ink.

    Returns:
        Ink float [height, height] in [0, 1], and the digit.
    """
    split = _held_out().split
    index = int(rng.integers(len(split)))
    large = Image.fromarray(split.images[index, 0].numpy()).resize((height, height), Image.Resampling.BICUBIC)
    soft = np.asarray(large.filter(ImageFilter.GaussianBlur(height / 90)), dtype=np.float64) / 255
    return ((soft - 0.3) / 0.25).clip(0, 1), int(split.labels[index])


def printed(rng: np.random.Generator, height: int) -> tuple[np.ndarray, int]:
    """A printed digit of about this height, with margins; as `handwritten`."""
    label = int(rng.integers(10))
    path = Path(matplotlib.get_data_path()) / "fonts" / "ttf" / f"{FONTS[rng.integers(len(FONTS))]}.ttf"
    ink = Image.new("L", (height, height))
    font = ImageFont.truetype(str(path), round(height * 0.95))
    ImageDraw.Draw(ink).text((height / 2, height / 2), str(label), fill=255, font=font, anchor="mm")
    return np.asarray(ink, dtype=np.float64) / 255, label


def penned(rng: np.random.Generator, height: int, width: float) -> tuple[np.ndarray, int]:
    """A digit drawn with a pen, its line `width` pixels wide and a little unsteady; as `handwritten`."""
    label = int(rng.integers(10))
    form = WAYS[label][rng.integers(len(WAYS[label]))]
    ink = Image.new("L", (height * FINE, height * FINE))
    pen = ImageDraw.Draw(ink)
    turn, slant, narrow = rng.normal(0, 0.06), rng.normal(0.05, 0.1), rng.uniform(0.55, 0.8)
    lift = rng.normal(0, 0.012, 2)
    for stroke in form:
        places = np.array(stroke) - 0.5 + rng.normal(0, 0.012, (len(stroke), 2))
        if len(stroke) == 2:
            along = np.linspace(places[0], places[1], 30)
        else:
            ways = np.concatenate([[0], np.cumsum(np.hypot(*np.diff(places, axis=0).T))])
            along = make_interp_spline(ways, places, k=min(3, len(stroke) - 1))(np.linspace(0, ways[-1], 120))
        x, y = (along + lift).T
        x = x * narrow - y * slant
        x, y = x * np.cos(turn) - y * np.sin(turn), x * np.sin(turn) + y * np.cos(turn)
        points = (np.stack([x, y], 1) * 0.72 + 0.5) * height * FINE
        pen.line([tuple(point) for point in points], fill=255, width=max(1, round(width * FINE)), joint="curve")
        for point in (points[0], points[-1]):
            pen.circle(tuple(point), width * FINE / 2, fill=255)
    return np.asarray(ink.resize((height, height), Image.Resampling.BOX), dtype=np.float64) / 255, label


def any_ink(
    rng: np.random.Generator, height: int, *, thin: float = 0.02, thick: float = 0.09
) -> tuple[np.ndarray, int]:
    """Handwriting half of the time, else print or a pen; `thin` to `thick`: the pen's width over the height."""
    chance = rng.random()
    if chance < 0.5:
        return handwritten(rng, height)
    if chance < 0.7:
        return printed(rng, height)
    return penned(rng, height, height * rng.uniform(thin, thick))
