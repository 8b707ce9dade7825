"""Where on a photograph a traffic sign seems to be: by its paint, by its edges, and by its shape."""

import numpy as np
from PIL import Image
from scipy import ndimage
from skimage.measure import label, regionprops

from dsn.applications.cropping import WHOLE, Box, Look
from dsn.applications.paper import resized

WORK = 128  # pixels of the longer side while looking
SMALL = 64  # pixels of the shorter side up to which a picture is a sign already, as the data set's are
FILLS = 0.55  # share of the picture from which a sign fills it
LEAST_AREA, LARGEST_AREA = 0.006, 0.8  # shares of the picture that a sign takes
LONGEST_SHAPE = 1.6  # a region further from square is none
LEAST_SOLIDITY = 0.8  # share of its convex hull that a region fills
MARGIN = 0.08  # around a sign, as the data set has it
LEVELS = (0.05, 0.08, 0.12, 0.18, 0.26)  # of paint, as a share of the light
EDGES = (80, 88)  # percentiles of the gradient from which there is an edge
EDGE_TRUST = 0.5  # how much an outline alone speaks for a sign, against paint


def find_sign(picture: Image.Image) -> Look:
    """The box of what is most like a sign; the whole picture where a sign seems to fill it.

    A sign is a patch of red, blue or yellow, or of many edges, that is about as wide as high, with what it encloses
    compact, and unlike what is around it.

    Args:
        picture: RGB.
    """
    if min(picture.size) <= SMALL:
        return Look(WHOLE)
    work = resized(picture, WORK)
    values = ndimage.gaussian_filter(np.asarray(work, dtype=np.float32), (0.7, 0.7, 0))
    best, most = None, 0.0
    for field, levels, trust in _fields(values):
        for level in levels:
            closed = ndimage.binary_closing(np.pad(field > level, 3), iterations=2)[3:-3, 3:-3]
            for region in regionprops(label(ndimage.binary_fill_holes(closed)), field):
                score = trust * _score(region, field)
                if score > most:
                    best, most = region.bbox, score
    if best is None:
        return Look(WHOLE, "nothing")
    top, left, bottom, right = best
    box = Box(left / work.width, top / work.height, right / work.width, bottom / work.height)
    around = box.squared(picture, MARGIN)
    return Look(WHOLE) if around.area >= FILLS else Look(around, "small")


def _fields(values: np.ndarray) -> list[tuple[np.ndarray, tuple[float, ...], float]]:
    """What a sign stands out by, float [H, W] each, the levels to look at, and how much each is trusted.

    Red, blue and yellow as shares of the light, whatever that is (Ruta, Li and Liu, Pattern Recognition 43, 2010);
    and the gradient.

    Args:
        values: float [H, W, 3] in [0, 255].
    """
    red, green, blue = (values[..., one] for one in range(3))
    light = np.maximum(values.sum(2), 60)
    paints = (
        np.minimum(red - green, red - blue) / light,
        (blue - red) / light,
        np.minimum(red - blue, green - blue) / light,
    )
    gradient = ndimage.gaussian_filter(ndimage.gaussian_gradient_magnitude(values.mean(2), 1.0), 1.5)
    gradient /= gradient.max() + 1e-6
    edges = tuple(float(np.percentile(gradient, one)) for one in EDGES)
    return [*((paint, LEVELS, 1.0) for paint in paints), (gradient, edges, EDGE_TRUST)]


def _score(region, field: np.ndarray) -> float:
    """How much a region is like a sign: its size, squareness, compactness and contrast; 0 for what is none."""
    top, left, bottom, right = region.bbox
    height, width = bottom - top, right - left
    shape = max(height, width) / max(1, min(height, width))
    share = region.area_bbox / field.size
    if not LEAST_AREA < share < LARGEST_AREA or shape > LONGEST_SHAPE or region.solidity < LEAST_SOLIDITY:
        return 0.0
    reach = max(2, max(height, width) // 5)
    around = field[max(0, top - reach) : bottom + reach, max(0, left - reach) : right + reach]
    inside = field[top:bottom, left:right]
    outside = (around.sum() - inside.sum()) / max(1, around.size - inside.size)
    contrast = float(np.clip(inside.mean() - outside, 0, 0.3))
    at_edge = top == 0 or left == 0 or bottom == field.shape[0] or right == field.shape[1]
    return float(share**0.25 * region.solidity**2 / shape * contrast * (0.4 if at_edge else 1.0))
