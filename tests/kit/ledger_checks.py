"""What a ledger must do in any database: tests that those of each database take over, with an owner of theirs."""

import csv
import multiprocessing
from contextlib import suppress
from dataclasses import replace
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path

import pytest
import sqlalchemy as sql

from dsn.__main__ import main
from dsn.owner.errors import OwnerError
from dsn.owner.keys import Owner, create_owner, open_owner
from dsn.owner.ledger.ledger import Ledger, ledger_url
from dsn.owner.verifier import serial_of
from dsn.serials import Serial


def write_on(home: Path, customer: str, count: int, told: Connection) -> None:
    """Issue serials, mint and revoke some of them, and tell each number once its serial is committed."""
    ledger = Ledger(open_owner(home))
    for turn in range(count):
        entry = ledger.issue(customer, "digits")
        told.send(entry.verifier.number)
        if turn % 3 == 0:
            ledger.enter_student(entry.verifier, f"{entry.verifier.number:064x}")
            ledger.revoke(customer, "no reason", number=entry.verifier.number)


def writer(owner: Owner, customer: str, count: int) -> tuple[BaseProcess, Connection]:
    """A process that writes to the ledger, and the numbers it tells. Forked: it starts at once."""
    forks = multiprocessing.get_context("fork")
    here, there = forks.Pipe(duplex=False)
    process = forks.Process(target=write_on, args=(owner.home, customer, count, there), daemon=True)
    process.start()
    there.close()
    return process, here


def told_by(numbers: Connection, most: int | None = None) -> list[int]:
    """What a writer told, up to so many numbers or until its end."""
    found: list[int] = []
    with suppress(EOFError):
        while most is None or len(found) < most:
            found.append(numbers.recv())
    return found


def test_serials_are_those_of_the_signatures(owner: Owner, ledger: Ledger) -> None:
    entries = [ledger.issue("alder", "digits"), ledger.issue("alder", "digits"), ledger.issue("alder", "signs")]
    assert [(one.verifier.task, one.verifier.number) for one in entries] == [("digits", 1), ("digits", 2), ("signs", 1)]
    assert [one.label for one in entries] == ["digits/alder", "digits/alder-2", "signs/alder"]
    serials = [ledger.serial(one) for one in entries]
    assert serials == [serial_of(owner.sign(one.verifier)) for one in entries]
    assert len(set(serials)) == 3 and all(one.is_issuable for one in serials)
    assert Ledger(owner).entries() == entries


def test_a_serial_that_must_not_be_issued_is_passed_over(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    signed = ledger.sign
    light = {1, 2}
    monkeypatch.setattr(
        ledger, "sign", lambda verifier: Serial.from_number(1) if verifier.number in light else signed(verifier)
    )
    assert ledger.issue("alder", "digits").verifier.number == 3


def test_an_entry_altered_by_hand_is_found(owner: Owner, ledger: Ledger) -> None:
    first, second = ledger.issue("alder", "digits"), ledger.issue("birch", "digits")
    with ledger._engine.begin() as connection:
        connection.execute(
            sql.text("update entries set sealed_serial = :sealed where customer = 'birch'"), {"sealed": first.sealed}
        )
    swapped = ledger.entries("birch")[0]
    assert swapped.verifier == second.verifier
    with pytest.raises(OwnerError, match=r"digits/birch .* altered"):
        ledger.serial(swapped)
    with pytest.raises(OwnerError, match="altered"):
        ledger.serial(replace(first, sealed=b"short"))
    assert ledger.serial(first) == serial_of(owner.sign(first.verifier))


def test_another_owner_cannot_use_it(owner: Owner, ledger: Ledger, tmp_path: Path) -> None:
    entry = ledger.issue("alder", "digits")
    other = create_owner(tmp_path / "other", "Thief")
    with pytest.raises(OwnerError, match="belongs to the key"):
        Ledger(other, ledger_url(owner.home))
    with pytest.raises(OwnerError, match="altered"):
        Ledger(other, f"sqlite:///{tmp_path / 'thiefs.sqlite'}").serial(entry)


def test_a_student_is_entered_once(ledger: Ledger) -> None:
    weights, others = "ab" * 32, "cd" * 32
    issued = ledger.issue("alder", "digits")
    assert issued.status == "issued"
    minted = ledger.enter_student(issued.verifier, weights)
    assert (minted.status, minted.weights) == ("minted", weights)
    assert ledger.enter_student(issued.verifier, weights) == minted
    with pytest.raises(OwnerError, match="in the ledger already"):
        ledger.enter_student(issued.verifier, others)
    with pytest.raises(OwnerError, match="in the ledger already"):
        ledger.enter_student(replace(issued.verifier, date="2020-01-01"), weights)
    unissued = ledger.next_verifier("birch", "digits")
    assert ledger.enter_student(unissued, others).weights == others
    assert [one.label for one in ledger.entries()] == ["digits/alder", "digits/birch"]


def test_what_is_revoked_stays_so(ledger: Ledger) -> None:
    first, second = ledger.issue("alder", "digits"), ledger.issue("alder", "signs")
    assert [one.label for one in ledger.revoke("alder", "did not pay", task="signs")] == ["signs/alder"]
    assert [one.label for one in ledger.revoke("alder", "moved")] == ["digits/alder"]
    assert list(ledger.revoke("alder", "again")) == []
    assert [(one.status, one.reason) for one in ledger.entries()] == [("revoked", "moved"), ("revoked", "did not pay")]
    with pytest.raises(OwnerError, match="revoked"):
        ledger.enter_student(first.verifier, "ab" * 32)
    assert ledger.serial(second) == ledger.sign(second.verifier)
    with pytest.raises(OwnerError, match="no such entry"):
        ledger.revoke("birch", "")
    with pytest.raises(OwnerError, match="longer than"):
        ledger.revoke("alder", "x" * 201)


def test_two_processes_issue_at_once(owner: Owner) -> None:
    writers = [writer(owner, "alder", 15) for _ in range(2)]  # of one customer: they want the same numbers
    told = [told_by(numbers) for _, numbers in writers]
    for process, _ in writers:
        process.join()
        assert process.exitcode == 0
    assert sorted(told[0] + told[1]) == list(range(1, 31))
    ledger = Ledger(owner)
    assert len({ledger.serial(entry) for entry in ledger.entries()}) == 30


def test_the_exported_table_is_read_back(
    owner: Owner, ledger: Ledger, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DSN_OWNER", str(owner.home))
    entry = ledger.issue("alder", "digits")
    ledger.revoke("alder", '=HYPERLINK("http://example.org")')
    path = tmp_path / "ledger.csv"
    main(["owner", "export", str(path), "--with-serials"])
    assert path.stat().st_mode & 0o777 == 0o600
    with path.open(newline="") as file:
        (row,) = csv.DictReader(file)
    assert row["serial"] == ledger.serial(entry).text
    assert row["reason"] == '\'=HYPERLINK("http://example.org")'
    assert (row["customer"], row["status"], row["number"]) == ("alder", "revoked", "1")
    main(["owner", "list"])
    assert ledger.serial(entry).text not in capsys.readouterr().out
