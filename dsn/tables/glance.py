"""Recorded figures for charts: how right a student is with ever more wrong bits, and with its serial beside without."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from dsn.attacks.kit.record import CUSTOMER
from dsn.results.store import read_results
from dsn.student.collection import SEALED_COPY

MOST_WRONG = 8  # bits of the cliff that are drawn; beyond them nothing changes


@dataclass(frozen=True)
class Cliff:
    """Right answers against the number of wrong bits, in percent.

    Attributes:
        mean: of the serials tried, by wrong bits from none on.
        highest: of them.
        beyond: the highest of all serials with more wrong bits.
        bits: of the serial.
    """

    mean: tuple[float, ...]
    highest: tuple[float, ...]
    beyond: float
    bits: int


@dataclass(frozen=True)
class Contrast:
    """A student with its serial, with a wrong one, and with none, in percent; its wrong ones are a mean."""

    customer: str
    lock: str
    valid: float
    wrong: float
    absent: float
    even: float


def cliff(task: str, rows: Mapping[str, Any] | None = None) -> Cliff | None:
    """The cliff of an application; None where it was not recorded.

    Args:
        task: name of the application.
        rows: of `assets/results/attacks.json`; None for the recorded ones.
    """
    row = (read_results("attacks") if rows is None else rows).get(f"{task}/{CUSTOMER}/nearness/10")
    if row is None:
        return None
    mean, highest = row["curves"]["mean"], row["curves"]["highest"]
    drawn = MOST_WRONG + 1
    return Cliff(tuple(mean[:drawn]), tuple(highest[:drawn]), max(highest[drawn:]), row["bit_count"])


def beside(task: str, rows: Mapping[str, Any] | None = None) -> list[Contrast]:
    """Every recorded student of an application.

    Args:
        task: name of the application.
        rows: of `assets/results/students.json`; None for the recorded ones.
    """
    found = []
    for name, row in (read_results("students") if rows is None else rows).items():
        if row["task"] != task:
            continue
        wrong = row.get("random_wrong") or row.get("every_wrong")
        if wrong:
            found.append(
                Contrast(
                    name.split("/")[1].removesuffix(SEALED_COPY),
                    row.get("lock", "stamped"),
                    row["valid"]["percent"],
                    wrong["mean"],
                    row["absent"]["percent"],
                    row["chance"]["uniform"],
                )
            )
    return found
