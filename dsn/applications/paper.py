"""The paper on a visitor's picture, and the light on it: what the picture would look like without any ink."""

import numpy as np
from PIL import Image
from scipy import ndimage
from skimage.filters import rank, threshold_otsu
from skimage.morphology import convex_hull_image, disk

COARSE = 64  # pixels of the longer side for the first look at the light
MIDDLE = 128  # the same for the paper, and for the second look at the light
EIGHT = np.ones((3, 3), bool)  # a pixel's neighbours


def resized(picture: Image.Image, side: int) -> Image.Image:
    """The picture with a longer side of this many pixels."""
    scale = side / max(picture.size)
    size = (max(1, round(picture.width * scale)), max(1, round(picture.height * scale)))
    return picture.resize(size, Image.Resampling.BOX if scale < 1 else Image.Resampling.BILINEAR)


def grown(mask: np.ndarray, reach: int) -> np.ndarray:
    """A mask and everything within so many pixels of it, sideways, up and down."""
    return ndimage.maximum_filter(mask, 2 * reach + 1, mode="constant")


def find_paper(picture: Image.Image) -> np.ndarray:
    """Where the paper is: bool [H, W]; everywhere, unless a sheet with something on it lies on a ground of its own.

    A sheet is a large bright (or dark) region that fills its rectangle, has a sharp edge, and has ink within.
    """
    small = resized(picture.convert("L"), MIDDLE)
    grey = ndimage.gaussian_filter(np.asarray(small, dtype=np.float32), 1.0)
    everywhere = np.ones((picture.height, picture.width), bool)
    if np.ptp(grey) < 50:
        return everywhere
    threshold = threshold_otsu(grey)
    best, area = None, 0.0
    for region in (grey > threshold, grey <= threshold):
        region = ndimage.binary_opening(region, EIGHT)
        parts, count = ndimage.label(region)
        if not count:
            continue
        sizes = np.bincount(parts.ravel())
        sizes[0] = 0
        sheet = parts == sizes.argmax()
        filled = ndimage.binary_fill_holes(sheet)
        if filled.mean() > area and is_sheet(grey, sheet, filled):
            best, area = filled, filled.mean()
    if best is None:
        return everywhere
    best = ndimage.binary_erosion(best, EIGHT, iterations=2, border_value=1)
    return np.asarray(Image.fromarray(best).resize(picture.size, Image.Resampling.NEAREST))


def is_sheet(grey: np.ndarray, sheet: np.ndarray, filled: np.ndarray) -> bool:
    """Whether a region is a sheet of paper that lies on something else."""
    share = filled.mean()
    if not 0.06 < share < 0.985:
        return False
    holes = filled & ~sheet
    if not 0.003 < holes.sum() / filled.sum() < 0.45:
        return False
    hull = convex_hull_image(filled)
    if filled.sum() / hull.sum() < 0.93 or hull.sum() / least_rectangle(hull) < 0.86:
        return False
    inner = ndimage.binary_erosion(filled, EIGHT, iterations=3, border_value=1)
    outer = ndimage.binary_dilation(filled, EIGHT, iterations=3)
    inner_rim = inner & ~ndimage.binary_erosion(inner, EIGHT, border_value=1)
    outer_rim = ndimage.binary_dilation(outer, EIGHT) & ~outer
    if not outer_rim.any() or not inner_rim.any():
        return False
    step = abs(np.median(grey[inner_rim]) - np.median(grey[outer_rim]))
    return step > 0.5 * abs(np.median(grey[sheet]) - np.median(grey[~filled])) and step > 35


def least_rectangle(region: np.ndarray) -> float:
    """The area of the smallest rectangle, turned any way, around a region; bool [H, W]."""
    places = np.argwhere(region & ~ndimage.binary_erosion(region))
    areas = []
    for angle in np.radians(np.arange(0, 90, 3)):
        along, across = places @ [np.cos(angle), np.sin(angle)], places @ [-np.sin(angle), np.cos(angle)]
        areas.append((np.ptp(along) + 1) * (np.ptp(across) + 1))
    return min(areas)


def enlarged(small: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """A field of light, float [h, w, 3], for a picture of (width, height): float [H, W, 3]."""
    bands = [Image.fromarray(np.ascontiguousarray(small[..., one], dtype=np.float32)) for one in range(3)]
    return np.stack([np.asarray(band.resize(size, Image.Resampling.BILINEAR)) for band in bands], 2)


def shrunk(mask: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """A mask for a picture of (width, height): uint8 [H, W], 0 or 1."""
    return np.asarray(Image.fromarray(mask).resize(size, Image.Resampling.NEAREST)).astype(np.uint8)


def first_ground(picture: Image.Image, paper: np.ndarray) -> np.ndarray:
    """The light as a median over a third of the picture around each place, whatever ink lies there: float [H, W, 3]."""
    small = resized(picture, COARSE)
    values = np.asarray(small, dtype=np.float32)
    inside = shrunk(paper, small.size)
    slope = trend(values, inside)
    rows, columns = np.flatnonzero(inside.any(1)), np.flatnonzero(inside.any(0))
    around = disk(max(2, round(max(np.ptp(rows), np.ptp(columns)) / 3)))
    level = (values - slope).clip(0, 255).astype(np.uint8)
    median = np.stack([rank.median(np.ascontiguousarray(level[..., one]), around, mask=inside) for one in range(3)], 2)
    return enlarged((slope + median).clip(0, 255), picture.size)


def least_squares(basis: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Weights of the surfaces [N, 6] that are nearest to values [N] or [N, 3]; a hint of a ridge where one is flat."""
    return np.linalg.solve(basis.T @ basis + 1e-6 * np.eye(basis.shape[1]), basis.T @ values)


def trend(values: np.ndarray, inside: np.ndarray) -> np.ndarray:
    """The quadratic surface that most of a picture follows, less its mean: float [H, W, 3].

    Least squares that leave out, five times over, what is far from the surface: ink, and what is not paper.
    """
    rows, columns = np.mgrid[-1 : 1 : values.shape[0] * 1j, -1 : 1 : values.shape[1] * 1j]
    basis = np.stack([np.ones_like(rows), rows, columns, rows * rows, rows * columns, columns * columns], 2)
    grey = values.mean(2)
    keep = inside > 0
    for _ in range(5):
        weights = least_squares(basis[keep], grey[keep])
        far = np.abs(grey - basis @ weights)
        keep = (inside > 0) & (far <= max(4.0, 2 * float(np.median(far[inside > 0]))))
    surface = least_squares(basis[keep], values[keep])
    found = basis @ surface
    if np.ptp(found[inside > 0], axis=0).max() > 200:  # wilder than any light: there is no surface
        return np.zeros_like(values)
    return (found - found[inside > 0].mean(0)).astype(np.float32)


def second_ground(picture: Image.Image, paper: np.ndarray, ground: np.ndarray, ink: np.ndarray) -> np.ndarray:
    """The light as a median over a tenth of the picture, without what was taken for ink: float [H, W, 3]."""
    small = resized(picture, MIDDLE)
    values = np.asarray(small)
    free = shrunk(paper & ~grown(ink, 3), small.size)
    reach = max(3, round(max(small.size) * 0.09))
    around = disk(reach)
    known = ndimage.uniform_filter(free.astype(np.float32), 2 * reach + 1) > 0.06
    found = np.stack([rank.median(np.ascontiguousarray(values[..., one]), around, mask=free) for one in range(3)], 2)
    before = np.stack([np.asarray(Image.fromarray(ground[..., one]).resize(small.size)) for one in range(3)], 2)
    return enlarged(np.where(known[..., None], found, before), picture.size)
