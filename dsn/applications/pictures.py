"""Whatever a visitor uploads or draws, as the network saw pictures in training."""

import base64
import io
import warnings
from pathlib import Path
from typing import BinaryIO

import numpy as np
import torch
from PIL import Image, ImageOps, UnidentifiedImageError
from torch import Tensor

FORMATS = ("PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF", "PPM")  # raster only: none starts another program
MOST_PIXELS = 25_000_000
MOST_BYTES = 20_000_000
DIGIT_BOX = 20  # pixels; MNIST fits its digits into 20x20 and centres them in 28x28
LEAST_CONTRAST = 24  # grey levels between paper and ink
FAINT = 0.2  # share of the contrast below which a mark is paper
LONGEST_SHAPE = 1.3  # a frame further from square than this is cropped to a square


class PictureError(ValueError):
    """A picture that cannot be used; its message is one sentence for the visitor."""


def open_picture(source: str | Path | bytes | BinaryIO) -> Image.Image:
    """Decode a picture of any usual mode as RGB, upright, on white where it is transparent.

    Animations give their first frame; 16-bit and floating-point values are scaled to their range.

    Args:
        source: a file's path, its content, or an open binary file.

    Raises:
        PictureError: not a picture, damaged, or too large (more than 20 MB or 25 megapixels).
    """
    try:
        content = source if isinstance(source, bytes) else _content(source)
    except OSError as error:
        raise PictureError("The file cannot be read: choose another picture.") from error
    if len(content) > MOST_BYTES:
        raise PictureError("The file is larger than 20 MB: choose a smaller picture.")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            picture = Image.open(io.BytesIO(content), formats=FORMATS)
            if picture.width * picture.height > MOST_PIXELS:
                raise PictureError("The picture has more than 25 megapixels: choose a smaller one.")
            picture.load()
            return _as_rgb(ImageOps.exif_transpose(picture))
    except UnidentifiedImageError as error:
        raise PictureError("This is not a picture of a known kind: choose a PNG, JPEG, WEBP or GIF file.") from error
    except Image.DecompressionBombError as error:
        raise PictureError("The picture has more than 25 megapixels: choose a smaller one.") from error
    except (OSError, SyntaxError, ValueError, EOFError, IndexError, TypeError, KeyError) as error:
        if isinstance(error, PictureError):
            raise
        raise PictureError("The picture is damaged or cut off: choose another file.") from error


def _content(source: str | Path | BinaryIO) -> bytes:
    if isinstance(source, str | Path):
        with Path(source).open("rb") as file:
            return file.read(MOST_BYTES + 1)
    return source.read(MOST_BYTES + 1)


def _as_rgb(picture: Image.Image) -> Image.Image:
    if picture.mode.startswith(("I", "F")):  # 16 bits, 32 bits, floating point
        values = np.asarray(picture, dtype=np.float64)
        if picture.mode.startswith("I;16") or (picture.mode == "I" and values.max() <= 65535):
            values = values / 257  # the whole range of 16 bits onto that of 8
        elif values.max() > values.min():
            values = (values - values.min()) * 255 / (values.max() - values.min())
        return Image.fromarray(np.nan_to_num(values).clip(0, 255).round().astype(np.uint8)).convert("RGB")
    if picture.has_transparency_data:
        picture = picture.convert("RGBA")
        white = Image.new("RGBA", picture.size, "white")
        return Image.alpha_composite(white, picture).convert("RGB")
    return picture.convert("RGB")


def drawing(address: str) -> Image.Image:
    """What was drawn on the page's pad: white strokes on black, RGB.

    Args:
        address: the pad's content as a `data:image/png;base64,` address.

    Raises:
        PictureError: another kind of address, or a damaged one.
    """
    head, _, content = address.partition(",")
    try:
        if head != "data:image/png;base64":
            raise ValueError(head)
        return open_picture(base64.b64decode(content, validate=True))
    except ValueError as error:  # binascii.Error is one
        raise PictureError("The drawing did not arrive whole: draw it again.") from error


