"""Minting, with a small network that is distilled for real: whole or not at all, after any interruption."""

import json
import multiprocessing
import os
import resource
import signal
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from owner_workplace import QUICK

from dsn.__main__ import main
from dsn.applications import registry
from dsn.owner.errors import OwnerError
from dsn.owner.keys import open_owner
from dsn.owner.ledger.csv_tables import neutral, parse_customers, read_customers, table_text
from dsn.owner.ledger.ledger import Ledger
from dsn.owner.mint import minting, worker
from dsn.owner.mint import work_folder as workshop
from dsn.owner.mint.bars import is_unlocked, missed
from dsn.owner.mint.fleet import mint_fleet
from dsn.owner.mint.minting import mint
from dsn.owner.mint.worker import Minting
from dsn.owner.weights import weights_hash
from dsn.student.folder import load_folder

pytestmark = pytest.mark.usefixtures("one_thread")


def in_a_fork(work: Callable[[], None]) -> int | None:
    """Run in a process of its own, for it to be killed; its exit code."""
    process = multiprocessing.get_context("fork").Process(target=work)
    process.start()
    process.join()
    return process.exitcode


def kill_self(*ignored: object, **also: object) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def test_a_minted_student_is_in_the_ledger_and_in_its_folder(ledger: Ledger) -> None:
    done = mint(ledger, registry.BUILT_IN["digits"], "alder", QUICK)
    (entry,) = ledger.entries()
    assert done.entry == entry and entry.status == "minted"
    assert done.folder == ledger.owner.home / "students" / "digits" / "alder"
    assert {path.name for path in done.folder.iterdir()} == {"config.json", "model.safetensors", "README.md"}
    student = load_folder(done.folder)
    assert (student.config.customer, student.config.bit_count) == ("alder", 64)
    assert weights_hash(student.state_dict()) == entry.weights
    serial = ledger.serial(entry)
    text = b"".join(path.read_bytes() for path in done.folder.iterdir())
    assert serial.text.encode() not in text and serial.number.to_bytes(8, "big") not in text
    left = {path.name for path in (ledger.owner.home / "minting").iterdir()}
    assert left == {"digits-alder.lock"}


# Where a process is killed: a function it is about to call, by its module.
POINTS = [
    (worker, "make_whole"),
    (worker, "evaluate_student"),
    (minting, "save_student"),
    (minting, "write_json"),
    (workshop.shutil, "copytree"),
    (Ledger, "enter_student"),
    (workshop, "_drop_done"),
]


