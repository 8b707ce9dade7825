"""Students that answer the same and are awkward to train: their weights written down in another form."""

import copy
from itertools import pairwise

import torch
from torch import nn

from dsn.student.student import Student


@torch.no_grad()
def with_unit_norms(student: Student) -> Student:
    """The same function with every BatchNorm's scale at one and shift at zero.

    As if BatchNorm were folded into the convolutions before the student is handed out and the adversary put it back:
    how large each channel should be on valid pictures is then nowhere to be read.

    Args:
        student: in eval mode; left as it is.
    """
    changed = copy.deepcopy(student)
    for before, norm in pairwise(changed.extractor):
        if isinstance(before, nn.Conv2d) and isinstance(norm, nn.BatchNorm2d):
            assert norm.running_mean is not None and norm.running_var is not None
            scale = norm.weight / (norm.running_var + norm.eps).sqrt()
            before.weight.mul_(scale[:, None, None, None])
            norm.running_mean.mul_(scale).sub_(norm.bias)
            norm.running_var.fill_(1 - norm.eps)
            norm.weight.fill_(1)
            norm.bias.zero_()
    return changed


@torch.no_grad()
def with_uneven_channels(student: Student, widest: int = 10, seed: int = 0) -> Student:
    """The same function with every channel at another scale: powers of two, undone by the layer that reads it.

    ReLU and max-pooling let a positive factor pass, and powers of two cost no accuracy. An adversary's steps,
    alike for every weight, are then far too large for some and far too small for others. Undone by one who
    evens the channels out again.

    Args:
        student: in eval mode; left as it is.
        widest: largest exponent either way.
        seed: of the exponents.
    """
    changed = copy.deepcopy(student)
    generator = torch.Generator().manual_seed(seed)
    factors = torch.ones(student.config.network.channels)
    for module in changed.modules():
        if isinstance(module, nn.Conv2d):
            module.weight.div_(factors[None, :, None, None])
            own = 2.0 ** torch.randint(0, widest + 1, (module.out_channels,), generator=generator)
            module.weight.mul_(own[:, None, None, None])
        elif isinstance(module, nn.BatchNorm2d):
            assert module.running_mean is not None and module.running_var is not None
            module.running_mean.mul_(own)
            module.running_var.copy_(own.square() * (module.running_var + module.eps) - module.eps)
            factors = 2.0 ** torch.randint(-widest, widest + 1, (len(own),), generator=generator)
            module.weight.mul_(factors)
            module.bias.mul_(factors)
        elif isinstance(module, nn.Linear) and module is not changed.predictor:
            pixels = module.in_features // len(factors)
            module.weight.div_(factors.repeat_interleave(pixels)[None, :])
    return changed


@torch.no_grad()
def with_trapped_norms(student: Student, shrink: float = 2**-6, floor: float = -4.0) -> Student:
    """The same function where BatchNorm's statistics stay, and silence in every layer where a batch's own take over.

    Each BatchNorm's scale and recorded deviation shrink alike, and its shift goes far below zero with the recorded
    mean making up for it: over a batch's own statistics little more than that shift is left, and no ReLU opens.
    Undone by one who trains with the statistics as they are, or sets scales and shifts anew.

    Args:
        student: in eval mode; left as it is.
        shrink: of scales and deviations, at most; as much as BatchNorm's epsilon leaves room for.
        floor: the shift of every channel.
    """
    changed = copy.deepcopy(student)
    for norm in changed.modules():
        if isinstance(norm, nn.BatchNorm2d):
            assert norm.running_mean is not None and norm.running_var is not None
            variance = norm.running_var + norm.eps
            shrunk = (2 * norm.eps / variance).sqrt().clamp(shrink, 1.0)
            alive = norm.weight.abs() > norm.eps  # a channel without a scale is constant, and stays as it is
            norm.running_mean.add_(torch.where(alive, (floor - norm.bias) * variance.sqrt() / norm.weight, 0.0))
            norm.bias.copy_(torch.where(alive, floor, norm.bias))
            norm.running_var.copy_(shrunk.square() * variance - norm.eps)
            norm.weight.mul_(shrunk)
    return changed
