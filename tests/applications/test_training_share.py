"""The training pictures that come with the project: a tenth of the split, and none that anything is measured on."""

from pathlib import Path

import pytest
import torch
from safetensors import safe_open

from dsn.applications.held_out import HeldOut
from dsn.applications.prepared import Split
from dsn.applications.registry import BUILT_IN
from dsn.applications.training_share import load_training_share, training_share_path, write_training_share
from dsn.places import ASSETS


def test_the_shipped_share_holds_every_digit_and_no_held_out_picture(digits: HeldOut) -> None:
    share = load_training_share(BUILT_IN["digits"])
    assert (share.images.dtype, share.images.shape) == (torch.uint8, (6000, 1, 28, 28))
    assert (share.labels.dtype, share.labels.shape) == (torch.int64, (6000,))
    assert share.labels.bincount().min() > 400 and len(share.labels.bincount()) == 10
    pictures = {image.numpy().tobytes() for image in share.images}
    assert not pictures & {image.numpy().tobytes() for image in digits.split.images}


def test_the_shipped_share_says_where_it_is_from() -> None:
    path = training_share_path(BUILT_IN["digits"])
    assert path.is_relative_to(ASSETS) and path.stat().st_size < 5_000_000
    with safe_open(path, "pt") as file:
        notes = file.metadata()
    assert "MNIST, training split" in notes["data_set"] and "seed 0" in notes["drawn"] and notes["licence"]


def test_a_share_is_drawn_alike_every_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dsn.applications.training_share.ASSETS", tmp_path)
    images = torch.arange(50, dtype=torch.uint8).view(50, 1, 1, 1).expand(50, 1, 28, 28).contiguous()
    train = Split(images, torch.arange(50))
    write_training_share(BUILT_IN["digits"], train)
    first = load_training_share(BUILT_IN["digits"]).labels
    write_training_share(BUILT_IN["digits"], train)
    drawn = load_training_share(BUILT_IN["digits"])
    assert drawn.labels.equal(first)
    assert len(drawn) == 5 and len(set(drawn.labels.tolist())) == 5
    assert drawn.images[:, 0, 0, 0].tolist() == drawn.labels.tolist()
