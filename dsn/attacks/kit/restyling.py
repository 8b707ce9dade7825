"""Pictures in another style, so that a stolen network must be transferred and not merely used.

The paper restyles by AdaIN (Huang and Belongie, ICCV 2017), which matches mean and deviation of a pretrained
VGG's features to those of a style picture and decodes them. Here no pretrained network is at hand, so the same
operation is done on the bands of a Laplacian pyramid (Burt and Adelson, 1983), which needs none and can be undone
exactly; style pictures are random textures of a power-law spectrum.
"""

import torch
import torch.nn.functional as F
from torch import Tensor

from dsn.applications.prepared import Split, as_floats

LEVELS = 3
STYLES = 64
BATCH = 2000
LEAST_DEVIATION = 1e-2  # bands flatter than this are not blown up further


def textures(count: int, channels: int, size: int, generator: torch.Generator) -> Tensor:
    """Random textures, from coarse clouds to fine grain: float [count, channels, size, size] in [0, 1]."""
    rows, columns = torch.fft.fftfreq(size)[:, None], torch.fft.rfftfreq(size)[None]
    frequency = (rows.square() + columns.square()).sqrt().clamp_min(1 / size)
    slopes = 0.5 + 1.5 * torch.rand(count, 1, 1, 1, generator=generator)
    noise = torch.fft.rfft2(torch.randn(count, channels, size, size, generator=generator))
    values = torch.fft.irfft2(noise / frequency**slopes, s=(size, size))
    low, high = values.amin((1, 2, 3), keepdim=True), values.amax((1, 2, 3), keepdim=True)
    return (values - low) / (high - low)


def bands(images: Tensor) -> list[Tensor]:
    """The bands of a Laplacian pyramid, finest first, each float [N, C, H', W']; `joined` undoes it."""
    found = []
    for _ in range(LEVELS - 1):
        smaller = F.avg_pool2d(images, 2, ceil_mode=True)
        found.append(images - _enlarged(smaller, images))
        images = smaller
    return [*found, images]


def joined(parts: list[Tensor]) -> Tensor:
    """Pictures from their bands."""
    images = parts[-1]
    for band in reversed(parts[:-1]):
        images = band + _enlarged(images, band)
    return images


def _enlarged(images: Tensor, like: Tensor) -> Tensor:
    return F.interpolate(images, like.shape[2:], mode="bilinear", align_corners=False)


def adain(content: Tensor, style: Tensor) -> Tensor:
    """Content with the mean and the deviation of the style, channel by channel; both float [N, C, H, W]."""
    deviation, mean = torch.std_mean(content, (2, 3), keepdim=True)
    style_deviation, style_mean = torch.std_mean(style, (2, 3), keepdim=True)
    return (content - mean) / deviation.clamp_min(LEAST_DEVIATION) * style_deviation + style_mean


def restyled(split: Split, seed: int) -> Split:
    """Every picture in one of 64 random styles, with its label.

    Args:
        split: uint8 pictures.
        seed: of the styles and of who gets which.
    """
    generator = torch.Generator().manual_seed(seed)
    channels, size = split.images.shape[1], split.images.shape[2]
    styles = bands(textures(STYLES, channels, size, generator).to(split.images.device))
    chosen = torch.randint(STYLES, (len(split),), generator=generator).to(split.images.device)
    changed = []
    for images, who in zip(split.images.split(BATCH), chosen.split(BATCH), strict=True):
        parts = [adain(band, style[who]) for band, style in zip(bands(as_floats(images)), styles, strict=True)]
        changed.append((joined(parts).clamp(0, 1) * 255).round().to(torch.uint8))
    return Split(torch.cat(changed), split.labels)
