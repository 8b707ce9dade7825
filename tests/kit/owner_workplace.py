"""An owner's workplace in miniature: a small data set, a small teacher, an empty ledger."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from dsn.applications import registry
from dsn.applications.held_out import HeldOut
from dsn.files import write_tensors
from dsn.networks.classifier import Classifier
from dsn.networks.config import POOL, NetworkConfig
from dsn.owner.keys import create_owner
from dsn.owner.ledger.ledger import Ledger
from dsn.owner.mint.worker import Minting

NETWORK = NetworkConfig(channels=1, size=28, layers=(4, POOL, 6, POOL), features=16, classes=10, first_kernel=7)
QUICK = Minting(epochs=2, data_share=0.5, progress=False, accept_any=True)


@pytest.fixture
def ledger(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, digits: HeldOut) -> Ledger:
    """A workplace with a small data set and a small teacher, and an owner's empty ledger."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DSN_DATA", str(tmp_path))
    monkeypatch.setenv("DSN_OWNER", str(tmp_path / "own"))
    monkeypatch.delenv("DSN_LEDGER", raising=False)
    small = replace(registry.BUILT_IN["digits"], network=NETWORK, student_batch=100)
    monkeypatch.setitem(registry.BUILT_IN, "digits", small)
    images, labels = digits.split.images[:, 0].numpy(), digits.split.labels.numpy().astype(np.uint8)
    arrays = {"train_images": images[:400], "train_labels": labels[:400]}
    arrays |= {"test_images": images[400:480], "test_labels": labels[400:480]}
    np.savez(tmp_path / "mnist-28.npz", allow_pickle=False, class_names=np.array(digits.class_names), **arrays)
    torch.manual_seed(0)
    write_tensors(tmp_path / "build" / "teachers" / "digits.safetensors", Classifier(NETWORK).state_dict())
    return Ledger(create_owner(tmp_path / "own", "Acme"))
