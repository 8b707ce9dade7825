"""Minting: a serial, a student distilled for it, its figures, its card, its line in the ledger; for one or many."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import torch

from dsn.cards import model_card
from dsn.checkpoints import save_student
from dsn.datasets import DataSet, Split, load_data_set
from dsn.distill import distil_student
from dsn.evaluate import accuracy, evaluate_student
from dsn.files import write_json, write_text
from dsn.owner.bars import is_unlocked, missed
from dsn.owner.errors import OwnerError
from dsn.owner.ledger import Entry, Ledger
from dsn.owner.workshop import Bench, finish, kept_folder, workbench
from dsn.rebuild import load_teacher
from dsn.recipes import RECIPES
from dsn.results import provenance
from dsn.student import StudentConfig
from dsn.tasks import Task
from dsn.training_loop import Training

MOST_OTHERS = 8  # other customers' serials that a new student is tried with
Report = Callable[[str], None]


@dataclass(frozen=True)
class Minting:
    """How students are minted.

    Attributes:
        seed: of all randomness.
        device: "cpu" or "cuda".
        epochs: passes over the training pictures; None for the task's own number.
        data_share: share of the training pictures to use, in (0, 1].
        recipe: name of the recipe.
        progress: whether to show a bar.
        strict: refuse a student that misses any bar.
        accept_any: enter even a student that its serial does not unlock (to try the command out).
    """

    seed: int = 0
    device: str = "cpu"
    epochs: int | None = None
    data_share: float = 1.0
    recipe: str = "hardened"
    progress: bool = True
    strict: bool = False
    accept_any: bool = False

    def __post_init__(self) -> None:
        if not 0 < self.data_share <= 1:
            raise OwnerError(f"A data share of {self.data_share} cannot be: use more than 0 and at most 1.")
        if self.epochs is not None and self.epochs < 1:
            raise OwnerError(f"{self.epochs} epochs cannot be: use 1 or more.")


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


def mint(ledger: Ledger, task: Task, customer: str, how: Minting, *, report: Report = lambda line: None) -> Minted:
    """Mint one student; after an interruption the same call goes on and gives the same student.

    Args:
        ledger: an owner's; the student is kept in the owner's folder.
        task: the application; its teacher must be there.
        customer: for whom.
        how: the settings.
        report: told each step.

    Raises:
        OwnerError: a name that cannot be, a student below the bars, a full disk, another process at the same.
        NotBuiltError: there is no teacher yet.
        DataError: the data set cannot be had.
    """
    settings = {
        "seed": how.seed,
        "epochs": how.epochs or task.student_epochs,
        "data_share": how.data_share,
        "recipe": how.recipe,
    }
    with workbench(ledger, customer, task.name, settings) as bench:
        report(f"{Entry(bench.verifier, b'').label}: signed on {bench.verifier.date}")
        if not bench.figures.exists():
            _make(ledger, task, bench, how, report)
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


def mint_fleet(
    ledger: Ledger, task: Task, customers: list[str], how: Minting, *, report: Report = lambda line: None
) -> Iterator[Minted]:
    """Mint one after another; whoever has a student keeps it; who was revoked, or fails, is passed over.

    Yields:
        What became of each, in order, as soon as it is known.
    """
    for customer in customers:
        entries = ledger.entries(customer, task.name)
        has = [entry for entry in entries if entry.status == "minted"]
        if has:
            yield Minted(customer, has[-1], kept_folder(ledger.owner.home, has[-1]))
            continue
        if entries and all(entry.revoked_on for entry in entries):
            problem = (
                f"{customer} was revoked on {entries[-1].revoked_on}: mint with --again to serve them all the same."
            )
            yield Minted(customer, problem=problem)
            continue
        try:
            yield mint(ledger, task, customer, how, report=report)
        except OwnerError as error:
            yield Minted(customer, problem=str(error))


def _make(ledger: Ledger, task: Task, bench: Bench, how: Minting, report: Report) -> None:
    """Distil, measure and describe a student on its bench; its figures are written last."""
    teacher = load_teacher(task)
    data = _shared(load_data_set(task), how)
    serial = ledger.sign(bench.verifier)
    config = StudentConfig(
        task=task.name,
        customer=bench.verifier.customer,
        bit_count=len(serial.bits),
        classes=data.class_names,
        network=task.network,
        recipe=how.recipe,
    )
    training = Training(how.epochs or task.student_epochs, how.seed, how.device, bench.training, how.progress)
    report("distilling")
    student = distil_student(task, config, serial, teacher, data.train, RECIPES[how.recipe], training)
    on_device = DataSet(data.train.to(how.device), data.test.to(how.device), data.class_names)
    row = {
        "task": task.name,
        "customer": bench.verifier.customer,
        "bit_count": len(serial.bits),
        "recipe": how.recipe,
        "epochs": training.epochs,
        "data_share": how.data_share,
        "teacher": accuracy(teacher.to(how.device), on_device.test).percent,
        **evaluate_student(
            student, serial, _others(ledger, bench), on_device, seed=how.seed, report=lambda line: report(f"  {line}")
        ),
        **provenance(how.seed, how.device),
    }
    save_student(student.cpu(), bench.student)
    write_text(bench.student / "README.md", model_card(task, row))
    write_json(bench.figures, row)


def _others(ledger: Ledger, bench: Bench) -> dict:
    """Serials of the latest other customers of the application."""
    others = [
        one for one in ledger.entries(task=bench.verifier.task) if one.verifier.customer != bench.verifier.customer
    ]
    return {entry.label: ledger.serial(entry) for entry in others[-MOST_OTHERS:]}


def _shared(data: DataSet, how: Minting) -> DataSet:
    """The data set with a share of its training pictures, the same for the same seed."""
    if how.data_share == 1:
        return data
    order = torch.randperm(len(data.train), generator=torch.Generator().manual_seed(how.seed))
    chosen = order[: max(1, int(how.data_share * len(data.train)))]
    return DataSet(Split(data.train.images[chosen], data.train.labels[chosen]), data.test, data.class_names)
