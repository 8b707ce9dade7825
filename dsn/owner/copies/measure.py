"""Copies measured: how quickly many are minted, what the ledger of many takes, what a pattern costs in accuracy."""

import os
import resource
import shutil
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from dsn.applications.prepared import load_data_set
from dsn.applications.record import Application
from dsn.measuring.evaluate import accuracy
from dsn.owner.copies.copying import Copier, Original
from dsn.owner.copies.delivery import deliver
from dsn.owner.copies.minting import ORIGINAL, mint_copies
from dsn.owner.copies.pattern import SIZE
from dsn.owner.keys import Owner
from dsn.owner.ledger.ledger import Entry, Ledger
from dsn.owner.mint.work_folder import kept_folder
from dsn.owner.names import today
from dsn.owner.verifier import Verifier, serial_of
from dsn.owner.weights import weights_hash
from dsn.places import CHECKPOINTS
from dsn.results.store import RESULTS, provenance, record
from dsn.student.collection import demo_serials
from dsn.student.folder import load_folder

FILE = "copies"  # the results file
FEW = 20  # copies, after which memory is what it will be
GOAL_SECONDS = 180.0  # for a thousand
GOAL_GROWTH = 50.0  # MB
GOAL_LOSS = 0.1  # points of accuracy, of any customer
Report = Callable[[str], None]


def measured_owner(home: Path = Path()) -> Owner:
    """An owner whose key everybody knows, so that figures can be had again."""
    return Owner("measured", home, Ed25519PrivateKey.from_private_bytes(bytes(32)))


def shipped_original(application: Application, owner: Owner) -> Copier:
    """Makes copies of the first shipped student of 64 bits, as if it were this owner's."""
    for label, serial in demo_serials().items():
        if label.startswith(f"{application.name}/") and len(serial.bits) == 64:
            return Copier(owner, Original.of(label, load_folder(CHECKPOINTS / label), serial))
    raise ValueError(f"no student of {application.name} is shipped")


def customers_of(owner: Owner, task: str, count: int) -> list[Verifier]:
    """Verifiers for customers numbered from 1."""
    return [Verifier(owner.name, f"customer-{turn + 1}", task, today(), 1) for turn in range(count)]


def measure_minting(
    application: Application, timed: int, in_all: int, *, report: Report = print, results: Path = RESULTS
) -> None:
    """Mint copies for many customers from one student against the clock, deliver one, and fill the ledger.

    The rest of the ledger's lines are written without making those copies: they take the same room.

    Args:
        application: the application.
        timed: how many are minted, such as 1,000.
        in_all: how many are in the ledger in the end.
        report: told how it went.
        results: the folder of figures.
    """
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / "owner"
        ledger = Ledger(measured_owner(home), f"sqlite:///{home}/ledger.sqlite")
        original = _entered(ledger, shipped_original(application, ledger.owner))
        names = [one.customer for one in customers_of(ledger.owner, application.name, in_all)]
        list(mint_copies(ledger, original, names[:FEW]))
        memory, load = _peak_memory(), os.getloadavg()[0]
        begun, processor = time.perf_counter(), time.process_time()
        made = sum(one.entry is not None for one in mint_copies(ledger, original, names[FEW : FEW + timed]))
        seconds, processor = time.perf_counter() - begun, time.process_time() - processor
        growth = _peak_memory() - memory
        report(f"{application.name}: {made} copies in {seconds:.0f} s ({processor:.0f} s of processor time)")
        begun = time.perf_counter()
        entry = deliver(ledger, names[FEW], application.name, Path(folder) / "delivered")
        delivery = time.perf_counter() - begun
        left = [ledger.next_verifier(name, application.name) for name in names[FEW + timed :]]
        ledger.enter_copies(original.label, [(verifier, entry.weights or "") for verifier in left])
        files = [path for path in home.rglob("*") if path.is_file()]
        row = {
            "what": "minting",
            "task": application.name,
            "customers": timed,
            "seconds": round(seconds, 1),
            "processor_seconds": round(processor, 1),
            "processors": os.cpu_count(),
            "load_before": round(load, 2),
            "memory_growth_mb": round(growth, 1),
            "ledger_customers": len(ledger.entries(task=application.name)) - 1,
            "ledger_mb": round((home / "ledger.sqlite").stat().st_size / 1e6, 2),
            "files": len(files),
            "delivery_seconds": round(delivery, 2),
            "delivered_as_entered": weights_hash(load_folder(Path(folder) / "delivered").state_dict()) == entry.weights,
            "met": seconds <= GOAL_SECONDS * timed / 1000 and growth <= GOAL_GROWTH,
            **provenance(0, "cpu"),
        }
        record(FILE, f"{application.name}-minting", row, results)
        report(
            f"{application.name}: {row['ledger_customers']} customers take {row['ledger_mb']} MB and {len(files)} files"
        )


def measure_accuracy(
    application: Application, customers: int, *, report: Report = print, results: Path = RESULTS
) -> None:
    """What sealing and a pattern cost: so many customers' copies on the whole test split, each with its own serial."""
    test = load_data_set(application).test
    owner = measured_owner()
    copier = shipped_original(application, owner)
    before = accuracy(copier.original.student, test, copier.original.serial)
    report(f"{application.name}: {before.percent:.2f} % before")
    after = []
    for verifier in customers_of(owner, application.name, customers):
        after.append(accuracy(copier.copy(verifier), test, serial_of(owner.sign(verifier))))
        report(f"{verifier.customer}: {after[-1].percent:.2f} %")
    loss = before.percent - min(one.percent for one in after)
    row: dict[str, Any] = {
        "what": "accuracy",
        "task": application.name,
        "size": SIZE,
        "customers": customers,
        "before": before.as_json(),
        "mean": round(statistics.mean(one.percent for one in after), 3),
        "worst": min(after, key=lambda one: one.percent).as_json(),
        "best": max(after, key=lambda one: one.percent).as_json(),
        "met": loss <= GOAL_LOSS,
        **provenance(0, "cpu"),
    }
    record(FILE, f"{application.name}-accuracy", row, results)


def _entered(ledger: Ledger, copier: Copier) -> Entry:
    """Make a shipped student this owner's, as if it had been distilled here; its serial is another: times are alike."""
    verifier = ledger.next_verifier(ORIGINAL, copier.original.label.split("/")[0])
    folder = CHECKPOINTS / copier.original.label
    entry = ledger.enter_student(verifier, weights_hash(load_folder(folder).state_dict()))
    shutil.copytree(folder, kept_folder(ledger.owner.home, entry))
    return entry


def _peak_memory() -> float:
    """The most memory that this process ever had, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000
