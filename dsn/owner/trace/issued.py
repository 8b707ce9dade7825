"""What a leak may come from: the ledger's entries with their serials, and where their students are kept."""

from pathlib import Path

from dsn.owner.ledger.ledger import Ledger
from dsn.owner.mint.work_folder import kept_folder
from dsn.owner.trace.tracing import Issued
from dsn.owner.weights import weights_hash
from dsn.student.folder import load_folder


def codes_hash(folder: Path) -> str | None:
    """The hash of a sealed student's codes as they lie in its folder; None where there is none."""
    if not folder.is_dir():
        return None
    student = load_folder(folder)
    return weights_hash(student.lock.tensors(student.state_dict()))


def issued_by(ledger: Ledger, task: str) -> list[Issued]:
    """Everything the ledger holds of one application, revoked or not; not copies, which their patterns tell apart."""
    found = []
    for entry in ledger.entries(task=task):
        if entry.original:
            continue
        folder = kept_folder(ledger.owner.home, entry)
        note = f"revoked on {entry.revoked_on}: {entry.reason or 'no reason given'}" if entry.revoked_on else ""
        kept = folder if entry.weights and folder.is_dir() else None
        found.append(Issued(entry.label, ledger.serial(entry), entry.weights, kept, entry.status, note))
    return found
