"""What is drawn of an attack: curves, bars and points from its steps and its outcome."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from dsn.attacks.kit.record import CLOUDS, Attack, Tone
from dsn.attacks.kit.scene import Outcome, Step

if TYPE_CHECKING:
    from torch import Tensor

    from dsn.attacks.watched import Copy


@dataclass(frozen=True)
class Curve:
    """One line of a chart.

    Attributes:
        name: key of its title in the texts.
        tone: its colour.
        points: (x, percent).
    """

    name: str
    tone: Tone
    points: tuple[tuple[float, float], ...]


@dataclass(frozen=True)
class View:
    """Everything that is shown of an attack at one moment.

    Attributes:
        attack: from the registry.
        done: steps made.
        total: steps in all.
        curves: lines over steps, epochs, queries or wrong bits.
        longest: the largest x; of bars, how many there will be.
        bars: percent right of every serial, in the order of their numbers (brute force).
        pictures: what the adversary has found, by name: float [C, H, W] in [0, 1].
        points: by condition, (x, y, class) of every picture (feature space).
        figures: by name.
        is_over: whether it is finished.
        copy: what the stolen network answers by now; None of a recorded run.
    """

    attack: Attack
    done: int
    total: int
    curves: tuple[Curve, ...] = ()
    longest: float = 1.0
    bars: tuple[float, ...] = ()
    pictures: dict[str, Tensor] = field(default_factory=dict)
    points: dict[str, list[tuple[float, float, int]]] = field(default_factory=dict)
    figures: dict[str, float] = field(default_factory=dict)
    is_over: bool = False
    copy: Copy | None = None


PASSED = ("epochs", "queries")  # what a step calls its place on the axis, where that is not its number


class Watching:
    """Gathers the steps of one attack into views.

    Args:
        attack: from the registry.
    """

    def __init__(self, attack: Attack) -> None:
        self.attack = attack
        self.stepped = [curve for curve in attack.curves if curve.stepped]
        in_turn = len({curve.stepped for curve in self.stepped}) < len(self.stepped)
        self.parts = len(self.stepped) if in_turn else 1  # such attacks run one mode after the other
        self.seen: dict[str, list[tuple[float, float]]] = {}

    def step(self, step: Step) -> View:
        """The view after one more step."""
        if step.curves:
            return self._drawn(step.curves, step, step.figures, is_over=False)
        steps = step.total / self.parts
        part = min(max(math.ceil(step.done / steps) - 1, 0), self.parts - 1)
        x = next((step.figures[name] for name in PASSED if name in step.figures), step.done - part * steps)
        for curve in self.stepped[part : part + 1] if self.parts > 1 else self.stepped:
            if curve.stepped in step.figures:
                self.seen.setdefault(curve.name, []).append((float(x), step.figures[curve.stepped]))
        longest = next((step.figures[f"{name}_in_all"] for name in PASSED if name in step.figures), steps)
        return View(
            self.attack, step.done, step.total, self._curves(self.seen), max(longest, 1.0),
            pictures=step.pictures, figures=step.figures,
        )  # fmt: skip

    def outcome(self, outcome: Outcome, last: Step | None) -> View:
        """The view of the finished attack."""
        figures = {name: value for name, value in outcome.figures.items() if value is not None}
        return self._drawn(outcome.curves, last or Step(1, 1), figures, is_over=True)

    def _drawn(self, curves: dict[str, list[float]], step: Step, figures: dict[str, float], *, is_over: bool) -> View:
        done = step.total if is_over else step.done
        if self.attack.shown_as == "bars":
            bars = tuple(curves["accuracy"])
            count = len(bars) if is_over else step.total
            return View(self.attack, done, step.total, (), count, bars=bars, figures=figures, is_over=is_over)
        if self.attack.shown_as == "dots":
            labels = [int(label) for label in curves["labels"]]
            points = {
                name: cloud(curves[f"{name}_x"], curves[f"{name}_y"], labels)
                for name in CLOUDS
                if f"{name}_x" in curves
            }
            return View(self.attack, done, step.total, points=points, figures=figures, is_over=is_over)
        if "x" not in curves:
            return View(self.attack, done, step.total, pictures=step.pictures, figures=figures, is_over=is_over)
        whole = {name: list(zip(curves["x"], curve, strict=False)) for name, curve in curves.items() if name != "x"}
        longest = max(curves["x"]) if is_over else step.figures.get("softest", float(step.total - 1))
        return View(
            self.attack, done, step.total, self._curves(whole), longest,
            pictures=step.pictures, figures=figures, is_over=is_over,
        )  # fmt: skip

    def _curves(self, values: dict[str, list[tuple[float, float]]]) -> tuple[Curve, ...]:
        return tuple(
            Curve(curve.title, curve.tone, tuple(values[curve.name]))
            for curve in self.attack.curves
            if curve.name in values
        )


def cloud(across: list[float], up: list[float], labels: list[int]) -> list[tuple[float, float, int]]:
    """Dots to be drawn in a square of 100: (x, y, class) of every picture."""
    return list(zip(_even(across), _even(up), labels, strict=True))


def _even(values: list[float]) -> list[float]:
    """Values moved into 2 to 98, to be drawn in a square of 100."""
    low, high = min(values), max(values)
    return [50.0 if high == low else 2 + 96 * (value - low) / (high - low) for value in values]
