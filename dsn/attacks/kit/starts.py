"""What an adversary's training begins with: the stolen network, parts of it, or nothing of it."""

import copy
from dataclasses import replace

import torch
from torch import nn

from dsn.networks.classifier import Classifier
from dsn.networks.config import NetworkConfig


def copied(network: Classifier) -> Classifier:
    """A copy whose training leaves the original as it is."""
    return copy.deepcopy(network)


def from_scratch(config: NetworkConfig, seed: int, device: torch.device) -> Classifier:
    """A fresh network; the same seed gives the same weights.

    Args:
        config: shape of the network.
        seed: of its weights.
        device: where it is put.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        network = Classifier(config)
    return network.to(device).to(memory_format=torch.channels_last)


def transplanted(
    network: Classifier, config: NetworkConfig, seed: int, *, dropped: int = 0, classes: int | None = None
) -> Classifier:
    """A fresh network with the convolutions of a stolen one: its dense layers are re-initialised.

    Everything that is not taken over is what `from_scratch` makes of the same seed.

    Args:
        network: the stolen one.
        config: its shape.
        seed: of the fresh weights.
        dropped: how many of its last convolutions, with their BatchNorm, are left out too.
        classes: of the fresh predictor; None for as many as the stolen one has.
    """
    shape = replace(config, classes=classes or config.classes)
    fresh = from_scratch(shape, seed, network.predictor.weight.device)
    convolutions = [place for place, module in enumerate(network.extractor) if isinstance(module, nn.Conv2d)]
    end = convolutions[-dropped] if dropped else len(network.extractor)
    for place, (old, new) in enumerate(zip(network.extractor, fresh.extractor, strict=True)):
        if place < end and isinstance(old, nn.Conv2d | nn.BatchNorm2d):
            new.load_state_dict(old.state_dict())
    return fresh
