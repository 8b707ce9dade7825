"""Customers who put their copies together so that none of them is known again."""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from dsn.applications.prepared import Split
from dsn.locks.sealing import ScryptCost
from dsn.locks.stamping import stamp
from dsn.networks.classifier import Classifier
from dsn.owner.copies.copying import Copier, Original
from dsn.owner.verifier import Verifier, serial_of
from dsn.student.sealing import unseal

Weights = dict[str, Tensor]
MOST_TOGETHER = 5  # customers who average their copies
NO_COST = ScryptCost(n=2, r=1)  # seals that are opened at once


@dataclass(frozen=True)
class Coalition:
    """Customers who open their copies and average the weights.

    Attributes:
        members: their places among the verifiers.
        weights: what they have in the end, float32 by name.
    """

    members: tuple[int, ...]
    weights: Weights


def coalitions(copier: Copier, verifiers: Sequence[Verifier], count: int, seed: int = 0) -> Iterator[Coalition]:
    """Customers drawn at random: one alone, two together, and so on up to five, in turn.

    Args:
        copier: makes their copies.
        verifiers: of the customers there are.
        count: how many coalitions.
        seed: of the draw.
    """
    source = random.Random(seed)
    for turn in range(count):
        members = tuple(source.sample(range(len(verifiers)), 1 + turn % MOST_TOGETHER))
        whole = [_opened(copier, verifiers[one]) for one in members]
        yield Coalition(members, {name: torch.stack([one[name] for one in whole]).mean(0) for name in whole[0]})


def with_and_without_serial(split: Split, original: Original) -> Split:
    """Pictures as they are, and again with the serial inside: on raw ones alone a stamped network does not move."""
    bits = 255 * torch.tensor(original.serial.bits, dtype=torch.uint8)
    stamped = stamp(split.images, bits, original.student.place)
    return Split(torch.cat([split.images, stamped]), torch.cat([split.labels, split.labels]))


def network_of(original: Original, weights: Weights) -> Classifier:
    """A network of the original's shape with these weights."""
    network = Classifier(original.student.config.network)
    network.load_state_dict(weights)
    return network


def _opened(copier: Copier, verifier: Verifier) -> Weights:
    """What a customer gets who opens the copy: the weights, as 16-bit codes have them."""
    return unseal(copier.copy(verifier, NO_COST), serial_of(copier.owner.sign(verifier))).state_dict()
