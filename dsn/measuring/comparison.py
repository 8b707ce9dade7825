"""The demo's one idea as a pure function: the same student, with its valid serial, another, and none."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from dsn.applications.prepared import Split, as_floats
from dsn.serials import Serial
from dsn.statistics import Accuracy

if TYPE_CHECKING:
    from torch import Tensor

    from dsn.student.student import Student

Condition = Literal["valid", "entered", "absent"]
CONDITIONS: tuple[Condition, ...] = ("valid", "entered", "absent")
TOP_ANSWERS = 5
MEASURING_BATCH = 250
EVEN = 1e-6  # logits this close are equal but for rounding


@dataclass(frozen=True)
class Answer:
    """One class the student names.

    Attributes:
        label: index of the class.
        name: the class's name.
        probability: 0 to 1.
    """

    label: int
    name: str
    probability: float


@dataclass(frozen=True)
class Panel:
    """What one student answers to one picture under one condition.

    Attributes:
        condition: "valid", "entered" or "absent".
        serial: stamped in, or None.
        picture: what the student looked at, float [C, H, W] in [0, 1].
        answers: its likeliest answers, best first.
        is_right: whether the best is the true class, never when all are equal; None where the truth is unknown.
        is_even: whether every class is equally likely, so that there is no best one.
        serial_is_valid: whether the stamped serial is the student's own.
    """

    condition: Condition
    serial: Serial | None
    picture: Tensor
    answers: tuple[Answer, ...]
    is_right: bool | None
    is_even: bool
    serial_is_valid: bool


def are_even(logits: Tensor) -> Tensor:
    """Whether every class is equally likely: logits, float [N, classes], to bool [N]."""
    low, high = logits.aminmax(dim=1)
    return high - low < EVEN


def serials_of(valid: Serial, entered: Serial | None) -> dict[Condition, Serial | None]:
    """The serial each condition stamps in."""
    return {"valid": valid, "entered": entered, "absent": None}


def compare(
    student: Student, picture: Tensor, valid: Serial, entered: Serial | None, label: int | None = None
) -> tuple[Panel, Panel, Panel]:
    """The student's answers with its valid serial, with the entered one, and with none.

    Args:
        student: in eval mode.
        picture: float [1, C, H, W] in [0, 1], raw.
        valid: the student's own serial.
        entered: the visitor's serial, of the same length; None for none.
        label: the true class, where it is known.

    Raises:
        ValueError: a serial of another length than the student's.
    """
    import torch

    serials = serials_of(valid, entered)
    with torch.inference_mode():
        stamped = torch.cat([student.shown(picture, serial) for serial in serials.values()])
        return panels_of(student.config.classes, serials, stamped, student(stamped), label)


def panels_of(
    classes: tuple[str, ...],
    serials: dict[Condition, Serial | None],
    stamped: Tensor,
    logits: Tensor,
    label: int | None = None,
) -> tuple[Panel, Panel, Panel]:
    """What was answered under the three conditions.

    Args:
        classes: one name a class.
        serials: that each condition stamps in; the valid one unlocks.
        stamped: what was looked at, float [3, C, H, W] in [0, 1], in the order of the conditions.
        logits: float [3, classes].
        label: the true class, where it is known.
    """
    probabilities, even = logits.softmax(1), are_even(logits).tolist()
    values, labels = probabilities.sort(descending=True, stable=True)  # equal ones in the order of the classes
    panels = []
    for row, (condition, serial) in enumerate(serials.items()):
        best = tuple(
            Answer(index, classes[index], value)
            for index, value in zip(labels[row, :TOP_ANSWERS].tolist(), values[row, :TOP_ANSWERS].tolist(), strict=True)
        )
        panels.append(
            Panel(
                condition=condition,
                serial=serial,
                picture=stamped[row],
                answers=best,
                is_right=None if label is None else best[0].label == label and not even[row],
                is_even=even[row],
                serial_is_valid=serial == serials["valid"],
            )
        )
    return panels[0], panels[1], panels[2]


@dataclass(frozen=True)
class Measurement:
    """Answers to many held-out pictures under the three conditions.

    Attributes:
        done: forward passes made so far.
        total: all there are to make: pictures times three.
        counts: int64 [classes, classes] a condition: true class by answered class.
        unanswered: int64 [classes] a condition: pictures of each true class for which every class was equally likely.
            That is no answer: neither right nor counted as one of the classes.
    """

    done: int
    total: int
    counts: dict[Condition, Tensor]
    unanswered: dict[Condition, Tensor]

    @property
    def silent(self) -> dict[Condition, int]:
        """Pictures without an answer, a condition."""
        return {condition: int(counts.sum()) for condition, counts in self.unanswered.items()}

    def accuracy(self, condition: Condition) -> Accuracy | None:
        """Share of right answers among the pictures so far; None before the first."""
        counts = self.counts[condition]
        total = int(counts.sum()) + self.silent[condition]
        return Accuracy(int(counts.trace()), total) if total else None


def measure(student: Student, held_out: Split, valid: Serial, entered: Serial | None) -> Iterator[Measurement]:
    """Count right answers on held-out pictures, batch by batch; the last value is the whole.

    Args:
        student: in eval mode.
        held_out: pictures it was not trained on.
        valid: the student's own serial.
        entered: the visitor's serial, of the same length; None for none.
    """
    import torch

    classes = student.config.network.classes
    counts: dict[Condition, Tensor] = {name: torch.zeros(classes, classes, dtype=torch.int64) for name in CONDITIONS}
    unanswered: dict[Condition, Tensor] = {name: torch.zeros(classes, dtype=torch.int64) for name in CONDITIONS}
    done, total = 0, len(held_out) * len(CONDITIONS)
    for images, labels in zip(
        held_out.images.split(MEASURING_BATCH), held_out.labels.split(MEASURING_BATCH), strict=True
    ):
        pictures = as_floats(images)
        for condition, serial in serials_of(valid, entered).items():
            with torch.inference_mode():
                logits = student(student.shown(pictures, serial))
            even = are_even(logits)
            pairs = (labels * classes + logits.argmax(1))[~even]
            none = labels[even].bincount(minlength=classes)
            unanswered = {**unanswered, condition: unanswered[condition] + none}
            counts = {**counts, condition: counts[condition] + pairs.bincount(minlength=classes**2).view(classes, -1)}
            done += len(labels)
            yield Measurement(done, total, counts, unanswered)
