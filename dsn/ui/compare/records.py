"""What `scripts/drawing.js` draws, as records that go as JSON: panels, held-out pictures, a measurement.

The engine in the visitor's browser gives the same records; the server's are drawn first, and where no engine can run.
"""

import base64
from typing import Any

import torch
from torch import Tensor

from dsn.applications.held_out import HeldOut
from dsn.applications.prepared import as_floats
from dsn.measuring.comparison import Measurement, Panel
from dsn.serials import Serial
from dsn.student.student import Student
from dsn.ui.texts import Texts


def packed_picture(picture: Tensor) -> str:
    """A picture, float in [0, 1], as base64 of its values in bytes."""
    values = (255 * picture).round().clamp(0, 255).to(torch.uint8)
    return base64.b64encode(values.contiguous().numpy().tobytes()).decode()


def stamp_square(student: Student) -> dict[str, float]:
    """The square that a serial is stamped into: left, top and width in percent of the picture."""
    size, columns, rows = student.config.network.size, student.place.columns, student.place.rows
    wide = max(columns) - min(columns) + 1
    return {"left": 100 * min(columns) / size, "top": 100 * min(rows) / size, "size": 100 * wide / size}


def panels_record(
    texts: Texts,
    student: Student,
    panels: tuple[Panel, ...],
    truth: int | None,
    others: dict[Serial, str],
    customer: str | None = None,
) -> dict[str, Any]:
    """The three panels.

    Args:
        texts: of the page.
        student: that answered.
        panels: valid, entered, absent.
        truth: the true class, where it is known.
        others: other customers' serials and whose each is.
        customer: whose it is on the page; None for the name in its folder.
    """
    config = student.config
    return {
        "task": config.task,
        "customer": customer or config.customer,
        "lock": config.lock,
        "names": texts.class_names(config.task, config.classes),
        "channels": config.network.channels,
        "size": config.network.size,
        "stamp": stamp_square(student),
        "truth": truth,
        "owner": next((others[panel.serial] for panel in panels[1:] if panel.serial in others), None),
        "panels": [
            {
                "condition": panel.condition,
                "serial": panel.serial.text if panel.serial else None,
                "picture": packed_picture(panel.picture),
                "answers": [vars(answer) for answer in panel.answers],
                "is_right": panel.is_right,
                "is_even": panel.is_even,
                "serial_is_valid": panel.serial_is_valid,
            }
            for panel in panels
        ],
    }


def note_record(entered: Serial | None, valid: Serial) -> dict[str, int | None]:
    """What is said of an entered serial: how many of how many bits are wrong; None for no serial."""
    return {"wrong": entered.distance(valid) if entered else None, "bits": len(valid.bits)}


def gallery_pictures(held_out: HeldOut, indices: list[int]) -> list[str]:
    """Held-out pictures, in the order of their indices."""
    return [packed_picture(as_floats(held_out.split.images[index])) for index in indices]


def gallery_record(
    texts: Texts, task: str, held_out: HeldOut, indices: list[int], chosen: int | None
) -> dict[str, Any]:
    """Held-out pictures with their true labels, and which of them is chosen."""
    names, labels = texts.class_names(task, held_out.class_names), held_out.split.labels.tolist()
    _, channels, size, _ = held_out.split.images.shape
    pictures = zip(indices, gallery_pictures(held_out, indices), strict=True)
    return {
        "pictures": [
            {"index": index, "label": names[labels[index]], "picture": picture} for index, picture in pictures
        ],
        "channels": channels,
        "size": size,
        "chosen": chosen,
    }


def measurement_record(measurement: Measurement, of: dict[str, str]) -> dict[str, Any]:
    """A measurement, or what there is of it.

    Args:
        measurement: its counts.
        of: of what: task, customer, lock, and the serial's text or "none".
    """
    return {
        **of,
        "done": measurement.done,
        "total": measurement.total,
        "counts": {condition: counts.tolist() for condition, counts in measurement.counts.items()},
        "unanswered": {condition: counts.tolist() for condition, counts in measurement.unanswered.items()},
    }
