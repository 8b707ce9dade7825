"""The training pictures that come with the project: a tenth of a training split, for what is trained on the page."""

from pathlib import Path

import torch
from safetensors.torch import load_file

from dsn.applications.prepared import Split
from dsn.applications.record import Application
from dsn.files import write_tensors
from dsn.places import ASSETS

SHARE = 10  # percent of the training split
SEED = 0


def training_share_path(application: Application) -> Path:
    """`assets/training/<task>.safetensors`."""
    return ASSETS / "training" / f"{application.name}.safetensors"


def write_training_share(application: Application, train: Split) -> Path:
    """Draw the pictures from a training split at random, the same ones every time, and write them."""
    count = len(train) * SHARE // 100
    chosen = torch.randperm(len(train), generator=torch.Generator().manual_seed(SEED))[:count].sort().values
    path = training_share_path(application)
    tensors = {"images": train.images[chosen], "labels": train.labels[chosen], "places": chosen}
    notes = {
        "data_set": f"{application.data_set}, training split; places: indices in it",
        "drawn": f"{SHARE} % at random, not balanced by class, seed {SEED}",
        "attribution": application.attribution,
        "licence": application.licence,
    }
    write_tensors(path, tensors, notes)
    return path


def load_training_share(application: Application) -> Split:
    """The pictures that come with the project: images uint8 [N, C, H, W], labels int64 [N]."""
    tensors = load_file(training_share_path(application))
    return Split(tensors["images"], tensors["labels"])
