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
LIGHT = 160  # grey level; what is nowhere darker, and lies on nothing, is ink for a dark ground
VISIBLE = 32  # opacity, of 255
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
        return _on_ground(picture)
    return picture.convert("RGB")


def _on_ground(picture: Image.Image) -> Image.Image:
    """An RGBA picture on white; on black where all that is visible of it is light, as white ink on nothing is."""
    grey, opacity = np.asarray(picture.convert("L")), np.asarray(picture.getchannel("A"))
    visible = grey[opacity >= VISIBLE]
    is_light = 0 < visible.size < grey.size and np.percentile(visible, 2) >= LIGHT
    on_ground = Image.new("RGB", picture.size, "black" if is_light else "white")
    on_ground.paste(picture, mask=picture.getchannel("A"))
    return on_ground


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
