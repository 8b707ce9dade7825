"""Claims of ownership: those that hold, and why others do not."""

import json
import os
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from gated_students import UNLIKELY, gated_student
from owner_checks import VERIFIER, WORD, mode, said

from dsn.__main__ import main
from dsn.applications.held_out import HeldOut
from dsn.applications.prepared import Split
from dsn.measuring import unlocking
from dsn.owner.claims import check_claim, claim_of, read_claim, write_claim
from dsn.owner.errors import OwnerError
from dsn.owner.keys import create_owner, fingerprint, read_public
from dsn.student.folder import save_student


def test_claims_that_hold_and_claims_that_do_not(tmp_path: Path, digits: HeldOut) -> None:
    owner, other = create_owner(tmp_path / "one", "Acme"), create_owner(tmp_path / "two", "Thief")
    claim = claim_of(owner, VERIFIER)
    write_claim(claim, tmp_path / "claim.json")
    assert mode(tmp_path / "claim.json") == 0o600
    claim = read_claim(tmp_path / "claim.json")
    student = gated_student(claim.serial)
    split = Split(digits.split.images[:150], digits.split.labels[:150])

    proof = check_claim(claim, owner.public, student, split)
    assert proof.is_special and proof.accuracy.percent > 70 > 30 > proof.best_other.percent

    def refused(claim, key, student) -> str:
        with pytest.raises(OwnerError) as error:
            check_claim(claim, key, student, split)
        return said(error)

    assert fingerprint(other.public) in refused(claim, other.public, student)
    forged = replace(claim, key=fingerprint(other.public))
    assert "altered" in refused(forged, other.public, student)
    for change in ({"customer": "birch"}, {"number": 7}, {"owner": "Thief"}, {"date": "2020-01-01"}):
        assert "altered" in refused(replace(claim, verifier=replace(VERIFIER, **change)), owner.public, student)
    flipped = bytes([claim.signature[0] ^ 1]) + claim.signature[1:]
    assert "altered" in refused(replace(claim, signature=flipped), owner.public, student)
    assert "does not unlock" in refused(claim, owner.public, gated_student(UNLIKELY))
    assert "does not unlock" in refused(claim, owner.public, gated_student(None))  # works with every serial
    signs = claim_of(owner, replace(VERIFIER, task="signs"))
    assert "recognises digits" in refused(signs, owner.public, student)


@pytest.mark.parametrize(
    "change",
    [
        {"format": "dsn-claim-2"},
        {"signature": "00" * 63},
        {"signature": "zz"},
        {"signature": None},
        {"verifier": {"owner": "Acme"}},
        {"verifier": {"owner": "Acme", "customer": "../x", "task": "digits", "date": "2026-01-31", "number": 1}},
        {"verifier": {"owner": "Acme", "customer": "x", "task": "letters", "date": "2026-01-31", "number": 1}},
        {"verifier": {"owner": "Acme", "customer": "x", "task": "digits", "date": "today", "number": 1}},
        {"verifier": {"owner": "Acme", "customer": "x", "task": "digits", "date": "2026-01-31", "number": True}},
        {"verifier": [1, 2]},
    ],
)
def test_what_is_no_claim_is_named(tmp_path: Path, change: dict) -> None:
    path = tmp_path / "claim.json"
    write_claim(claim_of(create_owner(tmp_path / "own", "Acme"), VERIFIER), path)
    path.write_text(json.dumps(json.loads(path.read_text("utf-8")) | change))
    with pytest.raises(OwnerError) as refused:
        read_claim(path)
    assert "is not a claim" in said(refused)


@pytest.mark.parametrize("content", [b"", b"[]", b"{", b"[" * 9999, b'"' * 20_000, b"\xff\xfe"])
def test_what_is_no_json_is_no_claim(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "claim.json").write_bytes(content)
    with pytest.raises(OwnerError) as refused:
        read_claim(tmp_path / "claim.json")
    assert "is not a claim" in said(refused)


def test_a_private_key_is_not_taken_for_a_public_one(tmp_path: Path) -> None:
    owner = create_owner(tmp_path / "own", "Acme")
    with pytest.raises(OwnerError, match="not an Ed25519 public key"):
        read_public(owner.home / "private-key.pem")


def test_an_ownership_claim_in_one_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    claim, everything = str(tmp_path / "claim.json"), []

    def run(*arguments: str, home: str = "own", word: str = "") -> tuple[object, str]:
        """The command's exit and what it printed."""
        monkeypatch.setenv("DSN_OWNER", str(tmp_path / home))
        monkeypatch.setenv("DSN_OWNER_PASSPHRASE", word)
        with Path(os.devnull).open() as nobody, monkeypatch.context() as without_terminal:
            without_terminal.setattr(sys, "stdin", nobody)
            code: object = 0
            try:
                main(["owner", *arguments])
            except SystemExit as end:
                code = end.code
        printed = capfd.readouterr()
        everything.append(f"{code}{printed.out}{printed.err}")
        return code, printed.out

    assert "encrypted with the passphrase" in run("init", "--name", "Acme", word=WORD)[1]
    locked, printed = run("issue", "--customer", "alder")
    assert "DSN_OWNER_PASSPHRASE" in str(locked) and printed == ""
    issued = run("issue", "--customer", "alder", "--claim", claim, word=WORD)
    serial = read_claim(Path(claim)).serial
    assert f"serial: {serial.text}" in issued[1]
    save_student(gated_student(serial), tmp_path / "alder")
    public = tmp_path / "public-key.pem"
    public.write_bytes((tmp_path / "own" / "public-key.pem").read_bytes())
    monkeypatch.setattr(unlocking, "REFERENCES", 20)
    asked = ("verify", claim, "--key", str(public), "--student", str(tmp_path / "alder"))
    code, printed = run(*asked, home="nobody")  # by someone without the private key
    assert code == 0 and "The claim holds." in printed
    save_student(gated_student(UNLIKELY), tmp_path / "alder")
    assert "does not unlock this student" in str(run(*asked, home="nobody")[0])
    assert WORD not in "".join(everything) and "PRIVATE" not in "".join(everything)
