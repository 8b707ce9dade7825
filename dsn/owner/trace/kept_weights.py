"""The weights of what was issued, as the owner keeps them: read for comparison alone, so that no network is built."""

from collections.abc import Collection
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor

from dsn.owner.errors import OwnerError
from dsn.owner.trace.closeness import flat_weights
from dsn.owner.trace.suspect import check_header
from dsn.student.folder import WEIGHTS


def kept_weights(folder: Path, names: Collection[str], length: int) -> Tensor | None:
    """A kept student's flat weights, float32 [length], or None where they are lost or another network's.

    Args:
        folder: the student's.
        names: of the tensors a network of this application has.
        length: how many weights of convolutions and dense layers that makes.
    """
    path = folder / WEIGHTS
    try:
        check_header(path)
        with safe_open(path, "pt") as file:
            if set(file.keys()) != set(names):
                return None
            flat = flat_weights({name: file.get_tensor(name) for name in names})
    except (OwnerError, SafetensorError, OSError):
        return None  # a kept copy that was lost is evidence no more; the hash in the ledger still is
    return flat if len(flat) == length and bool(torch.isfinite(flat.sum())) else None
