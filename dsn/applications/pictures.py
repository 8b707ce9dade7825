"""Pictures as networks take them, and as pages show them."""

from __future__ import annotations

import base64
import io
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, ImageOps

if TYPE_CHECKING:
    from torch import Tensor

LONGEST_SHAPE = 1.3  # a frame further from square than this is cropped to a square


def fit_frame(picture: Image.Image, channels: int, size: int) -> Tensor:
    """The whole frame, shrunk or enlarged (bilinear, with anti-aliasing): float [1, C, S, S] in [0, 1].

    A frame far from square is cropped to its middle square first.

    Args:
        picture: RGB.
        channels: C: 3 keeps the colours, 1 makes them grey.
        size: S, in pixels.
    """
    import torch

    width, height = picture.size
    if max(width, height) > LONGEST_SHAPE * min(width, height):
        picture = ImageOps.fit(picture, (min(width, height),) * 2, Image.Resampling.BILINEAR)
    small = np.asarray(picture.resize((size, size), Image.Resampling.BILINEAR), dtype=np.float32)
    if channels == 1:
        small = np.asarray(Image.fromarray(small.round().astype(np.uint8)).convert("L"), dtype=np.float32)[..., None]
    return torch.from_numpy(small / 255).permute(2, 0, 1)[None]


def to_image(picture: Tensor) -> Image.Image:
    """A picture as Pillow has it, grey or RGB; picture: float [C, H, W] in [0, 1]."""
    import torch

    values = (picture.clamp(0, 1) * 255).round().to(torch.uint8).permute(1, 2, 0).numpy()
    return Image.fromarray(values.squeeze(2) if values.shape[2] == 1 else values)


def to_png(picture: Tensor, scale: int) -> bytes:
    """A PNG file of a picture, each pixel a square of `scale`; picture: float [C, H, W] in [0, 1]."""
    image = to_image(picture)
    file = io.BytesIO()
    image.resize((image.width * scale, image.height * scale), Image.Resampling.NEAREST).save(file, "PNG")
    return file.getvalue()


def to_data_uri(picture: Tensor, scale: int) -> str:
    """The same as an address that a page can show without asking for a file."""
    return "data:image/png;base64," + base64.b64encode(to_png(picture, scale)).decode()
