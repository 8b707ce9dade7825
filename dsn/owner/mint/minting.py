"""Minting: a serial, a student distilled for it, its figures, its card, its line in the ledger."""

import json
from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

from dsn.applications.prepared import DataSet, load_data_set
from dsn.applications.record import Application
from dsn.distilling.learner import Order
from dsn.distilling.rebuild import load_teacher
from dsn.files import write_json, write_text
from dsn.networks.classifier import Classifier
from dsn.owner.errors import OwnerError
from dsn.owner.ledger.ledger import Entry, Ledger
from dsn.owner.mint.bars import is_unlocked, missed
from dsn.owner.mint.work_folder import WorkFolder, finish, kept_folder, open_work_folder
from dsn.owner.mint.worker import Commission, MeasuredStudent, Minting, Report, make_students
from dsn.student.card import model_card
from dsn.student.config import StudentConfig
from dsn.student.folder import save_student

MOST_OTHERS = 8  # other customers' serials that a new student is tried with


@dataclass(frozen=True)
class Minted:
    """What minting for one customer came to.

    Attributes:
        customer: whose.
        entry: its line in the ledger; None where it failed.
        folder: its student; None where it failed.
        missed: the bars it misses, in words.
        problem: why it failed, in one sentence; empty where it did not.
    """

    customer: str
    entry: Entry | None = None
    folder: Path | None = None
    missed: tuple[str, ...] = ()
    problem: str = ""


def mint(
    ledger: Ledger, application: Application, customer: str, how: Minting, *, report: Report = lambda line: None
) -> Minted:
    """Mint one student; after an interruption the same call goes on and gives the same student.

    Args:
        ledger: an owner's; the student is kept in the owner's folder.
        application: the application; its teacher must be there.
        customer: for whom.
        how: the settings.
        report: told each step.

    Raises:
        OwnerError: a name that cannot be, a student below the bars, a full disk, another process at the same.
        NotBuiltError: there is no teacher yet.
        DataError: the data set cannot be had.
    """
    with work_folder_for(ledger, application, customer, how) as work_folder:
        report(f"{label_of(work_folder)}: signed on {work_folder.verifier.date}")
        if not work_folder.figures.exists():
            make_on(ledger, application, [work_folder], how, report)
        return conclude(ledger, work_folder, how)


def work_folder_for(
    ledger: Ledger, application: Application, customer: str, how: Minting
) -> AbstractContextManager[WorkFolder]:
    """The customer's work folder, for students made like this."""
    settings = {
        "seed": how.seed,
        "epochs": how.epochs or application.student_epochs,
        "data_share": how.data_share,
        "recipe": how.recipe,
    }
    return open_work_folder(ledger, customer, application.name, settings)


def label_of(work_folder: WorkFolder) -> str:
    """What ledger and folders call the student of a work folder."""
    return Entry(work_folder.verifier, b"").label


def make_on(
    ledger: Ledger, application: Application, work_folders: Sequence[WorkFolder], how: Minting, report: Report
) -> None:
    """Distil, measure and describe the students of these work folders, in one program."""
    teacher, data = owned(application)
    commissions = [commission(ledger, data.class_names, application, work_folder, how) for work_folder in work_folders]
    checkpoint = work_folders[0].training
    made = make_students(application, commissions, teacher, data, how, checkpoint=checkpoint, report=report)
    for work_folder, one in zip(work_folders, made, strict=True):
        put_on(work_folder, application, one)


def owned(application: Application) -> tuple[Classifier, DataSet]:
    """The owner's teacher and data set of an application."""
    return load_teacher(application), load_data_set(application)


def commission(
    ledger: Ledger, classes: tuple[str, ...], application: Application, work_folder: WorkFolder, how: Minting
) -> Commission:
    """What is to be made in a work folder: the serial is signed here, so that the key stays here."""
    serial = ledger.sign(work_folder.verifier)
    config = StudentConfig(
        task=application.name,
        customer=work_folder.verifier.customer,
        bit_count=len(serial.bits),
        classes=classes,
        network=application.network,
        recipe=how.recipe,
    )
    others = [
        one
        for one in ledger.entries(task=work_folder.verifier.task)
        if one.verifier.customer != work_folder.verifier.customer
    ]
    return Commission(Order(config, serial), {one.label: ledger.serial(one) for one in others[-MOST_OTHERS:]})


def put_on(work_folder: WorkFolder, application: Application, made: MeasuredStudent) -> None:
    """Keep a student and its card in its work folder; its figures are written last."""
    save_student(made.student, work_folder.student)
    write_text(work_folder.student / "README.md", model_card(application, made.figures))
    write_json(work_folder.figures, made.figures)


def conclude(ledger: Ledger, work_folder: WorkFolder, how: Minting) -> Minted:
    """Enter a made student, if it is good enough.

    Raises:
        OwnerError: its serial does not unlock it, or it misses a bar where none may be missed.
    """
    customer = work_folder.verifier.customer
    row = json.loads(work_folder.figures.read_text("utf-8"))
    problems = missed(row, row["teacher"])
    if not how.accept_any and not is_unlocked(row):
        raise OwnerError(
            f"The student of {customer} is not unlocked by its serial ({row['valid']['percent']} % right with it, "
            f"up to {row['random_wrong']['worst']['percent']} % with others): use more epochs or a larger data "
            "share; nothing was entered."
        )
    if how.strict and problems:
        raise OwnerError(
            f"The student of {customer} misses a bar ({'; '.join(problems)}): use more epochs, or leave --strict "
            "out; nothing was entered."
        )
    entry = finish(work_folder, ledger)
    return Minted(customer, entry, kept_folder(ledger.owner.home, entry), tuple(problems))
