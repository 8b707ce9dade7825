"""What a visitor has chosen to look at: a student, a picture, and a serial. It comes from the visitor's browser."""

from __future__ import annotations

import base64
import binascii
import json
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from dsn.applications.prepared import as_floats
from dsn.export.sheet import Measured
from dsn.measuring.comparison import CONDITIONS, Measurement
from dsn.serials import Serial, SerialError
from dsn.student.collection import Collection
from dsn.student.config import StudentConfig

if TYPE_CHECKING:
    from torch import Tensor

NO_SERIAL = "none"  # in a link, and of a measurement


@dataclass(frozen=True)
class Chosen:
    """The picture a visitor looks at.

    Attributes:
        picture: float [1, C, H, W] in [0, 1].
        index: its place among the held-out pictures; None for the visitor's own.
        label: its true class; None for the visitor's own.
    """

    picture: Tensor
    index: int | None = None
    label: int | None = None


@dataclass(frozen=True)
class Shown:
    """What the panels show.

    Attributes:
        task: an application of the collection.
        customer: one of its customers.
        lock: that the customer's student stands under.
        serial: the entered one, of the student's length; None for none.
        chosen: the picture, of the size that the student takes.
    """

    task: str
    customer: str
    lock: str
    serial: Serial | None
    chosen: Chosen

    @classmethod
    def read(cls, value: Any, collection: Collection) -> Shown:
        """What a browser says is shown.

        Raises:
            ValueError: it is nothing that the page could show.
        """
        if not isinstance(value, dict):
            raise ValueError("this does not say what is shown")
        task, customer, lock = (value.get(name) for name in ("task", "customer", "lock"))
        if not (isinstance(task, str) and isinstance(customer, str) and f"{task}/{customer}" in collection.serials):
            raise ValueError("there is no such network")
        config = collection.config_under(task, customer, lock)
        text = value.get("serial")
        serial = entered_serial(text, config.bit_count) if isinstance(text, str) else None
        return cls(task, customer, config.lock, serial, _picture(value, config, collection))

    def to_json(self) -> dict[str, Any]:
        """The same, for a browser."""
        own = None if self.chosen.index is not None else _packed(self.chosen.picture)
        return {
            "task": self.task,
            "customer": self.customer,
            "lock": self.lock,
            "index": self.chosen.index,
            "own": own,
            "serial": self.serial.text if self.serial else None,
        }


def _packed(picture: Tensor) -> str:
    return base64.b64encode(picture.contiguous().numpy().astype("<f4").tobytes()).decode()


def _picture(value: dict, config: StudentConfig, collection: Collection) -> Chosen:
    """Raises ValueError where it is none of the held-out ones, nor one that the student takes."""
    import torch

    own, index, task = value.get("own"), value.get("index"), config.task
    if own is None:
        if type(index) is not int or not 0 <= index < len(collection.held_out[task].split):
            raise ValueError("there is no such picture")
        return from_gallery(collection, task, index)
    shape = config.network.input_shape
    try:
        values = np.frombuffer(base64.b64decode(own, validate=True), "<f4")
    except (TypeError, binascii.Error) as error:
        raise ValueError("this is no picture") from error
    picture = torch.from_numpy(values.copy())
    if picture.numel() != math.prod(shape) or not ((picture >= 0) & (picture <= 1)).all():
        raise ValueError("this is no picture of the network's size")
    return Chosen(picture.view(1, *shape))


def first_wrong(valid: Serial) -> Serial:
    """The serial a first visit tries: the student's own with its diagonal changed."""
    return valid.flipped(*range(0, len(valid.bits), valid.side + 1))


def from_gallery(collection: Collection, task: str, index: int) -> Chosen:
    """A held-out picture and its true class."""
    split = collection.held_out[task].split
    return Chosen(as_floats(split.images[index])[None], index, int(split.labels[index]))


def entered_serial(text: str, bit_count: int) -> Serial | None:
    """The serial in the field; None where it is empty.

    Raises:
        SerialError: it cannot be read, or is of another length than this student's.
    """
    if not text.strip():
        return None
    serial = Serial.parse(text)
    if len(serial.bits) != bit_count:
        raise SerialError(
            f"This is a serial of {len(serial.bits)} bits, and this customer's network takes {bit_count}: "
            "choose another customer, or press Randomise."
        )
    return serial


def read_measured(value: Any, shown: Shown, collection: Collection) -> Measured | None:
    """What a browser says it measured of what is shown; None where it says nothing, or what cannot be.

    Args:
        value: the record as JSON; its counts must be those of all held-out pictures, class by class.
        shown: what it must be of.
        collection: gives the pictures.
    """
    held = collection.held_out[shown.task]
    many = len(held.class_names)
    try:
        record = json.loads(value)
        of = [record[name] for name in ("task", "customer", "lock", "serial")]
        counts, unanswered = (
            {condition: _counts(record[name][condition], shape) for condition in CONDITIONS}
            for name, shape in (("counts", (many, many)), ("unanswered", (many,)))
        )
    except (KeyError, TypeError, ValueError, OverflowError, RuntimeError):  # nested too deeply, a number too large
        return None
    if of != [shown.task, shown.customer, shown.lock, shown.serial.text if shown.serial else NO_SERIAL]:
        return None
    pictures = held.split.labels.bincount(minlength=many)
    if any(not (counts[one].sum(1) + unanswered[one]).equal(pictures) for one in CONDITIONS):
        return None
    total = len(held.split) * len(CONDITIONS)
    of_customer = collection.under(shown.task, shown.customer, shown.lock)
    return Measured(shown.task, of_customer, shown.serial, Measurement(total, total, counts, unanswered))


def _counts(values: Any, shape: tuple[int, ...]) -> Tensor:
    """Raises TypeError or ValueError where these are not counts of this shape."""
    import torch

    counts = torch.tensor(values)
    if counts.dtype != torch.int64 or counts.shape != shape or (counts < 0).any():
        raise ValueError("these are no counts")
    return counts
