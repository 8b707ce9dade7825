"""Figures over several splits of few pictures: each split a line, and what they come to together."""

import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from dsn.applications.record import Application
from dsn.results.store import read_results
from dsn.results.text import accuracy_text, bold_if_missed, group_text, made_by, markdown_table

TEACHER_BAR = 96.0  # percent, the mean over the splits

Row = dict[str, Any]
FIGURES: dict[str, Callable[[Row], float]] = {
    "teacher": lambda row: row["teacher"]["percent"],
    "valid": lambda row: row["valid"]["percent"],
    "below": lambda row: row["teacher"]["percent"] - row["valid"]["percent"],
    "absent": lambda row: row["absent"]["percent"],
    "random": lambda row: row["random_wrong"]["mean"],
    "one_bit": lambda row: row["one_bit_wrong"]["mean"],
}


@dataclass(frozen=True)
class Over:
    """A figure over several splits, in percent.

    Attributes:
        mean: of all.
        lowest: of one split.
        highest: of one split.
    """

    mean: float
    lowest: float
    highest: float

    @property
    def text(self) -> str:
        """Mean, and from where to where."""
        return f"{self.mean:.2f} ({self.lowest:.2f}–{self.highest:.2f})"


def rows_of(application: Application) -> list[Row]:
    """The recorded rows of an application, a split each, in order."""
    rows = [row for row in read_results("splits").values() if row["task"] == application.name]
    return sorted(rows, key=lambda row: row["split"])


def over(rows: Sequence[Row]) -> dict[str, Over]:
    """Every figure over the splits of these rows, by its name; "below" is how far valid is below the teacher."""
    found = {name: [of(row) for row in rows] for name, of in FIGURES.items()}
    return {name: Over(statistics.fmean(values), min(values), max(values)) for name, values in found.items()}


def splits_table(application: Application) -> str:
    """A line for each split and one for their means, with the bars for those; in bold what misses its bar."""
    rows, bars = rows_of(application), application.bars
    if not rows or bars is None:
        return "Not measured yet."
    head = ["percent", "teacher", "valid serial", "below the teacher", "no serial", "random wrong: mean / worst"]
    lines = [
        [
            f"split {row['split']}",
            accuracy_text(row["teacher"]),
            accuracy_text(row["valid"]),
            f"{FIGURES['below'](row):.2f}",
            accuracy_text(row["absent"]),
            group_text(row["random_wrong"]),
            group_text(row["one_bit_wrong"]),
        ]
        for row in rows
    ]
    found = over(rows)
    met = {
        "teacher": found["teacher"].mean >= TEACHER_BAR,
        "below": found["below"].mean <= bars.below_teacher,
        "absent": found["absent"].mean <= bars.absent,
        "random": found["random"].mean <= bars.random[0],
        "one_bit": found["one_bit"].mean <= bars.one_bit[0],
    }
    lines.append(
        ["mean (lowest–highest)", *(bold_if_missed(one.text, met.get(name, True)) for name, one in found.items())]
    )
    limits = [f"≥ {TEACHER_BAR:g}", "–", *(f"≤ {bar:g}" for bar in (bars.below_teacher, bars.absent, bars.random[0]))]
    lines.append(["bar for the mean", *limits, f"≤ {bars.one_bit[0]:g}"])
    return f"{markdown_table([*head, 'one bit wrong: mean / worst'], lines)}\n\nMeasured with {made_by(*rows)}."
