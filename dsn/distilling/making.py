"""Making a student whole: the owner's half of a lock, chosen by `Recipe.lock`. `dsn.locks` has the customer's half."""

from collections.abc import Callable, Sequence

from torch import nn

from dsn.applications.prepared import Split
from dsn.applications.record import Application
from dsn.distilling.distil import distil_students
from dsn.distilling.finishing import finish_student
from dsn.distilling.learner import Order
from dsn.distilling.loop import Training
from dsn.distilling.recipes import Recipe
from dsn.locks.registry import SEALED, STAMPED
from dsn.serials import Serial
from dsn.student.sealing import seal
from dsn.student.student import Student


def as_trained(student: Student, serial: Serial) -> Student:
    """The student itself: the trained lock is in its weights already."""
    return student


def sealed(student: Student, serial: Serial) -> Student:
    """The student's copy, in eval mode, sealed with the serial it was trained for."""
    return seal(student.cpu().eval(), serial)


# What each lock does with a student that is distilled and finished.
MAKERS: dict[str, Callable[[Student, Serial], Student]] = {STAMPED: as_trained, SEALED: sealed}


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
    """Students for several customers, distilled, finished and locked, in the order of the orders.

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
    lock = MAKERS[recipe.lock]
    students = distil_students(application, orders, teacher, split, recipe, training, grouped=grouped)
    return [
        lock(finish_student(application, student, order.serial, split, recipe, training), order.serial)
        for order, student in zip(orders, students, strict=True)
    ]
