"""Ink on a visitor's picture: the paper found, its light evened out, what is joined to the edge ignored."""

from dataclasses import dataclass

import numpy as np
from PIL import Image
from scipy import ndimage

from dsn.applications.cropping import Box
from dsn.applications.paper import EIGHT, find_paper, first_ground, grown, resized, second_ground

WORK = 256  # pixels of the longer side while looking for ink; less than half of it is enlarged to that
STRONG = 0.42  # share of the ink's contrast from which a mark is ink
FAINT = 0.2  # share of the contrast below which a mark beside ink is paper
LEAST_DEPTH = 0.1  # share of the paper's light that ink takes at least, 24 of 255 grey levels
LEVELS = (0.6, 0.4, 0.27, 0.18, LEAST_DEPTH)  # depths at which ink is looked for, strong marks first
ALIKE = 0.55  # the least height of another digit, as a share of the first one's size
DARK, LIGHT = 1, -1  # ink that is darker, and ink that is lighter than its ground


@dataclass(frozen=True)
class InkMark:
    """Ink of one digit.

    Attributes:
        mask: its strong part, bool [H, W].
        contrast: its depth: the share of the ground's light that it takes away or adds, in (0, 1].
        size: the longer side of its box, in pixels.
        is_whole: False for one that is joined to the edge.
    """

    mask: np.ndarray
    contrast: float
    size: int
    is_whole: bool = True

    @property
    def score(self) -> float:
        """How much speaks for its being the digit that is meant."""
        return (1 if self.is_whole else 0.15) * self.size * self.contrast


def ink_of(picture: Image.Image) -> tuple[np.ndarray, InkMark] | None:
    """The ink of the digit on a picture.

    Args:
        picture: RGB.

    Returns:
        The ink with its soft edges, float [H, W] in [0, 1], of the picture at its working size, and the mark that it
        is; None where there is none.
    """
    found = found_ink(picture)
    if found is None:
        return None
    mark, depths, _ = found
    soft = ((depths / mark.contrast - FAINT) / (1 - FAINT)).clip(0, 1)
    return soft * grown(mark.mask, 2), mark


def others_beside(picture: Image.Image) -> tuple[Box, int] | None:
    """The box of the digit that is meant, and how many marks of about its size are beside it; None for no ink.

    Rules and frames, which are longer or joined to the edge, do not count.

    Args:
        picture: RGB.
    """
    found = found_ink(picture)
    if found is None:
        return None
    mark, depths, paper = found
    height, width = mark.mask.shape
    rows, columns = np.flatnonzero(mark.mask.any(1)), np.flatnonzero(mark.mask.any(0))
    box = Box(columns[0] / width, rows[0] / height, (columns[-1] + 1) / width, (rows[-1] + 1) / height)
    rest = (depths > STRONG * mark.contrast) & paper & ~grown(mark.mask, max(2, round(0.1 * mark.size)))
    parts, _ = ndimage.label(rest, EIGHT)
    others = 0
    for number, (down, across) in enumerate(ndimage.find_objects(parts), 1):
        tall, wide = down.stop - down.start, across.stop - across.start
        at_edge = down.start == 0 or across.start == 0 or down.stop == height or across.stop == width
        is_alike = ALIKE * mark.size <= tall <= mark.size / ALIKE and wide <= mark.size / ALIKE
        others += is_alike and not at_edge and int((parts[down, across] == number).sum()) >= 0.2 * mark.mask.sum()
    return box, others


