"""The sealed copies in `checkpoints/`, on the held-out pictures that come with the project."""

import random

import pytest
import torch
from torch import Tensor

from dsn.applications.held_out import load_held_out
from dsn.applications.prepared import as_floats
from dsn.applications.registry import BUILT_IN
from dsn.places import CHECKPOINTS
from dsn.results.store import read_results
from dsn.serials import Serial, near_misses, random_serial
from dsn.student.collection import SEALED_COPY, demo_serials
from dsn.student.hub import load_student
from dsn.student.student import Student

SERIALS = {name: serial for name, serial in demo_serials().items() if name.endswith(SEALED_COPY)}
WRONG, FEW = 10, 200  # serials, pictures at a time
# Random networks scatter around even guessing by about 3 points (digits) or 2 (others), the mean of ten by a third.
MEAN_BAR = {"digits": 10 + 1.5 + 3.0, "signs": 2.33 + 1.5 + 2.0, "faces": 2.5 + 1.5 + 2.0}
VALID_BAR = {"digits": 98.6, "signs": 97.5, "faces": 94.0}


def percent_right(student: Student, pictures: Tensor, labels: Tensor, serial: Serial | None) -> float:
    found = torch.cat([student.predict(few, serial).argmax(1) for few in pictures.split(FEW)])
    return 100 * (found == labels).float().mean().item()


@pytest.mark.parametrize("name", SERIALS)
def test_its_serial_opens_it_and_no_other(name: str) -> None:
    task, serial = name.split("/")[0], SERIALS[name]
    student, held = load_student(CHECKPOINTS / name), load_held_out(BUILT_IN[task]).split
    pictures = as_floats(held.images)
    valid = percent_right(student, pictures, held.labels, serial)
    assert valid >= VALID_BAR[task]
    source = random.Random(3)
    wrong: list[Serial | None] = [
        random_serial(len(serial.bits), unlike=serial, source=source) for _ in range(WRONG // 2)
    ]
    wrong += source.sample([one for one in near_misses(serial) if one.is_issuable], WRONG // 2)
    shares = [percent_right(student, pictures[:FEW], held.labels[:FEW], one) for one in [*wrong, None]]
    assert sum(shares) / len(shares) <= MEAN_BAR[task]
    row = read_results("students").get(name)
    if row is not None:
        assert (row["lock"], row["bit_count"]) == ("sealed", len(serial.bits))
        assert row["valid"]["low"] - 1.5 <= valid <= row["valid"]["high"] + 1.5  # 1,000 of the row's pictures
