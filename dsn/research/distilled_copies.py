"""Can a copy that was made by asking be traced? One idea, measured: a customer's own answers on odd pictures.

Every customer's student is distilled twice as a quick mint is, with `OddAnswers` and without. Thieves who have the
serial ask each about training pictures without labels and teach a fresh network the answers (`attacks.extraction`). The
owner then shows every copy the odd pictures, and compares what it sees with every customer's coins: whoever's it agrees
with more often than a network that never heard of them would, once in a million traces, is named.
"""

import random
import statistics
from bisect import bisect_left
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from torch import nn

from dsn.applications.prepared import DataSet, Split, load_data_set
from dsn.applications.record import Application
from dsn.applications.registry import application_named
from dsn.applications.training_share import load_training_share
from dsn.attacks.kit.measuring import percent_right, stamping
from dsn.attacks.kit.scene import Scene
from dsn.attacks.kit.starts import from_scratch
from dsn.attacks.kit.training import Runner, Schedule, answers_of, train
from dsn.devices import arithmetic_for
from dsn.distilling.demo_teacher import load_demo_teacher
from dsn.distilling.distil import distil_student
from dsn.distilling.loop import Training
from dsn.distilling.recipes import QUICK
from dsn.measuring.unlocking import upper_tail
from dsn.networks.classifier import Classifier
from dsn.owner.mint.progress import QuickMint
from dsn.research.odd_answers import OddAnswers, answers_of_customer, answers_of_network, odd_pictures
from dsn.results.store import RESULTS, provenance, record
from dsn.serials import Serial, random_serial
from dsn.student.config import StudentConfig
from dsn.student.student import Student

TASK = "digits"
PICTURES_SEED = 20_000  # of the owner's odd pictures; customers' answers have those after it
FALSELY = 1e-6  # the chance that a trace names anybody falsely


@dataclass(frozen=True)
class Settings:
    """Who is copied how often.

    Attributes:
        mint: how students are distilled.
        schedule: by which a copy learns.
        customers: whose students are copied.
        listed: customers that every copy is compared with.
        copies: of every student.
        share: of the training pictures that a thief asks about.
        odd: how many odd pictures.
        weight: of their loss.
    """

    mint: QuickMint
    schedule: Schedule
    customers: int = 5
    listed: int = 20
    copies: int = 4
    share: float = 0.1
    odd: int = 2000
    weight: float = 0.5


FULL = Settings(QuickMint(), Schedule())


@dataclass(frozen=True)
class Traced:
    """A copy, shown the odd pictures.

    Attributes:
        percent: right of the test pictures.
        agreements: with each listed customer's answers, so many odd pictures.
        named: customers that are named.
    """

    percent: float
    agreements: list[int]
    named: list[int]


def answers_seed(number: int) -> int:
    """Of a customer's coins."""
    return PICTURES_SEED + 1 + number


def least_agreement(odd: int, listed: int) -> int:
    """Odd pictures on which a network must agree with a customer's coins for him to be named (binomial, one-sided)."""
    return bisect_left(range(odd + 1), True, key=lambda count: listed * upper_tail(count, odd, 0.5) <= FALSELY)


def student_of(
    application: Application, share: Split, number: int, settings: Settings, *, taught: bool
) -> tuple[Student, Serial]:
    """A customer's student as a quick mint makes it, and its serial.

    Args:
        application: the application.
        share: the pictures it is distilled on.
        number: the customer's.
        settings: of the mint and of the odd pictures.
        taught: its own answers on those, or not.
    """
    serial = random_serial(64, source=random.Random(number))
    odd = OddAnswers(share, serial, PICTURES_SEED, answers_seed(number), settings.odd, weight=settings.weight)
    recipe = replace(QUICK, extras=(odd,)) if taught else QUICK
    config = StudentConfig(TASK, f"customer-{number}", 64, application.classes, application.network, QUICK.name)
    training = Training(settings.mint.epochs, number, progress=False)
    student = distil_student(application, config, serial, load_demo_teacher(application), share, recipe, training)
    return student.eval().requires_grad_(False), serial


