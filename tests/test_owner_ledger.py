"""The ledger: whole after every kind of end, right with two writers at once, unreadable without the owner's key."""

import csv
import os
import random
import signal
import sqlite3
import subprocess
import sys
import threading
from dataclasses import replace
from pathlib import Path

import pytest

from dsn.owner.errors import OwnerError
from dsn.owner.keys import Owner, create_owner
from dsn.owner.ledger import Ledger, ledger_url
from dsn.owner.verifier import serial_of
from dsn.serials import Serial

TESTS = Path(__file__).parent


@pytest.fixture
def owner(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Owner:
    monkeypatch.delenv("DSN_LEDGER", raising=False)
    return create_owner(tmp_path / "own", "Acme")


@pytest.fixture
def ledger(owner: Owner) -> Ledger:
    return Ledger(owner)


def database(owner: Owner) -> sqlite3.Connection:
    return sqlite3.connect(owner.home / "ledger.sqlite")


def writer(owner: Owner, customer: str, count: int) -> subprocess.Popen[str]:
    """A process that issues `count` serials; see ledger_writer.py."""
    command = [sys.executable, str(TESTS / "ledger_writer.py"), str(owner.home), customer, str(count)]
    variables = {**os.environ, "PYTHONPATH": str(TESTS.parent)}
    return subprocess.Popen(command, env=variables, stdout=subprocess.PIPE, text=True)


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


def test_an_entry_altered_by_hand_is_found(owner: Owner, ledger: Ledger) -> None:
    first, second = ledger.issue("alder", "digits"), ledger.issue("birch", "digits")
    with database(owner) as connection:
        connection.execute("update entries set sealed_serial = ? where customer = 'birch'", (first.sealed,))
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
        Ledger(other).serial(entry)


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


def test_it_survives_kill_9_at_any_point(owner: Owner, ledger: Ledger) -> None:
    moments, told = random.Random(5), 0
    for _ in range(6):
        process = writer(owner, "alder", 10**6)
        assert process.stdout is not None and process.stdout.readline() == "ready\n"
        delay = moments.uniform(0.0, 0.5)
        timer = threading.Timer(delay, process.send_signal, [signal.SIGKILL])
        timer.start()
        numbers = [int(line) for line in process.stdout.read().split("\n")[:-1]]
        assert process.wait() == -signal.SIGKILL
        told = max([told, *numbers])
        entries = ledger.entries()
        assert [row[0] for row in database(owner).execute("pragma integrity_check")] == ["ok"]
        assert [one.verifier.number for one in entries] == list(range(1, len(entries) + 1))
        assert told <= len(entries) <= told + 1  # one may be committed and not yet told
        told = len(entries)
        for entry in entries:
            assert ledger.serial(entry) == serial_of(owner.sign(entry.verifier))
            assert entry.weights in (None, f"{entry.verifier.number:064x}")
            assert entry.status in ("issued", "minted", "revoked")
    assert ledger.issue("alder", "digits").verifier.number == told + 1 > 1


def test_a_transaction_cut_off_in_the_middle_is_undone(owner: Owner, ledger: Ledger) -> None:
    ledger.issue("alder", "digits")
    code = (
        "import os, sqlite3, sys, time\n"
        "c = sqlite3.connect(sys.argv[1], isolation_level=None)\n"
        "c.execute('pragma cache_size = 1')\n"  # writes pages out before the commit
        "c.execute('begin immediate')\n"
        "c.execute('update entries set customer = ?', ('x' * 5000,))\n"
        "c.execute('create table filler (a)')\n"
        "c.executemany('insert into filler values (?)', [('y' * 2000,)] * 200)\n"
        "print('written', flush=True)\n"
        "time.sleep(600)\n"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", code, str(owner.home / "ledger.sqlite")], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None and process.stdout.readline() == "written\n"
    assert (owner.home / "ledger.sqlite-journal").exists()
    process.kill()
    process.wait()
    assert [one.label for one in ledger.entries()] == ["digits/alder"]
    assert [one.label for one in Ledger(owner).entries()] == ["digits/alder"]


def test_two_processes_issue_at_once(owner: Owner) -> None:
    processes = [writer(owner, "alder", 25) for _ in range(2)]  # of one customer: they want the same numbers
    told = [process.communicate(timeout=100)[0].split()[1:] for process in processes]
    assert [process.returncode for process in processes] == [0, 0]
    assert sorted(int(number) for numbers in told for number in numbers) == list(range(1, 51))
    ledger = Ledger(owner)
    assert len({ledger.serial(entry) for entry in ledger.entries()}) == 50


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


def test_the_exported_table_is_read_back(owner: Owner, ledger: Ledger, tmp_path: Path) -> None:
    from test_owner_keys import run

    entry = ledger.issue("alder", "digits")
    ledger.revoke("alder", '=HYPERLINK("http://example.org")')
    path = tmp_path / "ledger.csv"
    done = run(owner.home, "export", str(path), "--with-serials")
    assert done.returncode == 0, done.stderr
    assert path.stat().st_mode & 0o777 == 0o600
    with path.open(newline="") as file:
        (row,) = csv.DictReader(file)
    assert row["serial"] == ledger.serial(entry).text
    assert row["reason"] == '\'=HYPERLINK("http://example.org")'
    assert (row["customer"], row["status"], row["number"]) == ("alder", "revoked", "1")
    assert ledger.serial(entry).text not in run(owner.home, "list").stdout
