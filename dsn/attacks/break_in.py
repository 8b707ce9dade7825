"""The break-in of the page: four stolen networks, a few ways in, and which of them opens which, live."""

from collections.abc import Generator
from dataclasses import dataclass, replace

import torch

from dsn.attacks.kit.levels import ASK, RUN, TASK, Level, are_there
from dsn.attacks.kit.record import CUSTOMER, WELL_ABOVE
from dsn.attacks.kit.scene import Attempt
from dsn.attacks.registry import attack_named
from dsn.attacks.watched import Copy, attacking, copy_of
from dsn.measuring.comparison import Condition, measure
from dsn.statistics import chance
from dsn.student.collection import LITERAL, Collection, demo_serials, literal_folder
from dsn.student.folder import load_folder

OFTEN = 12  # times that a long attack is shown, at most


@dataclass(frozen=True)
class Moment:
    """How far a way in has led.

    Attributes:
        done: steps made.
        total: steps in all.
        copy: what the stolen network answers by now.
        figures: of the finished attack, by name; of the ways that are none, "right" in percent, and "silent", the
            pictures without an answer. Once it is over, "pictures" is how many the page has.
        fell: whether the lock has fallen; None as long as it is not over.
    """

    done: int
    total: int
    copy: Copy
    figures: dict[str, float]
    fell: bool | None = None

    @property
    def is_over(self) -> bool:
        """Whether it is the last."""
        return self.fell is not None


def with_literal(collection: Collection) -> Collection | None:
    """The collection with the literal student among its students; None where a level's network is not there."""
    name, like = f"{TASK}/{LITERAL}", f"{TASK}/{CUSTOMER}"
    if not are_there(collection):
        return None
    return replace(
        collection,
        students={**collection.students, name: load_folder(literal_folder(TASK))},
        origins={**collection.origins, name: collection.origins[like]},
        serials={**collection.serials, name: demo_serials()[like]},
    )


def breaking_in(collection: Collection, level: Level, way: str) -> Generator[Moment, None, None]:
    """One way tried on one network, step by step; the last moment says whether it opened.

    Args:
        collection: see `with_literal`.
        level: of `kit.levels.LEVELS`.
        way: of the level's.
    """
    split = collection.held_out[TASK].split
    even = chance(split.labels, len(collection.held_out[TASK].class_names)).uniform
    if way in (RUN, ASK):
        yield from _asking(collection, level.victim, even, licensed=way == ASK)
        return
    attack = attack_named(way)
    running = attacking(collection, attack, level.victim)
    last, copy = None, copy_of(collection, level.victim)
    while True:
        try:
            step = next(running)
        except StopIteration as end:
            figures = {name: value for name, value in end.value.figures.items() if value is not None}
            total = last.total if last else 1
            fell = not attack.was_in_vain(figures, even)
            yield Moment(total, total, copy, {**figures, "pictures": len(split)}, fell)
            return
        shown = last is None or (step.done - last.done) * OFTEN >= step.total or step.done == step.total
        if shown:
            last, copy = step, copy_of(collection, level.victim, step.attempt)
            yield Moment(step.done, step.total, copy, {})


def _asking(collection: Collection, name: str, even: float, *, licensed: bool) -> Generator[Moment, None, None]:
    """The network asked about all held-out pictures, as it was stolen or with its serial."""
    serial = collection.serials[name]
    attempt = Attempt(bits=torch.tensor(serial.bits)) if licensed else None
    copy = copy_of(collection, name, attempt)
    condition: Condition = "valid" if licensed else "absent"
    split = collection.held_out[TASK].split
    for measured in measure(collection.students[name], split, serial, None):
        right = measured.accuracy(condition)
        if right:
            fell = right.percent > even + WELL_ABOVE if measured.done == measured.total else None
            figures = {"right": right.percent, "silent": measured.silent[condition], "pictures": len(split)}
            yield Moment(measured.done, measured.total, copy, figures, fell)
