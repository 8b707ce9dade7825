"""Where on a photograph a traffic sign seems to be: by its paint, by its edges, and by its shape."""

import math

import numpy as np
from PIL import Image
from scipy import ndimage
from skimage.measure import label, regionprops

from dsn.applications.cropping import WHOLE, Box, FirstLook
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
LIGHT_LEVELS = (0.08, 0.14, 0.22)  # of light beside the surroundings', as a share of the brightest
SURROUNDINGS = 62  # pixels across
EDGE_TRUST, LIGHT_TRUST = 0.5, 0.6  # how much an outline alone speaks for a sign, against paint
ALMOST = 0.7  # of the best score, from which a region may be the rim of the best one
OFF_CENTRE, LARGEST_RIM = 0.25, 3.0  # of the rim's side, and how many times as high as the face it is at most
Region = tuple[int, int, int, int]  # top, left, bottom, right, in pixels


def find_sign(picture: Image.Image) -> FirstLook:
    """The box of what is most like a sign; the whole picture where a sign seems to fill it.

    A sign is a patch of red, blue or yellow, or of many edges, that is about as wide as high, with what it encloses
    compact, and unlike what is around it.

    Args:
        picture: RGB.
    """
    if min(picture.size) <= SMALL:
        return FirstLook(WHOLE)
    work = resized(picture, WORK)
    values = ndimage.gaussian_filter(np.asarray(work, dtype=np.float32), (0.7, 0.7, 0))
    found = [
        (trust * score, region.bbox)
        for field, levels, trust in _fields(values)
        for level in levels
        for region in _regions(field, level)
        if (score := _score(region, field))
    ]
    if not found:
        return FirstLook(WHOLE, "nothing")
    top, left, bottom, right = _whole_sign(found)
    box = Box(left / work.width, top / work.height, right / work.width, bottom / work.height)
    around = box.squared(picture, MARGIN)
    return FirstLook(WHOLE) if around.area >= FILLS else FirstLook(around, "small")


def _regions(field: np.ndarray, level: float) -> list:
    """Connected parts of a field, float [H, W], above a level, with what they enclose."""
    closed = ndimage.binary_closing(np.pad(field > level, 3), iterations=2)[3:-3, 3:-3]
    return regionprops(label(ndimage.binary_fill_holes(closed)), field)


def _whole_sign(found: list[tuple[float, Region]]) -> Region:
    """The best region, or the largest about the same centre that is almost as good: its rim, where it was a face."""
    most, (top, left, bottom, right) = max(found)

    def is_around(other: Region) -> bool:
        above, before, below, after = other
        side = max(below - above, after - before)
        away = math.hypot(above + below - top - bottom, before + after - left - right) / 2
        encloses = above <= top + 1 and before <= left + 1 and below >= bottom - 1 and after >= right - 1
        return encloses and away < OFF_CENTRE * side and below - above < LARGEST_RIM * (bottom - top)

    around = [region for score, region in found if score >= ALMOST * most and is_around(region)]
    return max(around, key=lambda region: (region[2] - region[0]) * (region[3] - region[1]))


def _fields(values: np.ndarray) -> list[tuple[np.ndarray, tuple[float, ...], float]]:
    """What a sign stands out by, float [H, W] each, the levels to look at, and how much each is trusted.

    Red, blue and yellow as shares of the light, whatever that is (Ruta, Li and Liu, Pattern Recognition 43, 2010);
    what is lighter or darker than its surroundings; and the gradient.

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
    grey = values.mean(2)
    half = ndimage.median_filter(grey[::2, ::2], SURROUNDINGS // 2)
    against = (grey - half.repeat(2, 0).repeat(2, 1)[: grey.shape[0], : grey.shape[1]]) / 255
    gradient = ndimage.gaussian_filter(ndimage.gaussian_gradient_magnitude(grey, 1.0), 1.5)
    gradient /= gradient.max() + 1e-6
    edges = tuple(float(np.percentile(gradient, one)) for one in EDGES)
    return [
        *((paint, LEVELS, 1.0) for paint in paints),
        *((one, LIGHT_LEVELS, LIGHT_TRUST) for one in (against, -against)),
        (gradient, edges, EDGE_TRUST),
    ]


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
