"""All that the page shows: students, their public demo serials, held-out pictures, recorded figures."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from dsn.applications.held_out import HeldOut, load_held_out
from dsn.applications.prepared import DataError
from dsn.applications.record import Application
from dsn.applications.registry import OF_PAGES, application_named, applications
from dsn.files import write_json
from dsn.locks.registry import SEALED, STAMPED
from dsn.places import ASSETS, CHECKPOINTS
from dsn.serials import Serial, random_serial
from dsn.student.config import StudentConfig
from dsn.student.folder import Students
from dsn.student.hub import Origin, StudentError, load_students

if TYPE_CHECKING:
    from dsn.student.student import Student

DEMO_SERIALS = ASSETS / "demo_serials.json"
LOCKS = (STAMPED, SEALED)
LITERAL = "literal"  # the customer of the break-in's first level: a student by the paper's recipe to the letter
SEALED_COPY = "-sealed"  # after a customer's name: its student under the other lock too, by the same serial


def literal_folder(task: str) -> Path:
    """`assets/training/literal-<task>`: no customer's, so not among the checkpoints."""
    return ASSETS / "training" / f"{LITERAL}-{task}"


def demo_serials() -> dict[str, Serial]:
    """The serials of the bundled students whose answers are classes, by "task/customer": public on purpose."""
    return {name: serial for name, serial in _public().items() if not _is_of_pages(name)}


def document_serials() -> dict[str, Serial]:
    """The serials of the bundled students of pages, by "documents/customer"."""
    return {name: serial for name, serial in _public().items() if _is_of_pages(name)}


def _public() -> dict[str, Serial]:
    return {name: Serial.parse(text) for name, text in json.loads(DEMO_SERIALS.read_text("utf-8")).items()}


def _is_of_pages(name: str) -> bool:
    return name.split("/")[0] == OF_PAGES


def stamped_serials() -> dict[str, Serial]:
    """The serials of the bundled students whose lock is the trained one alone, by "task/customer"."""
    return {name: serial for name, serial in demo_serials().items() if not name.endswith(SEALED_COPY)}


def write_demo_serials(task: str, customers: list[str]) -> dict[str, Serial]:
    """Give an application's customers public serials, each for both locks, and take those of others of it away.

    Who has a serial keeps it: the student it unlocks stays valid.

    Returns:
        Its serials, by "task/customer".
    """
    known = _public()
    kept = {name: serial for name, serial in known.items() if name.split("/")[0] != task}
    own = {f"{task}/{customer}": known.get(f"{task}/{customer}") or random_serial() for customer in customers}
    own |= {f"{name}{SEALED_COPY}": serial for name, serial in own.items()}
    write_json(DEMO_SERIALS, {name: serial.text for name, serial in {**kept, **own}.items()})
    return own


@dataclass(frozen=True, eq=False)
class Collection:
    """What a page is built from; nothing in it changes.

    Attributes:
        students: by "task/customer"; those in folders are loaded when they are first asked for.
        origins: where each came from, by the same names.
        serials: the valid serial of each, by the same names.
        held_out: pictures of each application, by its name.
    """

    students: Mapping[str, Student]
    origins: dict[str, Origin]
    serials: dict[str, Serial]
    held_out: dict[str, HeldOut]

    def config(self, name: str) -> StudentConfig:
        """What a student is, by "task/customer", without loading it where it lies in a folder."""
        students = self.students
        return students.configs[name] if isinstance(students, Students) else students[name].config

    def folder(self, name: str) -> Path | None:
        """The folder that a student lies in, by "task/customer"; None where it is in memory alone."""
        return self.students.folders[name][0] if isinstance(self.students, Students) else None

    def applications(self) -> list[Application]:
        """The applications there are students for, in the order of the registry."""
        return [application for application in applications().values() if self.customers(application.name)]

    def customers(self, task: str) -> list[str]:
        """The customers of one application, in alphabetical order; a sealed copy is no customer of its own."""
        names = [name for name in self.students if name.split("/")[0] == task]
        copies = {f"{name}{SEALED_COPY}" for name in names}
        return sorted(name.split("/")[1] for name in names if name not in copies)

    def locks(self, task: str, customer: str) -> list[str]:
        """The locks that a customer's student stands under: its own, and "sealed" where there is a sealed copy."""
        own = self.config(f"{task}/{customer}").lock
        return [own, SEALED] if own == STAMPED and f"{task}/{customer}{SEALED_COPY}" in self.students else [own]

    def under(self, task: str, customer: str, lock: str | None) -> str:
        """Whose name a customer's student has under a lock: the customer's, or that of the sealed copy."""
        locks = self.locks(task, customer)
        return f"{customer}{SEALED_COPY}" if lock == SEALED and len(locks) > 1 else customer

    def student(self, task: str, customer: str, lock: str | None = None) -> Student:
        """One customer's student.

        Args:
            task: an application.
            customer: one of its customers, or a sealed copy by its own name.
            lock: "stamped" or "sealed"; None, or one that it does not stand under, for its own.

        Raises:
            ValueError: no such application or customer; the message names those there are.
        """
        return self.students[self._name_of(task, customer, lock)]

    def config_under(self, task: str, customer: str, lock: str | None = None) -> StudentConfig:
        """What one customer's student is; arguments and errors as in `student`."""
        return self.config(self._name_of(task, customer, lock))

    def _name_of(self, task: str, customer: str, lock: str | None) -> str:
        application_named(task)
        if f"{task}/{customer}" not in self.students:
            raise ValueError(f"There is no customer {customer!r}: choose one of {', '.join(self.customers(task))}.")
        return f"{task}/{self.under(task, customer, lock)}"

    def valid_serial(self, task: str, customer: str) -> Serial:
        """The serial that unlocks one customer's student."""
        return self.serials[f"{task}/{customer}"]

    def random_wrong_serial(self, task: str, customer: str) -> Serial:
        """A well-formed serial of the right length that does not unlock this student."""
        valid = self.valid_serial(task, customer)
        return random_serial(len(valid.bits), unlike=valid)

    def serial_of_another(self, task: str, customer: str, current: Serial | None) -> Serial:
        """The next other customer's serial of the same length; a random one where there is none."""
        valid = self.valid_serial(task, customer)
        others = [
            self.valid_serial(task, other)
            for other in self.customers(task)
            if other != customer and len(self.valid_serial(task, other).bits) == len(valid.bits)
        ]
        if not others:
            return self.random_wrong_serial(task, customer)
        return others[(others.index(current) + 1) % len(others)] if current in others else others[0]


def load_collection(checkpoints: Path = CHECKPOINTS, repositories: str | None = None) -> Collection:
    """Students from their folders, or from the Hub where `repositories` says so, and what goes with them.

    Raises:
        StudentError: a student, or somebody's own held-out pictures, that cannot be loaded, with the file at fault.
    """
    students, origins = load_students(checkpoints, repositories)
    serials = demo_serials()
    known = students.only(serials)
    try:
        held_out = {
            name: load_held_out(applications()[name]) for name in sorted({name.split("/")[0] for name in known})
        }
    except DataError as error:
        raise StudentError(str(error)) from error
    return Collection(known, {name: origins[name] for name in known}, serials, held_out)
