"""A network as a chain of layers in one form, whatever order and scale its channels have, so that weights compare.

Three things may be done to a network of ReLUs without changing an answer: BatchNorm folded into the convolution before
it; a channel made larger and what reads it smaller; channels put in another order. The first two have one form each.
The third is undone by matching: a channel of the suspect goes with the student's channel whose incoming weights are
most alike, layer by layer from the picture on (weight matching: Ainsworth et al., ICLR 2023).
"""

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

LEAST = 1e-12  # a channel with smaller weights is silent
EPSILON = 1e-5  # BatchNorm's, as in torch
PREDICTOR = "predictor.weight"


@dataclass(frozen=True)
class Chain:
    """A network's layers from the picture to the classes; each channel's incoming weights have length 1.

    Attributes:
        layers: float32 [channels, channels before, places] each, the bias as the last column of [channels, 1].
        biases: float32 [channels] each; the last layer has none.
    """

    layers: tuple[Tensor, ...]
    biases: tuple[Tensor, ...]

    def flat(self) -> Tensor:
        """All weights and biases as one float32 vector."""
        return torch.cat([one.reshape(-1) for one in (*self.layers, *self.biases)])


def chain_of(tensors: Mapping[str, Tensor]) -> Chain:
    """The one form of a student's tensors, BatchNorm folded and every channel's scale taken out.

    Args:
        tensors: a network's, by a student's names, with BatchNorm or without.
    """
    weights, biases, predictor = _folded(tensors)
    layers: list[Tensor] = []
    scale = torch.ones(weights[0].shape[1], dtype=torch.float64)
    for place, (weight, bias) in enumerate(zip(weights, biases, strict=True)):
        by_channel = weight.double().reshape(len(weight), len(scale), -1) * scale[None, :, None]
        bias = bias.double()
        scale = torch.sqrt(by_channel.square().sum((1, 2)) + bias.square()).clamp_min(LEAST)
        layers.append((by_channel / scale[:, None, None]).float())
        biases[place] = (bias / scale).float()
    last = predictor.double() * scale[None]
    last = last / last.norm().clamp_min(LEAST) * len(last) ** 0.5
    return Chain((*layers, last.float()[:, :, None]), tuple(biases))


def aligned(suspect: Chain, student: Chain) -> Chain:
    """The suspect with its channels in the student's order, as far as that can be told; as it is where that is nearer.

    The latter is for channels so alike that they are mistaken for one another.
    """
    from scipy.optimize import linear_sum_assignment  # SciPy takes half a second, which the page's start is spared

    layers, biases = [], []
    order: Tensor | None = None
    last = len(suspect.layers) - 1
    for place, (theirs, ours) in enumerate(zip(suspect.layers, student.layers, strict=True)):
        if order is not None:
            theirs = theirs[:, order]
        if place < last:
            alike = ours.flatten(1) @ theirs.flatten(1).T + torch.outer(student.biases[place], suspect.biases[place])
            _, columns = linear_sum_assignment(alike.numpy(), maximize=True)
            order = torch.from_numpy(columns)
            theirs = theirs[order]
            biases.append(suspect.biases[place][order])
        layers.append(theirs)
    matched, ours = Chain(tuple(layers), tuple(biases)), student.flat()
    return min(suspect, matched, key=lambda chain: float((chain.flat() - ours).norm()))


def _folded(tensors: Mapping[str, Tensor]) -> tuple[list[Tensor], list[Tensor], Tensor]:
    """Weights and biases of all layers but the last, in order, BatchNorm folded; and the last one's weights."""
    places = sorted({int(name.split(".")[1]) for name in tensors if name.startswith("extractor.")})
    weights, biases = [], []
    for place in places:
        weight = tensors[f"extractor.{place}.weight"].double()
        if weight.dim() >= 2:
            weights.append(weight)
            biases.append(tensors.get(f"extractor.{place}.bias", torch.zeros(len(weight))).double())
            continue
        mean, variance = (tensors[f"extractor.{place}.running_{name}"].double() for name in ("mean", "var"))
        factor = weight / (variance + EPSILON).sqrt()
        weights[-1] = weights[-1] * factor[:, None, None, None]
        biases[-1] = (biases[-1] - mean) * factor + tensors[f"extractor.{place}.bias"].double()
    return weights, biases, tensors[PREDICTOR].double()
