"""How often a student is right, with its valid serial, about digits as people bring them; figures by kind."""

from collections.abc import Callable

import numpy as np
import torch

from dsn.applications.reading import PictureError, open_picture
from dsn.applications.registry import application_named
from dsn.measuring.brought.kinds import KINDS, Specimen
from dsn.results.store import provenance, record
from dsn.serials import Serial
from dsn.statistics import Accuracy
from dsn.student.student import Student

# Right answers of 20 that each kind should reach; what was right before the light was evened out stays at 19.
BARS = {"falloff-60": 18, "desk-strip": 18, "sheet-on-desk": 18, "title-bar": 18, "scanner-edge": 20}
BAR = 19


@torch.inference_mode()
def right_of_kind(
    make: Callable[[np.random.Generator], Specimen], student: Student, serial: Serial, count: int, seed: int
) -> Accuracy:
    """How many of `count` pictures of one kind are read right; one in which nothing is seen is wrong.

    Args:
        make: draws one picture of the kind.
        student: of digits.
        serial: stamped before the student is asked.
        count: how many pictures.
        seed: of all of them.
    """
    application = application_named(student.config.task)
    right = 0
    for index in range(count):
        brought = make(np.random.default_rng([seed, index]))
        try:
            picture = application.fitted(open_picture(brought.content))
        except PictureError:
            continue
        right += int(student(student.stamp(picture, serial)).argmax(1).item() == brought.label)
    return Accuracy(right, count)


def run(student: Student, serial: Serial, count: int, seed: int, report: Callable[[str], None] = print) -> None:
    """Measure every kind and record it in `assets/results/pictures.json`.

    Args:
        student: of digits.
        serial: its valid one.
        count: pictures of each kind.
        seed: of all of them.
        report: told each figure.
    """
    for kind, make in KINDS.items():
        accuracy = right_of_kind(make, student, serial, count, seed)
        bar = BARS.get(kind, BAR) * 5
        row = {"kind": kind, "right": accuracy.as_json(), "bar": bar, **provenance(seed, "cpu")}
        record("pictures", kind, row)
        report(f"{kind}: {accuracy.correct} of {count}")
