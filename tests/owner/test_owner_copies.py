"""Copies of one student: the same to the byte whenever they are made, none of them kept, each known by its pattern."""

import csv
import json
import re
import shlex
import sqlite3
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from owner_checks import said
from owner_workplace import NETWORK

from dsn.__main__ import main
from dsn.applications.held_out import HeldOut
from dsn.applications.prepared import Split
from dsn.applications.registry import BUILT_IN
from dsn.files import write_tensors
from dsn.measuring.evaluate import accuracy
from dsn.networks.classifier import Classifier
from dsn.owner.copies.carriers import find_carriers
from dsn.owner.copies.copying import Copier, Original
from dsn.owner.copies.delivery import deliver
from dsn.owner.copies.measure import customers_of, measure_minting, measured_owner, shipped_original
from dsn.owner.copies.minting import mint_copies
from dsn.owner.errors import OwnerError
from dsn.owner.keys import open_owner
from dsn.owner.ledger.ledger import Entry, Ledger
from dsn.owner.mint.work_folder import kept_folder
from dsn.owner.publishing import pack
from dsn.owner.trace.changes import CHANGES, Weights
from dsn.owner.trace.copy_reports import copy_lines
from dsn.owner.verifier import serial_of
from dsn.owner.weights import weights_hash
from dsn.places import ROOT
from dsn.student.config import StudentConfig
from dsn.student.folder import load_folder, save_student
from dsn.student.sealing import serial_inside, unseal
from dsn.student.student import Student

pytestmark = pytest.mark.usefixtures("one_thread")
README = ROOT / "dsn" / "owner" / "README.md"
CUSTOMERS = ["ash", "beech", "cherry", "dogwood", "elder", "fir"]


@pytest.fixture
def original(ledger: Ledger) -> Entry:
    """A student of random weights, kept by the owner."""
    config = StudentConfig("digits", "original", 64, tuple("0123456789"), NETWORK, recipe="none")
    torch.manual_seed(1)
    student = Student(config).eval()
    entry = ledger.enter_student(ledger.next_verifier("original", "digits"), weights_hash(student.state_dict()))
    save_student(student, kept_folder(ledger.owner.home, entry))
    return entry


@pytest.fixture
def minted(ledger: Ledger, original: Entry) -> list[Entry]:
    done = list(mint_copies(ledger, original, CUSTOMERS))
    return [one.entry for one in done if one.entry]


def opened(ledger: Ledger, customer: str, folder: Path) -> Weights:
    """What a customer gets who delivers nothing back: the copy, opened."""
    entry = deliver(ledger, customer, "digits", folder / customer)
    return unseal(load_folder(folder / customer), ledger.serial(entry)).state_dict()


def test_a_copy_is_the_same_to_the_byte_whenever_it_is_delivered(
    ledger: Ledger, minted: list[Entry], tmp_path: Path
) -> None:
    assert [one.verifier.customer for one in minted] == CUSTOMERS
    assert {one.original for one in minted} == {"digits/original"} and len({one.weights for one in minted}) == 6
    for name, one in (("first", ledger), ("again", Ledger(open_owner(ledger.owner.home)))):
        entry = deliver(one, "beech", "digits", tmp_path / name)
        assert entry == minted[1] and weights_hash(load_folder(tmp_path / name).state_dict()) == entry.weights
    first, again = ({path.name: path.read_bytes() for path in (tmp_path / n).iterdir()} for n in ("first", "again"))
    assert first == again and set(first) == {"config.json", "model.safetensors", "README.md"}
    kept = {str(path.relative_to(ledger.owner.home)) for path in ledger.owner.home.rglob("*") if path.is_file()}
    assert not [path for path in kept for name in CUSTOMERS if name in path]
    text = b"".join(first.values())
    for entry in (minted[1], ledger.entries("original")[0]):
        serial = ledger.serial(entry)
        assert serial.text.encode() not in text and f"{serial.number:016x}".encode() not in text


def test_no_two_copies_share_serial_salt_or_weights(ledger: Ledger, minted: list[Entry], tmp_path: Path) -> None:
    copies = []
    for entry in minted:
        deliver(ledger, entry.verifier.customer, "digits", tmp_path / entry.verifier.customer)
        copies.append(load_folder(tmp_path / entry.verifier.customer))
    assert {one.config.customer for one in copies} == set(CUSTOMERS)
    assert len({one.config.seal.salt for one in copies if one.config.seal}) == 6
    assert len({ledger.serial(one) for one in minted}) == 6
    inside = ledger.serial(ledger.entries("original")[0])
    assert {serial_inside(one, ledger.serial(entry)) for one, entry in zip(copies, minted, strict=True)} == {inside}
    plain = [unseal(one, ledger.serial(entry)).state_dict() for one, entry in zip(copies, minted, strict=True)]
    assert len({weights_hash(one) for one in plain}) == 6


