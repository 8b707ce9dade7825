"""Stand-ins for a stolen network that are easier to train or to descend on than the network itself.

A student that falls silent on invalid pictures gives no gradient there. An adversary who has the weights may
put that right: let gradients through dead ReLUs (Bengio et al., arXiv 1308.3432; Athalye et al., ICML 2018, on
gradients that are hidden), smooth the activations, and let BatchNorm see raw pictures.
"""

import copy
from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from dsn.applications.prepared import as_floats
from dsn.networks.classifier import Classifier, take_statistics

LEAK = 0.1  # share of the gradient let through where a ReLU is dead
SMOOTHNESS = 5.0  # beta of softplus: the larger, the nearer to ReLU
RECALIBRATION_BATCH = 500


class _LeakyGradient(torch.autograd.Function):
    @staticmethod
    def forward(context, values: Tensor) -> Tensor:
        context.save_for_backward(values)
        return values.relu()

    @staticmethod
    def backward(context, *gradients: Tensor) -> Tensor:
        (values,) = context.saved_tensors
        return gradients[0] * torch.where(values > 0, 1.0, LEAK).to(gradients[0].dtype)


class LeakyGradientReLU(nn.Module):
    """ReLU forwards; backwards, where it is dead, a tenth of the gradient passes."""

    def forward(self, values: Tensor) -> Tensor:
        """The positive part of any float tensor."""
        return _LeakyGradient.apply(values)


def smooth_activation() -> nn.Module:
    """Softplus: almost ReLU, with a gradient everywhere."""
    return nn.Softplus(beta=SMOOTHNESS)


def as_sequence(network: Classifier, activation: Callable[[], nn.Module] = nn.ReLU) -> nn.Sequential:
    """A copy of a network as one sequence, its ReLUs replaced.

    Args:
        network: a student or teacher.
        activation: makes what stands in the place of each ReLU.

    Returns:
        Pictures, float [N, C, H, W] in [0, 1] and best channels_last, to logits, float [N, classes].
    """
    modules = [activation() if isinstance(module, nn.ReLU) else copy.deepcopy(module) for module in network.extractor]
    return nn.Sequential(*modules, copy.deepcopy(network.predictor))


def folded(sequence: nn.Sequential) -> nn.Sequential:
    """A copy for descending on pictures: the same function in fewer and smaller steps; its weights take no gradient.

    In eval mode, with every BatchNorm folded into its convolution, and max-pooling before the activation it
    followed: every activation here is monotone, so that the two can change places.
    """
    modules: list[nn.Module] = []
    for module in copy.deepcopy(sequence).eval():
        if isinstance(module, nn.BatchNorm2d):
            convolution = modules.pop()
            assert isinstance(convolution, nn.Conv2d)
            modules.append(fuse_conv_bn_eval(convolution, module))
        elif isinstance(module, nn.MaxPool2d):
            modules.insert(len(modules) - 1, module)
        else:
            modules.append(module)
    return nn.Sequential(*modules).eval().requires_grad_(False).to(memory_format=torch.channels_last)


def recalibrated(network: Classifier, images: Tensor) -> Classifier:
    """A copy whose BatchNorm statistics are those of these pictures.

    Args:
        network: a student or teacher.
        images: uint8 [N, C, H, W] on the network's device; no labels are needed.
    """
    changed = copy.deepcopy(network)
    take_statistics(changed, (as_floats(batch) for batch in images.split(RECALIBRATION_BATCH)))
    return changed
