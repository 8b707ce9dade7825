"""The page to take away, in the visitor's language: from a comparison and figures to a sheet that can be drawn."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dsn.applications.registry import applications
from dsn.export.sheet import Measured, Sheet, SheetBar, SheetPanel, hidden_text, without_stamp
from dsn.measuring.comparison import CONDITIONS, Condition, Panel
from dsn.statistics import Accuracy
from dsn.ui.compare.honest import honest_line
from dsn.ui.texts import Texts

if TYPE_CHECKING:
    from dsn.student.student import Student

HASH_SHOWN = 12  # characters of a hash that a person may compare


def build_sheet(
    texts: Texts,
    student: Student,
    panels: tuple[Panel, ...],
    *,
    index: int | None,
    truth: int | None,
    values: dict[str, Any],
    measured: Measured | None,
    date: str,
    show_serial: bool,
) -> Sheet:
    """Everything that is to stand on the page.

    Args:
        texts: of the page.
        student: gives the stamp's place and the classes.
        panels: valid, entered, absent.
        index: of the held-out picture; None for the visitor's own.
        truth: the true class, where it is known.
        values: the student's figures, as `dsn.export.tables.figures` gives them, with gradio's version.
        measured: what was measured in this visit, if anything was.
        date: of today, as ISO 8601 has it.
        show_serial: whether serials and stamps are shown.
    """
    said, application = texts["export"]["sheet"], applications()[student.config.task]
    names = texts.class_names(student.config.task, student.config.classes)
    shown = tuple(_panel(texts, student, panel, names, truth, show_serial=show_serial) for panel in panels)
    of, row = values["student"], values["recorded"]["students"]
    weights = of["revision"][:HASH_SHOWN] if of["revision"] else f"SHA-256 {of['weights'][:HASH_SHOWN]}…"
    picture, marks = said["own_picture"], texts["page"]["marks"]
    if index is not None and truth is not None:
        picture = said["held_out"].format(index=index, label=names[truth])
    bars, chart = _bars(texts, row, measured)
    versions = said["versions"].format(**values["versions"])
    return Sheet(
        title=said["title"],
        lead=said["lead"],
        facts=(
            (said["student"], f"{texts.title(application)}{marks['comma']}{texts.customer(of['customer'])}"),
            (said["revision"] if of["revision"] else said["weights"], weights),
            (said["picture"], picture),
            (said["date"], date),
        ),
        honest=honest_line(texts, student.config).text.striptags(),
        panels=shown,
        chart=chart,
        bars=bars,
        levels=_levels(texts, values["measured"] or row) if bars else (),
        convention=said["convention"] if row else "",
        table=said["recorded"],
        rows=_rows(texts, row, values["recorded"]["teachers"]),
        provenance=said["provenance"].format(**row) if row else said["none"],
        footer=(
            f"{versions} {'' if show_serial else said['hidden_note']}".strip(),
            f"{application.data_set}{marks['colon']}{application.attribution}",
            said["method"],
        ),
    )


def _panel(
    texts: Texts, student: Student, panel: Panel, names: tuple[str, ...], truth: int | None, *, show_serial: bool
) -> SheetPanel:
    said, serial, place = texts["export"]["sheet"], panel.serial, student.place
    stamp = (min(place.columns), min(place.rows), max(place.columns) - min(place.columns) + 1) if serial else None
    best = names[panel.answers[0].label]
    if panel.is_even:
        verdict = said["no_answer"]
    elif panel.is_right is None or truth is None:
        verdict = said["unknown"].format(answer=best)
    else:
        verdict = said["right" if panel.is_right else "wrong"].format(answer=best, truth=names[truth])
    stamped = texts["panels"]["nothing_stamped"]
    if serial:
        stamped = serial.text if show_serial else hidden_text(serial)
    return SheetPanel(
        tone=panel.condition,
        title=texts["conditions"][panel.condition],
        stamped=stamped,
        picture=panel.picture if show_serial or not serial else without_stamp(panel.picture, place),
        stamp=stamp,
        hidden="" if show_serial else said["hidden"],
        verdict=verdict,
        answers=tuple((names[answer.label], answer.probability) for answer in panel.answers),
    )


def _bars(texts: Texts, row: dict[str, Any] | None, measured: Measured | None) -> tuple[tuple[SheetBar, ...], str]:
    """The bars and what they are: measured just now, else recorded, else none."""
    said = texts["export"]["sheet"]
    if measured:
        accuracies = {name: measured.measurement.accuracy(name) for name in CONDITIONS}
        found = {name: accuracy for name, accuracy in accuracies.items() if accuracy}
        count = f"{measured.measurement.total // len(CONDITIONS):,}"
        silent = measured.measurement.silent
        bars = tuple(_measured_bar(texts, name, accuracy, silent[name]) for name, accuracy in found.items())
        return bars, said["chart_measured"].format(count=count)
    if row:
        wrong = row.get("random_wrong") or row["every_wrong"]
        mean = said["mean_of"].format(count=wrong["serials"])
        bars = (
            _recorded_bar(texts, "valid", row["valid"]),
            SheetBar("entered", texts["conditions"]["wrong"], wrong["mean"], None, (mean,)),
            _recorded_bar(texts, "absent", row["absent"]),
        )
        return bars, said["chart_recorded"]
    return (), said["chart_none"]


def _measured_bar(texts: Texts, condition: Condition, accuracy: Accuracy, silent: int) -> SheetBar:
    low, high = (100 * end for end in accuracy.interval)
    notes = (f"N = {accuracy.count:,}", texts["measure"]["silent"].format(count=f"{silent:,}") if silent else "")
    share = 100 * silent / accuracy.count
    return SheetBar(condition, texts["conditions"][condition], accuracy.percent, (low, high), notes, share)


def _recorded_bar(texts: Texts, condition: Condition, value: dict[str, Any]) -> SheetBar:
    interval, notes = (value["low"], value["high"]), (f"N = {value['n']:,}",)
    return SheetBar(condition, texts["conditions"][condition], value["percent"], interval, notes)


def _levels(texts: Texts, row: dict[str, Any]) -> tuple[tuple[str, float], ...]:
    """What guessing reaches on the same pictures."""
    return tuple(
        (texts["measure"][name].format(percent=f"{row['chance'][name]:g} %"), row["chance"][name])
        for name in ("majority", "uniform")
    )


def _rows(texts: Texts, row: dict[str, Any] | None, teacher: dict[str, Any] | None) -> tuple[tuple[str, str], ...]:
    said = texts["export"]["sheet"]["rows"]
    lines = [(said["teacher"], f"{teacher['test']['percent']:.2f} %")] if teacher else []
    if row:
        lines += [(said[name], f"{row[name]['percent']:.2f} %") for name in ("valid", "absent")]
        for name in ("random_wrong", "every_wrong", "one_bit_wrong", "unusual"):
            if row.get(name):
                lines.append((said[name], f"{row[name]['mean']:.2f} / {row[name]['worst']['percent']:.2f} %"))
        lines.append((said["probe_on_raw"], f"{row['probe_on_raw']['percent']:.2f} %"))
    return tuple(lines)
