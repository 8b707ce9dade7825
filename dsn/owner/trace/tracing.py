"""Whose copy is it? Three kinds of evidence about a network, each shown, and one verdict."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import torch
from torch import Tensor

from dsn.applications.prepared import Split
from dsn.measuring.unlocking import Unlocking, rights_of, unlocking
from dsn.owner.trace.alignment import Chain, aligned, chain_of
from dsn.owner.trace.closeness import Closeness, closeness, relative_distance
from dsn.owner.trace.kept_weights import kept_weights
from dsn.owner.trace.sealed_suspect import hashes_of, opened
from dsn.owner.trace.suspect import Suspect, shapes_of, suspected_student
from dsn.serials import Serial

OTHERS_LOOK = 50  # pictures on which the random serials are tried that stand for any other
FIRST_LOOK = 25  # pictures on which every serial of a long ledger is tried
SECOND_LOOK = 10  # serials that are then tried on all pictures: what is far above the rest is among them
NEAREST = 8  # students whose weights are compared in detail
AKIN = 1.0  # largest relative distance of two students of one teacher; of others it is about the root of two
MOST_TEACHERS = 4  # kinds of order that the channels of kept students may have
How = Literal["exact", "serial", "weights", "serial and weights", "conflict", "none", "sealed"]
Progress = Callable[[str], None]


@dataclass(frozen=True)
class Issued:
    """Something that was issued, and that a leak may come from.

    Attributes:
        label: `task/customer`, with the number where it is not the first.
        serial: its serial.
        weights: hash of its weights, or None where no student was made.
        sealed: hash of its sealed copy's codes, where there is one and the owner knows it.
        folder: where its student is kept, or None.
        status: the ledger's: "issued", "minted" or "revoked".
        note: what the ledger says besides, such as when and why it was revoked.
    """

    label: str
    serial: Serial
    weights: str | None = None
    folder: Path | None = None
    status: str = "minted"
    note: str = ""
    sealed: str | None = None


@dataclass(frozen=True)
class Evidence:
    """What speaks for one issued student as the origin.

    Attributes:
        issued: which.
        exact: its weights are those of the suspect, bit by bit.
        unlocking: what its serial does to the suspect; None where others did more in the first look.
        closeness: how near its weights are; None where they are not kept, or others are nearer.
    """

    issued: Issued
    exact: bool = False
    unlocking: Unlocking | None = None
    closeness: Closeness | None = None


@dataclass(frozen=True)
class Trace:
    """The report on one network.

    Attributes:
        how: which evidence decides; "none" for none of ours, "conflict" where two kinds name different students,
            "sealed" for one whose seal nothing opened.
        named: labels of the students named: one, or two in a conflict; empty for none.
        p: the probability of evidence as strong if the network were not ours: 0 for exact, 1 for none.
        tried: serials tried.
        compared: students whose weights were compared.
        evidence: the strongest first.
    """

    how: How
    named: tuple[str, ...]
    p: float
    tried: int
    compared: int
    evidence: tuple[Evidence, ...]


def trace(
    suspect: Suspect,
    issued: Sequence[Issued],
    split: Split,
    *,
    teacher: Mapping[str, Tensor] | None = None,
    dtype: torch.dtype = torch.float32,
    report: Progress = lambda line: None,
) -> Trace:
    """Find out which issued student a network comes from.

    Args:
        suspect: the network.
        issued: all that was issued for its application.
        split: held-out pictures, uint8 [N, C, H, W], and labels.
        teacher: tensors of the teacher the students come from, where the owner has it; another to compare with.
        dtype: of the arithmetic with serials.
        report: told each step.
    """
    digests = hashes_of(suspect)
    exact = {one.label for one in issued if one.weights in digests or one.sealed in digests}
    if suspect.is_sealed:
        report(f"trying {len(issued)} serials on the seal")
        inside = None if suspect.seal is None else opened(suspect, [one.serial for one in issued], split)
        if inside is None:
            known = tuple(Evidence(one, exact=True) for one in issued if one.label in exact)
            how: How = "exact" if exact else "sealed"
            return Trace(how, tuple(one.issued.label for one in known), float(not exact), len(issued), 0, known)
        suspect = inside
    report(f"trying {len(issued)} serials")
    unlocked = _try_serials(suspect, issued, split, dtype)
    report("comparing weights")
    near, compared = _compare_weights(suspect, issued, teacher)
    evidence = [
        Evidence(one, one.label in exact, unlocked.get(one.label), near.get(one.label))
        for one in issued
        if one.label in exact or one.label in unlocked or one.label in near
    ]
    evidence.sort(key=_strength)
    verdict, named, p = _verdict(evidence)
    return Trace(verdict, named, p, len(issued), compared, tuple(evidence[:SECOND_LOOK]))


def trace_as_any(suspect: Suspect, traced: Callable[[Suspect], Trace]) -> tuple[Suspect, Trace]:
    """Trace a network as a copy of every application whose shape it has, and let the strongest evidence decide.

    Args:
        suspect: the network; there may be several applications of its shape, of somebody's own pictures above all.
        traced: the trace of one reading.

    Returns:
        The reading that was decided for, the first where none is ours; and its trace, corrected for having looked
        several times.
    """
    found = [(one, traced(one)) for one in (suspect, *suspect.others)]
    chosen, best = min(found, key=lambda pair: (pair[1].how != "exact", not pair[1].named, pair[1].p))
    tried, compared = (sum(getattr(one, count) for _, one in found) for count in ("tried", "compared"))
    return chosen, replace(best, p=min(1.0, len(found) * best.p), tried=tried, compared=compared)


def _strength(evidence: Evidence) -> tuple[bool, float, float, float]:
    """Sorts the strongest first."""
    unlocked, near = evidence.unlocking, evidence.closeness
    return (
        not evidence.exact,
        min(unlocked.p if unlocked else 1.0, near.p if near and near.is_origin else 1.0),
        -(unlocked.accuracy.share if unlocked else 0.0),
        near.distance if near else float("inf"),
    )


def _try_serials(suspect: Suspect, issued: Sequence[Issued], split: Split, dtype: torch.dtype) -> dict[str, Unlocking]:
    found: dict[str, Unlocking] = {}
    for count in sorted({len(one.serial.bits) for one in issued}):
        here = [one for one in issued if len(one.serial.bits) == count]
        student = suspected_student(suspect, count)
        if len(here) > SECOND_LOOK:
            few = Split(split.images[:FIRST_LOOK], split.labels[:FIRST_LOOK])
            first = rights_of(student, [one.serial for one in here], few, dtype=dtype)
            order = sorted(range(len(here)), key=lambda index: -first[index])
            here = [here[index] for index in order[:SECOND_LOOK]]
        serials = [one.serial for one in here]
        results = unlocking(student, serials, split, tried=len(issued), look=OTHERS_LOOK, dtype=dtype)
        found |= {one.label: result for one, result in zip(here, results, strict=True)}
    return found


def _compare_weights(
    suspect: Suspect, issued: Sequence[Issued], teacher: Mapping[str, Tensor] | None
) -> tuple[dict[str, Closeness], int]:
    """The nearest students, each against the others and the teacher; few students' weights in memory at a time.

    Students of one teacher have their channels in its order, so that the suspect's need matching with few of them
    to see which are near. Then it is matched with each of those.
    """
    chain = chain_of(suspect.tensors)
    distances: dict[str, float] = {}
    orders: list[tuple[Tensor, Tensor]] = []  # flat weights of a student, and of the suspect in its order
    for one, kept in _kept(issued, suspect):
        flat = kept.flat()
        is_known = any(relative_distance(known, flat) < AKIN for known, _ in orders)
        if not is_known and len(orders) < MOST_TEACHERS:
            orders.append((flat, aligned(chain, kept).flat()))
        distances[one.label] = min(relative_distance(ours, flat) for _, ours in orders)
    nearest = sorted(distances, key=lambda label: distances[label])[:NEAREST]
    chains = {one.label: kept for one, kept in _kept([one for one in issued if one.label in nearest], suspect)}
    weights = {label: kept.flat() for label, kept in chains.items()}
    others_besides = [] if teacher is None else [chain_of(teacher).flat()]
    found = {}
    for label in nearest:
        others = [other for name, other in weights.items() if name != label]
        others += [one for one in others_besides if len(one) == len(weights[label])]
        suspected = aligned(chain, chains[label]).flat()
        found[label] = closeness(suspected, weights[label], others, max(1, len(distances)))
    return found, len(distances)


def _kept(issued: Sequence[Issued], suspect: Suspect) -> Iterator[tuple[Issued, Chain]]:
    shapes = shapes_of(suspect.application)
    for one in issued:
        weights = None if one.folder is None else kept_weights(one.folder, shapes)
        if weights is not None:
            yield one, weights


def _verdict(evidence: list[Evidence]) -> tuple[How, tuple[str, ...], float]:
    exact = [one for one in evidence if one.exact]
    if exact:
        return "exact", tuple(one.issued.label for one in exact), 0.0
    by_serial = [
        (one.unlocking.p, -one.unlocking.accuracy.share, one.issued.label)
        for one in evidence
        if one.unlocking is not None and one.unlocking.is_special
    ]
    by_weights = [
        (one.closeness.place or 0.0, one.closeness.p, one.issued.label)
        for one in evidence
        if one.closeness is not None and one.closeness.is_origin
    ]
    if by_serial and by_weights:
        (serial_p, _, unlocked), (_, weights_p, origin) = min(by_serial), min(by_weights)
        if unlocked == origin:
            return "serial and weights", (origin,), min(serial_p, weights_p)
        return "conflict", (unlocked, origin), max(serial_p, weights_p)
    if by_serial:
        p, _, label = min(by_serial)
        return "serial", (label,), p
    if by_weights:
        _, p, label = min(by_weights)
        return "weights", (label,), p
    return "none", (), 1.0
