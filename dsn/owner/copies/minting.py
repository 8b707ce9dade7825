"""Copies of one student for many customers: each is made once, for its hash in the ledger, and none is kept."""

import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor

import torch

from dsn.applications.record import Application
from dsn.owner.copies.copying import Copier, kept_original
from dsn.owner.errors import OwnerError
from dsn.owner.ledger.ledger import Entry, Ledger
from dsn.owner.mint.minting import Minted, mint
from dsn.owner.mint.worker import Minting, Report
from dsn.owner.verifier import Verifier
from dsn.owner.weights import weights_hash

ORIGINAL = "original"  # customer's name of the student that copies are made of
AT_ONCE = 50  # copies entered in one step


def original_entry(
    ledger: Ledger, application: Application, name: str, how: Minting, *, report: Report = lambda line: None
) -> Entry:
    """The ledger's line of the student that copies are made of; it is distilled where there is none yet.

    Args:
        ledger: an owner's.
        application: the application.
        name: its customer's name in the ledger, such as "original".
        how: it is minted, if it is.
        report: told each step.

    Raises:
        OwnerError: it was revoked, or is a copy itself, or cannot be minted.
        NotBuiltError: there is no teacher yet.
    """
    entries = ledger.entries(name, application.name)
    minted = [entry for entry in entries if entry.status == "minted"]
    if any(entry.original for entry in entries) or (entries and all(entry.revoked_on for entry in entries)):
        raise OwnerError(f"{name} is a copy, or was revoked: name another student to copy with --original.")
    if minted:
        return minted[-1]
    entry = mint(ledger, application, name, how, report=report).entry
    assert entry is not None
    return entry


def mint_copies(ledger: Ledger, original: Entry, customers: Sequence[str], *, again: bool = False) -> Iterator[Minted]:
    """Enter a copy for every customer; whoever has a student keeps it, and who was revoked is passed over.

    The processors share the work. After an interruption the same call goes on.

    Args:
        ledger: an owner's.
        original: the ledger's line of the student that copies are made of.
        customers: for whom.
        again: whether those who have a student, or were revoked, get another.

    Yields:
        What became of each, some at a time.

    Raises:
        OwnerError: the original is lost, or another process enters the same copies.
    """
    task = original.verifier.task
    copier = Copier(ledger.owner, kept_original(ledger, original))
    known: dict[str, list[Entry]] = {}
    for entry in ledger.entries(task=task):
        known.setdefault(entry.verifier.customer, []).append(entry)

    def made(verifier: Verifier) -> tuple[Verifier, str]:
        return verifier, weights_hash(copier.copy(verifier).state_dict())

    threads = torch.get_num_threads()
    with ThreadPoolExecutor(os.cpu_count(), "copies", torch.set_num_threads, (1,)) as workers:  # each works alone
        for start in range(0, len(customers), AT_ONCE):
            waiting = []
            for customer in customers[start : start + AT_ONCE]:
                passed_over = None if again else _passed_over(customer, known.get(customer, []))
                if passed_over:
                    yield passed_over
                else:
                    issued = [one.verifier for one in known.get(customer, []) if one.status == "issued"]
                    waiting.append(issued[0] if issued else ledger.next_verifier(customer, task))
            for entry in ledger.enter_copies(original.label, list(workers.map(made, waiting))):
                yield Minted(entry.verifier.customer, entry)
    torch.set_num_threads(threads)


def _passed_over(customer: str, entries: list[Entry]) -> Minted | None:
    has = [entry for entry in entries if entry.status == "minted"]
    if has:
        return Minted(customer, has[-1])
    if entries and all(entry.revoked_on for entry in entries):
        problem = f"{customer} was revoked on {entries[-1].revoked_on}: mint with --again to serve them all the same."
        return Minted(customer, problem=problem)
    return None
