"""How long an application's students will take on this machine, by steps that are timed before anything is trained."""

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from itertools import pairwise

import torch

from dsn.applications.prepared import Split
from dsn.applications.record import Application
from dsn.distilling.distil import distilling, train_teacher
from dsn.distilling.finishing import finishing_recipe
from dsn.distilling.learner import Order
from dsn.distilling.loop import Training
from dsn.distilling.recipes import HARDENED, Recipe
from dsn.locks.sweep import sweep_accuracy
from dsn.measuring.evaluate import RANDOM_SERIALS, SEALED_PICTURES, accuracy, drawn
from dsn.networks.classifier import Classifier
from dsn.serials import random_serial
from dsn.student.config import StudentConfig
from dsn.student.sealing import seal
from dsn.student.student import Student

TIMED_STEPS = 3
SERIALS_TRIED = RANDOM_SERIALS + 64 + 20  # of a student's figures: random ones, one bit wrong, unusual ones
TIMED_SERIALS, TIMED_OPENINGS = 8, 2


@dataclass(frozen=True)
class Forecast:
    """Seconds that a rebuild takes, by its parts.

    Attributes:
        teacher: its training.
        student: distilling and finishing of one.
        figures: measuring one, under both locks.
        customers: how many there are.
    """

    teacher: float
    student: float
    figures: float
    customers: int

    @property
    def total(self) -> float:
        """All of it."""
        return self.teacher + self.customers * (self.student + self.figures)


def forecast(application: Application, train: Split, test: Split, customers: int, training: Training) -> Forecast:
    """Time a few steps of everything that a rebuild does.

    Args:
        application: the application.
        train: its training pictures.
        test: those that figures are measured on.
        customers: how many students there will be.
        training: seed, device and arithmetic; its epochs are the application's.
    """
    settings = replace(training, epochs=1, checkpoint=None, progress=False)
    teacher = Classifier(application.network)
    config = StudentConfig(application.name, "timed", 64, application.classes, application.network, HARDENED.name)
    student, serial = Student(config), random_serial(64)

    def steps(recipe: Recipe) -> Iterable[object]:
        pictures = _few(train, application.student_batch // 2)
        return distilling(application, [Order(config, serial)], teacher, pictures, recipe, settings)

    finishing = max(1, round(HARDENED.finishing.share * application.student_epochs))
    per_epoch = len(train) // (application.student_batch // 2)
    distilled = _seconds_each(steps(HARDENED)) * per_epoch * application.student_epochs
    finished = _seconds_each(steps(finishing_recipe(HARDENED))) * per_epoch * finishing
    student.eval().requires_grad_(False)
    return Forecast(
        _teacher_seconds(application, train, settings),
        distilled + finished,
        _figures_seconds(student, test),
        customers,
    )


def _few(split: Split, batch: int) -> Split:
    """Pictures for a warm-up step and those that are timed, the same ones again where there are not enough."""
    places = torch.arange(batch * (TIMED_STEPS + 1)) % len(split)
    return Split(split.images[places], split.labels[places])


def _seconds_each(steps: Iterable[object]) -> float:
    """Seconds a step takes, the least of a few: what else the machine does comes and goes."""
    moments = [time.perf_counter() for _ in steps]
    return min(after - before for before, after in pairwise(moments[1:]))


def _teacher_seconds(application: Application, train: Split, settings: Training) -> float:
    batch = application.teacher_batch

    def trained(steps: int) -> float:
        places = torch.arange(batch * steps) % len(train)
        return _seconds(lambda: train_teacher(application, Split(train.images[places], train.labels[places]), settings))

    trained(1)  # kernels are chosen
    step = max(1e-4, (trained(1 + TIMED_STEPS) - trained(1)) / TIMED_STEPS)
    return step * (len(train) // batch) * application.teacher_epochs


def _figures_seconds(student: Student, test: Split) -> float:
    """Of one student's row under each lock: of a sealed one every serial makes another network."""
    serials = [random_serial(64) for _ in range(TIMED_SERIALS)]
    bits = torch.tensor([one.bits for one in serials], dtype=torch.float32)
    stamped = _seconds(lambda: sweep_accuracy(student.swept, test.images, test.labels, bits)) / TIMED_SERIALS
    sealed, few = seal(student, serials[0]), drawn(test, SEALED_PICTURES, 0)
    opened = _seconds(lambda: [accuracy(sealed, few, one) for one in serials[:TIMED_OPENINGS]]) / TIMED_OPENINGS
    return (stamped + opened) * SERIALS_TRIED


def _seconds(work: Callable[[], object]) -> float:
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun
