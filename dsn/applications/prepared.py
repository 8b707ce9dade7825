"""Prepared arrays of the data sets; where a file is missing it is made from torchvision's download."""

from __future__ import annotations

import os
import tokenize
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.lib.npyio import NpzFile

from dsn.applications.downloads import DownloadError, reason
from dsn.applications.record import Application
from dsn.files import write_in_place
from dsn.networks.config import NetworkConfig

if TYPE_CHECKING:
    import torch
    from torch import Tensor

Arrays = dict[str, np.ndarray]

DEFAULT_FOLDER = Path("data")
DAMAGE = (  # what reading a damaged .npz raises: the zip container, its compression, and the headers of arrays
    OSError,
    EOFError,
    zipfile.BadZipFile,
    zlib.error,
    RuntimeError,
    tokenize.TokenError,
    ValueError,
)


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

    def to(self, device: torch.device | str) -> Split:
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


def load_data_set(application: Application) -> DataSet:
    """The data set of an application, from its prepared file; where that is missing it is made first.

    It is made from torchvision's layout in the data folder's `originals/`, into which torchvision downloads what
    is not there, and kept as `<data_file>.npz`.

    Raises:
        DataError: the file is missing and cannot be made, or is damaged.
    """
    path = prepared_path(application)
    if not path.exists():
        return _made(application, path)
    try:
        with path.open("rb") as file, NpzFile(file, allow_pickle=False) as arrays:
            return _data_set(arrays, application)
    except DAMAGE as error:
        if application.home:
            raise DataError(f"{path} is damaged ({reason(error)}): {_again(application)}.") from error
        raise DataError(f"{path} is damaged ({reason(error)}): delete it, and it will be made again.") from error


def prepared_path(application: Application) -> Path:
    """Where prepared arrays lie; somebody's own, for which there may have been no place there, in `data/`."""
    usual, other = (folder / f"{application.data_file}.npz" for folder in (data_folder(), DEFAULT_FOLDER))
    return other if application.home and other.exists() and not usual.exists() else usual


def _again(application: Application) -> str:
    return f"run `python -m dsn application {application.name}` again, with the folder of its pictures"


def _made(application: Application, path: Path) -> DataSet:
    folder = path.parent / "originals"
    if application.home:
        raise DataError(f"{path} is missing: {_again(application)}.")
    if application.read is None:
        raise DataError(f"{path} is missing, and there is nowhere to download it from.")
    try:
        arrays = {"class_names": np.array(application.classes)}
        for split in ("train", "test"):
            arrays[f"{split}_images"], arrays[f"{split}_labels"] = application.read(application, folder, split)
    except DownloadError as error:
        raise DataError(f"{path} is missing, and {error}.") from error
    try:
        made = _data_set(arrays, application)
    except ValueError as error:
        what = f"{path} is missing, and the {application.data_set} in {folder} is damaged ({reason(error)})"
        raise DataError(f"{what}: delete that folder, and it will be downloaded again.") from error
    try:
        keep_arrays(path, arrays)
    except OSError as error:
        raise DataError(
            f"{path} cannot be written ({reason(error)}): make room there, or set DSN_DATA to another folder."
        ) from error
    return made


def keep_arrays(path: Path, arrays: Arrays) -> None:
    """Write prepared arrays as a compressed .npz; raises OSError."""

    def write(beside: Path) -> None:
        with beside.open("wb") as file:
            np.savez_compressed(file, allow_pickle=False, **arrays)

    write_in_place(path, write)


def _data_set(arrays: Mapping[str, np.ndarray], application: Application) -> DataSet:
    """Raises ValueError where the arrays are not those of the application."""
    names = _array(arrays, "class_names")
    if names.dtype.kind != "U" or names.shape != (application.network.classes,):
        raise ValueError(f"class_names are {names.dtype} {names.shape}, not {application.network.classes} texts")
    if application.home and str(_array(arrays, "pictures")) != application.pictures:
        raise ValueError("it holds other pictures than those the application was made of")
    train, test = (_split(arrays, name, application.network) for name in ("train", "test"))
    return DataSet(train, test, tuple(names.tolist()))


def _split(arrays: Mapping[str, np.ndarray], name: str, network: NetworkConfig) -> Split:
    import torch

    images, labels = _array(arrays, f"{name}_images"), _array(arrays, f"{name}_labels")
    if images.ndim == 3:
        images = images[..., None]
    shape = (network.size, network.size, network.channels)
    if images.dtype != np.uint8 or images.shape[1:] != shape:
        raise ValueError(f"{name}_images are {images.dtype} {images.shape}, not uint8 pictures of {shape}")
    if labels.dtype != np.uint8 or labels.ndim != 1:
        raise ValueError(f"{name}_labels are {labels.dtype} {labels.shape}, not a row of uint8")
    if len(images) != len(labels) or not len(labels):
        raise ValueError(f"{len(images)} {name}_images and {len(labels)} {name}_labels")
    if labels.max() >= network.classes:
        raise ValueError(f"{name}_labels reach {labels.max()}, where {network.classes - 1} is the last class")
    pictures = np.ascontiguousarray(images.transpose(0, 3, 1, 2))
    return Split(torch.from_numpy(pictures), torch.from_numpy(labels.astype(np.int64)))


def _array(arrays: Mapping[str, np.ndarray], name: str) -> np.ndarray:
    found = arrays.get(name)
    if not isinstance(found, np.ndarray):  # NpzFile gives bytes for what is no array
        raise ValueError(f"it has no array {name}")
    return found
