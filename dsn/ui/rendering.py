"""Pieces of HTML from values, through the templates beside this file; everything is escaped."""

from dataclasses import asdict
from pathlib import Path
from urllib.parse import quote

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from dsn.collection import Collection
from dsn.comparison import CONDITIONS, Condition, Measurement, Panel
from dsn.datasets import as_floats
from dsn.held_out import HeldOut
from dsn.owner.quick import Progress
from dsn.owner.reports import p_text
from dsn.owner.visitors import Made, Order
from dsn.pictures import to_data_uri
from dsn.serials import Serial
from dsn.statistics import Accuracy, Chance
from dsn.student import Student
from dsn.tasks import Task
from dsn.ui.texts import TEXTS

HERE = Path(__file__).parent
PANEL_SCALE = 8
THUMBNAIL_SCALE = 2
ENVIRONMENT = Environment(
    loader=FileSystemLoader(HERE / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
ENVIRONMENT.filters["percent"] = lambda value: f"{value:.1f} %"
ENVIRONMENT.filters["p_value"] = p_text


def render_template(template: str, **values: object) -> str:
    """A template of this folder, filled in."""
    return ENVIRONMENT.get_template(template).render(**values)


def render_panels(student: Student, panels: tuple[Panel, ...], truth: str | None, others: dict[Serial, str]) -> str:
    """The three panels side by side.

    Args:
        student: gives the stamp's place and the picture's size.
        panels: valid, entered, absent.
        truth: the true class's name, where it is known.
        others: other customers' serials and whose each is.
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
    return render_template("panels.html", shown=shown, stamp=stamp, truth=truth)


def render_gallery(held_out: HeldOut, indices: list[int], chosen: int | None) -> str:
    """Held-out pictures as buttons with their true labels."""
    pictures = [
        {
            "index": index,
            "image": to_data_uri(as_floats(held_out.split.images[index]), THUMBNAIL_SCALE),
            "label": held_out.class_names[int(held_out.split.labels[index])],
        }
        for index in indices
    ]
    return render_template("gallery.html", pictures=pictures, chosen=chosen)


def render_bits(serial: Serial | None, bit_count: int) -> str:
    """The live picture of a serial's bits, each a button; all empty where there is no serial."""
    side = round(bit_count**0.5)
    return render_template(
        "bits.html", bits=serial.bits if serial else (0,) * bit_count, side=side, present=serial is not None
    )


def render_sketch(title: str, clear: str) -> str:
    """The pad to draw on."""
    return render_template("sketch.html", title=title, clear=clear)


def render_note(text: str, kind: str = "plain") -> str:
    """One sentence under a control; kind is "plain", "error" or "good"."""
    return render_template("note.html", text=text, kind=kind)


def render_serial_note(entered: Serial | None, valid: Serial) -> str:
    """One sentence on an entered serial: none, the valid one, or how many of its bits are wrong."""
    if entered is None:
        return render_note(TEXTS["note_none"])
    if entered == valid:
        return render_note(TEXTS["note_valid"], "good")
    return render_note(TEXTS["note_wrong"].format(wrong=entered.distance(valid), bits=len(valid.bits)))


def render_heading(title: str, lead: str) -> str:
    """A heading with a sentence under it."""
    return render_template("heading.html", title=title, lead=lead)


def _matrix(measurement: Measurement, condition: Condition, class_names: tuple[str, ...]) -> dict:
    counts = measurement.counts[condition]
    totals = counts.sum(1)
    cells = [
        {
            "row": row,
            "column": column,
            "count": int(counts[row, column]),
            "share": float(counts[row, column] / totals[row]),
            "truth": class_names[row],
            "answer": class_names[column],
        }
        for row, column in counts.nonzero().tolist()
    ]
    return {"condition": condition, "cells": cells, "classes": len(class_names), "names": class_names}


def render_measurement(
    measurement: Measurement, levels: Chance, teacher: Accuracy | None, class_names: tuple[str, ...], entered: str
) -> str:
    """Bars with intervals, reference lines and confusion matrices; while it runs, how far it is.

    Args:
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
        bars=bars,
        matrices=matrices,
        silent=measurement.silent,
        levels=levels,
        teacher=teacher,
        done=measurement.done,
        total=measurement.total,
        entered=entered,
    )


def render_trace(report: dict) -> str:
    """A trace's verdict and its evidence; `report` as `dsn.owner.reports.as_json` gives it."""
    return render_template("trace.html", report=report)


def render_order(order: Order) -> str:
    """A visitor's verifier, its signature, and the serial that comes out of it."""
    claim = order.claim
    return render_template(
        "order.html",
        said=asdict(claim.verifier),
        key=claim.key,
        signature=claim.signature.hex(),
        serial=claim.serial,
    )


def render_minting(
    progress: Progress, even: float, measured: Measurement | None = None, made: Made | None = None
) -> str:
    """How far a minting is, its curves, and in the end what the student reaches and the file to download.

    Args:
        progress: so far.
        even: what guessing evenly reaches, in percent.
        measured: the finished student on the pictures that come with the project.
        made: the finished student.
    """
    kinds: tuple[Condition, ...] = ("valid", "entered", "absent")
    curves = {
        kind: [
            (100 * look.share, {"valid": look.valid, "entered": look.wrong, "absent": look.absent}[kind].percent)
            for look in progress.looks
        ]
        for kind in kinds
    }
    return render_template(
        "minting.html",
        progress=progress,
        even=even,
        curves=curves,
        final={kind: measured.accuracy(kind) for kind in kinds} if measured else None,
        customer=made.order.claim.verifier.customer if made else None,
        file=f"gradio_api/file={quote(str(made.parcel))}" if made and made.parcel else None,
        file_name=made.parcel.name if made and made.parcel else None,
    )


def render_header(collection: Collection) -> str:
    """Title, one sentence on what is shown, and where the students came from."""
    origins = list(dict.fromkeys(collection.origins.values()))
    return render_template("header.html", origins=origins)


def render_figures(task: Task, teacher: dict | None, rows: dict[str, dict], published: dict) -> str:
    """One application's recorded figures, beside the paper's and the bars set for them."""
    return render_template("figures.html", task=task, teacher=teacher, rows=rows, published=published.get(task.name))


def render_method(attributions: list[Task]) -> str:
    """How it works, in words, and whom the pictures are from."""
    return render_template("method.html", tasks=attributions)


def script(name: str) -> str:
    """The text of a script beside the templates, for a component's `js_on_load`."""
    return (HERE / "scripts" / name).read_text("utf-8")