def fit_frame(picture: Image.Image, channels: int, size: int) -> Tensor:
    """The whole frame, shrunk or enlarged (bilinear, with anti-aliasing): float [1, C, S, S] in [0, 1].

    A frame far from square is cropped to its middle square first.

    Args:
        picture: RGB.
        channels: C: 3 keeps the colours, 1 makes them grey.
        size: S, in pixels.
    """
    width, height = picture.size
    if max(width, height) > LONGEST_SHAPE * min(width, height):
        picture = ImageOps.fit(picture, (min(width, height),) * 2, Image.Resampling.BILINEAR)
    small = np.asarray(picture.resize((size, size), Image.Resampling.BILINEAR), dtype=np.float32)
    if channels == 1:
        small = np.asarray(Image.fromarray(small.round().astype(np.uint8)).convert("L"), dtype=np.float32)[..., None]
    return torch.from_numpy(small / 255).permute(2, 0, 1)[None]


def fit_digit(picture: Image.Image) -> Tensor:
    """A digit as MNIST made them: white on black, in a box of 20x20, its centre of mass in the middle of 28x28.

    A picture of 28x28 with a dark edge is taken to be one already and left as it is.

    Args:
        picture: RGB, dark ink on a light ground or the other way round.

    Returns:
        float [1, 1, 28, 28] in [0, 1].

    Raises:
        PictureError: no ink to be seen.
    """
    grey = picture.convert("L")
    ink = np.asarray(grey, dtype=np.float32)
    edge = np.concatenate([ink[0], ink[-1], ink[:, 0], ink[:, -1]])
    if grey.size == (28, 28) and np.median(edge) < 32 and ink.max() >= LEAST_CONTRAST:
        return torch.from_numpy(ink / 255)[None, None]
    ground = float(np.median(edge))
    ink = ground - ink if ground > 127 else ink - ground
    contrast = float(ink.max())
    if contrast < LEAST_CONTRAST:
        raise PictureError("There is nothing to be seen on the picture: draw or photograph one digit, large and dark.")
    ink = ((ink / contrast - FAINT) / (1 - FAINT)).clip(0, 1)
    rows, columns = np.flatnonzero(ink.any(1)), np.flatnonzero(ink.any(0))
    cropped = Image.fromarray(ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1])
    scale = DIGIT_BOX / max(cropped.size)
    size = (max(1, round(cropped.width * scale)), max(1, round(cropped.height * scale)))
    small = np.asarray(cropped.resize(size, Image.Resampling.BOX if scale < 1 else Image.Resampling.BILINEAR))
    return torch.from_numpy(_centred(small / small.max()))[None, None]


def _centred(digit: np.ndarray) -> np.ndarray:
    """The digit on black, its centre of mass as near to the middle as whole pixels and the frame allow."""
    frame = np.zeros((28, 28), dtype=np.float32)
    height, width = digit.shape
    mass = digit.sum()
    middle = ((digit.sum(1) @ np.arange(height)) / mass, (digit.sum(0) @ np.arange(width)) / mass)
    top = int(np.clip(round(13.5 - middle[0]), 0, 28 - height))
    left = int(np.clip(round(13.5 - middle[1]), 0, 28 - width))
    frame[top : top + height, left : left + width] = digit
    return frame


def to_png(picture: Tensor, scale: int) -> bytes:
    """A PNG file of a picture, each pixel a square of `scale`; picture: float [C, H, W] in [0, 1]."""
    values = (picture.clamp(0, 1) * 255).round().to(torch.uint8).permute(1, 2, 0).numpy()
    image = Image.fromarray(values.squeeze(2) if values.shape[2] == 1 else values)
    file = io.BytesIO()
    image.resize((image.width * scale, image.height * scale), Image.Resampling.NEAREST).save(file, "PNG")
    return file.getvalue()


def to_data_uri(picture: Tensor, scale: int) -> str:
    """The same as an address that a page can show without asking for a file."""
    return "data:image/png;base64," + base64.b64encode(to_png(picture, scale)).decode()
