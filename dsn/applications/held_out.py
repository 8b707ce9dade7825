"""The held-out pictures that come with the project: 1,000 of each test split, never trained on."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.numpy import load_file

from dsn.applications.downloads import reason
from dsn.applications.prepared import DataError, Split
from dsn.applications.record import Application
from dsn.files import write_tensors
from dsn.places import ASSETS

COUNT = 1000
OWN = "held_out.safetensors"
SEED = 2023
GALLERY_STRIDE = 17  # prime to any number of classes that is not its multiple


@dataclass(frozen=True, eq=False)
class HeldOut:
    """Held-out pictures of one application.

    Attributes:
        images: uint8 [N, C, H, W], N at most 1,000.
        labels: int64 [N].
        class_names: one name a class.
    """

    images: np.ndarray
    labels: np.ndarray
    class_names: tuple[str, ...]

    @classmethod
    def of(cls, split: Split, class_names: tuple[str, ...]) -> HeldOut:
        """Those of a split."""
        return cls(split.images.numpy(), split.labels.numpy(), class_names)

    @cached_property
    def split(self) -> Split:
        """Pictures and labels as networks take them."""
        import torch

        return Split(torch.from_numpy(self.images), torch.from_numpy(self.labels))

    def gallery(self, count: int) -> list[int]:
        """Indices of `count` pictures to show: of every class in turn, classes in a mixed order."""
        seen: dict[int, list[int]] = {}
        for index, label in enumerate(self.labels.tolist()):
            seen.setdefault(label, []).append(index)
        mixed = sorted(seen, key=lambda label: label * GALLERY_STRIDE % len(self.class_names))
        rounds = [[seen[label][turn] for label in mixed if turn < len(seen[label])] for turn in range(count)]
        return [index for turn in rounds for index in turn][:count]

    def clear(self, count: int) -> list[int]:
        """The half of `count` pictures of the gallery whose values spread most: some signs are nearly black."""
        by_spread = sorted(self.gallery(count), key=lambda index: float(self.images[index].std()))
        return by_spread[len(by_spread) // 2 :]

    @property
    def first(self) -> int:
        """Index of the picture that is shown first: the gallery's first whose class is not the first one.

        Whoever names the first class by default is then not right by it.
        """
        gallery = self.gallery(len(self.class_names))
        return next((index for index in gallery if self.labels[index] > 0), gallery[0])


def held_out_path(application: Application) -> Path:
    """`assets/<task>.safetensors`; of somebody's own pictures, `checkpoints/<task>/held_out.safetensors`."""
    return application.home / OWN if application.home else ASSETS / f"{application.name}.safetensors"


def write_held_out(application: Application, test: Split) -> Path:
    """Draw the pictures from a test split, the same ones every time, and write them."""
    import torch

    chosen = torch.randperm(len(test), generator=torch.Generator().manual_seed(SEED))[:COUNT].sort().values
    path = held_out_path(application)
    tensors = {"images": test.images[chosen], "labels": test.labels[chosen], "places": chosen}
    notes = {
        "data_set": f"{application.data_set}, test split; places: indices in it",
        "attribution": application.attribution,
        "licence": application.licence,
    }
    write_tensors(path, tensors, notes)
    return path


def load_held_out(application: Application) -> HeldOut:
    """The pictures that come with the project: images uint8 [N, C, H, W], labels int64 [N], N at most 1000.

    Raises:
        DataError: those of somebody's own pictures are missing, damaged, or not the application's.
    """
    path = held_out_path(application)
    if application.home is None:
        arrays = load_file(path)
        return HeldOut(arrays["images"], arrays["labels"], application.classes)
    try:
        return HeldOut(*_checked(path, application), application.classes)
    except (OSError, SafetensorError, ValueError) as error:
        raise DataError(
            f"{path} does not hold pictures of {application.name} ({textwrap.shorten(reason(error), 200)}): make it "
            "again with `python -m dsn application`."
        ) from error


def _checked(path: Path, application: Application) -> tuple[np.ndarray, np.ndarray]:
    """Raises OSError, SafetensorError or ValueError where the file does not hold an application's pictures."""
    network = application.network
    shape = (network.channels, network.size, network.size)
    with safe_open(path, "np") as file:
        images, labels = (file.get_slice(name) for name in ("images", "labels"))
        count = (images.get_shape() or [0])[0]
        if images.get_dtype() != "U8" or images.get_shape() != [count, *shape] or not 1 <= count <= COUNT:
            raise ValueError(f"images are {images.get_dtype()} {images.get_shape()}, not up to {COUNT} of {shape}")
        if labels.get_dtype() not in ("U8", "I64") or labels.get_shape() != [count]:
            raise ValueError(f"labels are {labels.get_dtype()} {labels.get_shape()}, not a row of {count}")
        found = file.get_tensor("images").copy(), file.get_tensor("labels").astype(np.int64)  # the file may go
    if not 0 <= found[1].min() <= found[1].max() < network.classes:
        raise ValueError(f"labels are not 0 to {network.classes - 1}")
    return found
