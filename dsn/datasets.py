"""Prepared arrays of the data sets, and torchvision's downloads as their source."""

import os
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from dsn.downloads import DownloadError, arrays_from_torchvision
from dsn.files import write_in_place
from dsn.tasks import Task, class_names

DEFAULT_FOLDER = Path("data")


class DataError(RuntimeError):
    """A data set that is missing or damaged; its message says which file and what to do."""


@dataclass(frozen=True)
class Split:
    """Pictures and labels of one split, resident on one device.

    Attributes:
        images: uint8 [N, C, H, W].
        labels: int64 [N].
    """

    images: Tensor
    labels: Tensor

    def __len__(self) -> int:
        return len(self.labels)

    def to(self, device: torch.device | str) -> "Split":
        """The same split on another device."""
        return Split(self.images.to(device), self.labels.to(device))


@dataclass(frozen=True)
class DataSet:
    """A whole data set.

    Attributes:
        train: the training split.
        test: the held-out test split.
        class_names: one name a class.
    """

    train: Split
    test: Split
    class_names: tuple[str, ...]


def data_folder() -> Path:
    """The folder of prepared arrays: `DSN_DATA`, or `data/` where that is not set."""
    return Path(os.environ.get("DSN_DATA") or DEFAULT_FOLDER)


def as_floats(images: Tensor) -> Tensor:
    """uint8 pictures [0, 255] as float32 in [0, 1]."""
    return images.float().div_(255)


def _split(images: np.ndarray, labels: np.ndarray) -> Split:
    if images.ndim not in (3, 4) or labels.ndim != 1:
        raise ValueError(f"arrays of {images.ndim} and {labels.ndim} dimensions")
    if images.ndim == 3:
        images = images[..., None]
    return Split(
        torch.from_numpy(np.ascontiguousarray(images.transpose(0, 3, 1, 2))), torch.from_numpy(labels.astype(np.int64))
    )


def load_data_set(task: Task) -> DataSet:
    """The data set of an application, from its prepared file; where that is missing it is made first.

    It is made from torchvision's layout in the data folder, into which torchvision downloads what
    is not there, and kept as `<data_file>.npz`.

    Raises:
        DataError: the file is missing and cannot be made, or is damaged.
    """
    path = data_folder() / f"{task.data_file}.npz"
    if not path.exists():
        _make(task, path)
    try:
        with np.load(path, allow_pickle=False) as arrays:
            found = DataSet(
                train=_split(arrays["train_images"], arrays["train_labels"]),
                test=_split(arrays["test_images"], arrays["test_labels"]),
                class_names=tuple(str(name) for name in arrays["class_names"]),
            )
        _check(found, task)
    except (zipfile.BadZipFile, zlib.error, KeyError, EOFError, OSError, ValueError) as error:
        raise DataError(f"{path} is damaged ({error}): delete it, and it will be made again.") from error
    return found


def _make(task: Task, path: Path) -> None:
    try:
        arrays = arrays_from_torchvision(task, path.parent / "originals")
    except DownloadError as error:
        raise DataError(
            f"{path} is missing and {task.data_set} could not be downloaded ({error}): "
            "set DSN_DATA to a folder that holds the file, or try again with a network."
        ) from error
    names = np.array(class_names(task))

    def write(beside: Path) -> None:
        with beside.open("wb") as file:
            np.savez_compressed(file, allow_pickle=False, class_names=names, **arrays)

    write_in_place(path, write)


def _check(found: DataSet, task: Task) -> None:
    """Raise ValueError where a data set is not of the task's shape."""
    network = task.network
    if len(found.class_names) != network.classes:
        raise ValueError(f"{len(found.class_names)} class names, where {network.classes} should be")
    for name, split in (("train", found.train), ("test", found.test)):
        shape = (network.channels, network.size, network.size)
        if split.images.dtype != torch.uint8 or split.images.shape[1:] != shape:
            raise ValueError(f"{name}_images are {split.images.dtype} of shape {tuple(split.images.shape)}")
        if len(split.images) != len(split.labels) or not len(split.labels):
            raise ValueError(f"{len(split.images)} {name}_images and {len(split.labels)} {name}_labels")
        if split.labels.min() < 0 or split.labels.max() >= network.classes:
            raise ValueError(f"{name}_labels reach from {int(split.labels.min())} to {int(split.labels.max())}")
