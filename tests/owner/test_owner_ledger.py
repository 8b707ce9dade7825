"""The ledger: whole after every kind of end, right with two writers at once, unreadable without the owner's key."""

import multiprocessing
import random
import signal
import sqlite3
import threading
from multiprocessing.connection import Connection
from pathlib import Path

import pytest
from ledger_checks import (  # noqa: F401 - tests
    test_a_serial_that_must_not_be_issued_is_passed_over,
    test_a_student_is_entered_once,
    test_an_entry_altered_by_hand_is_found,
    test_another_owner_cannot_use_it,
    test_serials_are_those_of_the_signatures,
    test_the_exported_table_is_read_back,
    test_two_processes_issue_at_once,
    test_what_is_revoked_stays_so,
    told_by,
    writer,
)

from dsn.owner.errors import OwnerError
from dsn.owner.keys import Owner, create_owner
from dsn.owner.ledger.ledger import Ledger
from dsn.owner.verifier import serial_of


@pytest.fixture
def owner(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Owner:
    monkeypatch.delenv("DSN_LEDGER", raising=False)
    return create_owner(tmp_path / "own", "Acme")


@pytest.fixture
def ledger(owner: Owner) -> Ledger:
    return Ledger(owner)


def database(owner: Owner) -> sqlite3.Connection:
    return sqlite3.connect(owner.home / "ledger.sqlite")


def test_no_serial_can_be_read_from_the_disk(owner: Owner, ledger: Ledger) -> None:
    serials = [ledger.serial(ledger.issue("alder", "digits")) for _ in range(5)]
    content = b"".join(path.read_bytes() for path in owner.home.iterdir())
    assert b"alder" in content
    for serial in serials:
        plain = serial.number.to_bytes(8, "big")
        for spelling in (plain, plain[::-1], serial.text.encode(), plain.hex().encode(), str(serial.number).encode()):
            assert spelling not in content
    sealed = [row[0] for row in database(owner).execute("select sealed_serial from entries")]
    assert len({one[:12] for one in sealed}) == 5  # a fresh nonce each


def test_the_file_is_the_owners_only(owner: Owner, ledger: Ledger) -> None:
    ledger.issue("alder", "digits")
    assert (owner.home / "ledger.sqlite").stat().st_mode & 0o777 == 0o600


def test_it_survives_kill_9_at_any_point(owner: Owner, ledger: Ledger) -> None:
    moments, count = random.Random(5), 0
    for _ in range(6):
        process, numbers = writer(owner, "alder", 10**6)
        told = told_by(numbers, 1)
        threading.Timer(moments.uniform(0.0, 0.3), process.kill).start()
        told += told_by(numbers)
        process.join()
        assert process.exitcode == -signal.SIGKILL
        entries = ledger.entries()
        assert [row[0] for row in database(owner).execute("pragma integrity_check")] == ["ok"]
        assert [one.verifier.number for one in entries] == list(range(1, len(entries) + 1))
        assert told == list(range(count + 1, told[-1] + 1))
        assert told[-1] <= len(entries) <= told[-1] + 1  # one may be committed and not yet told
        for entry in entries:
            assert ledger.serial(entry) == serial_of(owner.sign(entry.verifier))
            assert entry.weights in (None, f"{entry.verifier.number:064x}")
        count = len(entries)
    assert ledger.issue("alder", "digits").verifier.number == count + 1


def write_half(path: Path, told: Connection) -> None:
    """Begin a transaction that overflows to the disk, and never end it."""
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("pragma cache_size = 1")
    connection.execute("begin immediate")
    connection.execute("update entries set customer = ?", ("x" * 5000,))
    connection.execute("create table filler (a)")
    connection.executemany("insert into filler values (?)", [("y" * 2000,)] * 200)
    told.send("written")
    signal.pause()


def test_a_transaction_cut_off_in_the_middle_is_undone(owner: Owner, ledger: Ledger) -> None:
    ledger.issue("alder", "digits")
    forks = multiprocessing.get_context("fork")
    here, there = forks.Pipe(duplex=False)
    process = forks.Process(target=write_half, args=(owner.home / "ledger.sqlite", there), daemon=True)
    process.start()
    assert here.recv() == "written"
    assert (owner.home / "ledger.sqlite-journal").exists()
    process.kill()
    process.join()
    assert [one.label for one in ledger.entries()] == ["digits/alder"]
    assert [one.label for one in Ledger(owner).entries()] == ["digits/alder"]


def test_a_database_that_cannot_be_used_is_named_without_its_password(
    owner: Owner, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for url in ("nonsense", "oracle9://me:hunter2@host/x", "postgresql+nodriver://me:hunter2@host/x"):
        monkeypatch.setenv("DSN_LEDGER", url)
        with pytest.raises(OwnerError) as refused:
            Ledger(owner)
        assert "DSN_LEDGER" in str(refused.value) and "hunter2" not in str(refused.value)
    (tmp_path / "text").write_text("not a database, but long enough to be taken for one" * 100)
    with pytest.raises(OwnerError, match="not a database"):
        Ledger(owner, f"sqlite:///{tmp_path / 'text'}")
    with pytest.raises(OwnerError, match="cannot be opened"):
        Ledger(owner, f"sqlite:///{tmp_path / 'text' / 'below'}")


def test_a_full_disk_is_told_and_nothing_is_half_there(owner: Owner, ledger: Ledger) -> None:
    before = ledger.issue("alder", "digits")
    with ledger._engine.connect() as connection:
        pages = connection.exec_driver_sql("pragma page_count").scalar()
        connection.exec_driver_sql(f"pragma max_page_count = {pages}")  # what a full disk answers
    with pytest.raises(OwnerError, match="full"):
        for _ in range(200):
            ledger.issue("alder", "digits")
    fresh = Ledger(owner)
    entries = fresh.entries()
    assert entries[0] == before
    assert [one.verifier.number for one in entries] == list(range(1, len(entries) + 1))
    assert all(fresh.serial(one).is_issuable for one in entries)
