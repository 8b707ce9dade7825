"""Minting for many customers: one after another, some at a time in one program, or spread over a Ray cluster."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack

from dsn.applications.record import Application
from dsn.owner.errors import OwnerError
from dsn.owner.ledger.ledger import Ledger
from dsn.owner.mint.minting import Minted, conclude, label_of, make_on, work_folder_for
from dsn.owner.mint.ray_engine import make_on_ray
from dsn.owner.mint.work_folder import WorkFolder, kept_folder
from dsn.owner.mint.worker import Minting, Report

HERE, RAY = "here", "ray"
ENGINES: dict[str, Callable[[Ledger, Application, Sequence[WorkFolder], Minting, Report], None]] = {
    HERE: make_on,
    RAY: make_on_ray,
}


def mint_fleet(
    ledger: Ledger,
    application: Application,
    customers: Sequence[str],
    how: Minting,
    *,
    engine: str = HERE,
    report: Report = lambda line: None,
) -> Iterator[Minted]:
    """Mint for every customer; whoever has a student keeps it; who was revoked, or fails, is passed over.

    After an interruption the same call goes on: a student that is made is not made again.

    Args:
        ledger: an owner's; keys, serials and ledger stay with this process.
        application: the application.
        customers: for whom.
        how: the settings; `together` of them share a program here.
        engine: "here", or "ray" for one task a customer on a Ray cluster.
        report: told each step.

    Yields:
        What became of each, as soon as it is known.
    """
    waiting = []
    for customer in customers:
        known = _passed_over(ledger, application, customer)
        if known is None:
            waiting.append(customer)
        else:
            yield known
    size = max(1, len(waiting)) if engine == RAY else how.together
    for start in range(0, len(waiting), size):
        yield from _mint_group(ledger, application, waiting[start : start + size], how, engine, report)


def _passed_over(ledger: Ledger, application: Application, customer: str) -> Minted | None:
    entries = ledger.entries(customer, application.name)
    has = [entry for entry in entries if entry.status == "minted"]
    if has:
        return Minted(customer, has[-1], kept_folder(ledger.owner.home, has[-1]))
    if entries and all(entry.revoked_on for entry in entries):
        problem = f"{customer} was revoked on {entries[-1].revoked_on}: mint with --again to serve them all the same."
        return Minted(customer, problem=problem)
    return None


def _mint_group(
    ledger: Ledger, application: Application, customers: list[str], how: Minting, engine: str, report: Report
) -> Iterator[Minted]:
    left = list(customers)
    try:
        with ExitStack() as stack:
            work_folders: dict[str, WorkFolder] = {}
            for customer in customers:
                try:
                    work_folders[customer] = stack.enter_context(work_folder_for(ledger, application, customer, how))
                except OwnerError as error:
                    left.remove(customer)
                    yield Minted(customer, problem=str(error))
            for work_folder in work_folders.values():
                report(f"{label_of(work_folder)}: signed on {work_folder.verifier.date}")
            unmade = [work_folder for work_folder in work_folders.values() if not work_folder.figures.exists()]
            if unmade:
                ENGINES[engine](ledger, application, unmade, how, report)
            for customer, work_folder in work_folders.items():
                left.remove(customer)
                try:
                    yield conclude(ledger, work_folder, how)
                except OwnerError as error:
                    yield Minted(customer, problem=str(error))
    except OwnerError as error:  # of all that are left: a full disk, say
        for customer in left:
            yield Minted(customer, problem=str(error))
