"""The kinds of pictures that people complained about, drawn with seeds; the fitting was tuned on these."""

import io
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageFilter

from dsn.measuring.brought.inks import any_ink, handwritten, penned, printed

Rng = np.random.Generator
WHITE, BLACK = (250, 249, 246), (28, 28, 34)
PENS = ((20, 30, 120), (180, 20, 30), (10, 110, 50), (120, 40, 140), (220, 110, 20), (60, 60, 60), (40, 140, 200))


@dataclass(frozen=True)
class Specimen:
    """A picture as somebody brings it.

    Attributes:
        content: the file.
        label: the digit on it.
    """

    content: bytes
    label: int


def laid(rng: Rng, ink: np.ndarray, height: int, width: int) -> np.ndarray:
    """Ink somewhere near the middle of an empty sheet, float [height, width] in [0, 1]."""
    sheet = np.zeros((height, width))
    top, left = ((whole - part) // 2 for whole, part in ((height, ink.shape[0]), (width, ink.shape[1])))
    top, left = (int(rng.integers(place // 2, place + place // 2 + 1)) if place else 0 for place in (top, left))
    sheet[top : top + ink.shape[0], left : left + ink.shape[1]] = ink
    return sheet


def page(rng: Rng, **pen: float) -> tuple[np.ndarray, int]:
    """A sheet of 240 to 520 pixels with a digit on it: ink float [H, W], and the digit."""
    height, width = (int(side) for side in rng.integers(240, 521, 2))
    ink, label = any_ink(rng, int(min(height, width) * rng.uniform(0.5, 0.95)), **pen)
    return laid(rng, ink, height, width), label


def coloured(ink: np.ndarray, paper: tuple[int, ...], pen: tuple[int, ...], strength: float = 1.0) -> np.ndarray:
    """Ink on paper in colours, float [H, W, 3] in [0, 255]."""
    share = strength * ink[..., None]
    return np.array(paper) * (1 - share) + np.array(pen) * share


def graded(rng: Rng, picture: np.ndarray, fall: float) -> np.ndarray:
    """Light that falls off over the picture, from 1 to 1 - `fall`, in any direction."""
    height, width = picture.shape[:2]
    rows, columns = np.mgrid[0 : 1 : height * 1j, 0 : 1 : width * 1j]
    angle = rng.uniform(0, 2 * np.pi)
    way = rows * np.sin(angle) + columns * np.cos(angle)
    way = (way - way.min()) / (way.max() - way.min())
    return picture * (1 - fall * way ** rng.uniform(0.7, 1.5))[..., None]


def shadowed(rng: Rng, picture: np.ndarray, dark: float) -> np.ndarray:
    """The shadow of a phone or a hand over one corner, its edge soft by one to four hundredths of the picture."""
    height, width = picture.shape[:2]
    rows, columns = np.mgrid[0 : 1 : height * 1j, 0 : 1 : width * 1j]
    rows, columns = (1 - side if rng.random() < 0.5 else side for side in (rows, columns))
    slope, reach = rng.uniform(0.5, 2), rng.uniform(0.6, 1.1)
    depth = (reach - rows - columns * slope / 1.2) / rng.uniform(0.01, 0.04)
    return picture * (1 - dark / (1 + np.exp(-depth.clip(-30, 30))))[..., None]


def snapped(rng: Rng, picture: np.ndarray, noise: float = 2.5) -> bytes:
    """A JPEG of it, with a camera's noise."""
    noisy = picture + rng.normal(0, noise, picture.shape)
    file = io.BytesIO()
    image = Image.fromarray(noisy.clip(0, 255).astype(np.uint8)).filter(ImageFilter.GaussianBlur(rng.uniform(0, 0.8)))
    image.save(file, "JPEG", quality=int(rng.integers(75, 96)))
    return file.getvalue()


def drawn(picture: np.ndarray) -> bytes:
    """A PNG of it as it is; float or uint8 [H, W], [H, W, 3] or [H, W, 4] in [0, 255]."""
    file = io.BytesIO()
    Image.fromarray(picture.clip(0, 255).astype(np.uint8)).save(file, "PNG")
    return file.getvalue()


def shadow(dark: float) -> Callable[[Rng], Specimen]:
    def made(rng: Rng) -> Specimen:
        ink, label = page(rng)
        return Specimen(snapped(rng, shadowed(rng, coloured(ink, WHITE, BLACK), dark)), label)

    return made


def falloff(fall: float) -> Callable[[Rng], Specimen]:
    def made(rng: Rng) -> Specimen:
        ink, label = page(rng)
        return Specimen(snapped(rng, graded(rng, coloured(ink, WHITE, BLACK), fall)), label)

    return made


def pencil(rng: Rng) -> Specimen:
    ink, label = page(rng)
    grain = rng.uniform(0.75, 1, ink.shape)
    strength = rng.uniform(0.45, 0.65)
    return Specimen(
        snapped(rng, graded(rng, coloured(ink * grain, WHITE, (80, 80, 84), strength), rng.uniform(0.3, 0.5))), label
    )


def ballpoint(rng: Rng) -> Specimen:
    height, width = (int(side) for side in rng.integers(300, 421, 2))
    ink, label = penned(rng, int(min(height, width) * rng.uniform(0.6, 0.95)), 5)
    sheet = coloured(laid(rng, ink, height, width), WHITE, (30, 40, 130), 0.9)
    return Specimen(snapped(rng, graded(rng, sheet, rng.uniform(0.3, 0.5))), label)


def framed(
    line: tuple[int, ...], paper: tuple[int, ...], pen: tuple[int, ...], width: int
) -> Callable[[Rng], Specimen]:
    def made(rng: Rng) -> Specimen:
        ink, label = page(rng)
        picture = coloured(ink, paper, pen)
        for side in range(width):
            picture[[side, -1 - side]] = picture[:, [side, -1 - side]] = line
        return Specimen(drawn(picture), label)

    return made


def desk_strip(rng: Rng) -> Specimen:
    ink, label = page(rng)
    picture = coloured(ink, WHITE, BLACK)
    strip = int(rng.uniform(0.06, 0.2) * ink.shape[1])
    room = np.flatnonzero(ink.max(0) > 0.05)
    strip = max(4, min(strip, room[0] - 4, ink.shape[1]))
    picture[:, :strip] = wood(rng, (ink.shape[0], strip))
    return Specimen(snapped(rng, picture), label)


def wood(rng: Rng, shape: tuple[int, int]) -> np.ndarray:
    """A dark desk: float [H, W, 3]."""
    colour = np.array(((70, 48, 34), (45, 45, 50), (90, 66, 48), (30, 30, 32))[rng.integers(4)], dtype=np.float64)
    grain = rng.normal(0, 5, (shape[0], 1, 1)) + rng.normal(0, 3, (*shape, 1))
    return (colour + grain).clip(0, 255)


def sheet_on_desk(rng: Rng) -> Specimen:
    ink, label = page(rng)
    height, width = (int(side * rng.uniform(1.15, 1.9)) for side in ink.shape)
    alpha = Image.new("L", (width, height))
    top, left = (
        int(rng.uniform(0.2, 0.8) * (height - ink.shape[0])),
        int(rng.uniform(0.2, 0.8) * (width - ink.shape[1])),
    )
    alpha.paste(255, (left, top, left + ink.shape[1], top + ink.shape[0]))
    angle = rng.normal(0, 5)
    whole = np.zeros((height, width))
    whole[top : top + ink.shape[0], left : left + ink.shape[1]] = ink
    turned = [
        np.asarray(one.rotate(angle, Image.Resampling.BILINEAR), dtype=np.float64) / 255
        for one in (alpha, Image.fromarray((whole * 255).astype(np.uint8)))
    ]
    picture = wood(rng, (height, width)) * (1 - turned[0][..., None])
    picture += coloured(turned[1], WHITE, BLACK) * turned[0][..., None]
    return Specimen(snapped(rng, picture), label)


def title_bar(rng: Rng) -> Specimen:
    ink, label = page(rng)
    bar = int(rng.uniform(0.05, 0.14) * ink.shape[0])
    picture = np.concatenate(
        [np.full((bar, ink.shape[1], 3), rng.uniform(15, 70)), coloured(ink, (255,) * 3, (0,) * 3)]
    )
    if rng.random() < 0.6:
        words = rng.random((max(2, bar // 3), ink.shape[1] // 3)) < 0.5
        picture[bar // 3 : bar // 3 + words.shape[0], 6 : 6 + words.shape[1]][words] = 220
    return Specimen(drawn(picture), label)


def scanner_edge(rng: Rng) -> Specimen:
    ink, label = page(rng)
    picture = coloured(ink, (252,) * 3, BLACK)
    edge = int(rng.integers(3, 12))
    for _ in range(rng.integers(1, 3)):
        turn = int(rng.integers(4))
        turned = np.rot90(picture, turn)  # a view
        turned[:edge] = rng.uniform(0, 30)
    return Specimen(snapped(rng, picture), label)


def small_off_centre(rng: Rng) -> Specimen:
    ink, label = any_ink(rng, 280, thin=0.06, thick=0.1)
    rows, columns = np.flatnonzero(ink.max(1) > 0.1), np.flatnonzero(ink.max(0) > 0.1)
    box = ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    size = int(rng.integers(10, 16))
    scale = size / max(box.shape)
    small = np.asarray(
        Image.fromarray((box * 255).astype(np.uint8)).resize(
            (max(2, round(box.shape[1] * scale)), max(2, round(box.shape[0] * scale))), Image.Resampling.BOX
        )
    )
    picture = np.zeros((28, 28))
    top, left = (int(rng.integers(1, 27 - side)) for side in small.shape)
    picture[top : top + small.shape[0], left : left + small.shape[1]] = small
    return Specimen(drawn(picture), label)


def white_on_transparent(rng: Rng) -> Specimen:
    ink, label = page(rng)
    return Specimen(drawn(np.concatenate([np.full((*ink.shape, 3), 255.0), 255 * ink[..., None]], 2)), label)


def plain(source: Callable[[Rng], tuple[np.ndarray, int]], *, noise: float = 0) -> Callable[[Rng], Specimen]:
    def made(rng: Rng) -> Specimen:
        ink, label = source(rng)
        picture = coloured(laid(rng, ink, *(int(side * rng.uniform(1, 1.4)) for side in ink.shape)), WHITE, BLACK)
        return Specimen(snapped(rng, picture, noise) if noise else drawn(picture), label)

    return made


def pen_colours(rng: Rng) -> Specimen:
    ink, label = page(rng, thin=0.03)
    return Specimen(snapped(rng, coloured(ink, WHITE, PENS[rng.integers(len(PENS))])), label)


def tiny(rng: Rng) -> Specimen:
    ink, label = any_ink(rng, int(rng.integers(36, 60)), thin=0.06)
    return Specimen(snapped(rng, coloured(laid(rng, ink, 320, 320), WHITE, BLACK)), label)


def ruled(squares: bool) -> Callable[[Rng], Specimen]:
    def made(rng: Rng) -> Specimen:
        ink, label = page(rng, thin=0.03)
        sheet = np.zeros(ink.shape)
        step = int(rng.integers(18, 48))
        sheet[step // 2 :: step] = 1
        if squares:
            sheet[:, step // 2 :: step] = 1
        lined = coloured(sheet, WHITE, (196, 208, 230))
        share = ink[..., None]
        return Specimen(snapped(rng, lined * (1 - share) + np.array((25, 30, 90)) * share), label)

    return made


def chalk(rng: Rng) -> Specimen:
    ink, label = page(rng, thin=0.04)
    grain = rng.uniform(0.55, 1, ink.shape)
    board = ((38, 62, 50), (40, 42, 46))[rng.integers(2)]
    return Specimen(snapped(rng, coloured(ink * grain, board, (235, 235, 228)), 4), label)


def note(rng: Rng) -> Specimen:
    ink, label = page(rng, thin=0.03)
    paper = ((250, 236, 110), (250, 160, 180), (160, 225, 240), (185, 235, 150))[rng.integers(4)]
    return Specimen(snapped(rng, coloured(ink, paper, BLACK)), label)


def noisy(rng: Rng) -> Specimen:
    ink, label = page(rng, thin=0.04)
    return Specimen(snapped(rng, coloured(ink, (225, 224, 220), (40, 40, 46)), rng.uniform(10, 22)), label)


KINDS: dict[str, Callable[[Rng], Specimen]] = {
    "shadow-25": shadow(0.25),
    "shadow-35": shadow(0.35),
    "falloff-50": falloff(0.5),
    "falloff-60": falloff(0.6),
    "pencil-gradient": pencil,
    "ballpoint-gradient": ballpoint,
    "line-black-1": framed((0, 0, 0), (255, 255, 255), (0, 0, 0), 1),
    "line-black-2": framed((0, 0, 0), (255, 255, 255), (0, 0, 0), 2),
    "line-white": framed((255, 255, 255), (0, 0, 0), (255, 255, 255), 1),
    "desk-strip": desk_strip,
    "sheet-on-desk": sheet_on_desk,
    "title-bar": title_bar,
    "scanner-edge": scanner_edge,
    "small-off-centre": small_off_centre,
    "white-on-transparent": white_on_transparent,
    "handwritten": plain(lambda rng: handwritten(rng, int(rng.integers(200, 400)))),
    "fonts": plain(lambda rng: printed(rng, int(rng.integers(80, 300)))),
    "thin": plain(lambda rng: penned(rng, 300, rng.uniform(2, 5))),
    "thick": plain(lambda rng: penned(rng, 300, rng.uniform(26, 40))),
    "pen-colours": pen_colours,
    "tiny": tiny,
    "ruled": ruled(False),
    "squared": ruled(True),
    "chalk": chalk,
    "note": note,
    "noise": noisy,
}
