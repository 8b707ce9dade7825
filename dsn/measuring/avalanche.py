"""What a student answers where one bit of its serial is wrong, bit for bit."""

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from dsn.locks.registry import lock_named
from dsn.measuring.comparison import are_even
from dsn.serials import Serial, near_misses
from dsn.student.student import Student


@dataclass(frozen=True)
class Flip:
    """The answer with one bit wrong.

    Attributes:
        bit: its place, 0 at the top left, row by row.
        label: index of the class that is named; the first where all are equally likely.
        probability: of it, 0 to 1.
        is_even: whether every class is equally likely, so that none is named.
    """

    bit: int
    label: int
    probability: float
    is_even: bool


@torch.inference_mode()
def avalanche(student: Student, picture: Tensor, serial: Serial) -> Iterator[Flip]:
    """Every bit flipped in turn, alone.

    A sealed student is opened by a lock of its own here: whoever else asks it neither waits nor loses what is kept.

    Args:
        student: in eval mode.
        picture: float [1, C, H, W] in [0, 1].
        serial: the student's own.

    Raises:
        ValueError: a serial of another length.
    """
    lock = lock_named(student.config.lock, student.config.seal)
    for bit, wrong in enumerate(near_misses(serial)):
        stamped = student.stamp(picture, wrong)
        logits = lock.opened(student, wrong, student.place)(stamped)
        probability, label = logits.softmax(1)[0].max(0)
        yield Flip(bit, int(label), float(probability), bool(are_even(logits)))
