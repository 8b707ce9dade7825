"""The ledger on a real PostgreSQL: what it does on SQLite, and what only a server can get wrong."""

import random
import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
import sqlalchemy as sql
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
from postgres_server import install, running_server

from dsn.owner.errors import OwnerError
from dsn.owner.keys import Owner, create_owner
from dsn.owner.ledger.ledger import Ledger
from dsn.owner.verifier import serial_of

DRIVER = "postgresql+psycopg://"


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    """A server's address, with a place for the database's name."""
    if not install():
        pytest.skip("PostgreSQL cannot be installed here: the ledger was not tried on a real server")
    with running_server() as address:
        yield address


@pytest.fixture
def owner(server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Owner:
    """An owner whose ledger is a fresh database of that server."""
    with psycopg.connect(f"postgresql://{server.format(database='postgres')}", autocommit=True) as connection:
        connection.execute("drop database if exists ledger with (force)")
        connection.execute("create database ledger")
    monkeypatch.setenv("DSN_LEDGER", DRIVER + server.format(database="ledger"))
    return create_owner(tmp_path / "own", "Acme")


@pytest.fixture
def ledger(owner: Owner) -> Ledger:
    return Ledger(owner)


def test_nothing_of_it_lies_with_the_owner(owner: Owner, ledger: Ledger) -> None:
    ledger.issue("alder", "digits")
    assert not list(owner.home.glob("ledger*"))
    with ledger._engine.begin() as connection:
        assert "PostgreSQL" in str(connection.execute(sql.text("select version()")).scalar())


def test_it_survives_kill_9_at_any_point(owner: Owner, ledger: Ledger) -> None:
    moments, count = random.Random(5), 0
    for _ in range(3):
        process, numbers = writer(owner, "alder", 10**6)
        told = told_by(numbers, 1)
        threading.Timer(moments.uniform(0.0, 0.3), process.kill).start()
        told += told_by(numbers)
        process.join()
        assert process.exitcode == -signal.SIGKILL
        alone = sql.text("select count(*) from pg_stat_activity where datname = 'ledger' and pid <> pg_backend_pid()")
        while True:  # the server has noticed, and ended what was under way
            with ledger._engine.begin() as connection:
                if not connection.execute(alone).scalar():
                    break
            time.sleep(0.05)
        entries = ledger.entries()
        assert [one.verifier.number for one in entries] == list(range(1, len(entries) + 1))
        assert told == list(range(count + 1, told[-1] + 1))
        assert told[-1] <= len(entries) <= told[-1] + 1  # one may be committed and not yet told
        for entry in entries:
            assert ledger.serial(entry) == serial_of(owner.sign(entry.verifier))
            assert entry.weights in (None, f"{entry.verifier.number:064x}")
        count = len(entries)
    assert ledger.issue("alder", "digits").verifier.number == count + 1


def test_copies_are_entered_all_or_none(ledger: Ledger) -> None:
    original = ledger.issue("original", "digits")
    ledger.enter_student(original.verifier, "ab" * 32)
    copies = [(ledger.next_verifier(name, "digits"), f"{at:064x}") for at, name in enumerate(("elm", "fir", "oak"))]
    assert [one.original for one in ledger.enter_copies(original.label, copies)] == [original.label] * 3
    again = [(ledger.next_verifier("yew", "digits"), "cd" * 32), copies[0]]
    with pytest.raises(OwnerError, match="in the ledger already"):
        ledger.enter_copies(original.label, again)
    assert ledger.entries("yew") == []


def test_a_server_that_is_gone_is_one_sentence_without_a_password(
    owner: Owner, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DSN_LEDGER", f"{DRIVER}me:hunter2@127.0.0.1:1/ledger")
    with pytest.raises(OwnerError) as refused:
        Ledger(owner)
    assert "hunter2" not in str(refused.value) and "\n" not in str(refused.value)


def test_a_connection_that_is_cut_off_is_one_sentence_and_the_next_one_works(ledger: Ledger) -> None:
    ledger.issue("alder", "digits")
    with psycopg.connect(
        str(ledger._engine.url.render_as_string(hide_password=False)).replace("+psycopg", ""), autocommit=True
    ) as other:
        other.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity"
            " where datname = 'ledger' and pid <> pg_backend_pid()"
        )
    try:
        ledger.issue("birch", "digits")
    except OwnerError as error:
        assert "\n" not in str(error)
        ledger.issue("birch", "digits")
    assert [one.label for one in ledger.entries()] == ["digits/alder", "digits/birch"]
