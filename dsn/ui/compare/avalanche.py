"""What flipping each bit answers, as a square of answers in the places of the bits."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

from dsn.applications.held_out import HeldOut
from dsn.applications.pictures import to_data_uri
from dsn.applications.prepared import as_floats
from dsn.ui.rendering import render_template
from dsn.ui.texts import Texts

if TYPE_CHECKING:
    from dsn.measuring.avalanche import Flip
    from dsn.student.student import Student

LONGEST_NAME = 2  # characters of a class that fit into a square; longer ones are shown as a picture of the class


def render_avalanche(
    texts: Texts, student: Student, held_out: HeldOut, flips: Sequence[Flip], truth: int | None
) -> str:
    """The square, and in words how many answers are right, wrong and none.

    Args:
        texts: of the page.
        student: that was asked.
        held_out: pictures, one of which shows each class whose name is long.
        flips: what it answered so far.
        truth: the true class, where it is known.
    """
    names = texts.class_names(student.config.task, student.config.classes)
    is_long = max(map(len, names)) > LONGEST_NAME
    labels = held_out.split.labels.tolist()
    named = {flip.label for flip in flips if not flip.is_even}
    seen = {label: labels.index(label) for label in named if is_long and label in labels}
    images = {label: to_data_uri(as_floats(held_out.split.images[index]), 1) for label, index in seen.items()}
    right = sum(flip.label == truth and not flip.is_even for flip in flips)
    silent = sum(flip.is_even for flip in flips)
    return render_template(
        "avalanche.html",
        t=texts,
        flips=flips,
        bits=student.config.bit_count,
        side=round(student.config.bit_count**0.5),
        names=names,
        images=images,
        truth=truth,
        right=right,
        silent=silent,
        wrong=len(flips) - right - silent,
        times=Counter(names[flip.label] for flip in flips if not flip.is_even).most_common(),
        lock=student.config.lock,
    )
