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
from dsn.owner.mint.work_folder import Bench, finish, kept_folder, workbench
from dsn.owner.mint.worker import Commission, Made, Minting, Report, make_students
from dsn.student.card import model_card
from dsn.student.folder import save_student
from dsn.student.student import StudentConfig

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
    with bench_for(ledger, application, customer, how) as bench:
        report(f"{label_of(bench)}: signed on {bench.verifier.date}")
        if not bench.figures.exists():
            make_on(ledger, application, [bench], how, report)
        return conclude(ledger, bench, how)


def bench_for(ledger: Ledger, application: Application, customer: str, how: Minting) -> AbstractContextManager[Bench]:
    """The customer's workbench, for students made like this."""
    settings = {
        "seed": how.seed,
        "epochs": how.epochs or application.student_epochs,
        "data_share": how.data_share,
        "recipe": how.recipe,
    }
    return workbench(ledger, customer, application.name, settings)


def label_of(bench: Bench) -> str:
    """What ledger and folders call the student on a bench."""
    return Entry(bench.verifier, b"").label


def make_on(ledger: Ledger, application: Application, benches: Sequence[Bench], how: Minting, report: Report) -> None:
    """Distil, measure and describe the students of these benches, in one program."""
    teacher, data = owned(application)
    commissions = [commission(ledger, data.class_names, application, bench, how) for bench in benches]
    checkpoint = benches[0].training
    made = make_students(application, commissions, teacher, data, how, checkpoint=checkpoint, report=report)
    for bench, one in zip(benches, made, strict=True):
        put_on(bench, application, one)


def owned(application: Application) -> tuple[Classifier, DataSet]:
    """The owner's teacher and data set of an application."""
    return load_teacher(application), load_data_set(application)


def commission(
    ledger: Ledger, classes: tuple[str, ...], application: Application, bench: Bench, how: Minting
) -> Commission:
    """What is to be made on a bench: the serial is signed here, so that the key stays here."""
    serial = ledger.sign(bench.verifier)
    config = StudentConfig(
        task=application.name,
        customer=bench.verifier.customer,
        bit_count=len(serial.bits),
        classes=classes,
        network=application.network,
        recipe=how.recipe,
    )
    others = [
        one for one in ledger.entries(task=bench.verifier.task) if one.verifier.customer != bench.verifier.customer
    ]
    return Commission(Order(config, serial), {one.label: ledger.serial(one) for one in others[-MOST_OTHERS:]})


def put_on(bench: Bench, application: Application, made: Made) -> None:
    """Keep a student and its card on its bench; its figures are written last."""
    save_student(made.student, bench.student)
    write_text(bench.student / "README.md", model_card(application, made.figures))
    write_json(bench.figures, made.figures)


def conclude(ledger: Ledger, bench: Bench, how: Minting) -> Minted:
    """Enter a made student, if it is good enough.

    Raises:
        OwnerError: its serial does not unlock it, or it misses a bar where none may be missed.
    """
    customer = bench.verifier.customer
    row = json.loads(bench.figures.read_text("utf-8"))
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
    entry = finish(bench, ledger)
    return Minted(customer, entry, kept_folder(ledger.owner.home, entry), tuple(problems))
