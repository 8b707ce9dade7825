"""Putting another network's neurons in the order of one's own, so that the two can be compared and averaged.

The order of channels means nothing to a network. Channels are paired so that their activations on the same pictures
go together best (activation matching: Li et al., ICLR 2016; Ainsworth et al., ICLR 2023), layer by layer.
"""

import torch
from torch import Tensor, nn

from dsn.attacks.kit.starts import copied
from dsn.networks.classifier import Classifier

LEAST_DEVIATION = 1e-6  # a channel stiller than this goes together with none


@torch.no_grad()
def activations(network: Classifier, pictures: Tensor) -> list[Tensor]:
    """What every ReLU is given, one tensor a layer: float [pictures and places, channels].

    Args:
        network: in eval mode.
        pictures: float [N, C, H, W] in [0, 1].
    """
    found = []
    values = pictures
    for module in network.extractor:
        if isinstance(module, nn.ReLU):
            found.append(values.movedim(1, -1).flatten(0, -2))
        values = module(values)
    return found


def pairing(own: Tensor, other: Tensor) -> Tensor:
    """For each channel of one's own the channel of the other that goes with it, int64 [channels].

    Args:
        own: activations, float [M, channels].
        other: the other network's on the same pictures and places.
    """
    from scipy.optimize import linear_sum_assignment  # SciPy takes half a second, which the page's start is spared

    first, second = (
        (values - values.mean(0)) / values.std(0).clamp_min(LEAST_DEVIATION)
        for values in (own.double(), other.double())
    )
    _, columns = linear_sum_assignment((first.T @ second).cpu().numpy(), maximize=True)
    return torch.from_numpy(columns).to(own.device)


@torch.no_grad()
def reordered(network: Classifier, orders: list[Tensor]) -> Classifier:
    """The same function with its channels in another order.

    Args:
        network: is left as it is.
        orders: for every ReLU which of its channels come first, second, ..., int64 [channels].
    """
    changed = copied(network)
    waiting = iter(orders)
    before: Tensor | None = None
    order = next(waiting)
    for module in changed.extractor:
        if isinstance(module, nn.Conv2d | nn.Linear):
            weight = module.weight[order]
            if before is not None:
                places = weight.shape[1] // len(before)  # a dense layer sees every place of a channel side by side
                weight = weight.unflatten(1, (len(before), places))[:, before].flatten(1, 2)
            module.weight.copy_(weight)
            if module.bias is not None:
                module.bias.copy_(module.bias[order])
        elif isinstance(module, nn.BatchNorm2d):
            for values in (module.weight, module.bias, module.running_mean, module.running_var):
                assert values is not None
                values.copy_(values[order].clone())
        elif isinstance(module, nn.ReLU):
            before, order = order, next(waiting, order)
    assert before is not None
    changed.predictor.weight.copy_(changed.predictor.weight[:, before].clone())
    return changed


def aligned(network: Classifier, other: Classifier, own_pictures: Tensor, other_pictures: Tensor) -> Classifier:
    """The other network with its channels in the order of the first one's.

    Args:
        network: whose order counts.
        other: of the same shape; it is left as it is.
        own_pictures: as the first network recognises them, float [N, C, H, W].
        other_pictures: the same pictures as the other one recognises them.
    """
    pairs = zip(activations(network, own_pictures), activations(other, other_pictures), strict=True)
    return reordered(other, [pairing(own, theirs) for own, theirs in pairs])
