"""Whose copy was this network made from? The customers whose patterns its weights carry."""

from collections.abc import Mapping
from dataclasses import dataclass

from torch import Tensor

from dsn.owner.copies.copying import Copier, copier_of
from dsn.owner.copies.pattern import chance, correlations, direction
from dsn.owner.ledger.ledger import Entry, Ledger

SIGNIFICANT = 1e-6  # largest probability of naming anybody falsely


@dataclass(frozen=True)
class Carrier:
    """A customer whose pattern is compared with a network's weights.

    Attributes:
        entry: the ledger's line of the customer's copy.
        score: the correlation, in standard deviations of what a pattern has that is not there.
        p: the largest probability that any of all patterns compared scores so high if none is there.
    """

    entry: Entry
    score: float
    p: float

    @property
    def is_named(self) -> bool:
        """Whether the pattern is there."""
        return self.p <= SIGNIFICANT


@dataclass(frozen=True)
class Carriers:
    """What patterns tell about a network.

    Attributes:
        compared: how many customers' patterns.
        strongest: the customer who is likeliest, and everybody who is named; by score, the highest first.
    """

    compared: int
    strongest: tuple[Carrier, ...]

    @property
    def named(self) -> tuple[Carrier, ...]:
        """Those whose copies it was made from: several where they were mixed; empty for nobody."""
        return tuple(one for one in self.strongest if one.is_named)


def find_carriers(tensors: Mapping[str, Tensor], ledger: Ledger, task: str) -> Carriers:
    """Compare a network that can be read with the pattern of every copy in the ledger.

    Args:
        tensors: its weights, float32 by name, BatchNorm folded.
        ledger: an owner's.
        task: name of the application.

    Raises:
        OwnerError: what the copies were made of is lost.
    """
    entries = [entry for entry in ledger.entries(task=task) if entry.original]
    found = []
    for label in dict.fromkeys(str(entry.original) for entry in entries):
        copier = copier_of(ledger, task, label)
        if _is_of_its_shape(tensors, copier):
            found += _carriers(tensors, copier, [one for one in entries if one.original == label], len(entries))
    found.sort(key=lambda one: -one.score)
    return Carriers(len(found), tuple(one for turn, one in enumerate(found) if one.is_named or turn == 0))


def _is_of_its_shape(tensors: Mapping[str, Tensor], copier: Copier) -> bool:
    original = copier.original.student.state_dict()
    return {name: one.shape for name, one in original.items()} == {name: one.shape for name, one in tensors.items()}


def _carriers(tensors: Mapping[str, Tensor], copier: Copier, entries: list[Entry], compared: int) -> list[Carrier]:
    found = direction(tensors, copier.original.student.state_dict())
    keys = [copier.pattern_key(entry.verifier) for entry in entries]
    scores = correlations(found[None], keys)[:, 0].tolist()
    return [Carrier(entry, score, chance(score, compared)) for entry, score in zip(entries, scores, strict=True)]
