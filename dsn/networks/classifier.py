"""The networks of the paper: feature extractor G_e, predictor G_y, adversary G_d, gradient reversal."""

from collections.abc import Iterable
from itertools import pairwise

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from dsn.networks.config import NetworkConfig


class Classifier(nn.Module):
    """G_y(G_e(x)): what a teacher is, and what a student is besides its serial.

    The predictor has no bias that learns: where every feature is zero, every class is exactly equally likely, and a map
    shows nothing.

    Attributes:
        shape: what it was built by.
    """

    def __init__(self, config: NetworkConfig) -> None:
        super().__init__()
        self.shape = config
        self.extractor = config.extractor()
        self.predictor = config.predictor()

    def drive(self, images: Tensor) -> Tensor:
        """What the last ReLU of G_e is given, float [N, D]: e is its positive part."""
        values = images.contiguous(memory_format=torch.channels_last)
        for layer in _pooling_first(self.extractor[:-1]):
            values = layer(values)
        return values

    def features(self, images: Tensor) -> Tensor:
        """e = G_e(x): float [N, C, H, W] in [0, 1] to float [N, D]."""
        return self.drive(images).relu()

    def forward(self, images: Tensor) -> Tensor:
        """Logits, float [N, classes], of pictures as they are, float [N, C, H, W] in [0, 1]."""
        return self.predictor(self.features(images))


def _pooling_first(layers: Iterable[nn.Module]) -> list[nn.Module]:
    """The layers with each pooling moved before its ReLU: the largest of the positive parts is the positive part of
    the largest, with the same gradients, and a quarter of the values is left to cut."""
    ordered = [*layers]
    for place, (layer, following) in enumerate(pairwise(ordered)):
        if isinstance(layer, nn.ReLU) and isinstance(following, nn.MaxPool2d):
            ordered[place : place + 2] = following, layer
    return ordered


def folded_drive(network: Classifier, images: Tensor) -> Tensor:
    """`Classifier.drive` with every BatchNorm that keeps its statistics folded into the convolution before it.

    The same values and gradients but for rounding, for a pass over the pictures less a layer. A BatchNorm that
    trains, or that somebody listens to, runs as it is.

    Args:
        network: whose drive is wanted.
        images: float [N, C, H, W] in [0, 1].
    """
    values = images.contiguous(memory_format=torch.channels_last)
    layers = _pooling_first(network.extractor[:-1])
    for layer, norm in zip(layers, [*layers[1:], None], strict=True):
        if isinstance(layer, nn.BatchNorm2d):
            continue  # done with the convolution before it
        if not isinstance(norm, nn.BatchNorm2d):
            values = layer(values)
            continue
        assert isinstance(layer, nn.Conv2d)
        if norm.training or norm._forward_hooks:
            values = norm(layer(values))
            continue
        assert norm.running_mean is not None and norm.running_var is not None
        scale = norm.weight * (norm.running_var + norm.eps).rsqrt()
        shift = norm.bias - norm.running_mean * scale
        values = F.conv2d(values, layer.weight * scale[:, None, None, None], shift, padding=layer.padding)
    return values


@torch.no_grad()
def folded_weights(network: Classifier) -> dict[str, Tensor]:
    """The tensors of the same network with every BatchNorm folded into the convolution before it (`batch_norm=False`).

    Args:
        network: in eval mode, with BatchNorm or without; left as it is.

    Returns:
        By the names of the folded network; the same answers but for rounding.
    """
    folded: list[nn.Module] = []
    for module in network.extractor:
        if isinstance(module, nn.BatchNorm2d):
            convolution = folded.pop()
            assert isinstance(convolution, nn.Conv2d)
            module = fuse_conv_bn_eval(convolution, module)
        folded.append(module)
    extractor = nn.Sequential(*folded)
    return {
        **{f"extractor.{name}": tensor.clone() for name, tensor in extractor.state_dict().items()},
        **{f"predictor.{name}": tensor.clone() for name, tensor in network.predictor.state_dict().items()},
    }


@torch.no_grad()
def take_statistics(network: nn.Module, batches: Iterable[Tensor]) -> None:
    """Give a network the BatchNorm statistics of these pictures, the plain mean over all batches; it ends in eval mode.

    Args:
        network: pictures to logits.
        batches: float [N, C, H, W] in [0, 1].
    """
    layers = [module for module in network.modules() if isinstance(module, nn.BatchNorm2d)]
    momenta = [layer.momentum for layer in layers]
    for layer in layers:
        layer.reset_running_stats()
        layer.momentum = None  # a plain mean
    network.train()
    for batch in batches:
        network(batch)
    for layer, momentum in zip(layers, momenta, strict=True):
        layer.momentum = momentum
    network.eval()


def adversary(config: NetworkConfig) -> nn.Sequential:
    """G_d: feature vectors, float [N, D], to logits, float [N, classes]; used only while distilling."""
    return nn.Sequential(nn.Linear(config.features, 128), nn.ReLU(), nn.Linear(128, config.classes))


class _ReversedGradient(torch.autograd.Function):
    @staticmethod
    def forward(context, features: Tensor, factor: float) -> Tensor:
        context.factor = factor
        return features.view_as(features)

    @staticmethod
    def backward(context, *gradients: Tensor) -> tuple[Tensor, None]:
        return -context.factor * gradients[0], None


def reverse_gradient(features: Tensor, factor: float) -> Tensor:
    """The gradient reversal layer between G_e and G_d (Eq. 5-6).

    Features pass as they are; the gradient is multiplied by `-factor` (the paper's lambda), so that
    G_d descends while G_e ascends. It takes the place of Eq. 6's plus sign: both would cancel.
    """
    return _ReversedGradient.apply(features, factor)
