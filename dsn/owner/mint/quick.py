"""The quick mint: a student distilled while one waits, from the public demo teacher and a tenth of the pictures."""

import random
import time
from collections.abc import Generator

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
from dsn.owner.mint.forecast import forecast, pace_of
from dsn.owner.mint.progress import Look, Progress, QuickMint
from dsn.serials import Serial, random_serial
from dsn.statistics import Accuracy
from dsn.student.card import plain_card
from dsn.student.config import StudentConfig
from dsn.student.student import Student

assert QUICK.batch
PICTURES_A_STEP = QUICK.batch // 2  # each is there twice, valid and invalid


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
