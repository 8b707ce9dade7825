"""Accuracies never stand alone: with their N, a 95 % interval, and what guessing would reach."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from numpy import ndarray
    from torch import Tensor

Z_95 = 1.959963984540054  # two-sided 95 % point of the normal distribution


@dataclass(frozen=True)
class Accuracy:
    """A share of right answers.

    Attributes:
        correct: right answers.
        count: N, all answers; at least 1.
    """

    correct: int
    count: int

    @property
    def share(self) -> float:
        """Right answers over all, 0 to 1."""
        return self.correct / self.count

    @property
    def percent(self) -> float:
        """Right answers in percent."""
        return 100 * self.share

    @property
    def interval(self) -> tuple[float, float]:
        """The 95 % Wilson score interval of the share, 0 to 1 (Wilson, JASA 22, 1927)."""
        n, p, z = self.count, self.share, Z_95
        centre = (p + z * z / (2 * n)) / (1 + z * z / n)
        half = z / (1 + z * z / n) * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
        return min(max(0.0, centre - half), p), max(min(1.0, centre + half), p)  # rounding may pass p by a hair

    def as_json(self) -> dict[str, float | int]:
        """What results files keep: percentages with two decimals, the count and the interval."""
        low, high = self.interval
        return {
            "percent": round(self.percent, 2),
            "low": round(100 * low, 2),
            "high": round(100 * high, 2),
            "n": self.count,
        }


@dataclass(frozen=True)
class Chance:
    """What answers without looking reach, in percent.

    Attributes:
        uniform: drawing every class equally often.
        majority: always answering the most frequent class.
    """

    uniform: float
    majority: float


def chance(labels: Tensor | ndarray, classes: int) -> Chance:
    """Chance levels on pictures with these labels, int64 [N]."""
    return Chance(100 / classes, 100 * max(Counter(labels.tolist()).values()) / len(labels))
