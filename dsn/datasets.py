"""Prepared arrays of the data sets, and torchvision's downloads as their source."""

import os
import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from dsn.tasks import Task

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
    if images.ndim == 3:
        images = images[..., None]
    return Split(
        torch.from_numpy(np.ascontiguousarray(images.transpose(0, 3, 1, 2))), torch.from_numpy(labels.astype(np.int64))
    )


def load_data_set(task: Task) -> DataSet:
    """The data set of an application, from its prepared file.

    Raises:
        DataError: the file is missing and cannot be downloaded, or is damaged.
    """
    path = data_folder() / f"{task.data_file}.npz"
    try:
        with np.load(path, allow_pickle=False) as arrays:
            return DataSet(
                train=_split(arrays["train_images"], arrays["train_labels"]),
                test=_split(arrays["test_images"], arrays["test_labels"]),
                class_names=tuple(str(name) for name in arrays["class_names"]),
            )
    except (zipfile.BadZipFile, KeyError, EOFError, ValueError) as error:
        raise DataError(f"{path} is damaged ({error}): delete it, and it will be made again.") from error
