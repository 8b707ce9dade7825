"""Which BatchNorm belongs behind which convolution, where a file's names do not tell: seen from its statistics.

A BatchNorm records mean and variance of what its convolution gave on training pictures. On held-out pictures that
convolution gives nearly the same, and another one does not.
"""

import torch.nn.functional as F
from torch import Tensor

from dsn.applications.held_out import load_held_out
from dsn.applications.prepared import as_floats
from dsn.applications.record import Application
from dsn.networks.config import POOL

PICTURES = 50
CLEARLY = 0.5  # another order must fit so much better than that of the names
NORM = ("weight", "bias", "running_mean", "running_var", "num_batches_tracked")


def in_their_places(tensors: dict[str, Tensor], application: Application) -> dict[str, Tensor]:
    """The same tensors, with BatchNorms of one size exchanged where others' statistics fit clearly better.

    Args:
        tensors: a network's, by a student's names, in which layers of one shape stand in the order of a file's names.
        application: whose networks have its shape; its held-out pictures are looked at.
    """
    norms = [name.rpartition(".")[0] for name in tensors if name.endswith(".running_mean")]
    sizes = [len(tensors[f"{norm}.running_mean"]) for norm in norms]
    if len(set(sizes)) == len(sizes):
        return tensors  # every one has a size of its own
    try:
        values = as_floats(load_held_out(application).split.images[:PICTURES])
    except OSError:
        return tensors
    waiting, chosen = list(norms), {}
    behind = iter(norms)
    for layer in application.network.layers:
        if layer == POOL:
            values = F.max_pool2d(values, 2)
            continue
        norm = next(behind)
        weight = _floats(tensors, f"{_before(norm)}.weight")
        values = F.conv2d(values, weight, padding=weight.shape[2] // 2)
        fits = {one: _misfit(values, tensors, one) for one in waiting if len(tensors[f"{one}.bias"]) == len(weight)}
        best = min(fits, key=lambda one: fits[one])
        taken = best if norm not in fits or fits[best] < CLEARLY * fits[norm] else norm
        waiting.remove(taken)
        chosen[norm] = taken
        scale, shift, mean, variance = (_floats(tensors, f"{taken}.{part}") for part in NORM[:4])
        values = F.relu(F.batch_norm(values, mean, variance, scale, shift))
    return tensors | {f"{norm}.{part}": tensors[f"{taken}.{part}"] for norm, taken in chosen.items() for part in NORM}


def _before(norm: str) -> str:
    """The convolution before a BatchNorm, by a student's names."""
    room, _, place = norm.rpartition(".")
    return f"{room}.{int(place) - 1}"


def _floats(tensors: dict[str, Tensor], name: str) -> Tensor:
    return tensors[name].float()


def _misfit(values: Tensor, tensors: dict[str, Tensor], norm: str) -> float:
    """How far a BatchNorm's statistics are from these values, float [N, C, H, W]; 0 for the same."""
    mean, variance = (_floats(tensors, f"{norm}.running_{name}") for name in ("mean", "var"))
    spread = values.var((0, 2, 3)) + 1e-6
    off = (values.mean((0, 2, 3)) - mean).square() / spread + ((variance + 1e-6) / spread).log().square()
    return float(off.mean())
