"""What a quick mint is asked for, and what it tells on its way."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from dsn.owner.mint.forecast import Pace
from dsn.statistics import Accuracy

if TYPE_CHECKING:
    from dsn.student.student import Student


@dataclass(frozen=True)
class QuickMint:
    """How quick the quick mint is.

    Attributes:
        epochs: passes over the training pictures that come with the project.
        training_pictures: how many of those to use; None for all 6,000.
        looks: how often the student is measured on the way.
        pictures: unseen pictures each time.
        seed: of all randomness.
    """

    epochs: int = 6
    training_pictures: int | None = None
    looks: int = 16
    pictures: int = 150
    seed: int = 0


@dataclass(frozen=True)
class Look:
    """What the student reached at one moment.

    Attributes:
        share: of all steps, 0 to 1.
        valid: with its serial.
        wrong: with a random serial, another for every picture.
        absent: with none.
    """

    share: float
    valid: Accuracy
    wrong: Accuracy
    absent: Accuracy


@dataclass(frozen=True)
class Progress:
    """Where a quick mint stands.

    Attributes:
        done: steps made.
        total: steps in all.
        seconds: since it began.
        looks: so far, the first before any step.
        student: the finished one, in eval mode; None on the way.
        pace: of its latest steps; None as long as it is not steady.
        forecast: seconds in all, at this pace; None as long as that is.
        before: seconds until its first step.
    """

    done: int
    total: int
    seconds: float
    looks: tuple[Look, ...]
    student: Student | None = None
    pace: Pace | None = None
    forecast: float | None = None
    before: float = 0.0