def test_it_goes_on_after_kill_9_wherever_that_was(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    application = registry.BUILT_IN["digits"]
    verifiers = set()
    for place, name in POINTS:
        with monkeypatch.context() as deadly:
            deadly.setattr(place, name, kill_self)
            code = in_a_fork(lambda: void(mint(Ledger(open_owner(ledger.owner.home)), application, "alder", QUICK)))
        assert code == -signal.SIGKILL, name
        order = ledger.owner.home / "minting" / "digits-alder" / "order.json"
        if order.exists():
            verifiers.add(json.dumps(json.loads(order.read_text())["verifier"]))
        entered = ledger.entries()
        assert len(entered) == (name == "_drop_done"), name
        for entry in entered:  # an entry has its student, whole and in its place
            kept = load_folder(ledger.owner.home / "students" / entry.label)
            assert weights_hash(kept.state_dict()) == entry.weights
    assert len(verifiers) == 1  # the same serial throughout
    done = next(mint_fleet(ledger, application, ["alder"], QUICK))
    assert done.entry == ledger.entries()[0] and len(ledger.entries()) == 1
    unhurt = mint(ledger, application, "birch", QUICK)
    assert unhurt.entry is not None and unhurt.entry.verifier.number == 1


def void(value: object) -> None:
    """Nothing: what a forked process gives back."""


def test_an_issued_serial_is_used_and_another_training_begins_anew(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    application, entry = registry.BUILT_IN["digits"], ledger.issue("alder", "digits")
    with monkeypatch.context() as deadly:
        deadly.setattr(worker, "evaluate_student", kill_self)
        assert in_a_fork(lambda: void(mint(ledger, application, "alder", QUICK))) == -signal.SIGKILL
    training = ledger.owner.home / "minting" / "digits-alder" / "training.safetensors"
    assert training.exists()
    other = mint(ledger, application, "alder", replace(QUICK, epochs=1, seed=1))
    assert other.entry is not None and other.entry.verifier == entry.verifier
    assert not training.exists()


def test_a_full_disk_leaves_nothing_half_and_can_be_resumed(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    application = registry.BUILT_IN["digits"]

    def full(*ignored: object, **also: object) -> None:
        raise OSError(28, "No space left on device")

    for place, name in ((minting, "save_student"), (workshop.shutil, "copytree")):
        with monkeypatch.context() as small:
            small.setattr(place, name, full)
            with pytest.raises(OwnerError, match=r"No space left on device.*same command again"):
                mint(ledger, application, "alder", QUICK)
        assert ledger.entries() == []
        assert not (ledger.owner.home / "students" / "digits" / "alder").exists()
    assert mint(ledger, application, "alder", QUICK).entry is not None


def test_a_disk_that_is_full_at_any_point_costs_nothing(ledger: Ledger) -> None:
    """The system itself refuses to let any file grow, from the first bytes to all but the last."""
    application, soft, hard = registry.BUILT_IN["digits"], *resource.getrlimit(resource.RLIMIT_FSIZE)
    students = ledger.owner.home / "students"
    refused = 0
    for size in (0, 100, 1_000, 3_000, 10_000, 20_000, 40_000, 80_000):
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
        try:
            mint(ledger, application, "alder", QUICK)
        except OwnerError as error:
            refused += 1
            assert str(error).endswith(".") and str(error).isprintable()
        else:
            break
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        assert ledger.entries() == [] and [path for path in students.rglob("[!.]*") if path.is_file()] == []
    assert refused >= 3
    assert mint(ledger, application, "alder", QUICK).entry is not None
    for entry in ledger.entries():
        assert weights_hash(load_folder(students / entry.label).state_dict()) == entry.weights


def test_a_fleet_is_minted_passing_over_those_that_fail_or_are_done(
    ledger: Ledger, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "customers.csv").write_text("note,customer\nfirst,alder\n,birch\n")
    command = ["owner", "mint", "--customers", "customers.csv", "--epochs", "1", "--data-share", "0.5", "--quiet"]
    command += ["--device", "cpu"]
    with pytest.raises(SystemExit) as end:
        main(command)
    assert "2 of 2 could not be minted" in str(end.value)  # their serials do not unlock such students
    assert "not unlocked by its serial" in capsys.readouterr().out
    assert ledger.entries() == []
    main([*command, "--accept-any"])
    first = ledger.entries()
    assert [one.label for one in first] == ["digits/alder", "digits/birch"]
    main([*command, "--accept-any"])
    assert ledger.entries() == first
    main([*command[:2], "--customer", "alder", "--again", *command[4:], "--accept-any"])
    assert [one.label for one in ledger.entries("alder")] == ["digits/alder", "digits/alder-2"]


def test_who_was_revoked_is_not_minted_for_by_the_way(ledger: Ledger) -> None:
    ledger.issue("alder", "digits")
    ledger.revoke("alder", "did not pay")
    (done,) = mint_fleet(ledger, registry.BUILT_IN["digits"], ["alder"], QUICK)
    assert done.entry is None and "was revoked on" in done.problem and "--again" in done.problem
    assert len(ledger.entries()) == 1


def test_bars_that_are_missed_are_named() -> None:
    figures = {"percent": 11.0, "low": 10.0, "high": 12.0, "n": 1000}
    group = {"serials": 9, "mean": 11.0, "worst": {**figures, "percent": 11.9}}
    good = {
        "task": "digits",
        "valid": {**figures, "percent": 99.6, "low": 99.5},
        "absent": figures,
        "random_wrong": group,
        "one_bit_wrong": group,
        "unusual": group,
        "probe_on_raw": figures,
    }
    assert missed(good, 99.7) == [] and is_unlocked(good)
    bad = {**good, "absent": {**figures, "percent": 11.41}, "one_bit_wrong": {**group, "mean": 12.0}}
    assert [line.split(":")[0] for line in missed(bad, 99.71)] == [
        "valid serial below the teacher",
        "no serial",
        "one bit wrong, mean",
    ]
    assert not is_unlocked({**good, "valid": {**figures, "percent": 30.0, "low": 29.0}})
    assert missed({**bad, "task": "letters"}, 99.7) == []


@pytest.mark.parametrize(("epochs", "share"), [(0, 1.0), (1, 0.0), (1, 1.5), (1, float("nan"))])
def test_settings_that_cannot_be_are_refused(epochs: int, share: float) -> None:
    with pytest.raises(OwnerError, match="cannot be"):
        Minting(epochs=epochs, data_share=share)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "no column `customer`"),
        (b"name\nalder\n", "no column `customer`"),
        (b"customer,customer\na,b\n", "no column `customer`"),
        (b"customer\n", "names no customer"),
        (b'customer\n=cmd|" /C calc"!A0\n', "Line 2"),
        (b"customer\n../../etc\n", "Line 2"),
        (b"customer\nalder\n\nalder\n", "Lines 2 and 4"),
        (b"x,customer\n1\n", "Line 2 of t.csv has no customer"),
        (b"customer\n\xff\xfe\n", "UTF-8"),
        (b'customer\n"alder\n', "not a table"),
        (b"customer\n" + b"a" * 200_000, "not a table|Line 2"),
        (b"customer\n" + b"x\n" * 600_000, "larger than"),
        (b"customer\n" + b"".join(b"c%d\n" % n for n in range(10_002)), "more than"),
    ],
)
def test_a_table_that_is_none_of_customers_is_named(content: bytes, reason: str) -> None:
    with pytest.raises(OwnerError, match=reason) as refused:
        parse_customers(content, "t.csv")
    assert len(str(refused.value)) < 400 and "\n" not in str(refused.value)


def test_a_table_from_a_spreadsheet_is_read(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_bytes('\ufeffcustomer,note\r\nalder,"a, b"\r\n acme-2 ,\r\n'.encode())
    assert read_customers(tmp_path / "t.csv") == ["alder", "acme-2"]
    with pytest.raises(OwnerError, match="cannot be read"):
        read_customers(tmp_path / "none.csv")


def test_no_cell_is_a_formula() -> None:
    for text in ("=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "  =1", "\n=1"):
        assert neutral(text) == f"'{text}"
    assert neutral("1=1") == "1=1"
    assert table_text(["a", "=b"], [["x,y", '"']]) == 'a,\'=b\r\n"x,y",""""\r\n'
