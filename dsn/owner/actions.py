"""What the owner's commands do: open key and ledger, call one function, print its result."""

import argparse
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from dsn.applications.held_out import load_held_out
from dsn.applications.registry import application_named
from dsn.distilling.rebuild import NotBuiltError, load_teacher
from dsn.files import write_private_text
from dsn.locks.registry import SEALED
from dsn.owner.claims import check_claim, check_signature, claim_of, read_claim, write_claim
from dsn.owner.copies.carriers import find_carriers
from dsn.owner.copies.delivery import deliver
from dsn.owner.errors import OwnerError
from dsn.owner.keys import PRIVATE, PUBLIC, Owner, create_owner, fingerprint, open_owner, owner_home, read_public
from dsn.owner.ledger.csv_tables import read_customers, table_text
from dsn.owner.ledger.ledger import Entry, Ledger
from dsn.owner.names import customer_name
from dsn.owner.passphrase import new_passphrase, passphrase
from dsn.owner.trace.copy_reports import copies_as_json, copy_lines
from dsn.owner.trace.issued import issued_by
from dsn.owner.trace.reports import as_json, lines
from dsn.owner.trace.suspect import Suspect, read_suspect
from dsn.owner.trace.tracing import Trace, trace, trace_as_any
from dsn.student.hub import REPOSITORY, download_student, load_student

REVOKED = (
    "A network in a customer's hands cannot be switched off: it goes on working with its serial. From now on the "
    "ledger and every trace report say that it was revoked, and minting and publishing refuse it."
)
HEAD = ["customer", "task", "number", "date", "status", "weights", "minted_on", "revoked_on", "reason", "copy_of"]


def opened() -> Owner:
    """The owner of this folder, the key unlocked."""
    return open_owner(owner_home(), passphrase)


def init(options: argparse.Namespace) -> None:
    """`owner init`."""
    word = new_passphrase(options.passphrase)
    owner = create_owner(owner_home(), options.name, word)
    safety = "encrypted with the passphrase" if word else "not encrypted: the file's permissions alone protect it"
    print(f"private key: {owner.home / PRIVATE} ({safety}); keep a copy in a safe place")
    print(f"public key:  {owner.home / PUBLIC} (fingerprint {fingerprint(owner.public)}); give it to anyone")


def issue(options: argparse.Namespace) -> None:
    """`owner issue`."""
    owner = opened()
    ledger = Ledger(owner)
    entry = ledger.issue(options.customer, options.task)
    print(f"issued {entry.label} on {entry.verifier.date}")
    print(f"serial: {ledger.serial(entry).text}")
    if options.claim:
        write_claim(claim_of(owner, entry.verifier), options.claim)
        print(f"claim:  {options.claim} (as secret as the serial)")


def serial(options: argparse.Namespace) -> None:
    """`owner serial`."""
    ledger = Ledger(opened())
    entries = ledger.entries(options.customer, options.task)
    if not entries:
        raise OwnerError(f"The ledger has no such entry of {options.customer!r}: see `python -m dsn owner list`.")
    for entry in entries:
        print(f"{entry.label} ({entry.status}): {ledger.serial(entry).text}")


def claim(options: argparse.Namespace) -> None:
    """`owner claim`."""
    owner = opened()
    entries = Ledger(owner).entries(options.customer, options.task)
    chosen = [one for one in entries if one.verifier.number == options.number]
    if not chosen:
        raise OwnerError(f"The ledger has no such entry of {options.customer!r}: see `python -m dsn owner list`.")
    write_claim(claim_of(owner, chosen[0].verifier), options.file)
    print(f"wrote {options.file}: whoever reads it can compute the serial")


def verify(options: argparse.Namespace) -> None:
    """`owner verify`."""
    key, found = read_public(options.key), read_claim(options.claim)
    unlocking = check_signature(found, key)
    said = found.verifier
    print(f"signed by {said.owner} (key {fingerprint(key)})")
    print(f"for {said.customer}, {said.task}, {said.date}, number {said.number}")
    print(f"it gives the serial {unlocking.text}")
    if options.student is None:
        print("whether that unlocks a student was not checked: name one with --student")
        return
    held_out = load_held_out(application_named(said.task)).split
    proof = check_claim(found, key, load_student(options.student), held_out)
    low, high = proof.accuracy.interval
    print(
        f"which unlocks this student: {proof.accuracy.percent:.1f} % of {proof.accuracy.count} pictures right "
        f"(95 % interval {100 * low:.1f}-{100 * high:.1f}), the best of {proof.others} random serials "
        f"{proof.best_other.percent:.1f} %; p = {proof.p:.1e}"
    )
    print("The claim holds.")


def cells(entry: Entry) -> list[str]:
    """An entry as a line of a table."""
    said = entry.verifier
    values = (entry.status, entry.weights, entry.minted_on, entry.revoked_on, entry.reason, entry.original)
    return [said.customer, said.task, str(said.number), said.date, *(value or "" for value in values)]


def mint(options: argparse.Namespace) -> None:
    """`owner mint`."""
    from dsn.owner.copies.minting import mint_copies, original_entry
    from dsn.owner.mint.fleet import mint_fleet  # these need torchvision where data sets are missing
    from dsn.owner.mint.minting import Minted, mint
    from dsn.owner.mint.worker import Minting

    how = Minting(
        seed=options.seed,
        device=options.device,
        epochs=options.epochs,
        data_share=options.data_share,
        recipe=options.recipe,
        progress=not options.quiet,
        strict=options.strict,
        accept_any=options.accept_any,
        together=options.together,
        arithmetic=options.arithmetic,
    )
    ledger, application = Ledger(opened()), application_named(options.task)

    def tell(done: Minted) -> None:
        if done.entry is None:
            print(f"{done.customer}: {done.problem}", flush=True)
            return
        where = done.folder or "made by `owner deliver`"
        print(f"{done.entry.label}: {where} (weights {done.entry.weights})", flush=True)
        for bar in done.missed:
            print(f"  misses a bar: {bar}", flush=True)

    def report(line: str) -> None:
        print(f"  {line}", flush=True)

    if options.customers and options.again:
        raise OwnerError("--again is for one customer: name it with --customer.")
    customers = read_customers(options.customers) if options.customers else [customer_name(options.customer)]
    if options.lock == SEALED:
        if options.engine != "here":
            raise OwnerError("A copy takes a tenth of a second and needs no cluster: leave --engine out.")
        original = original_entry(ledger, application, options.original, how, report=report)
        minted = mint_copies(ledger, original, customers, again=options.again)
    elif options.again:
        minted = iter([mint(ledger, application, options.customer, how, report=report)])
    else:
        minted = mint_fleet(ledger, application, customers, how, engine=options.engine, report=report)
    failed = 0
    for done in minted:
        tell(done)
        failed += done.entry is None
    if failed:
        raise OwnerError(f"{failed} of {len(customers)} could not be minted: mend that and run the same command again.")


def hand_over(options: argparse.Namespace) -> None:
    """`owner deliver`."""
    entry = deliver(Ledger(opened()), options.customer, options.task, options.to, options.number)
    print(f"{entry.label}: {options.to} (weights {entry.weights})")


def trace_network(options: argparse.Namespace) -> None:
    """`owner trace`."""
    path = Path(options.network)
    if options.revision or (not path.exists() and REPOSITORY.fullmatch(options.network)):
        path = download_student(options.network, options.revision)
    read, ledger = read_suspect(path), Ledger(opened())

    def traced(suspect: Suspect) -> Trace:
        try:
            teacher = load_teacher(suspect.application).state_dict()
        except NotBuiltError:
            teacher = None
        issued = issued_by(ledger, suspect.application.name)
        return trace(suspect, issued, load_held_out(suspect.application).split, teacher=teacher)

    suspect, found = trace_as_any(read, traced)
    carriers = find_carriers(suspect.folded(), ledger, suspect.application.name)
    if options.json:
        print(json.dumps({**as_json(found), "copies": copies_as_json(carriers)}, indent=2))
        return
    print("\n".join([*copy_lines(carriers), *lines(found)]))


def measure(options: argparse.Namespace) -> None:
    """`owner measure-trace`."""
    from dsn.owner.trace.measure import measure_ledger, measure_trace

    if options.part != "ledger":
        measure_trace(options.tasks, device=options.device, foreign_count=options.foreign)
    if options.part != "traces":
        measure_ledger(options.tasks)


def measure_copies(options: argparse.Namespace) -> None:
    """`owner measure-copies`."""
    from dsn.owner.copies.measure import measure_accuracy, measure_minting
    from dsn.owner.trace.measure_copies import measure_changes, measure_training

    for application in map(application_named, options.tasks):
        if options.part in (None, "minting"):
            measure_minting(application, options.timed, options.ledger)
        if options.part in (None, "accuracy"):
            measure_accuracy(application, options.customers)
        if options.part in (None, "changes"):
            measure_changes(application, options.trials)
        if options.part in (None, "training"):
            measure_training(application, options.trained)


def measure_mint(options: argparse.Namespace) -> None:
    """`owner measure-mint`."""
    import torch

    from dsn.owner.mint.quick_measure import measure_quick

    if options.threads:
        torch.set_num_threads(options.threads)
    for row in measure_quick(
        application_named(options.task), options.seeds, report=lambda line: print(f"  {line}", flush=True)
    ):
        one_bit = row["one_bit_wrong"]
        print(
            f"seed {row['seed']}: {row['seconds']} s, valid {row['valid']['percent']} %, absent "
            f"{row['absent']['percent']} %, one bit wrong {one_bit['mean']} % (worst {one_bit['worst']['percent']} %)",
            flush=True,
        )


def list_entries(options: argparse.Namespace) -> None:
    """`owner list`."""
    shown = [HEAD] + [
        cells(replace(entry, weights=entry.weights and entry.weights[:12]))
        for entry in Ledger(opened()).entries(options.customer)
    ]
    widths = [max(len(line[column]) for line in shown) for column in range(len(HEAD))]
    for line in shown:
        print("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip())


def export(options: argparse.Namespace) -> None:
    """`owner export`."""
    ledger = Ledger(opened())
    entries = ledger.entries(options.customer)
    rows, head = [cells(entry) for entry in entries], list(HEAD)
    if options.with_serials:
        head.append("serial")
        rows = [[*row, ledger.serial(entry).text] for row, entry in zip(rows, entries, strict=True)]
    try:
        write_private_text(options.file, table_text(head, rows))
    except OSError as error:
        raise OwnerError(f"{options.file} cannot be written ({error.strerror}): choose another place.") from error
    print(f"wrote {len(entries)} entries to {options.file}")


def revoke(options: argparse.Namespace) -> None:
    """`owner revoke`."""
    done = Ledger(opened()).revoke(options.customer, options.reason, options.task, options.number)
    for entry in done:
        print(f"revoked {entry.label}, issued on {entry.verifier.date}")
    print(REVOKED if done else "all of these were revoked before")


ACTIONS: dict[str, Callable[[argparse.Namespace], None]] = {
    "init": init,
    "issue": issue,
    "serial": serial,
    "claim": claim,
    "verify": verify,
    "mint": mint,
    "trace": trace_network,
    "measure-trace": measure,
    "measure-mint": measure_mint,
    "measure-copies": measure_copies,
    "deliver": hand_over,
    "list": list_entries,
    "export": export,
    "revoke": revoke,
}
