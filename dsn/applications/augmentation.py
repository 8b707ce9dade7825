"""Random shifts, turns, sizes and light for whole batches of training pictures at once."""

import math

import torch
import torch.nn.functional as F
from torch import Tensor

from dsn.applications.record import Augmentation


def augment(images: Tensor, settings: Augmentation, generator: torch.Generator) -> Tensor:
    """Change every picture by an amount of its own.

    Args:
        images: float [N, C, H, W] in [0, 1].
        settings: the largest changes.
        generator: randomness, on the pictures' device.

    Returns:
        A new batch of the same shape and range; pixels from outside the frame repeat its edge.
    """
    count, _, _, size = images.shape

    def draw(*shape: int) -> Tensor:
        return torch.rand(count, *shape, generator=generator, device=images.device) * 2 - 1

    angle = draw() * math.radians(settings.rotation)
    scale = 1 + draw() * settings.scale
    shift = draw(2, 1) * (2 * settings.shift / size)  # grid units: the frame is 2 wide
    turn = torch.stack([angle.cos(), -angle.sin(), angle.sin(), angle.cos()], 1).reshape(count, 2, 2)
    grid = F.affine_grid(torch.cat([turn * scale[:, None, None], shift], 2), list(images.shape), align_corners=False)
    moved = F.grid_sample(images, grid, padding_mode="border", align_corners=False)
    if settings.brightness or settings.contrast:
        mean = moved.mean((1, 2, 3), keepdim=True)
        contrast = 1 + draw(1, 1, 1) * settings.contrast
        brightness = 1 + draw(1, 1, 1) * settings.brightness
        moved = (((moved - mean) * contrast + mean) * brightness).clamp(0, 1)
    if settings.mirrored:
        moved = torch.where(draw(1, 1, 1) < 0, moved.flip(3), moved)
    return moved
