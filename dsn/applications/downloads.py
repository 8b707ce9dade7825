"""Torchvision's downloads as the source of the prepared arrays."""

import csv
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.client import HTTPException
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image

from dsn.applications.registry import Task

Arrays = dict[str, np.ndarray]
Pair = tuple[np.ndarray, np.ndarray]

IDX_PREFIXES = {"train": "train", "test": "t10k"}
UNREADABLE = (  # what torchvision, csv and Pillow raise on damaged files
    OSError,
    ValueError,
    OverflowError,
    RuntimeError,
    TypeError,
    KeyError,
    AssertionError,
    csv.Error,
    Image.DecompressionBombError,
)


class DownloadError(RuntimeError):
    """Originals that could not be downloaded, or are damaged; its message says which, why, and what to do."""


def reason(error: BaseException) -> str:
    """What an error says, in one line; its kind where it says nothing."""
    return " ".join(str(error).split()).rstrip(".") or type(error).__name__


def arrays_from_torchvision(task: Task, folder: Path) -> Arrays:
    """Both splits of a data set as uint8 arrays, from torchvision's own layout under `folder`.

    MNIST is taken as it is. GTSRB's whole frames are shrunk, bilinear and without anti-aliasing; its training
    pictures come by class, then in the order of the class's list. The archive torchvision has of them is that of the
    benchmark's first stage, 26,640 of the 39,209 pictures (github.com/openai/CLIP/issues/156 tells the two apart).

    Args:
        task: its data set is MNIST or GTSRB.
        folder: torchvision's root; what is missing there is downloaded into it.

    Returns:
        `train_images`, `test_images` (MNIST uint8 [N, 28, 28]; GTSRB uint8 [N, 32, 32, 3]), and
        `train_labels`, `test_labels` (uint8 [N]).

    Raises:
        DownloadError: no download, or damaged files.
    """
    read = {"MNIST": _mnist, "GTSRB": _gtsrb}[task.data_set]
    arrays: Arrays = {}
    for split in ("train", "test"):
        arrays[f"{split}_images"], arrays[f"{split}_labels"] = read(task, folder, split)
    return arrays


def _mnist(task: Task, folder: Path, split: str) -> Pair:
    from torchvision.datasets import MNIST
    from torchvision.datasets.mnist import read_image_file, read_label_file

    raw = folder / "MNIST" / "raw"
    images, labels = (raw / f"{IDX_PREFIXES[split]}-{kind}-ubyte" for kind in ("images-idx3", "labels-idx1"))
    if not (images.is_file() and labels.is_file()):
        _download(task, lambda: MNIST(folder, train=split == "train", download=True))
    with _reading(images, delete=images):
        pictures = read_image_file(str(images)).numpy()
    with _reading(labels, delete=labels):
        return pictures, read_label_file(str(labels)).numpy().astype(np.uint8)


def _gtsrb(task: Task, folder: Path, split: str) -> Pair:
    from torchvision.datasets import GTSRB

    base = folder / "gtsrb"
    top = base / "GTSRB" / ("Training" if split == "train" else "Final_Test")
    pictures = top if split == "train" else top / "Images"
    if not pictures.is_dir():
        _download(task, lambda: GTSRB(folder, split=split, download=True))
    if split == "train":
        classes = [f"{label:05d}" for label in range(task.network.classes)]
        lists = [pictures / name / f"GT-{name}.csv" for name in classes]
    else:
        lists = [base / "GT-final_test.csv"]
    images, labels = [], []
    for path in lists:
        with _reading(path, delete=top), path.open(newline="", encoding="ascii") as file:
            rows = [(row["Filename"], np.uint8(int(row["ClassId"]))) for row in csv.DictReader(file, delimiter=";")]
        for name, label in rows:
            picture = (path.parent if split == "train" else pictures) / name
            with _reading(picture, delete=top), Image.open(picture) as opened:
                images.append(_shrunk(np.array(opened.convert("RGB")), task.network.size))
            labels.append(label)
    return np.stack(images), np.array(labels)


def _shrunk(picture: np.ndarray, size: int) -> np.ndarray:
    """A whole frame, uint8 [H, W, 3] of any size, as uint8 [size, size, 3]: bilinear, no anti-aliasing."""
    values = torch.from_numpy(picture).permute(2, 0, 1)[None].float()
    values = F.interpolate(values, (size, size), mode="bilinear", align_corners=False, antialias=False)
    return values.round().byte()[0].permute(1, 2, 0).numpy()


def _download(task: Task, start: Callable[[], object]) -> None:
    try:
        start()
    except (RuntimeError, OSError, HTTPException) as error:
        raise DownloadError(
            f"{task.data_set} could not be downloaded ({reason(error)}): "
            "set DSN_DATA to a folder that holds the prepared file, or try again with a network"
        ) from error


@contextmanager
def _reading(path: Path, delete: Path) -> Iterator[None]:
    """Tell of a file that cannot be read; torchvision downloads or unpacks it anew once `delete` is gone."""
    try:
        yield
    except UNREADABLE as error:
        raise DownloadError(
            f"{path} cannot be read ({reason(error)}): delete {delete}, and it will be downloaded again"
        ) from error
