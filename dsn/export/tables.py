"""The figures of one student as data: the recorded rows as they stand in their files, and what was just measured."""

import csv
import io
import json
import tomllib
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

from dsn.applications.held_out import SEED, HeldOut
from dsn.export.sheet import Measured
from dsn.measuring.comparison import CONDITIONS
from dsn.places import ASSETS
from dsn.results.store import provenance, read_results
from dsn.statistics import Accuracy, chance

COLUMNS = (
    "source", "task", "customer", "measure", "serials", "mean_percent", "worst_is",
    "percent", "low", "high", "n", "seed", "commit", "device", "torch", "date",
)  # fmt: skip
WHOSE = ("task", "customer")
PROVENANCE = ("seed", "commit", "device", "torch", "date")
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n")
MEASURED = "held-out pictures, measured just now"


@dataclass(frozen=True)
class Exported:
    """The student that figures are of.

    Attributes:
        task: the application.
        customer: whose it is.
        weights: hash of its weights, SHA-256 in hexadecimal.
        revision: of the repository it came from; None for a bundled one.
    """

    task: str
    customer: str
    weights: str
    revision: str | None = None


def dsn_version() -> str:
    """The project's version, from pyproject.toml."""
    return tomllib.loads((ASSETS.parent / "pyproject.toml").read_text("utf-8"))["project"]["version"]


def versions() -> dict[str, str]:
    """Of what the figures depend on."""
    import torch

    return {"dsn": dsn_version(), "torch": torch.__version__}


def measured_row(measured: Measured, held_out: HeldOut, *, show_serial: bool) -> dict[str, Any]:
    """A measurement as results files keep theirs; the entered serial only where it may be shown."""
    whole = measured.measurement
    accuracies: dict[str, Accuracy | None] = {name: whole.accuracy(name) for name in CONDITIONS}
    levels = chance(held_out.labels, len(held_out.class_names))
    row: dict[str, Any] = {
        "task": measured.task,
        "customer": measured.customer,
        "pictures": MEASURED,
        "chance": {"uniform": round(levels.uniform, 2), "majority": round(levels.majority, 2)},
        **{name: accuracy.as_json() for name, accuracy in accuracies.items() if accuracy},
        "silent": dict(whole.silent),
        "confusion": {name: whole.counts[name].tolist() for name in CONDITIONS},
    }
    if show_serial:
        row["entered_serial"] = measured.serial.text if measured.serial else None
    else:
        row["entered_serial_is_hidden"] = measured.serial is not None
    return row | provenance(SEED, "cpu")


def figures(
    student: Exported, measured: Measured | None, held_out: HeldOut, *, show_serial: bool = False
) -> dict[str, Any]:
    """Everything known of one student, each part with its provenance.

    Args:
        student: whose figures.
        measured: of this student, in this visit; None for nothing.
        held_out: the pictures that was measured on.
        show_serial: whether the entered serial may stand in it.

    Returns:
        "recorded" holds the rows of `assets/results/` unchanged, by file; "measured" the visit's, or None.
    """
    return {
        "student": asdict(student),
        "versions": versions(),
        "recorded": {
            "students": read_results("students").get(f"{student.task}/{student.customer}"),
            "teachers": read_results("teachers").get(student.task),
            "attacks": attack_rows(student.task, student.customer),
        },
        "measured": measured_row(measured, held_out, show_serial=show_serial) if measured else None,
    }


def attack_rows(task: str, customer: str) -> dict[str, Any]:
    """The recorded attacks on a student, by attack and percent of the data; without their curves, which are long."""
    rows = read_results("attacks")
    of = {name.removeprefix(f"{task}/{customer}/"): row for name, row in rows.items()}
    return {
        name: {key: value for key, value in row.items() if key != "curves"}
        for name, row in of.items()
        if name.count("/") == 1 and (row["task"], row["customer"]) == (task, customer)
    }


def as_json(values: dict[str, Any]) -> str:
    """A JSON file's text."""
    return json.dumps(values, indent=2, ensure_ascii=False) + "\n"


def as_csv(values: dict[str, Any]) -> str:
    """The same, one accuracy a line; no cell is one that a spreadsheet would run."""
    lines = [
        {"source": source, **{name: row.get(name) for name in (*WHOSE, *PROVENANCE)}, **line}
        for source, row in (
            ("students.json", values["recorded"]["students"]),
            ("teachers.json", values["recorded"]["teachers"]),
            (MEASURED, values["measured"]),
        )
        if row
        for line in _lines(row)
    ]
    lines += [
        {
            "source": "attacks.json",
            **{key: row.get(key) for key in (*WHOSE, *PROVENANCE)},
            "measure": f"{name}: {figure}",
            "mean_percent": value["mean"],
        }
        for name, row in values["recorded"]["attacks"].items()
        for figure, value in row["figures"].items()
    ]
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS, restval="")
    writer.writeheader()
    writer.writerows({name: safe_cell(value) for name, value in line.items()} for line in lines)
    return text.getvalue()


def _lines(row: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Every accuracy of a results row, and every group of them with its mean and its worst."""
    for measure, value in row.items():
        if not isinstance(value, dict):
            continue
        if "percent" in value:
            yield {"measure": measure, **{name: value[name] for name in ("percent", "low", "high", "n")}}
        elif "worst" in value:
            worst = {name: value["worst"][name] for name in ("percent", "low", "high", "n")}
            group = {"serials": value["serials"], "mean_percent": value["mean"], "worst_is": value["worst_is"]}
            yield {"measure": measure, **group, **worst}
        elif measure == "chance":
            yield from ({"measure": f"chance, {name}", "percent": percent} for name, percent in value.items())
        elif measure == "silent":
            for name, count in value.items():
                if name in row:
                    of = row[name]["n"]
                    yield {"measure": f"no answer, {name}", "percent": round(100 * count / of, 2), "n": of}


def safe_cell(value: object) -> object:
    """A cell as it is, or, where its text could be taken for a formula, behind an apostrophe (OWASP, CSV injection)."""
    if isinstance(value, str) and value.startswith(FORMULA_STARTS):
        return f"'{value}"
    return "" if value is None else value
