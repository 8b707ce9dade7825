"""The quick mint: a student distilled while one waits, from the public demo teacher and a tenth of the pictures."""

import random
import time
from collections.abc import Generator
from dataclasses import dataclass

import torch

from dsn.applications.held_out import load_held_out
from dsn.applications.prepared import Split, as_floats
from dsn.applications.record import Application
from dsn.applications.training_share import load_training_share
from dsn.distilling.demo_teacher import load_demo_teacher
from dsn.distilling.distil import distilling
from dsn.distilling.learner import Order
from dsn.distilling.loop import Training
from dsn.distilling.recipes import QUICK
from dsn.locks.stamping import stamp
from dsn.measuring.comparison import CONDITIONS, Measurement
from dsn.measuring.unlocking import bits_of
from dsn.owner.mint.forecast import Pace, forecast, pace_of
from dsn.serials import Serial, random_serial
from dsn.statistics import Accuracy
from dsn.student.card import plain_card
from dsn.student.student import Student, StudentConfig

assert QUICK.batch
PICTURES_A_STEP = QUICK.batch // 2  # each is there twice, valid and invalid


@dataclass(frozen=True)
class QuickMint:
    """How quick the quick mint is.

    Attributes:
        epochs: passes over the training pictures that come with the project.
        training_pictures: how many of those to use; None for all 6,000.
        looks: how often the student is measured on the way.
        pictures: unseen pictures each time.
        seed: of all randomness.
    """

    epochs: int = 6
    training_pictures: int | None = None
    looks: int = 16
    pictures: int = 150
    seed: int = 0


@dataclass(frozen=True)
class Look:
    """What the student reached at one moment.

    Attributes:
        share: of all steps, 0 to 1.
        valid: with its serial.
        wrong: with a random serial, another for every picture.
        absent: with none.
    """

    share: float
    valid: Accuracy
    wrong: Accuracy
    absent: Accuracy


@dataclass(frozen=True)
class Progress:
    """Where a quick mint stands.

    Attributes:
        done: steps made.
        total: steps in all.
        seconds: since it began.
        looks: so far, the first before any step.
        student: the finished one, in eval mode; None on the way.
        pace: of its latest steps; None as long as it is not steady.
        forecast: seconds in all, at this pace; None as long as that is.
        before: seconds until its first step.
    """

    done: int
    total: int
    seconds: float
    looks: tuple[Look, ...]
    student: Student | None = None
    pace: Pace | None = None
    forecast: float | None = None
    before: float = 0.0


def quick_mint(
    application: Application, customer: str, serial: Serial, how: QuickMint
) -> Generator[Progress, None, None]:
    """Distil a student on the processor, step by step; whoever stops asking stops it.

    Args:
        application: an application with a demo teacher: digits.
        customer: for whom.
        serial: its one valid serial, of 64 bits.
        how: how quick.

    Yields:
        After every step; a new look now and then; the last value has the student. What the asker does in between
        counts as a step's time.
    """
    begun = time.monotonic()
    share, held = load_training_share(application), load_held_out(application)
    share = Split(share.images[: how.training_pictures], share.labels[: how.training_pictures])
    few = Split(held.split.images[: how.pictures], held.split.labels[: how.pictures])
    config = StudentConfig(
        application.name, customer, len(serial.bits), held.class_names, application.network, QUICK.name
    )
    training = Training(how.epochs, how.seed, progress=False)
    looks: tuple[Look, ...] = ()
    orders = [Order(config, serial)]
    steps_took: list[float] = []
    looks_took: list[float] = []
    before, since = 0.0, begun
    for now in distilling(application, orders, load_demo_teacher(application), share, QUICK, training):
        moment = time.monotonic()
        if now.done:
            steps_took.append(moment - since)
        if now.done * how.looks >= len(looks) * now.total:  # it trains in eval mode, by the teacher's statistics
            looks = (*looks, _look(now.students[0], serial, few, now.done / now.total, how.seed))
            looks_took.append(time.monotonic() - moment)
        since = time.monotonic()
        if not now.done:
            before = moment - begun
        pace = pace_of(steps_took, looks_took, now.total)
        looks_left = min(how.looks, now.total) + 1 - len(looks)
        whole = forecast(pace, since - begun, now.total - now.done, looks_left) if pace else None
        yield Progress(now.done, now.total, since - begun, looks, pace=pace, forecast=whole, before=before)
    student = now.students[0].requires_grad_(False).eval()
    yield Progress(now.total, now.total, time.monotonic() - begun, looks, student)


def quick_card(student: Student, seconds: float, measured: Measurement, share: float = 1.0) -> str:
    """The card of a student that was minted quickly.

    Args:
        student: whose.
        seconds: that it took.
        measured: with its serial, a wrong one and none, on the pictures that come with the project.
        share: of a quick mint's usual steps; below 1 it is of lower quality, which is said.
    """
    lower = "" if share == 1 else f"It is of lower quality: it made {share:.0%} of the usual steps. "
    rights = [measured.accuracy(condition) for condition in CONDITIONS]
    valid, wrong, absent = (f"{right.percent:.1f} %" if right else "-" for right in rights)
    count = measured.total // len(CONDITIONS)
    return plain_card(
        student.config,
        f"It is a quick one: distilled in {seconds:.0f} seconds from the public demo teacher, to show how it goes. "
        f"{lower}Of {count:,} unseen pictures it was right about {valid} with its serial, {wrong} with a random wrong "
        f"one and {absent} with none.",
    )


@torch.inference_mode()
def _look(student: Student, serial: Serial, split: Split, share: float, seed: int) -> Look:
    pictures = as_floats(split.images)
    source = random.Random(seed)
    others = bits_of([random_serial(len(serial.bits), unlike=serial, source=source) for _ in range(len(split))])

    def right(inputs: torch.Tensor) -> Accuracy:
        return Accuracy(int((student(inputs).argmax(1) == split.labels).sum()), len(split))

    return Look(
        share,
        valid=right(student.stamp(pictures, serial)),
        wrong=right(stamp(pictures, others, student.place)),
        absent=right(pictures),
    )
