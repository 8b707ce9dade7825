"""What a thief may do to a network so that it is not known again, short of training it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor

Weights = dict[str, "Tensor"]
PRUNED = 0.2  # share of the weights
LEVELS = 127  # either side of zero
NUDGE = 0.1  # standard deviation of the change, in those of a layer's weights


def _layers(tensors: Weights, change: Callable[[Tensor], Tensor]) -> Weights:
    """Change the weights of convolutions and dense layers; leave biases and normalisation."""
    return {name: change(tensor) if tensor.dim() >= 2 else tensor.clone() for name, tensor in tensors.items()}


def as_it_is(tensors: Weights) -> Weights:
    """A copy."""
    return _layers(tensors, lambda tensor: tensor.clone())


def pruned(tensors: Weights) -> Weights:
    """The 20 % smallest weights of the whole network set to zero (global L1 pruning)."""
    import torch

    sizes = torch.cat([tensor.abs().flatten() for tensor in tensors.values() if tensor.dim() >= 2])
    least = sizes.kthvalue(max(1, int(PRUNED * len(sizes)))).values
    return _layers(tensors, lambda tensor: tensor.where(tensor.abs() > least, 0))


def rounded_to_bf16(tensors: Weights) -> Weights:
    """Every value rounded to bfloat16, and kept in float32."""
    return {
        name: tensor.bfloat16().to(tensor.dtype) if tensor.is_floating_point() else tensor.clone()
        for name, tensor in tensors.items()
    }


def rounded_to_int8(tensors: Weights) -> Weights:
    """Every layer's weights rounded to 255 levels, and kept in float32."""

    def change(tensor: Tensor) -> Tensor:
        step = tensor.abs().max().clamp_min(1e-12) / LEVELS
        return (tensor / step).round() * step

    return _layers(tensors, change)


def nudged(tensors: Weights) -> Weights:
    """Noise of a tenth of each layer's spread, the same every time."""
    import torch

    generator = torch.Generator().manual_seed(0)
    return _layers(
        tensors,
        lambda tensor: tensor + NUDGE * tensor.std() * torch.randn(tensor.shape, generator=generator),
    )


def drawn_anew(tensors: Weights, seed: int = 1) -> Weights:
    """Random weights of the same spread: a network that was never ours."""
    import torch

    generator = torch.Generator().manual_seed(seed)
    return _layers(tensors, lambda tensor: tensor.std() * torch.randn(tensor.shape, generator=generator))


CHANGES: dict[str, Callable[[Weights], Weights]] = {
    "as it is": as_it_is,
    "pruned": pruned,
    "bf16": rounded_to_bf16,
    "int8": rounded_to_int8,
    "nudged": nudged,
    "foreign": drawn_anew,
}
