"""What a thief may do to a network that changes no answer: it is the same function, and looks like another network."""

import random
from collections.abc import Callable
from dataclasses import replace

import torch
from torch import Tensor

from dsn.applications.record import Application
from dsn.networks.classifier import Classifier, folded_weights

Weights = dict[str, Tensor]
LARGEST_FACTOR = 4.0  # of a channel that is made larger or smaller


def folded(tensors: Weights, application: Application) -> Weights:
    """BatchNorm folded into the convolutions, where it is not yet."""
    with torch.device("meta"):
        network = Classifier(replace(application.network, batch_norm=has_norms(tensors)))
    network.load_state_dict(tensors, assign=True)
    return folded_weights(network.requires_grad_(False).eval())


def reordered(tensors: Weights, seed: int) -> Weights:
    """The channels of every hidden layer in another order."""
    generator = torch.Generator().manual_seed(seed)
    return _through(tensors, lambda count: (torch.randperm(count, generator=generator), torch.ones(count)))


def rescaled(tensors: Weights, seed: int) -> Weights:
    """Every hidden channel made up to 4 times larger or smaller, and what reads it the other way round."""
    generator = torch.Generator().manual_seed(seed)

    def draw(count: int) -> tuple[Tensor, Tensor]:
        return torch.arange(count), LARGEST_FACTOR ** (2 * torch.rand(count, generator=generator) - 1)

    return _through(tensors, draw)


def with_names(tensors: Weights, name_of: Callable[[int, str], str]) -> Weights:
    """The layers by other names.

    Args:
        tensors: a network's, by a student's names.
        name_of: gives a layer's name from its place among all and its own name.
    """
    layers = list(dict.fromkeys(name.rpartition(".")[0] for name in tensors))
    called = {layer: name_of(place, layer) for place, layer in enumerate(layers)}
    return {
        f"{called[layer]}.{leaf}": tensor
        for (layer, _, leaf), tensor in ((name.rpartition("."), tensor) for name, tensor in tensors.items())
    }


def renamed_at_random(tensors: Weights, seed: int) -> Weights:
    """Every layer by a name that tells nothing, not even which comes first."""
    source = random.Random(seed)
    return with_names(tensors, lambda place, layer: f"m{source.getrandbits(40):010x}")


def as_torchvision(tensors: Weights) -> Weights:
    """`features.0.weight` and so on, then `classifier.0` and `classifier.2`, as torchvision's networks have it."""
    first_dense = max(int(name.split(".")[1]) for name in tensors if name.startswith("extractor."))

    def name_of(_: int, layer: str) -> str:
        if layer == "predictor":
            return "classifier.2"
        number = int(layer.split(".")[1])
        return "classifier.0" if number == first_dense else f"features.{number}"

    return with_names(tensors, name_of)


def has_norms(tensors: Weights) -> bool:
    """Whether BatchNorm is not folded."""
    return any(name.endswith("running_mean") for name in tensors)


def _through(tensors: Weights, draw: Callable[[int], tuple[Tensor, Tensor]]) -> Weights:
    """Hidden channels put in an order and multiplied by factors, layer by layer; what reads them is made to fit.

    Args:
        tensors: a network's, by a student's names.
        draw: gives, for a layer's number of channels, their order and factors above 0.
    """
    changed = {name: tensor.clone() for name, tensor in tensors.items()}
    places = sorted({int(name.split(".")[1]) for name in tensors if name.startswith("extractor.")})
    before: tuple[Tensor, Tensor] | None = None
    for number, place in enumerate(places):
        name = f"extractor.{place}"
        if tensors[f"{name}.weight"].dim() == 1:
            continue  # a BatchNorm, which went with the convolution before it
        changed[f"{name}.weight"] = _reading(changed[f"{name}.weight"], before)
        order, factors = draw(len(changed[f"{name}.weight"]))
        after = f"extractor.{places[number + 1]}" if number + 1 < len(places) else ""
        has_norm = f"{after}.running_mean" in tensors
        last = after if has_norm else name
        parts = [key for key in changed if key.rpartition(".")[0] in {name, last} and changed[key].dim()]
        for key in parts:
            changed[key] = changed[key][order]
        for key in (f"{last}.weight", f"{last}.bias"):
            if key in changed:
                changed[key] = changed[key] * factors.reshape(-1, *[1] * (changed[key].dim() - 1))
        before = order, factors
    changed["predictor.weight"] = _reading(changed["predictor.weight"], before)
    return changed


def _reading(weight: Tensor, before: tuple[Tensor, Tensor] | None) -> Tensor:
    """A layer's weights for channels that stand in another order, and are larger by factors."""
    if before is None:
        return weight
    order, factors = before
    places = weight.shape[1] // len(order)  # a dense layer sees every place of a channel side by side
    apart = weight.unflatten(1, (len(order), places))[:, order]
    apart = apart / factors.reshape(1, -1, *[1] * (apart.dim() - 2))
    return apart.flatten(1, 2)
