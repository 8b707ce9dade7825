"""From a map of text to boxes round its lines, and how well boxes agree."""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

CELL = 4  # pixels a value of the map, in each direction
TEXT = 0.6  # of a place: a line has such places
EDGE = 0.35  # of a place at a line's ends
FAINT = 0.3  # of a place above and below a line, where letters are lower than a place
CREST = 0.98  # of the most within a line's height: less is the gap between two lines
REACH = 11  # pixels, centred, that a crest is compared with
HALF = 0.5  # the faintest that a line as high as a place is taken to be
LEAST = 2.0  # pixels high and wide: less is no text
OVERLAP = 0.5  # intersection over union from which two boxes are the same (IoU 0.5)


def text_boxes(probabilities: Tensor) -> Tensor:
    """Boxes round the lines of text on one page.

    Args:
        probabilities: of text, float [H/4, W/4] in [0, 1], as a student of pages predicts them.

    Returns:
        float32 [B, 4]: x1 y1 x2 y2 in pixels of the page, from top to bottom.

    Raises:
        ValueError: not one map.
    """
    if probabilities.ndim != 2 or not probabilities.is_floating_point():
        raise ValueError("text_boxes takes the map of one page, float [H/4, W/4]")
    from scipy import ndimage  # half a second that only those with a map wait
    from skimage.segmentation import watershed

    values = probabilities.detach().cpu().numpy().astype(np.float32)
    fine = ndimage.zoom(values, CELL, order=1, mode="nearest", grid_mode=True)
    inside = fine > FAINT
    along = ndimage.uniform_filter1d(fine, 3 * CELL, axis=1)  # a line is longer than high, so its gaps show this way
    crests = (fine > TEXT) & (along >= CREST * ndimage.maximum_filter1d(along, REACH, axis=0))
    lines, count = ndimage.label(crests)
    if not count:
        return torch.zeros(0, 4)
    lines = watershed(-along, lines, mask=inside)
    boxes = []
    for number, where in enumerate(ndimage.find_objects(lines, count), 1):
        if where is None:
            continue
        own = fine[where] * (lines[where] == number)
        text = (own > EDGE).sum(0)
        across = np.flatnonzero(text * 2 >= text.max())  # corners are round in a map
        own = own[:, across[0] : across[-1] + 1]
        # How high a line is says the sum over a column, of lines lower than a place too; where it lies, their middle.
        profile, most = own.mean(1), max(float(np.median(own.max(0))), HALF)
        middle = (profile * (np.arange(len(profile)) + 0.5)).sum() / profile.sum()
        half = profile.sum() / most / 2
        x, y = where[1].start + across[0], where[0].start + middle
        box = (x, y - half, x + own.shape[1], y + half)
        if own.shape[1] >= LEAST and 2 * half >= LEAST:
            boxes.append(box)
    return torch.tensor(sorted(boxes, key=lambda box: (box[1], box[0])), dtype=torch.float32).reshape(-1, 4)


@dataclass(frozen=True)
class Agreement:
    """How what was found agrees with what is there, counted over pages: boxes, or cells of maps.

    Attributes:
        found: all that was found.
        there: all that is there.
        both: found and there.
    """

    found: int = 0
    there: int = 0
    both: int = 0

    def __add__(self, other: "Agreement") -> "Agreement":
        return Agreement(self.found + other.found, self.there + other.there, self.both + other.both)

    @property
    def precision(self) -> float:
        """Share of what was found that is there; 0 where nothing was found."""
        return self.both / self.found if self.found else 0.0

    @property
    def recall(self) -> float:
        """Share of what is there that was found; 0 where nothing is there."""
        return self.both / self.there if self.there else 0.0

    @property
    def harmonic_mean(self) -> float:
        """F1 of precision and recall."""
        return 2 * self.both / (self.found + self.there) if self.found + self.there else 0.0


def boxes_agreement(found: Tensor, there: Tensor) -> Agreement:
    """Boxes matched one to one where they overlap by an IoU of 0.5 or more, as many as can be.

    Args:
        found: float [A, 4].
        there: float [B, 4].
    """
    if not len(found) or not len(there):
        return Agreement(len(found), len(there), 0)
    from scipy.optimize import linear_sum_assignment

    corner = torch.maximum(found[:, None, :2], there[None, :, :2])
    opposite = torch.minimum(found[:, None, 2:], there[None, :, 2:])
    common = (opposite - corner).clamp_min(0).prod(2)
    areas = [(one[:, 2:] - one[:, :2]).prod(1) for one in (found, there)]
    same = (common / (areas[0][:, None] + areas[1][None] - common) >= OVERLAP).numpy()
    return Agreement(len(found), len(there), int(same[linear_sum_assignment(same, maximize=True)].sum()))


def cells_agreement(probabilities: Tensor, wanted: Tensor) -> Agreement:
    """Cells of maps that are more text than not, found and there.

    Args:
        probabilities: float of any shape, in [0, 1].
        wanted: share of each cell that is text, of the same shape.
    """
    found, there = probabilities > 0.5, wanted > 0.5
    return Agreement(int(found.sum()), int(there.sum()), int((found & there).sum()))
