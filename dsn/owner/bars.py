"""What a student should reach, and how far one is from it. The bars are this project's own."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Bars:
    """Bars of one application, in percent of right answers on the whole test split.

    Attributes:
        below_teacher: how far at most the valid serial may stay below the teacher.
        absent: at most this without a serial.
        random: mean and worst of random wrong serials, at most.
        one_bit: mean and worst of serials with one bit wrong, at most.
        unusual: worst of other customers' serials, wrong places, inverted and dimmed ones, at most.
        probe: at most this by a linear probe on the features of raw pictures.
    """

    below_teacher: float
    absent: float
    random: tuple[float, float]
    one_bit: tuple[float, float]
    unusual: float
    probe: float


BARS = {
    "digits": Bars(0.1, 11.4, (11.4, 12.0), (11.4, 14.0), 12.0, 12.0),
    "signs": Bars(0.2, 6.5, (6.5, 9.0), (6.5, 10.0), 7.0, 8.0),
}
LEAST_GAP = 20.0  # points between the valid serial and the worst random one, of a student that is one at all


def missed(row: dict[str, Any], teacher: float) -> list[str]:
    """The bars that a student's figures miss, each in words.

    Args:
        row: as `evaluate_student` gives it, of a student of 64 bits.
        teacher: the teacher's accuracy on the same pictures, in percent.
    """
    bars = BARS.get(row["task"])
    if bars is None:
        return []
    found: list[str] = []

    def at_most(what: str, value: float, bar: float) -> None:
        if value > bar:
            found.append(f"{what}: {value:.2f} %, where {bar:g} is the bar")

    at_most("valid serial below the teacher", round(teacher - row["valid"]["percent"], 2), bars.below_teacher)
    at_most("no serial", row["absent"]["percent"], bars.absent)
    for key, what, bar in (
        ("random_wrong", "random wrong serials", bars.random),
        ("one_bit_wrong", "one bit wrong", bars.one_bit),
    ):
        at_most(f"{what}, mean", row[key]["mean"], bar[0])
        at_most(f"{what}, worst", row[key]["worst"]["percent"], bar[1])
    at_most("other unusual serials, worst", row["unusual"]["worst"]["percent"], bars.unusual)
    at_most("linear probe on raw features", row["probe_on_raw"]["percent"], bars.probe)
    return found


def is_unlocked(row: dict[str, Any]) -> bool:
    """Whether the valid serial stands clear of every random one: else it is no student at all."""
    return row["valid"]["low"] >= row["random_wrong"]["worst"]["high"] + LEAST_GAP
