"""Who has what in an attack, and what every attack reports: steps on the way and an outcome at its end."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, TypeVar

from dsn.applications.prepared import Split
from dsn.applications.record import Application
from dsn.serials import Serial

if TYPE_CHECKING:
    import torch
    from torch import Tensor

    from dsn.student.student import Student

GLANCE = 1000
FEWEST = 2  # training pictures that an attack can be made with: one has no spread


class AttackError(RuntimeError):
    """An attack that cannot be made on this student; its message is one sentence: why, and what to do."""


def check_share(share: float) -> None:
    """Refuse a share of the data that cannot be.

    Raises:
        AttackError: it is not above 0 and at most 1.
    """
    if not 0 < share <= 1:
        raise AttackError(f"A share of the data is above 0 and at most 1, and this is {share:g}.")


@dataclass(frozen=True)
class Licensed:
    """A customer's copy: a student with the serial that unlocks it."""

    student: Student
    serial: Serial


@dataclass(frozen=True)
class Scene:
    """The attacked student and everything there is around it; each attack says which of it the adversary has.

    Attributes:
        student: the attacked one, in eval mode.
        serial: its valid serial; adversaries do not have it unless the attack says so.
        application: what the student recognises.
        train: the owner's training pictures, of which an adversary may hold a share.
        test: held-out pictures, which only measure.
        others: licensed students of other customers with serials of the same length, by customer.
    """

    student: Student
    serial: Serial
    application: Application
    train: Split
    test: Split
    others: dict[str, Licensed] = field(default_factory=dict)

    @property
    def device(self) -> torch.device:
        """Where the student and the pictures are."""
        return self.student.predictor.weight.device

    @property
    def glance(self) -> Split:
        """The first thousand test pictures, for curves that are drawn while an attack runs."""
        return Split(self.test.images[:GLANCE], self.test.labels[:GLANCE])

    @property
    def bits(self) -> Tensor:
        """The valid serial, float [K] of 0 and 1, on the device."""
        import torch

        return torch.tensor(self.serial.bits, dtype=torch.float32, device=self.device)

    def stolen(self, share: float, seed: int) -> Split:
        """The adversary's share of the training pictures with their labels, drawn at random.

        Args:
            share: of all training pictures, above 0 and at most 1.
            seed: of the draw; the same seed gives the same pictures to every attack.

        Raises:
            AttackError: a share that cannot be, or holds next to nothing.
        """
        import torch

        check_share(share)
        count = round(share * len(self.train))
        if count < FEWEST:
            raise AttackError(
                f"A share of {share:g} is {count} of {len(self.train):,} training pictures: an attack needs {FEWEST}."
            )
        order = torch.randperm(len(self.train), generator=torch.Generator().manual_seed(seed))
        chosen = order[:count].to(self.device)
        return Split(self.train.images[chosen], self.train.labels[chosen])


Ask = Callable[["Tensor"], "Tensor"]  # pictures, float [N, C, H, W] in [0, 1], to logits, float [N, classes]


@dataclass(frozen=True)
class Attempt:
    """The stolen network as the adversary has it at one moment, and what they put into a picture.

    Attributes:
        asks: how it answers, by condition ("valid", "entered", "absent"); the student as it was handed out elsewhere.
        bits: the serial that is tried, float [K] of 0 and 1; None where none is.
        change: done to pictures, float [N, C, H, W], in place of stamping a serial in.
    """

    asks: Mapping[str, Ask] = field(default_factory=dict)
    bits: Tensor | None = None
    change: Ask | None = None


@dataclass(frozen=True)
class Step:
    """Where an attack stands.

    Attributes:
        done: steps made.
        total: steps in all.
        figures: present values by name, in percent unless the name says otherwise.
        pictures: what the adversary has found so far, by name: float tensors in [0, 1].
        curves: those of the outcome as far as they have come, where they are more than one value a step.
        attempt: what the adversary has in hand, where there is anything; its network is trained on afterwards.
    """

    done: int
    total: int
    figures: dict[str, float] = field(default_factory=dict)
    pictures: dict[str, Tensor] = field(default_factory=dict)
    curves: dict[str, list[float]] = field(default_factory=dict)
    attempt: Attempt | None = None


@dataclass(frozen=True)
class Outcome:
    """What one run of an attack came to.

    Attributes:
        figures: by name, in percent unless the name says otherwise; None where something never happened.
        curves: by name, a value for each entry of the curve "x".
    """

    figures: dict[str, float | None]
    curves: dict[str, list[float]] = field(default_factory=dict)


Running = Generator[Step, None, Outcome]


def finish(running: Running, report: Callable[[Step], None] = lambda step: None) -> Outcome:
    """Run an attack to its end.

    Args:
        running: the attack.
        report: told every step.
    """
    while True:
        try:
            report(next(running))
        except StopIteration as end:
            outcome: Outcome = end.value
            return outcome


Ended = TypeVar("Ended")


def retold(running: Generator[Step, None, Ended], told: Callable[[Step], Step]) -> Generator[Step, None, Ended]:
    """An attack, or a part of one, each of whose steps is told in another way; its end is as it is."""
    while True:
        try:
            step = next(running)
        except StopIteration as end:
            ended: Ended = end.value
            return ended
        yield told(step)


def staged(running: Running, before: int, total: int) -> Running:
    """One part of a longer attack: its steps counted on from `before`, its outcome as it is.

    Args:
        running: the part.
        before: steps made before it.
        total: steps of the whole attack.
    """
    return retold(running, lambda step: replace(step, done=before + step.done, total=total))