def test_minting_goes_on_uses_issued_serials_and_passes_over_who_was_revoked(ledger: Ledger, original: Entry) -> None:
    issued, gone = ledger.issue("ash", "digits"), ledger.issue("beech", "digits")
    ledger.revoke("beech", "gone")
    first = {one.customer: one for one in mint_copies(ledger, original, CUSTOMERS[:3])}
    assert first["ash"].entry is not None and first["ash"].entry.verifier == issued.verifier
    assert "revoked" in first["beech"].problem and first["beech"].entry is None
    again = {one.customer: one.entry for one in mint_copies(ledger, original, CUSTOMERS[:4])}
    assert again["ash"] == first["ash"].entry and again["cherry"] == first["cherry"].entry
    assert again["dogwood"] is not None and again["dogwood"].status == "minted"
    assert [one.verifier for one in ledger.entries("beech")] == [gone.verifier]
    (anew,) = mint_copies(ledger, original, ["beech"], again=True)
    assert anew.entry is not None and anew.entry.verifier.number == 2 and anew.entry.status == "minted"
    assert anew.entry.weights not in {one.weights for one in ledger.entries("ash")}


def test_copies_are_entered_all_or_none(ledger: Ledger, minted: list[Entry]) -> None:
    new = replace(minted[0].verifier, customer="new")
    with pytest.raises(OwnerError, match="in the ledger already"):
        ledger.enter_copies("digits/original", [(new, "0" * 64), (minted[0].verifier, "0" * 64)])
    assert ledger.entries("new") == [] and ledger.entries("ash") == [minted[0]]


def test_a_ledger_from_before_copies_is_read_and_takes_them(ledger: Ledger, original: Entry) -> None:
    with sqlite3.connect(ledger.owner.home / "ledger.sqlite") as database:
        database.execute("DROP TABLE copies")
    later = Ledger(ledger.owner)
    assert later.entries() == [original]
    (done,) = mint_copies(later, original, ["ash"])
    assert later.entries("ash") == [done.entry]


def test_what_cannot_be_delivered_is_said(ledger: Ledger, minted: list[Entry], original: Entry, tmp_path: Path) -> None:
    ledger.revoke("ash", "passed it on")
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "letter.txt").write_text("mine")
    for customer, folder, why in (
        ("ash", "new", "was revoked"),
        ("nobody", "new", "no student of"),
        ("original", "new", "stays with the owner"),
        ("beech", "full", "There is something in"),
    ):
        with pytest.raises(OwnerError, match=why) as error:
            deliver(ledger, customer, "digits", tmp_path / folder)
        assert said(error) and not (tmp_path / "new").exists()
    with pytest.raises(OwnerError, match="publish a copy"):
        pack(kept_folder(ledger.owner.home, original), "acme/original", ledger)
    weights = kept_folder(ledger.owner.home, original) / "model.safetensors"
    content = bytearray(weights.read_bytes())
    content[-1] ^= 1
    weights.write_bytes(content)
    with pytest.raises(OwnerError, match="lost or altered"):
        deliver(ledger, "beech", "digits", tmp_path / "new")


@pytest.mark.parametrize("change", ["as it is", "pruned", "bf16", "int8", "nudged"])
def test_a_changed_copy_names_its_customer_and_a_mixed_one_its_customers(
    ledger: Ledger, minted: list[Entry], tmp_path: Path, change: str
) -> None:
    whole = {name: opened(ledger, name, tmp_path) for name in CUSTOMERS[:2]}
    found = find_carriers(CHANGES[change](whole["beech"]), ledger, "digits")
    assert found.compared == 6 and [one.entry for one in found.named] == [minted[1]]
    mixed = {name: (whole["ash"][name] + whole["beech"][name]) / 2 for name in whole["ash"]}
    found = find_carriers(CHANGES[change](mixed), ledger, "digits")
    named = {one.entry.verifier.customer for one in found.named}
    assert named and named <= {"ash", "beech"}


def test_nobody_is_named_for_what_carries_no_pattern(ledger: Ledger, minted: list[Entry], original: Entry) -> None:
    bare = Original.of(
        original.label, load_folder(kept_folder(ledger.owner.home, original)), ledger.serial(original)
    ).student
    stranger = replace(minted[0].verifier, customer="stranger")
    owned = Copier(ledger.owner, Original(original.label, bare, ledger.serial(original)))
    others = unseal(owned.copy(stranger), serial_of(ledger.owner.sign(stranger)))
    for weights in (bare.state_dict(), others.state_dict(), CHANGES["foreign"](dict(bare.state_dict()))):
        found = find_carriers(weights, ledger, "digits")
        assert found.named == () and found.compared == 6 and len(found.strongest) == 1
    with_norm = load_folder(kept_folder(ledger.owner.home, original)).state_dict()
    assert find_carriers(with_norm, ledger, "digits").compared == 0  # of another shape


