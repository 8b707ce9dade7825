"""The HTML of one picture under three conditions: panels, gallery, bits, and accuracies on all pictures."""

import torch

from dsn.applications.held_out import HeldOut
from dsn.applications.pictures import to_data_uri
from dsn.applications.prepared import as_floats
from dsn.measuring.comparison import CONDITIONS, Condition, Measurement, Panel
from dsn.serials import Serial
from dsn.statistics import Accuracy, Chance
from dsn.student.student import Student
from dsn.ui.rendering import PANEL_SCALE, render_note, render_template
from dsn.ui.texts import Texts

NO_ANSWER = "–"
THUMBNAIL_SCALE = 2
LONGEST_MARK = 2  # characters of a class's name that stand beside its row
MOST_MARKED = 12  # classes of a matrix whose rows are marked at all


def render_panels(
    texts: Texts,
    student: Student,
    panels: tuple[Panel, ...],
    truth: int | None,
    others: dict[Serial, str],
    *,
    customer: str | None = None,
    marks: bool = False,
) -> str:
    """The three panels side by side.

    Args:
        texts: of the page.
        student: gives the stamp's place and the picture's size.
        panels: valid, entered, absent.
        truth: the true class, where it is known.
        others: other customers' serials and whose each is.
        customer: whose it is on the page; None for the name in its folder.
        marks: whether a panel can be marked.
    """
    size, side = student.config.network.size, round(student.config.bit_count**0.5)
    stamp = {
        "left": 100 * min(student.place.columns) / size,
        "top": 100 * min(student.place.rows) / size,
        "size": 100 * side / size,
    }
    shown = [
        {
            "panel": panel,
            "image": to_data_uri(panel.picture, PANEL_SCALE),
            "owner": others.get(panel.serial) if panel.serial else None,
        }
        for panel in panels
    ]
    names = texts.class_names(student.config.task, student.config.classes)
    return render_template(
        "panels.html",
        t=texts,
        task=student.config.task,
        customer=customer or student.config.customer,
        lock=student.config.lock,
        shown=shown,
        marks=marks,
        stamp=stamp,
        names=names,
        truth=None if truth is None else names[truth],
    )


def render_gallery(
    texts: Texts, task: str, held_out: HeldOut, indices: list[int], chosen: int | None, scale: int = THUMBNAIL_SCALE
) -> str:
    """Held-out pictures as buttons with their true labels, each pixel a square of `scale`."""
    names = texts.class_names(task, held_out.class_names)
    pictures = [
        {
            "index": index,
            "image": to_data_uri(as_floats(held_out.split.images[index]), scale),
            "label": names[int(held_out.split.labels[index])],
        }
        for index in indices
    ]
    return render_template("gallery.html", t=texts, pictures=pictures, chosen=chosen)


def render_bits(texts: Texts, serial: Serial | None, bit_count: int) -> str:
    """The live picture of a serial's bits, each a button; all empty where there is no serial."""
    side = round(bit_count**0.5)
    return render_template(
        "bits.html", t=texts, bits=serial.bits if serial else (0,) * bit_count, side=side, present=serial is not None
    )


def render_sketch(title: str, clear: str) -> str:
    """The pad to draw on."""
    return render_template("sketch.html", title=title, clear=clear)


def render_serial_note(texts: Texts, entered: Serial | None, valid: Serial) -> str:
    """One sentence on an entered serial: none, the valid one, or how many of its bits are wrong."""
    if entered is None:
        return render_note(texts["compare"]["note_none"])
    if entered == valid:
        return render_note(texts["compare"]["note_valid"], "good")
    wrong = entered.distance(valid)
    text = texts["compare"]["note_one_wrong" if wrong == 1 else "note_wrong"]
    return render_note(text.format(wrong=wrong, bits=len(valid.bits)))


def _matrix(measurement: Measurement, condition: Condition, class_names: tuple[str, ...]) -> dict:
    counts = torch.cat([measurement.counts[condition], measurement.unanswered[condition][:, None]], dim=1)
    answers = (*class_names, NO_ANSWER)
    totals = counts.sum(1)
    cells = [
        {
            "row": row,
            "column": column,
            "count": int(counts[row, column]),
            "share": float(counts[row, column] / totals[row]),
            "truth": class_names[row],
            "answer": answers[column],
        }
        for row, column in counts.nonzero().tolist()
    ]
    is_short = max(map(len, class_names)) <= LONGEST_MARK  # else they would run over one another
    marks = class_names if is_short else tuple(str(number) for number in range(1, len(class_names) + 1))
    pairs = zip(marks, class_names, strict=True)
    key = "" if is_short or len(marks) > MOST_MARKED else ", ".join(f"{mark} {name}" for mark, name in pairs)
    return {"condition": condition, "cells": cells, "classes": len(class_names), "marks": marks, "key": key}


def render_measurement(
    texts: Texts,
    measurement: Measurement,
    levels: Chance,
    teacher: Accuracy | None,
    class_names: tuple[str, ...],
    entered: str,
) -> str:
    """Bars with intervals, reference lines and confusion matrices; while it runs, how far it is.

    Args:
        texts: of the page.
        measurement: the whole, or what there is of it.
        levels: chance on the same pictures.
        teacher: the teacher's recorded accuracy on the same pictures.
        class_names: one name a class.
        entered: what the entered condition is, in words.
    """
    bars = [(condition, measurement.accuracy(condition)) for condition in CONDITIONS]
    finished = measurement.done == measurement.total
    matrices = [_matrix(measurement, condition, class_names) for condition in CONDITIONS] if finished else []
    return render_template(
        "measurement.html",
        t=texts,
        bars=bars,
        matrices=matrices,
        silent=measurement.silent,
        levels=levels,
        teacher=teacher,
        done=measurement.done,
        total=measurement.total,
        entered=entered,
    )
