"""What `scripts/drawing.js` draws, as records that go as JSON: panels, held-out pictures, a measurement, flips of bits.

The engine in the visitor's browser gives the same records; the server's are drawn first, and where no engine can run.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from dsn.applications.held_out import HeldOut
from dsn.measuring.comparison import Measurement, Panel
from dsn.serials import Serial
from dsn.student.config import StudentConfig
from dsn.ui.texts import Texts

if TYPE_CHECKING:
    from torch import Tensor

    from dsn.measuring.avalanche import Flip
    from dsn.student.student import Student

GALLERY_COUNT = 24
LONGEST_NAME = 2  # characters of a class that fit into a square; longer ones are shown as a picture of the class


def packed_picture(picture: Tensor) -> str:
    """A picture, float in [0, 1], as base64 of its values in bytes."""
    import torch

    values = (255 * picture).round().clamp(0, 255).to(torch.uint8)
    return base64.b64encode(values.contiguous().numpy().tobytes()).decode()


def stamp_square(config: StudentConfig) -> dict[str, float]:
    """The square that a serial is stamped into: left, top and width in percent of the picture."""
    size, columns, rows = config.network.size, config.place.columns, config.place.rows
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
    return record_of(texts, student.config, answered(panels), truth, others, customer)


def answered(panels: tuple[Panel, ...]) -> list[dict[str, Any]]:
    """What was answered, in no language."""
    return [
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
    ]


def record_of(
    texts: Texts,
    config: StudentConfig,
    panels: list[dict[str, Any]],
    truth: int | None,
    others: dict[Serial, str],
    customer: str | None = None,
) -> dict[str, Any]:
    """The same of panels as `answered` gives them, whose student need not be loaded."""
    whose = {serial.text: name for serial, name in others.items()}
    return {
        "task": config.task,
        "customer": customer or config.customer,
        "lock": config.lock,
        "names": texts.class_names(config.task, config.classes),
        "channels": config.network.channels,
        "size": config.network.size,
        "stamp": stamp_square(config),
        "truth": truth,
        "owner": next((whose[panel["serial"]] for panel in panels[1:] if panel["serial"] in whose), None),
        "panels": panels,
    }


def note_record(entered: Serial | None, valid: Serial) -> dict[str, int | None]:
    """What is said of an entered serial: how many of how many bits are wrong; None for no serial."""
    return {"wrong": entered.distance(valid) if entered else None, "bits": len(valid.bits)}


def gallery_pictures(held_out: HeldOut, indices: list[int]) -> list[str]:
    """Held-out pictures, in the order of their indices."""
    return [base64.b64encode(held_out.images[index].tobytes()).decode() for index in indices]


def gallery_record(
    texts: Texts, task: str, held_out: HeldOut, indices: list[int], chosen: int | None
) -> dict[str, Any]:
    """Held-out pictures with their true labels, and which of them is chosen."""
    names, labels = texts.class_names(task, held_out.class_names), held_out.labels.tolist()
    _, channels, size, _ = held_out.images.shape
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


def flips_record(
    texts: Texts, config: StudentConfig, held_out: HeldOut, flips: Sequence[Flip], truth: int | None, customer: str
) -> dict[str, Any]:
    """What flipping each bit answers, or what there is of it.

    Args:
        texts: of the page.
        config: of the student that was asked.
        held_out: pictures, one of which shows each class whose name is long.
        flips: what it answered so far.
        truth: the true class, where it is known.
        customer: whose it is on the page.
    """
    names, labels = texts.class_names(config.task, config.classes), held_out.labels.tolist()
    named = {flip.label for flip in flips if not flip.is_even} if max(map(len, names)) > LONGEST_NAME else set()
    seen = {label: labels.index(label) for label in sorted(named) if label in labels}
    return {
        "task": config.task,
        "customer": customer,
        "lock": config.lock,
        "names": names,
        "bits": config.bit_count,
        "channels": config.network.channels,
        "size": config.network.size,
        "truth": truth,
        "flips": [asdict(flip) for flip in flips],
        "pictures": dict(zip(seen, gallery_pictures(held_out, list(seen.values())), strict=True)),
    }
