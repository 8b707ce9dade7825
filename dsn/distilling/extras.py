"""What a recipe may add to a student's training without the trainer knowing more of it: research does."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor

from dsn.student.student import Student


@dataclass(frozen=True)
class Branches:
    """One batch for one student: every picture twice, once as the valid branch and once as the invalid one.

    Attributes:
        inputs: float [2 N, C, H, W]: N pictures valid, then the same invalid.
        raw: float [N, C, H, W], the same as they were.
        one_bit: which of the invalid ones have a single bit wrong.
        flipped: which bit, int64.
        unstamped: how many of the invalid ones, at the end, carry nothing at all.
    """

    inputs: Tensor
    raw: Tensor
    one_bit: slice
    flipped: Tensor
    unstamped: int


class Begun(Protocol):
    """An extra under way beside one student."""

    def loss(self, branches: Branches, labels: Tensor) -> Tensor | None:
        """What it adds to the student's loss, weighted; after the student has seen the inputs."""

    def before_step(self, images: Tensor, labels: Tensor) -> None:
        """Between gradients and step, with raw pictures, float [N, C, H, W] in [0, 1], and labels, int64 [N]."""

    def after_step(self) -> None:
        """After every step."""

    def state(self) -> dict[str, Tensor]:
        """What to keep in a training's state, under names of its own."""

    def restore(self, state: dict[str, Tensor]) -> None:
        """Go on from `state()`."""

    def stop(self) -> None:
        """Leave the student alone."""


class Extra(Protocol):
    """Settings of an extra, frozen: they are part of a recipe."""

    def begin(self, student: Student, generator: torch.Generator) -> Begun:
        """Begin beside a student, before it trains.

        Args:
            student: on the training's device.
            generator: of the training's set-up. Extras draw from it in the recipe's order, after the attackers.
        """


class Beside:
    """An extra that does nothing: those that do something say what."""

    def loss(self, branches: Branches, labels: Tensor) -> Tensor | None:
        """Nothing."""
        return None

    def before_step(self, images: Tensor, labels: Tensor) -> None:
        """Nothing."""

    def after_step(self) -> None:
        """Nothing."""

    def state(self) -> dict[str, Tensor]:
        """Nothing."""
        return {}

    def restore(self, state: dict[str, Tensor]) -> None:
        """Nothing."""

    def stop(self) -> None:
        """Nothing."""


def begun(extras: Sequence[Extra], student: Student, generator: torch.Generator) -> list[Begun]:
    """Every extra of a recipe beside one student, begun in their order."""
    return [extra.begin(student, generator) for extra in extras]
