"""The weights of what was issued, as the owner keeps them: read for comparison alone, so that no network is built."""

from collections.abc import Mapping
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open

from dsn.owner.errors import OwnerError
from dsn.owner.trace.alignment import Chain, chain_of
from dsn.owner.trace.suspect import check_header
from dsn.student.folder import WEIGHTS

Shapes = Mapping[str, tuple[int, ...]]


def kept_weights(folder: Path, shapes: tuple[Shapes, ...]) -> Chain | None:
    """A kept student's weights in one form, or None where they are lost, sealed or another network's.

    Args:
        folder: the student's.
        shapes: of the tensors that a network of this application may have, by name: with BatchNorm, and without.
    """
    path = folder / WEIGHTS
    try:
        check_header(path)
        with safe_open(path, "pt") as file:
            tensors = {name: file.get_tensor(name) for name in list(file.keys())}
    except (OwnerError, SafetensorError, OSError):
        return None  # a kept copy that was lost is evidence no more; the hash in the ledger still is
    if {name: tuple(one.shape) for name, one in tensors.items()} not in shapes:
        return None
    if any(one.dtype == torch.int16 for one in tensors.values()):
        return None
    chain = chain_of(tensors)
    return chain if bool(torch.isfinite(chain.flat().sum())) else None