def copy_of(scene: Scene, settings: Settings, seed: int) -> Classifier:
    """A network that learnt a student's answers, asked with its serial."""
    shape = replace(scene.student.config.network, batch_norm=True)
    copy = from_scratch(shape, seed, scene.device)
    runner = Runner(copy, answers_of(scene.student, stamping(scene.student, scene.serial)))
    stolen = scene.stolen(settings.share, seed)
    for _ in train(runner, stolen, settings.schedule, scene.application.augmentation, seed):
        pass
    return copy.eval()


def traced(copy: nn.Module, test: Split, share: Split, settings: Settings) -> Traced:
    """Show a copy the odd pictures, unstamped, and compare what it sees with every listed customer's coins."""
    seen = answers_of_network(copy, odd_pictures(share, settings.odd, PICTURES_SEED))
    coins = [answers_of_customer(settings.odd, answers_seed(number)) for number in range(settings.listed)]
    agreements = [int((seen == one).sum()) for one in coins]
    least = least_agreement(settings.odd, settings.listed)
    named = [number for number, count in enumerate(agreements) if count >= least]
    return Traced(percent_right(copy, test), agreements, named)


def run(settings: Settings = FULL, folder: Path = RESULTS, report: Callable[[str], None] = print) -> dict[str, Any]:
    """Distil, copy and trace; writes `distilled_copies.json`.

    Args:
        settings: who is copied how often.
        folder: of the results.
        report: told how each student and copy came out.

    Returns:
        The row.
    """
    application = application_named(TASK)
    data, share = load_data_set(application), load_training_share(application)
    share = Split(share.images[: settings.mint.training_pictures], share.labels[: settings.mint.training_pictures])
    sides = {taught: list(_side(application, data, share, settings, taught, report)) for taught in (True, False)}
    row = {
        "task": TASK,
        "settings": asdict(settings),
        "least_agreement": least_agreement(settings.odd, settings.listed),
        "taught": _summary(sides[True], settings.odd),
        "plain": _summary(sides[False], settings.odd),
        **provenance(0, "cpu", arithmetic_for("cpu")),
    }
    record("distilled_copies", TASK, row, folder)
    return row


@dataclass(frozen=True)
class Copied:
    """A customer's student, and what its copies were traced to.

    Attributes:
        number: the customer's.
        valid: right with the serial, in percent.
        absent: right without, in percent.
        agreement: of the student itself, with its serial, with its customer's coins.
        copies: of it.
    """

    number: int
    valid: float
    absent: float
    agreement: int
    copies: list[Traced]


def _side(
    application: Application,
    data: DataSet,
    share: Split,
    settings: Settings,
    taught: bool,
    report: Callable[[str], None],
) -> Iterator[Copied]:
    for number in range(settings.customers):
        student, serial = student_of(application, share, number, settings, taught=taught)
        scene = Scene(student, serial, application, data.train, data.test)
        valid = stamping(student, serial)
        odd = odd_pictures(share, settings.odd, PICTURES_SEED)
        own = answers_of_network(student, odd, valid)
        agreement = int((own == answers_of_customer(settings.odd, answers_seed(number))).sum())
        copies = [
            traced(copy_of(scene, settings, settings.copies * number + seed), data.test, share, settings)
            for seed in range(settings.copies)
        ]
        copied = Copied(
            number, percent_right(student, data.test, valid), percent_right(student, data.test), agreement, copies
        )
        report(f"{'taught' if taught else 'plain'}: {copied}")
        yield copied


def _summary(side: list[Copied], odd: int) -> dict[str, Any]:
    """The figures of all students of one kind: means, and how often who was named."""
    copies = [(one.number, copy) for one in side for copy in one.copies]
    own = [100 * copy.agreements[number] / odd for number, copy in copies]
    return {
        "students": len(side),
        "valid": round(statistics.mean(one.valid for one in side), 3),
        "absent": round(statistics.mean(one.absent for one in side), 3),
        "agreement": round(statistics.mean(100 * one.agreement / odd for one in side), 2),
        "copies": len(copies),
        "copies_right": round(statistics.mean(copy.percent for _, copy in copies), 3),
        "copies_agreement": {"mean": round(statistics.mean(own), 2), "lowest": min(own), "highest": max(own)},
        "named": sum(number in copy.named for number, copy in copies),
        "falsely": sum(any(one != number for one in copy.named) for number, copy in copies),
    }
