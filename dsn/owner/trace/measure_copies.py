"""How often patterns name the customers whose copies a network was made from, and nobody else."""

from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from dsn.applications.prepared import load_data_set
from dsn.applications.record import Application
from dsn.owner.copies.carriers import SIGNIFICANT
from dsn.owner.copies.copying import Copier
from dsn.owner.copies.measure import FILE, customers_of, measured_owner, shipped_original
from dsn.owner.copies.pattern import correlations, direction, least_score
from dsn.owner.trace.attempts import FINE_TUNING_EPOCHS, share_of, trained_on
from dsn.owner.trace.changes import CHANGES
from dsn.owner.trace.coalitions import (
    MOST_TOGETHER,
    Coalition,
    coalitions,
    network_of,
    with_and_without_serial,
)
from dsn.results.store import RESULTS, provenance, record

LEDGERS = (1_000, 10_000)  # customers
AT_ONCE = 25  # coalitions, each of whose networks is kept until all patterns were compared with it
FINE_TUNED = "fine-tuned"
Report = Callable[[str], None]
Made = list[tuple[tuple[int, ...], Tensor]]  # members of each coalition, and what its network says about patterns


def measure_changes(application: Application, trials: int, *, report: Report = print, results: Path = RESULTS) -> None:
    """One to five customers average their copies and change the result, as often as `trials` says for every change."""
    ways = {name: change for name, change in CHANGES.items() if name != "foreign"}
    copier = shipped_original(application, measured_owner())
    tallies = {name: _Tally() for name in ways}
    drawn = _drawn(copier, application, trials)
    while some := list(islice(drawn, AT_ONCE)):
        original = copier.original.student.state_dict()
        made = {
            name: [(one.members, direction(change(one.weights), original)) for one in some]
            for name, change in ways.items()
        }
        _compare(copier, application, made, tallies)
        report(f"{application.name}: {tallies['as it is'].trials} of {trials} trials")
    for name, tally in tallies.items():
        _record(application, name, tally, results)


def measure_training(application: Application, trials: int, *, report: Report = print, results: Path = RESULTS) -> None:
    """The same for networks that are trained on, on pictures with the serial inside and without; it takes long."""
    copier = shipped_original(application, measured_owner())
    share = with_and_without_serial(share_of(load_data_set(application), 0), copier.original)
    made = []
    for turn, one in enumerate(_drawn(copier, application, trials)):
        network = network_of(copier.original, one.weights)
        weights = trained_on(network, share, FINE_TUNING_EPOCHS, turn)
        made.append((one.members, direction(weights, copier.original.student.state_dict())))
        report(f"{application.name}: {turn + 1} of {trials} networks trained")
    tallies = {FINE_TUNED: _Tally()}
    _compare(copier, application, {FINE_TUNED: made}, tallies)
    _record(application, FINE_TUNED, tallies[FINE_TUNED], results)


class _Tally:
    """What came of the trials so far.

    Attributes:
        trials: how many.
        scores: the highest among the members of each coalition, by how many they are.
        named: how many of them had a member named, by the ledger's size.
        falsely: how many had anybody else named, by the ledger's size.
        stranger: the highest score of anybody who was not a member.
    """

    def __init__(self) -> None:
        self.trials = 0
        self.scores: dict[int, list[float]] = {count: [] for count in range(1, MOST_TOGETHER + 1)}
        self.named, self.falsely = dict.fromkeys(LEDGERS, 0), dict.fromkeys(LEDGERS, 0)
        self.stranger = float("-inf")

    def add(self, members: tuple[int, ...], scores: Tensor) -> None:
        """One trial: who took part, and everybody's score, float32 [customers]."""
        others = scores.clone()
        others[list(members)] = float("-inf")
        best = float(scores[list(members)].max())
        self.trials += 1
        self.scores[len(members)].append(best)
        self.stranger = max(self.stranger, float(others.max()))
        for size in LEDGERS:
            least = least_score(size, SIGNIFICANT)
            self.named[size] += best >= least
            self.falsely[size] += bool((others[:size] >= least).any())


def _drawn(copier: Copier, application: Application, trials: int) -> Iterator[Coalition]:
    """Coalitions among the customers of the shorter ledger, who are in the longer one, too."""
    return coalitions(copier, customers_of(copier.owner, application.name, LEDGERS[0]), trials)


def _compare(copier: Copier, application: Application, made: dict[str, Made], tallies: dict[str, _Tally]) -> None:
    """Every customer's pattern with every network."""
    verifiers = customers_of(copier.owner, application.name, LEDGERS[-1])
    directions = torch.stack([found for some in made.values() for _, found in some])
    keys = [copier.pattern_key(verifier) for verifier in verifiers]
    scores = iter(correlations(directions, keys).T)
    for name, some in made.items():
        for (members, _), one in zip(some, scores, strict=False):
            tallies[name].add(members, one)


def _record(application: Application, change: str, tally: _Tally, results: Path) -> None:
    row: dict[str, Any] = {
        "what": "patterns",
        "task": application.name,
        "change": change,
        "trials": tally.trials,
        "named": {str(size): count for size, count in tally.named.items()},
        "falsely": {str(size): count for size, count in tally.falsely.items()},
        "weakest": {str(count): round(min(some), 1) for count, some in tally.scores.items() if some},
        "stranger": round(tally.stranger, 2),
        "least_score": {str(size): round(least_score(size, SIGNIFICANT), 2) for size in LEDGERS},
        "met": set(tally.named.values()) == {tally.trials} and not any(tally.falsely.values()),
        **provenance(0, "cpu"),
    }
    record(FILE, f"{application.name}-{change}", row, results)
