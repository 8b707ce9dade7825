"""What a student should reach, and how far one is from it. The bars are this project's own."""

from typing import Any

from dsn.applications.registry import applications

LEAST_GAP = 20.0  # points between the valid serial and the worst random one, of a student that is one at all


def missed(row: dict[str, Any], teacher: float) -> list[str]:
    """The bars that a student's figures miss, each in words.

    Args:
        row: as `evaluate_student` gives it, of a student of 64 bits.
        teacher: the teacher's accuracy on the same pictures, in percent.
    """
    application = applications().get(row["task"])
    bars = application.bars if application else None
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
