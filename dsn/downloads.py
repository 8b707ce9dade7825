"""Torchvision's downloads as the source of the prepared arrays."""

from collections.abc import Iterable
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F

from dsn.tasks import Task

Arrays = dict[str, np.ndarray]


class DownloadError(RuntimeError):
    """A data set that could not be had; its message says why."""


def arrays_from_torchvision(task: Task, folder: Path, *, download: bool = True) -> Arrays:
    """Both splits of a data set as uint8 arrays, from torchvision's own layout under `folder`.

    Args:
        task: its data set is MNIST or GTSRB.
        folder: torchvision's root; what is missing there is downloaded into it.
        download: whether it may be.

    Returns:
        `train_images`, `test_images` (MNIST uint8 [N, 28, 28]; GTSRB uint8 [N, 32, 32, 3]), and
        `train_labels`, `test_labels` (uint8 [N]).

    Raises:
        DownloadError: no download, or damaged files.
    """
    read = {"MNIST": _mnist, "GTSRB": _gtsrb}[task.data_set]
    try:
        return read(folder, download)
    except (RuntimeError, OSError, ValueError, AssertionError) as error:  # what torchvision raises on either
        raise DownloadError(" ".join(str(error).split()) or type(error).__name__) from error


def _mnist(folder: Path, download: bool) -> Arrays:
    from torchvision.datasets import MNIST

    arrays: Arrays = {}
    for split in ("train", "test"):
        found = MNIST(folder, train=split == "train", download=download)
        arrays[f"{split}_images"] = found.data.numpy()
        arrays[f"{split}_labels"] = found.targets.numpy().astype(np.uint8)
    return arrays


def _gtsrb(folder: Path, download: bool) -> Arrays:
    from torchvision.datasets import GTSRB

    arrays: Arrays = {}
    for split in ("train", "test"):
        found = GTSRB(folder, split=split, download=download)
        arrays[f"{split}_images"] = _shrunk(np.asarray(picture.convert("RGB")) for picture, _ in found)
        arrays[f"{split}_labels"] = np.array([label for _, label in found._samples], dtype=np.uint8)
    return arrays


def _shrunk(pictures: Iterable[np.ndarray], size: int = 32) -> np.ndarray:
    """Whole frames, uint8 [H, W, 3] of any size, as uint8 [N, 32, 32, 3]: bilinear, no anti-aliasing."""

    def shrink(picture: np.ndarray) -> torch.Tensor:
        values = torch.tensor(picture).permute(2, 0, 1)[None].float()
        values = F.interpolate(values, (size, size), mode="bilinear", align_corners=False, antialias=False)
        return values.round().clamp(0, 255).byte()[0].permute(1, 2, 0)

    return torch.stack([shrink(picture) for picture in pictures]).numpy()
