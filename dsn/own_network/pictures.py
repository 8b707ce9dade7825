"""Pictures of a folder, one folder a class, at the size that a network takes."""

import random
from pathlib import Path

import torch
from torch import Tensor

from dsn.applications.pictures import fit_frame
from dsn.applications.prepared import DataSet, Split
from dsn.applications.reading import PictureError, open_picture

TEST_SHARE = 0.2  # of each class's pictures, where the folder has no train/ and test/
LARGEST = 2_000_000_000  # bytes of pixels held in memory
ENDINGS = {".png", ".jpg", ".jpeg", ".webp", ".gif", ".bmp", ".tif", ".tiff", ".ppm", ".pgm", ".heic", ".avif"}


class PicturesError(ValueError):
    """A folder of pictures that cannot be used; its message is one sentence."""


def read_pictures(folder: Path, channels: int, size: int, *, seed: int = 0) -> DataSet:
    """The pictures of a folder, whole frames, shrunk or enlarged; classes in the order of their folders' names.

    Args:
        folder: one folder a class, or `train/` and `test/` of those.
        channels: 3, or 1 for grey.
        size: height and width that they are brought to.
        seed: of the split in 80:20, where there is none.

    Raises:
        PicturesError: no such folder, fewer than two classes, a class without two pictures, or too many.
    """
    if not folder.is_dir():
        raise PicturesError(f"There is no folder {folder}: give one with a folder of pictures for each class.")
    parts = {name: folder / name for name in ("train", "test")}
    if all(one.is_dir() for one in parts.values()):
        train, test = (_classes(one) for one in parts.values())
        if train.keys() != test.keys():
            odd = sorted(train.keys() ^ test.keys())[0]
            raise PicturesError(f"{folder} has a class {odd[:60]!r} in only one of train/ and test/: give it both.")
    else:
        whole = _classes(folder)
        source = random.Random(seed)
        train, test = {}, {}
        for name, files in whole.items():
            shuffled = source.sample(files, len(files))
            held = max(1, round(TEST_SHARE * len(files)))
            train[name], test[name] = shuffled[held:], shuffled[:held]
    if len(train) < 2:
        raise PicturesError(f"{folder} holds fewer than two folders of pictures: there is one for each class.")
    empty = next((name for name in train if not train[name] or not test[name]), None)
    if empty is not None:
        raise PicturesError(f"The class {empty[:60]!r} has fewer than two pictures: give it more, or leave it out.")
    count = sum(len(files) for split in (train, test) for files in split.values())
    if count * channels * size * size > LARGEST:
        raise PicturesError(
            f"{count:,} pictures of {size} pixels do not fit into memory: give fewer, or a smaller size."
        )
    return DataSet(_split(train, channels, size), _split(test, channels, size), tuple(train))


def _classes(folder: Path) -> dict[str, list[Path]]:
    """The files of every class that look like pictures, in alphabetical order; what links lead outside is left."""
    found = {}
    top = folder.resolve()
    for one in sorted(folder.iterdir()):
        if one.is_dir() and not one.name.startswith(".") and one.resolve().is_relative_to(top):
            files = sorted(path for path in one.iterdir() if path.suffix.lower() in ENDINGS and path.is_file())
            found[one.name] = [path for path in files if path.resolve().is_relative_to(top)]
    return found


def _split(classes: dict[str, list[Path]], channels: int, size: int) -> Split:
    images: list[Tensor] = []
    labels: list[int] = []
    for label, (name, files) in enumerate(classes.items()):
        before = len(images)
        for path in files:
            try:
                picture = fit_frame(open_picture(path), channels, size)[0]
            except PictureError:
                continue  # damaged ones are left out
            images.append((picture * 255).round().byte())
            labels.append(label)
        if len(images) == before:
            raise PicturesError(f"No picture of the class {name[:60]!r} can be read: look into its folder.")
    return Split(torch.stack(images), torch.tensor(labels))
