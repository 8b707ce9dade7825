"""The held-out pictures that come with the project: 1,000 of each test split, never trained on."""

from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors.torch import load_file

from dsn.applications.prepared import Split
from dsn.applications.record import Application
from dsn.files import write_tensors
from dsn.places import ASSETS

COUNT = 1000
SEED = 2023
GALLERY_STRIDE = 17  # prime to any number of classes that is not its multiple


@dataclass(frozen=True)
class HeldOut:
    """Held-out pictures of one application.

    Attributes:
        split: 1,000 pictures and labels.
        class_names: one name a class.
    """

    split: Split
    class_names: tuple[str, ...]

    def gallery(self, count: int) -> list[int]:
        """Indices of `count` pictures to show: of every class in turn, classes in a mixed order."""
        seen: dict[int, list[int]] = {}
        for index, label in enumerate(self.split.labels.tolist()):
            seen.setdefault(label, []).append(index)
        mixed = sorted(seen, key=lambda label: label * GALLERY_STRIDE % len(self.class_names))
        rounds = [[seen[label][turn] for label in mixed if turn < len(seen[label])] for turn in range(count)]
        return [index for turn in rounds for index in turn][:count]


def held_out_path(application: Application) -> Path:
    """`assets/<task>.safetensors`."""
    return ASSETS / f"{application.name}.safetensors"


def write_held_out(application: Application, test: Split) -> Path:
    """Draw the pictures from a test split, the same ones every time, and write them."""
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
    """The pictures that come with the project: images uint8 [1000, C, H, W], labels int64 [1000]."""
    tensors = load_file(held_out_path(application))
    return HeldOut(Split(tensors["images"], tensors["labels"]), application.classes)