def found_ink(picture: Image.Image) -> tuple[InkMark, np.ndarray, np.ndarray] | None:
    """The mark that is meant, how deep the ink is everywhere, float [H, W], and where the paper is, bool [H, W]."""
    longer = max(picture.size)
    work = resized(picture, WORK if longer > WORK else max(longer, WORK // 2))
    values = np.asarray(work)
    paper = find_paper(work)
    outside = beyond(paper)
    ground = first_ground(work, paper)
    found = strongest(values, ground, paper, outside)
    if found is None:
        return None
    ground = second_ground(work, paper, ground, found[0].mask)
    found = strongest(values, ground, paper, outside)
    if found is None:
        return None
    return *found, paper


def beyond(paper: np.ndarray) -> np.ndarray:
    """Where a mark touches what is not paper, or the picture's edge: bool [H, W]."""
    outside = grown(~paper, 2)
    outside[[0, -1]] = outside[:, [0, -1]] = True
    return outside


def strongest(
    values: np.ndarray, ground: np.ndarray, paper: np.ndarray, outside: np.ndarray
) -> tuple[InkMark, np.ndarray] | None:
    """The best mark, dark on a light ground or the other way round, and the depth of everything of its kind."""
    depths = [depth(values, ground, sign) for sign in (DARK, LIGHT)]
    marks = [(mark, one) for one in depths if (mark := best_mark(one, paper, outside))]
    return max(marks, key=lambda pair: pair[0].score, default=None)


def depth(values: np.ndarray, ground: np.ndarray, sign: int) -> np.ndarray:
    """How much of the ground's light a place takes away (or adds, of what is missing to white), in its best colour.

    Args:
        values: uint8 [H, W, 3].
        ground: float [H, W, 3] in [0, 255], the paper as it would look without ink.
        sign: DARK or LIGHT.

    Returns:
        float [H, W], at most 1.
    """
    whole = np.maximum(ground if sign == DARK else 255 - ground, 60)
    shares = (ground - values) * sign / whole
    red, green, blue = np.moveaxis(shares, 2, 0)  # NumPy is ten times as slow along the last axis
    return ndimage.gaussian_filter(np.maximum(np.maximum(red, green), blue), 0.6)


def best_mark(depth: np.ndarray, paper: np.ndarray, outside: np.ndarray) -> InkMark | None:
    """The mark that is most like one digit by its size, its contrast and its place; None where there is none."""
    marks = [mark for level in LEVELS if (mark := largest_mark(depth > level, depth, paper, outside))]
    if not marks:
        return None
    best = marks[0]
    for mark in marks[1:]:
        if mark.score > best.score * 1.25:  # a lower level adds a rim to the same mark, or joins it to the edge
            best = mark
    return largest_mark(depth > STRONG * best.contrast, depth, paper, outside) or best


def largest_mark(mask: np.ndarray, depth: np.ndarray, paper: np.ndarray, outside: np.ndarray) -> InkMark | None:
    """The largest part of a mask that is not joined to the edge, and the parts close to it.

    What is joined to the edge is taken only where nothing else, or next to nothing, is there.
    """
    parts, count = ndimage.label(mask & paper, EIGHT)
    if not count:
        return None
    boxes = ndimage.find_objects(parts)
    areas = np.bincount(parts.ravel(), minlength=count + 1)
    means = np.bincount(parts.ravel(), depth.ravel(), minlength=count + 1) / np.maximum(areas, 1)
    lengths = np.array([0] + [max(box[0].stop - box[0].start, box[1].stop - box[1].start) for box in boxes])
    sound = areas >= 6
    sound[0] = False
    joined = np.zeros(count + 1, bool)
    joined[parts[outside]] = True
    whole = sound & ~joined
    reaching = sound & joined
    for one in np.flatnonzero(reaching):
        reaching[one] = not runs_along(boxes[one - 1], mask.shape)
    longest = lengths[whole].max(initial=0)
    if not longest or (longest < 0.08 * max(mask.shape) and longest < 0.35 * lengths[reaching].max(initial=0)):
        chosen = reaching if reaching.any() else whole if longest else sound
    else:
        chosen = whole
    if not chosen.any():
        return None
    main = int(np.argmax(chosen * lengths * means))
    near = grown(parts == main, max(2, round(0.1 * lengths[main])))
    close = np.zeros(count + 1, bool)
    close[parts[near]] = True
    together = (close & chosen & (areas >= 0.015 * areas[main]))[parts]
    contrast = float(np.percentile(depth[together], 85))
    rows, columns = np.flatnonzero(together.any(1)), np.flatnonzero(together.any(0))
    return InkMark(together, contrast, int(max(np.ptp(rows), np.ptp(columns)) + 1), chosen is whole)


def runs_along(box: tuple[slice, ...], shape: tuple[int, ...]) -> bool:
    """Whether something at the edge runs along a side, as a desk, a frame or a bar does."""
    (top, bottom), (left, right) = ((side.start, side.stop) for side in box)
    height, width = shape
    return (right - left > 0.85 * width and (top == 0 or bottom == height)) or (
        bottom - top > 0.85 * height and (left == 0 or right == width)
    )
