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


def has_student(row: Row) -> bool:
    """Whether a split's student was measured, too; its teacher comes first."""
    return "valid" in row


def over(rows: Sequence[Row]) -> dict[str, Over]:
    """Every figure over the splits that have it, by its name; "below" is how far valid is below the teacher."""
    whole = [row for row in rows if has_student(row)]
    found = {name: [of(row) for row in (rows if name == "teacher" else whole)] for name, of in FIGURES.items()}
    return {name: Over(statistics.fmean(values), min(values), max(values)) for name, values in found.items() if values}


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
            accuracy_text(row.get("valid")),
            f"{FIGURES['below'](row):.2f}" if has_student(row) else "–",
            accuracy_text(row.get("absent")),
            group_text(row.get("random_wrong")),
            group_text(row.get("one_bit_wrong")),
        ]
        for row in rows
    ]
    found = over(rows)
    most = {
        "below": bars.below_teacher, "absent": bars.absent, "random": bars.random[0], "one_bit": bars.one_bit[0]
    }  # fmt: skip

    def mean(name: str) -> str:
        if name not in found:
            return "–"
        is_met = found[name].mean <= most.get(name, 100.0) if name != "teacher" else found[name].mean >= TEACHER_BAR
        return bold_if_missed(found[name].text, is_met)

    lines.append(["mean (lowest–highest)", *map(mean, FIGURES)])
    limits = [f"≤ {most[name]:g}" if name in most else "–" for name in FIGURES]
    lines.append(["bar for the mean", f"≥ {TEACHER_BAR:g}", *limits[1:]])
    return f"{markdown_table([*head, 'one bit wrong: mean / worst'], lines)}\n\nMeasured with {made_by(*rows)}."
