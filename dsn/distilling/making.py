"""Making a student whole: the owner's half of a lock, chosen by `Recipe.lock`. `dsn.locks` has the customer's half."""

from collections.abc import Sequence
from typing import Protocol

from torch import nn

from dsn.applications.prepared import Split
from dsn.applications.record import Application
from dsn.distilling.distil import distil_students
from dsn.distilling.finishing import finish_student
from dsn.distilling.learner import Order
from dsn.distilling.loop import Training
from dsn.distilling.recipes import Recipe
from dsn.locks.registry import SEALED, STAMPED
from dsn.student.sealing import seal
from dsn.student.student import Student


class Maker(Protocol):
    """Makes students of one lock."""

    def __call__(
        self,
        application: Application,
        orders: Sequence[Order],
        teacher: nn.Module,
        split: Split,
        recipe: Recipe,
        training: Training,
        *,
        grouped: bool = False,
    ) -> list[Student]: ...


def distilled_and_finished(
    application: Application,
    orders: Sequence[Order],
    teacher: nn.Module,
    split: Split,
    recipe: Recipe,
    training: Training,
    *,
    grouped: bool = False,
) -> list[Student]:
    """Students with the trained lock; arguments and errors as in `make_whole`."""
    students = distil_students(application, orders, teacher, split, recipe, training, grouped=grouped)
    return [
        finish_student(application, student, order.serial, split, recipe, training)
        for order, student in zip(orders, students, strict=True)
    ]


def sealed_when_finished(
    application: Application,
    orders: Sequence[Order],
    teacher: nn.Module,
    split: Split,
    recipe: Recipe,
    training: Training,
    *,
    grouped: bool = False,
) -> list[Student]:
    """Students with the sealed lock: with the trained one first, then sealed with their own serials."""
    students = distilled_and_finished(application, orders, teacher, split, recipe, training, grouped=grouped)
    return [seal(student.cpu().eval(), order.serial) for order, student in zip(orders, students, strict=True)]


MAKERS: dict[str, Maker] = {STAMPED: distilled_and_finished, SEALED: sealed_when_finished}


def make_whole(
    application: Application,
    orders: Sequence[Order],
    teacher: nn.Module,
    split: Split,
    recipe: Recipe,
    training: Training,
    *,
    grouped: bool = False,
) -> list[Student]:
    """Students for several customers, ready to be handed over, in the order of the orders.

    Args:
        application: the application.
        orders: one for each student; all of one network shape.
        teacher: see `dsn.distilling.distil.distilling`.
        split: the training pictures.
        recipe: terms of the loss, and the lock.
        training: where and how long; its checkpoint is gone on from.
        grouped: run all students' layers in the same kernels while they are distilled.

    Raises:
        SerialError: a serial of low weight, which is never issued.
        ValueError: a recipe that cannot be grouped.
    """
    return MAKERS[recipe.lock](application, orders, teacher, split, recipe, training, grouped=grouped)
