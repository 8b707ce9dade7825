"""Networks made of what a sealed student's file shows: codes, shapes and scales."""

import math
from collections.abc import Mapping
from dataclasses import replace

import torch
from torch import Tensor, nn

from dsn.attacks.kit.starts import from_scratch
from dsn.locks.registry import SEALED
from dsn.locks.sealing import Seal
from dsn.networks.classifier import Classifier
from dsn.networks.config import NetworkConfig
from dsn.student.sealing import student_of
from dsn.student.student import Student

CODES = 2**15  # a code is a whole number from minus so many to below so many
TYPICAL = 0.75  # the largest weight of a tensor over its scale: it lies between a half and one


def random_codes(student: Student, seed: int) -> Student:
    """A student whose weights are random codes under a sealed one's scales: what any file of this shape would be.

    Args:
        student: as it lies (`as_it_lies`), of a sealed one; its weights are not looked at.
        seed: of the codes.
    """
    seal = sealed_by(student)
    generator = torch.Generator().manual_seed(seed)
    drawn = {
        name: torch.randint(-CODES, CODES, tuple(one.shape), generator=generator) * (seal.scales[name] / CODES)
        for name, one in student.state_dict().items()
    }
    made = student_of(replace(student.config, lock="stamped", seal=None), drawn)
    return made.to(student.predictor.weight.device)


def sealed_by(student: Student) -> Seal:
    """A sealed student's seal.

    Raises:
        ValueError: a student that is not sealed.
    """
    if student.config.seal is None:
        raise ValueError("only a sealed student has a seal")
    return student.config.seal


def rescaled(weights: Mapping[str, Tensor], shape: NetworkConfig, seed: int, device: torch.device) -> Classifier:
    """A network of these weights, every tensor as wide as first weights usually are.

    Args:
        weights: float, by name; what a network of this shape has besides (BatchNorm) stays fresh.
        shape: of the network.
        seed: of the fresh network whose widths are taken.
        device: where it is put.
    """
    network = from_scratch(shape, seed, device)
    norms = [module for module in network.modules() if isinstance(module, nn.BatchNorm2d)]
    kept = {id(one) for norm in norms for one in norm.parameters()}
    with torch.no_grad():
        for name, tensor in network.named_parameters():
            if id(tensor) not in kept:
                values = weights[name].to(device)
                tensor.copy_(values * (tensor.std() / values.std().clamp_min(1e-12)))
    return network


def taken(student: Student, seed: int) -> Classifier:
    """What a thief without the serial trains further: the student, or of a sealed one the codes made fit to be trained.

    As they lie, codes are too wide to train from (`dsn.attacks.searched_tuning` tries that too): every tensor is made
    as wide as first weights usually are.

    Args:
        student: as it was stolen.
        seed: of the network from scratch beside it, whose widths are taken.
    """
    if student.config.lock != SEALED:
        return student
    return rescaled(student.state_dict(), student.config.network, seed, student.predictor.weight.device)


def with_batch_norm(weights: Mapping[str, Tensor], shape: NetworkConfig) -> dict[str, Tensor]:
    """The weights of a folded network by the names they have in one with BatchNorm; biases of convolutions are left.

    Args:
        weights: of a network of this shape without BatchNorm.
        shape: with BatchNorm.
    """
    plain, normed = (Classifier(replace(shape, batch_norm=one)).extractor for one in (False, True))
    pairs = zip(*(_weighted(one) for one in (plain, normed)), strict=True)
    names = {f"extractor.{old}.weight": f"extractor.{new}.weight" for old, new in pairs}
    dense = max(place for place, module in enumerate(plain) if isinstance(module, nn.Linear))
    last = max(place for place, module in enumerate(normed) if isinstance(module, nn.Linear))
    names |= {f"extractor.{dense}.bias": f"extractor.{last}.bias", "predictor.weight": "predictor.weight"}
    return {new: weights[old] for old, new in names.items()}


def as_wide_as_scales_say(scales: Mapping[str, float], shape: NetworkConfig, seed: int) -> Classifier:
    """Fresh weights, normal, each tensor's so wide that its largest would be about three quarters of its scale.

    Args:
        scales: of a sealed student.
        shape: without BatchNorm.
        seed: of the weights.
    """
    network = from_scratch(shape, seed, torch.device("cpu"))
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, tensor in network.named_parameters():
            width = TYPICAL * scales[name] / math.sqrt(2 * math.log(max(tensor.numel(), 2)))
            tensor.copy_(width * torch.randn(tuple(tensor.shape), generator=generator))
    return network


def _weighted(extractor: nn.Sequential) -> list[int]:
    """Places of the convolutions and the dense layer."""
    return [place for place, module in enumerate(extractor) if isinstance(module, nn.Conv2d | nn.Linear)]
