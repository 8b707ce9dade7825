"""What names a student's weights: a hash of the tensors themselves, whatever file they come in."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor


def weights_hash(tensors: Mapping[str, Tensor]) -> str:
    """SHA-256, in hexadecimal, of names, types, shapes and values, in the order of the names.

    A file's notes and the order of its tensors make no difference; a single changed bit of a weight does.
    """
    import torch

    content = hashlib.sha256(b"dsn-weights-1\n")
    for name in sorted(tensors):
        tensor = tensors[name].detach().cpu().contiguous()
        content.update(f"{name} {tensor.dtype} {list(tensor.shape)}\n".encode())
        content.update(tensor.reshape(-1).view(torch.uint8).numpy().tobytes())
    return content.hexdigest()