def test_the_readmes_commands_do_what_it_says(
    ledger: Ledger, original: Entry, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with (tmp_path / "customers.csv").open("w", newline="") as file:
        csv.writer(file).writerows([["customer"], *([name] for name in CUSTOMERS)])
    block = re.search(r"<!-- copying -->\n```sh\n(.*?)```", README.read_text("utf-8"), re.DOTALL)
    assert block is not None
    printed = []
    for line in block[1].splitlines():
        words = shlex.split(line, comments=True)
        assert words[:4] == ["python", "-m", "dsn", "owner"]
        if "trace" in words:
            (serial,) = (ledger.serial(one) for one in ledger.entries("ash"))
            write_tensors(tmp_path / "leaked.safetensors", unseal(load_folder(Path("for-ash")), serial).state_dict())
        main(words[3:])
        printed.append(capsys.readouterr().out)
    assert printed[0].count("owner deliver") == 6
    first, again = ((Path(name) / "model.safetensors").read_bytes() for name in ("for-ash", "again-for-ash"))
    assert first == again and load_folder(Path("for-ash")).config.lock == "sealed"
    assert "made from the copy of digits/ash" in printed[3]
    with pytest.raises(SystemExit, match="There is something in"):
        main(["owner", "deliver", "--customer", "fir", "--to", "for-ash"])


def test_a_cluster_is_refused(ledger: Ledger, tmp_path: Path) -> None:
    (tmp_path / "customers.csv").write_text("customer\nash\n")
    with pytest.raises(SystemExit, match="needs no cluster"):
        main(["owner", "mint", "--lock", "sealed", "--customers", str(tmp_path / "customers.csv"), "--engine", "ray"])
    assert ledger.entries() == []


def test_the_measurement_counts_what_it_says(tmp_path: Path) -> None:
    measure_minting(BUILT_IN["digits"], 3, 30, report=lambda line: None, results=tmp_path)
    row = json.loads((tmp_path / "copies.json").read_text())["digits-minting"]
    assert (row["customers"], row["ledger_customers"], row["delivered_as_entered"]) == (3, 30, True)
    assert row["files"] == 4  # the ledger, and the original's three


def test_the_trace_command_names_an_opened_copys_customer(
    ledger: Ledger, minted: list[Entry], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ledger.revoke("cherry", "passed it on")
    write_tensors(tmp_path / "leaked.safetensors", opened(ledger, "beech", tmp_path))
    main(["owner", "trace", str(tmp_path / "leaked.safetensors")])
    out = capsys.readouterr().out
    assert "made from the copy of digits/beech: it carries" in out and "any of 6 patterns" in out
    main(["owner", "trace", "--json", str(tmp_path / "leaked.safetensors")])
    told = json.loads(capsys.readouterr().out)
    assert told["copies"]["named"] == ["digits/beech"] and told["tried"] == 1  # the original's serial alone


def test_a_copy_that_was_given_batch_norm_again_is_known(
    ledger: Ledger, minted: list[Entry], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    plain = opened(ledger, "beech", tmp_path)
    dressed = Classifier(NETWORK).state_dict()
    for at, from_at in ((0, 0), (4, 3)):  # the convolutions' places with BatchNorm and without
        dressed[f"extractor.{at}.weight"] = plain[f"extractor.{from_at}.weight"] * 2 / 3
        dressed[f"extractor.{at + 1}.weight"].fill_(3.0)
        dressed[f"extractor.{at + 1}.bias"] = plain[f"extractor.{from_at}.bias"]
        dressed[f"extractor.{at + 1}.running_var"].fill_(4.0)
    for name in ("extractor.9.weight", "extractor.9.bias", "predictor.weight"):
        dressed[name] = plain[name.replace("9", "7")]
    write_tensors(tmp_path / "leaked.safetensors", dressed)
    main(["owner", "trace", str(tmp_path / "leaked.safetensors")])
    assert "made from the copy of digits/beech: it carries" in capsys.readouterr().out


def test_a_revoked_customers_copy_and_mixed_ones_are_reported_so(
    ledger: Ledger, minted: list[Entry], tmp_path: Path
) -> None:
    whole = [opened(ledger, name, tmp_path) for name in ("ash", "beech")]
    ledger.revoke("ash", "passed it on")
    mixed = {name: (one + whole[1][name]) / 2 for name, one in whole[0].items()}
    text = "\n".join(copy_lines(find_carriers(mixed, ledger, "digits")))
    assert "digits/ash" in text and "digits/beech" in text and "mixed" in text and "passed it on" in text
    nobody = "\n".join(copy_lines(find_carriers(CHANGES["foreign"](mixed), ledger, "digits")))
    assert "none of the 6 copies" in nobody


def test_a_real_copy_answers_its_own_serial_as_the_original_answers_its_own(digits: HeldOut) -> None:
    owner = measured_owner()
    copier = shipped_original(BUILT_IN["digits"], owner)
    (verifier,) = customers_of(owner, "digits", 1)
    copy, serial = copier.copy(verifier), serial_of(owner.sign(verifier))
    few = Split(digits.split.images[:400], digits.split.labels[:400])
    before = accuracy(copier.original.student, few, copier.original.serial)
    assert abs(accuracy(copy, few, serial).correct - before.correct) <= 2
    for wrong in (None, copier.original.serial, serial.flipped(3)):
        assert accuracy(copy, few, wrong).percent < 30
