"""How a sheet comes out of a scanner or a telephone: folded, crooked, shaded, faint, noisy, compressed."""

import io

import numpy as np
from PIL import Image, ImageFilter
from scipy.ndimage import gaussian_filter, map_coordinates

from dsn.applications.pages.sheet import WHITE, Paper

HEIGHT, WIDTH = 512, 256  # of a page, in pixels
SKEW = 3.0  # degrees either way
SPECK = 0.001  # largest share of dark specks


def scanned(sheet: Paper, width: int, height: int) -> tuple[np.ndarray, np.ndarray]:
    """A sheet as a page: uint8 [512, 256], and the boxes round its text, float32 [B, 4] (x1 y1 x2 y2, in pixels).

    Args:
        sheet: finished.
        width: of the sheet on the page, which it begins in the top left corner of, at most 256.
        height: the same, at most 512.
    """
    random = sheet.random
    angle = np.deg2rad(random.uniform(-SKEW, SKEW) if random.random() < 0.7 else 0)
    sheared = random.uniform(-0.03, 0.03) if random.random() < 0.3 else 0.0  # beneath a fold the sheet leans
    fold = float(random.uniform(0.2, 0.8) * height)
    sine, cosine = float(np.sin(angle)), float(np.cos(angle))
    half = width / 2, height / 2

    def on_page(x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Points of the sheet on the page."""
        x, y = x * (width / sheet.width), y * (height / sheet.height)
        x, y = x + sheared * np.maximum(0, y - fold) - half[0], y - half[1]
        return x * cosine - y * sine + half[0], x * sine + y * cosine + half[1]

    def on_sheet(x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Points of the page on the sheet, as if that were as small."""
        x, y = x - half[0], y - half[1]
        x, y = x * cosine + y * sine + half[0], y * cosine - x * sine + half[1]
        return x - sheared * np.maximum(0, y - fold), y

    # As large as it will be first, so that letters are averaged, then moved about.
    small = sheet.picture.resize((width, height), Image.Resampling.LANCZOS, reducing_gap=None)
    ink = 1 - np.asarray(small, np.float32) / WHITE
    down, across = np.mgrid[0:height, 0:width]
    x, y = on_sheet(across.astype(np.float32) + 0.5, down.astype(np.float32) + 0.5)
    ink = map_coordinates(ink, (y - 0.5, x - 0.5), order=1, mode="constant", cval=-1)
    beside = ink < -0.5
    page = np.full((HEIGHT, WIDTH), float(WHITE), np.float32)
    page[:height, :width] = _shades(np.clip(ink, 0, 1), beside, fold, random)
    page = _compressed(page, random)
    x1, y1, x2, y2 = np.array(sheet.boxes, dtype=np.float64).reshape(-1, 4).T
    x, y = on_page(np.stack([x1, x2, x2, x1]), np.stack([y1, y1, y2, y2]))
    boxes = np.stack([x.min(0), y.min(0), x.max(0), y.max(0)], 1).clip(0, [width, height, width, height])
    tall, wide = boxes[:, 3] - boxes[:, 1], boxes[:, 2] - boxes[:, 0]
    return page, boxes[(tall >= 2) & (wide >= 2)].astype(np.float32)


def _shades(ink: np.ndarray, beside: np.ndarray, fold: float, random: np.random.Generator) -> np.ndarray:
    """Ink, 0 to 1, [H, W], as grey levels under some light."""
    height, width = ink.shape
    down, across = np.mgrid[0:height, 0:width].astype(np.float32)
    if random.random() < 0.3:  # thermal paper that fades in stripes
        stripes = gaussian_filter(random.normal(0, 1, height), random.uniform(2, 20))
        ink = ink * (1 - 0.5 * np.clip(stripes / (np.abs(stripes).max() + 1e-6), 0, 1))[:, None]
    if random.random() < 0.2:  # strokes thicker than they were printed
        ink = np.clip(gaussian_filter(ink, 0.5) * random.uniform(1.2, 1.8), 0, 1)
    paper = random.uniform(190, 255)
    light = np.ones_like(ink)
    if random.random() < 0.5:
        slope = random.uniform(-0.35, 0.35, 2)
        light += slope[0] * (down / height - 0.5) + slope[1] * (across / width - 0.5)
    if random.random() < 0.3:  # a shadow's edge
        angle, where = random.uniform(0, np.pi), random.uniform(0.2, 0.8)
        side = np.cos(angle) * (across / width - where) + np.sin(angle) * (down / height - where)
        light *= 1 - random.uniform(0.1, 0.45) / (1 + np.exp(-side * random.uniform(8, 80)))
    if random.random() < 0.35:  # folds catch the light
        crease = fold if random.random() < 0.5 else random.uniform(0.1, 0.9) * height
        distance = down - crease - across * random.uniform(-0.05, 0.05)
        light *= 1 + random.uniform(-0.25, 0.15) * np.exp(-np.abs(distance) / random.uniform(1, 6))
        light *= np.where(distance > 0, random.uniform(0.88, 1), 1)
    if random.random() < 0.25:  # crumpled
        rough = gaussian_filter(random.normal(0, 1, ink.shape), random.uniform(4, 15))
        light *= 1 + random.uniform(0.01, 0.05) * rough / (rough.std() + 1e-6)
    faint = random.uniform(0.35, 1) if random.random() < 0.6 else 1.0
    grey = paper * light * (1 - ink * faint)
    ground = random.choice([0.0, 20.0, 90.0, 255.0, 255.0, 255.0])
    grey = np.where(beside, ground, grey)
    grey = gaussian_filter(grey, random.uniform(0, 0.7))
    grey += random.normal(0, 8 * random.random() ** 2, grey.shape)
    specks = random.random(grey.shape) < SPECK * max(0.0, random.uniform(-1, 1))
    return np.clip(np.where(specks, random.uniform(0, 120), grey), 0, WHITE)


def _compressed(page: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """The page as uint8, half of the time through a JPEG; now and then as a fax has it, black or white."""
    picture = Image.fromarray(page.round().astype(np.uint8))
    if random.random() < 0.06:
        middle = int(np.percentile(page, 60) * random.uniform(0.6, 0.85))
        picture = picture.point(lambda value: WHITE if value > middle else 0)
    if random.random() < 0.15:
        picture = picture.filter(ImageFilter.UnsharpMask(1.5, int(random.integers(60, 200)), 0))
    if random.random() < 0.5:
        file = io.BytesIO()
        picture.save(file, "JPEG", quality=int(random.integers(25, 92)))
        picture = Image.open(file)
    return np.array(picture)
