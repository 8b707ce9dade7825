"""Fleets: students that share a program are those of their own programs; on Ray a killed worker costs nothing."""

import os
import signal
import sys
import threading
import time
from dataclasses import replace

import psutil
import pytest
from owner_workplace import QUICK
from ray import cloudpickle

from dsn.applications import registry
from dsn.owner.errors import OwnerError
from dsn.owner.keys import open_owner
from dsn.owner.ledger.ledger import Ledger
from dsn.owner.mint.fleet import mint_fleet
from dsn.owner.mint.minting import commission, mint, work_folder_for
from dsn.owner.mint.worker import Minting
from dsn.owner.weights import weights_hash
from dsn.student.hub import load_student

pytestmark = pytest.mark.usefixtures("one_thread")


def left_on_benches(ledger: Ledger) -> set[str]:
    return {path.name for path in (ledger.owner.home / "minting").iterdir() if path.suffix != ".lock"}


def test_students_that_share_a_program_are_those_of_their_own(ledger: Ledger) -> None:
    application = registry.BUILT_IN["digits"]
    issued = [ledger.issue(name, "digits") for name in ("alder", "birch", "cedar")]
    done = list(mint_fleet(ledger, application, ["alder", "birch", "cedar"], replace(QUICK, together=2)))
    entries = [one.entry for one in done if one.entry]
    assert [one.verifier for one in entries] == [one.verifier for one in issued]
    assert len({one.weights for one in entries}) == 3
    again = mint(Ledger(open_owner(ledger.owner.home)), application, "alder", replace(QUICK, together=2))
    assert again.entry is not None and again.entry.verifier.number == 2  # of another serial, so another student
    assert again.entry.weights not in {one.weights for one in entries}
    assert left_on_benches(ledger) == set()


def test_together_below_one_is_refused() -> None:
    with pytest.raises(OwnerError, match="0 students together cannot be"):
        Minting(together=0)


def at_work(process: psutil.Process) -> bool:
    """Whether a process runs a student's task for Ray."""
    try:
        return any("ray::make_away" in part for part in process.cmdline())
    except psutil.Error:  # it ended meanwhile
        return False


def test_a_ray_worker_that_is_killed_is_replaced(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("RAY_ADDRESS", raising=False)
    application, killed = registry.BUILT_IN["digits"], []

    def kill_the_first() -> None:
        for _ in range(30_000):
            for one in filter(at_work, psutil.Process().children(recursive=True)):
                killed.append(one.pid)
                os.kill(one.pid, signal.SIGKILL)
                return
            time.sleep(0.02)

    killer = threading.Thread(target=kill_the_first)
    killer.start()
    how = replace(QUICK, epochs=40)  # long enough to be caught
    done = {one.customer: one for one in mint_fleet(ledger, application, ["alder", "birch"], how, engine="ray")}
    killer.join()
    assert killed, "no worker was seen"
    assert {name: one.problem for name, one in done.items()} == {"alder": "", "birch": ""}
    assert [entry.status for entry in ledger.entries()] == ["minted", "minted"]
    assert [entry.verifier.number for entry in ledger.entries()] == [1, 1]
    assert left_on_benches(ledger) == set()
    for one in done.values():
        assert one.folder is not None and one.entry is not None
        assert weights_hash(load_student(one.folder).state_dict()) == one.entry.weights


def test_the_key_stays_with_the_driver(ledger: Ledger) -> None:
    """What is sent to a worker has no reference to the owner, its key or its folder."""
    application = registry.BUILT_IN["digits"]
    with work_folder_for(ledger, application, "alder", QUICK) as work_folder:
        sent = cloudpickle.dumps(
            (application, commission(ledger, tuple("0123456789"), application, work_folder, QUICK), QUICK)
        )
    key = (ledger.owner.home / "private-key.pem").read_bytes()
    assert str(ledger.owner.home).encode() not in sent
    assert b"PRIVATE" not in sent and key.splitlines()[1] not in sent


def test_a_missing_ray_is_named(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    (done,) = mint_fleet(ledger, registry.BUILT_IN["digits"], ["alder"], QUICK, engine="ray")
    assert "pip install ray" in done.problem and done.entry is None and ledger.entries() == []


def test_a_cluster_that_is_not_there_is_named(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RAY_ADDRESS", "127.0.0.1:1")
    (done,) = mint_fleet(ledger, registry.BUILT_IN["digits"], ["alder"], QUICK, engine="ray")
    assert "cannot be reached" in done.problem and done.entry is None
