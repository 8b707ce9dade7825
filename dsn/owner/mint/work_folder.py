"""Where a student is made: a folder of its own in the owner's, from which it goes on after any interruption.

`minting/<task>-<customer>/` holds the order (the verifier, which is no secret), the training's last epoch, and in
the end the student. What is finished is moved to `students/<task>/<customer>/` in one step.
"""

import fcntl
import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from dsn.files import write_json
from dsn.owner.errors import OwnerError
from dsn.owner.ledger.ledger import Entry, Ledger
from dsn.owner.names import customer_name
from dsn.owner.verifier import Verifier
from dsn.owner.weights import weights_hash
from dsn.student.folder import load_folder


@dataclass(frozen=True)
class WorkFolder:
    """One customer's place in the workshop.

    Attributes:
        folder: where the student is made.
        verifier: for whom.
    """

    folder: Path
    verifier: Verifier

    @property
    def training(self) -> Path:
        """The training's last epoch."""
        return self.folder / "training.safetensors"

    @property
    def student(self) -> Path:
        """The student's folder, not yet in its place."""
        return self.folder / "student"

    @property
    def figures(self) -> Path:
        """What the student reaches; written last, so that it says the student is whole."""
        return self.folder / "figures.json"


def students_folder(home: Path) -> Path:
    """Where the owner keeps every student that was issued."""
    return home / "students"


def kept_folder(home: Path, entry: Entry) -> Path:
    """Where the owner keeps this entry's student."""
    return students_folder(home) / entry.label


@contextmanager
def open_work_folder(ledger: Ledger, customer: str, task: str, settings: dict[str, Any]) -> Iterator[WorkFolder]:
    """A place to make a customer's student, where no other process makes the same one.

    An interrupted order goes on: same verifier, hence same serial. Where its settings were others, what was made
    by those is dropped.

    Args:
        ledger: which numbers are taken.
        customer: whose.
        task: name of the application.
        settings: plain values that make the student what it is.

    Raises:
        OwnerError: another process is at it, or the disk is full.
    """
    folder = ledger.owner.home / "minting" / f"{task}-{customer_name(customer)}"
    try:
        folder.parent.mkdir(mode=0o700, exist_ok=True)
        with folder.with_suffix(".lock").open("w") as lock:  # the system frees it however this process ends
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise OwnerError(f"Another process mints for {customer}: wait until it is done.") from None
            _drop(folder.with_suffix(".done"))
            yield WorkFolder(folder, _ordered(ledger, customer, task, settings, folder))
    except OSError as error:
        raise OwnerError(
            f"Minting for {customer} stopped ({error.strerror or error}): make room in {ledger.owner.home} and run "
            "the same command again, which goes on where it stopped."
        ) from error


def finish(work_folder: WorkFolder, ledger: Ledger) -> Entry:
    """Move a made student into its place, enter it in the ledger, clear the work folder; again is the same as once."""
    label = Entry(work_folder.verifier, b"").label
    place = students_folder(ledger.owner.home) / label
    place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    student = load_folder(work_folder.student)
    beside = place.with_name(f".{place.name}.part")
    _drop(beside)
    shutil.copytree(work_folder.student, beside)
    _drop(place)
    beside.rename(place)
    entry = ledger.enter_student(work_folder.verifier, weights_hash(student.state_dict()))
    _drop_done(work_folder.folder)
    return entry


def _ordered(ledger: Ledger, customer: str, task: str, settings: dict[str, Any], folder: Path) -> Verifier:
    order = folder / "order.json"
    verifier, before = None, None
    if order.exists():
        try:
            values = json.loads(order.read_text("utf-8"))
            verifier, before = Verifier(**values["verifier"]), values["settings"]
        except (ValueError, TypeError, KeyError, OwnerError):
            verifier = None
    entries = ledger.entries(customer, task)
    if verifier is not None and not _is_open(verifier, entries):
        verifier = None
    if verifier is not None and before == settings:
        return verifier
    _drop(folder)
    if verifier is None:
        waiting = [entry.verifier for entry in entries if entry.status == "issued"]
        verifier = waiting[0] if waiting else ledger.next_verifier(customer, task)
    folder.mkdir(mode=0o700)
    write_json(order, {"verifier": asdict(verifier), "settings": settings})
    return verifier


def _is_open(verifier: Verifier, entries: list[Entry]) -> bool:
    """Whether a student may still be entered under this verifier: nobody took its number, or for its serial only."""
    taken = [entry for entry in entries if entry.verifier.number == verifier.number]
    return all(entry.verifier == verifier and entry.status == "issued" for entry in taken)


def _drop_done(folder: Path) -> None:
    """Clear a work folder whose student is entered, in one step as far as the next process can see."""
    done = folder.with_suffix(".done")
    folder.rename(done)
    _drop(done)


def _drop(folder: Path) -> None:
    if folder.exists():
        shutil.rmtree(folder)
