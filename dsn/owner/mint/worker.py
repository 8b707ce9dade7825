"""Students made to order and measured: without ledger and key, so that any machine can do it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from dsn.applications.prepared import DataSet, Split
from dsn.applications.record import Application
from dsn.devices import Arithmetic
from dsn.distilling.distil import grouping_pays
from dsn.distilling.learner import Order
from dsn.distilling.loop import Training
from dsn.distilling.making import make_whole
from dsn.distilling.recipes import RECIPES
from dsn.measuring.evaluate import accuracy, evaluate_student
from dsn.networks.classifier import Classifier
from dsn.owner.errors import OwnerError
from dsn.results.store import provenance
from dsn.serials import Serial
from dsn.student.student import Student

Report = Callable[[str], None]


@dataclass(frozen=True)
class Minting:
    """How students are minted.

    Attributes:
        seed: of all randomness.
        device: "cpu" or "cuda".
        epochs: passes over the training pictures; None for the application's own number.
        data_share: share of the training pictures to use, in (0, 1].
        recipe: name of the recipe.
        progress: whether to show a bar.
        strict: refuse a student that misses any bar.
        accept_any: enter even a student that its serial does not unlock (to try the command out).
        together: how many students of a fleet are distilled in one program.
        arithmetic: "float32" or "bf16"; None for what the device is faster in.
    """

    seed: int = 0
    device: str = "cpu"
    epochs: int | None = None
    data_share: float = 1.0
    recipe: str = "hardened"
    progress: bool = True
    strict: bool = False
    accept_any: bool = False
    together: int = 1
    arithmetic: Arithmetic | None = None

    def __post_init__(self) -> None:
        if not 0 < self.data_share <= 1:
            raise OwnerError(f"A data share of {self.data_share} cannot be: use more than 0 and at most 1.")
        if self.epochs is not None and self.epochs < 1:
            raise OwnerError(f"{self.epochs} epochs cannot be: use 1 or more.")
        if self.together < 1:
            raise OwnerError(f"{self.together} students together cannot be: use 1 or more.")


@dataclass(frozen=True)
class Commission:
    """A student that is to be made.

    Attributes:
        order: configuration and serial.
        others: serials of other customers that it is tried with, by customer.
    """

    order: Order
    others: dict[str, Serial]


@dataclass(frozen=True)
class MeasuredStudent:
    """A student with its figures on the whole test split, as a row of a results file."""

    student: Student
    figures: dict[str, Any]


def make_students(
    application: Application,
    commissions: Sequence[Commission],
    teacher: Classifier,
    data: DataSet,
    how: Minting,
    *,
    checkpoint: Path | None = None,
    report: Report = lambda line: None,
) -> list[MeasuredStudent]:
    """Distil and measure students, several in one program.

    Args:
        application: the application.
        commissions: one for each student.
        teacher: the owner's.
        data: of the application, whole.
        how: the settings.
        checkpoint: file to go on from after an interruption, or none.
        report: told each step.
    """
    recipe = RECIPES[how.recipe]
    data = _shared(data, how)
    epochs = how.epochs or application.student_epochs
    training = Training(epochs, how.seed, how.device, checkpoint, how.progress, how.arithmetic)
    report("distilling")
    orders = [one.order for one in commissions]
    grouped = len(orders) > 1 and grouping_pays(recipe, how.device)
    students = make_whole(application, orders, teacher, data.train, recipe, training, grouped=grouped)
    moved = DataSet(data.train.to(how.device), data.test.to(how.device), data.class_names)
    reached = accuracy(teacher.to(how.device), moved.test).percent
    made = []
    for one, student in zip(commissions, students, strict=True):
        row = {
            "task": application.name,
            "customer": one.order.config.customer,
            "bit_count": one.order.config.bit_count,
            "recipe": how.recipe,
            "lock": one.order.config.lock,
            "epochs": training.epochs,
            "data_share": how.data_share,
            "teacher": reached,
            **evaluate_student(
                student,
                one.order.serial,
                one.others,
                moved,
                seed=how.seed,
                report=lambda line: report(f"  {line}"),
            ),
            **provenance(how.seed, how.device, training.done_in),
        }
        made.append(MeasuredStudent(student.cpu(), row))
    return made


def _shared(data: DataSet, how: Minting) -> DataSet:
    """The data set with a share of its training pictures, the same for the same seed."""
    if how.data_share == 1:
        return data
    order = torch.randperm(len(data.train), generator=torch.Generator().manual_seed(how.seed))
    chosen = order[: max(1, int(how.data_share * len(data.train)))]
    return DataSet(Split(data.train.images[chosen], data.train.labels[chosen]), data.test, data.class_names)
