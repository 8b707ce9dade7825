"""Delivering: a customer's student as a folder to be handed over. A copy is made for it, the same to the byte."""

import shutil
from pathlib import Path

from dsn.files import write_text
from dsn.owner.copies.copying import copier_of
from dsn.owner.errors import OwnerError
from dsn.owner.ledger.ledger import Entry, Ledger
from dsn.owner.mint.work_folder import kept_folder
from dsn.owner.weights import weights_hash
from dsn.student.card import plain_card
from dsn.student.folder import save_student


def deliver(ledger: Ledger, customer: str, task: str, folder: Path, number: int | None = None) -> Entry:
    """Write a customer's student to a folder; it may be done again whenever the copy is lost.

    Args:
        ledger: an owner's.
        customer: whose.
        task: name of the application.
        folder: to be written; not there yet, or empty.
        number: of the customer's entry; None for the last that has a student.

    Returns:
        The ledger's line of what was delivered.

    Raises:
        OwnerError: nothing to deliver, a revoked student, one that others are copied from, a folder with something in
            it, a full disk.
    """
    entry = _entry_of(ledger, customer, task, number)
    if any(one.original == entry.label for one in ledger.entries(task=task)):
        raise OwnerError(f"{entry.label} is what copies are made of and stays with the owner: deliver a copy.")
    try:
        if folder.exists() and any(folder.iterdir()):
            raise OwnerError(f"There is something in {folder} already: name a new folder with --to.")
        if entry.original is None:
            shutil.copytree(kept_folder(ledger.owner.home, entry), folder, dirs_exist_ok=True)
            return entry
        copy = copier_of(ledger, task, entry.original).copy(entry.verifier)
        if weights_hash(copy.state_dict()) != entry.weights:
            raise OwnerError(
                f"The copy made here is not the one in the ledger for {entry.label}: another version of this program "
                "made that one; deliver with that."
            )
        save_student(copy, folder)
        write_text(folder / "README.md", plain_card(copy.config))
    except OSError as error:
        raise OwnerError(f"{folder} cannot be written ({error.strerror or error}): choose another place.") from error
    return entry


def _entry_of(ledger: Ledger, customer: str, task: str, number: int | None) -> Entry:
    """The line that is meant."""
    there = [one for one in ledger.entries(customer, task) if number in (None, one.verifier.number)]
    entries = [one for one in there if one.weights]
    if not entries:
        raise OwnerError(f"The ledger has no student of {customer!r} for {task}: mint one first.")
    if entries[-1].revoked_on:
        raise OwnerError(f"{entries[-1].label} was revoked on {entries[-1].revoked_on}: mint another student.")
    return entries[-1]
