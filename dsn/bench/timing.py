"""Speed as ratios within one run: the sides take turns, so that a busy machine slows them alike."""

import statistics
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True)
class Ratio:
    """One row of the table of speed.

    Attributes:
        key: its name in the results file.
        what: what over what, in words.
        bar: what it should be, in words.
        numerator: median of what is above the line.
        denominator: median of what is below it.
        unit: of both.
        met: whether the bar is met.
    """

    key: str
    what: str
    bar: str
    numerator: float
    denominator: float
    unit: str
    met: bool

    @property
    def ratio(self) -> float:
        """Numerator over denominator."""
        return self.numerator / self.denominator

    def as_json(self) -> dict[str, Any]:
        """Plain values for a results file."""
        values = {name: value for name, value in asdict(self).items() if name != "key"}
        return values | {
            "ratio": round(self.ratio, 3),
            "numerator": float(f"{self.numerator:.4g}"),
            "denominator": float(f"{self.denominator:.4g}"),
        }


def at_most(key: str, what: str, bar: float, seconds: tuple[float, float]) -> Ratio:
    """A ratio of `seconds` that should not be above its bar."""
    return Ratio(key, what, f"≤ {bar:g}", *seconds, "s", seconds[0] / seconds[1] <= bar)


def at_least(key: str, what: str, bar: float, seconds: tuple[float, float]) -> Ratio:
    """A ratio of `seconds` that should not be below its bar."""
    return Ratio(key, what, f"≥ {bar:g}", *seconds, "s", seconds[0] / seconds[1] >= bar)


def seconds_of(work: Callable[[], object]) -> float:
    """Wall-clock seconds that one call takes."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def medians_in_turn(
    first: Callable[[], float], second: Callable[[], float], repetitions: int, *, warm_up: int = 1
) -> tuple[float, float]:
    """Medians of what two measurements return, taken in turn: first, second, first, ...

    Args:
        first: does its work and returns the seconds it took.
        second: the same for the other side.
        repetitions: of each that count; at least 1.
        warm_up: of each before those, which do not.
    """
    pairs = [(first(), second()) for _ in range(warm_up + repetitions)][warm_up:]
    return statistics.median(one for one, _ in pairs), statistics.median(other for _, other in pairs)
