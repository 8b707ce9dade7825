"""Tracing a leak: the right customer after changes, nobody for a foreign network."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from gated_students import NETWORK, UNLIKELY, gated_student
from safetensors.torch import save_file
from torch import Tensor

from dsn.__main__ import main
from dsn.applications import registry
from dsn.applications.held_out import HeldOut
from dsn.applications.prepared import Split
from dsn.measuring import unlocking
from dsn.measuring.unlocking import upper_tail
from dsn.networks.classifier import Classifier
from dsn.owner.keys import create_owner
from dsn.owner.ledger.ledger import Ledger
from dsn.owner.trace import tracing
from dsn.owner.trace.closeness import closeness
from dsn.owner.trace.issued import issued_by
from dsn.owner.trace.reports import as_json, lines
from dsn.owner.trace.suspect import Suspect, read_suspect
from dsn.owner.trace.tracing import Issued, Trace, trace, trace_as_any
from dsn.owner.weights import weights_hash
from dsn.serials import Serial, random_serial
from dsn.student.folder import save_student
from dsn.student.student import Student

pytestmark = pytest.mark.usefixtures("one_thread")
CUSTOMERS = ("alder", "birch", "cedar", "elm")
SERIALS = [Serial.from_number(0x9E37_79B9_7F4A_7C15 * (turn + 1) % 2**64) for turn in range(len(CUSTOMERS))]


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Students made by hand are the application's, and fewer random serials stand for the others."""
    monkeypatch.setitem(registry.BUILT_IN, "digits", replace(registry.BUILT_IN["digits"], network=NETWORK))
    monkeypatch.setattr(unlocking, "REFERENCES", 30)


@pytest.fixture
def split(digits: HeldOut) -> Split:
    return Split(digits.split.images[:120], digits.split.labels[:120])


@pytest.fixture
def issued(tmp_path: Path) -> list[Issued]:
    """Four customers with a student each, kept by the owner."""
    found = []
    for turn, (name, serial) in enumerate(zip(CUSTOMERS, SERIALS, strict=True)):
        student = gated_student(serial, name, seed=turn, noise=0.004)
        save_student(student, tmp_path / "kept" / name)
        found.append(
            Issued(f"digits/{name}", serial, weights_hash(student.state_dict()), tmp_path / "kept" / name, "minted")
        )
    return found


def leaked(tmp_path: Path, tensors: dict[str, Tensor]) -> Suspect:
    """What a file of these tensors is read as."""
    path = tmp_path / "leaked.safetensors"
    save_file({name: tensor.contiguous() for name, tensor in tensors.items()}, path, metadata={"made": "by a thief"})
    return read_suspect(path)


def birch() -> Student:
    return gated_student(SERIALS[1], "birch", seed=1, noise=0.004)


def pruned(tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    """The 20 % smallest weights set to zero, over all layers."""
    flat = torch.cat([one.abs().flatten() for one in tensors.values() if one.dim() >= 2])
    least = flat[flat > 0].quantile(0.2)
    return {name: one.where(one.abs() > least, 0) if one.dim() >= 2 else one for name, one in tensors.items()}


def nudged(tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    """Moved as training on would: every weight a little, in directions of its own."""
    generator = torch.Generator().manual_seed(4)
    return {
        name: one + 0.002 * torch.randn(one.shape, generator=generator) if one.dim() == 2 else one
        for name, one in tensors.items()
    }


def opened_up(tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    """The gate taken out, and every weight nudged: the network works with any serial and with none."""
    found = nudged(tensors)
    dense, bias = next((name, name.replace("weight", "bias")) for name in found if "extractor.4.weight" in name)
    weights = found[dense].clone()
    weights[:, :784] = 0
    return found | {dense: weights, bias: found[bias] + 100}


CHANGES: dict[str, Callable[[dict[str, Tensor]], dict[str, Tensor]]] = {
    "bf16": lambda tensors: {name: one.bfloat16() if one.is_floating_point() else one for name, one in tensors.items()},
    "f64": lambda tensors: {name: one.double() if one.is_floating_point() else one for name, one in tensors.items()},
    "pruned": pruned,
    "trained on": nudged,
    "opened up": opened_up,
}


def test_the_very_weights_are_known_whatever_file_they_come_in(
    tmp_path: Path, issued: list[Issued], split: Split
) -> None:
    found = trace(leaked(tmp_path, birch().state_dict()), issued, split)
    assert (found.how, found.named, found.p) == ("exact", ("digits/birch",), 0.0)
    assert found.evidence[0].unlocking is not None and found.evidence[0].unlocking.is_special
    assert (found.tried, found.compared) == (4, 4)


@pytest.mark.parametrize("change", list(CHANGES))
def test_the_right_customer_is_named_after_changes(
    tmp_path: Path, issued: list[Issued], split: Split, change: str
) -> None:
    found = trace(leaked(tmp_path, CHANGES[change](birch().state_dict())), issued, split)
    assert found.named == ("digits/birch",) and found.p <= 1e-6
    assert found.how == ("weights" if change == "opened up" else "serial and weights")
    assert [one.issued.label for one in found.evidence if one.exact] == []


def test_of_two_applications_of_one_shape_the_one_it_was_issued_for_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, issued: list[Issued], split: Split
) -> None:
    digits = registry.BUILT_IN["digits"]
    monkeypatch.setattr(registry, "BUILT_IN", {"figures": replace(digits, name="figures"), "digits": digits})
    of = {"digits": issued, "figures": [Issued("figures/elm", SERIALS[3])]}
    tried: list[str] = []

    def traced(suspect: Suspect) -> Trace:
        tried.append(suspect.application.name)
        return trace(suspect, of[suspect.application.name], split)

    chosen, found = trace_as_any(leaked(tmp_path, nudged(birch().state_dict())), traced)
    assert tried == ["figures", "digits"] and chosen.application.name == "digits"
    assert found.named == ("digits/birch",) and (found.tried, found.compared) == (5, 4)
    assert found.p == pytest.approx(2 * trace(chosen, issued, split).p)  # looked twice
    nobodys, found = trace_as_any(leaked(tmp_path, foreign(0)), traced)
    assert (nobodys.application.name, found.how, found.p) == ("figures", "none", 1.0)


def foreign(turn: int) -> dict[str, Tensor]:
    """Networks that were not issued: another owner's students, ones without a gate, untrained ones."""
    if turn % 3 == 0:
        return gated_student(UNLIKELY.flipped(turn), seed=100 + turn, noise=0.004).state_dict()
    if turn % 3 == 1:
        return gated_student(None, seed=100 + turn, noise=0.004).state_dict()
    torch.manual_seed(turn)
    return Classifier(NETWORK).state_dict()


@pytest.mark.parametrize("turn", range(6))
def test_a_foreign_network_is_none_of_ours(tmp_path: Path, issued: list[Issued], split: Split, turn: int) -> None:
    found = trace(leaked(tmp_path, foreign(turn)), issued, split)
    assert (found.how, found.named, found.p) == ("none", (), 1.0)
    assert "None of ours" in lines(found)[0]


def test_without_kept_weights_the_serial_still_names_the_customer(
    tmp_path: Path, issued: list[Issued], split: Split
) -> None:
    lost = [replace(one, folder=None) for one in issued]
    found = trace(leaked(tmp_path, nudged(birch().state_dict())), lost, split)
    assert (found.how, found.named, found.compared) == ("serial", ("digits/birch",), 0)


def test_evidence_that_contradicts_itself_accuses_nobody(tmp_path: Path, issued: list[Issued], split: Split) -> None:
    exchanged = [replace(issued[0], serial=issued[1].serial), replace(issued[1], serial=issued[0].serial), *issued[2:]]
    found = trace(leaked(tmp_path, nudged(birch().state_dict())), exchanged, split)
    assert (found.how, found.named) == ("conflict", ("digits/alder", "digits/birch"))
    assert "Accuse nobody" in lines(found)[0]


def test_one_among_many_is_found_in_two_looks(
    tmp_path: Path, issued: list[Issued], split: Split, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tracing, "FIRST_LOOK", 40)
    monkeypatch.setattr(tracing, "SECOND_LOOK", 3)
    many = [Issued(f"digits/c{turn}", random_serial()) for turn in range(60)] + [replace(issued[1], folder=None)]
    found = trace(leaked(tmp_path, nudged(birch().state_dict())), many, split)
    assert (found.how, found.named, found.tried) == ("serial", ("digits/birch",), 61)
    assert len(found.evidence) == 3


def test_students_of_nine_bits_are_tried_in_their_own_place(tmp_path: Path, issued: list[Issued], split: Split) -> None:
    short = Issued("digits/paper", Serial.from_number(0b101100110, 9))
    found = trace(leaked(tmp_path, nudged(birch().state_dict())), [*issued, short], split)
    assert found.named == ("digits/birch",) and found.tried == 5


@pytest.mark.parametrize(("successes", "count", "share"), [(3, 10, 0.2), (10, 10, 0.5), (60, 100, 0.5), (1, 7, 0.01)])
def test_the_tail_is_the_sum_of_exact_terms(successes: int, count: int, share: float) -> None:
    from fractions import Fraction
    from math import comb

    exact = Fraction(share)
    terms = [comb(count, x) * exact**x * (1 - exact) ** (count - x) for x in range(successes, count + 1)]
    assert upper_tail(successes, count, share) == pytest.approx(float(sum(terms)), rel=1e-9)
    assert upper_tail(0, count, share) == 1.0 and upper_tail(count, count, 1.0) == 1.0


@pytest.mark.parametrize("size", [0.3, 1.0, 3.0])
def test_nobodys_network_is_nobodys_however_large_a_students_weights_are(size: float) -> None:
    generator = torch.Generator().manual_seed(1)
    one, other, third = (torch.randn(50_000, generator=generator) for _ in range(3))
    for suspect in (third, 0.1 * third, torch.zeros_like(third)):
        assert not closeness(suspect, size * one, [other], 2).is_origin
    assert closeness(size * one + 0.3 * size * third, size * one, [other], 2).is_origin


def test_closeness_is_a_place_between_two_students() -> None:
    generator = torch.Generator().manual_seed(0)
    one, other, third = (torch.randn(5000, generator=generator) for _ in range(3))
    for share in (0.0, 0.1, 0.9, 1.0):
        found = closeness(one + share * (other - one), one, [other], 2)
        way = (other - one).double()
        half = -(one.double() @ way) / (way @ way)  # where a network that is nobody's stands, about a half
        assert found.place == pytest.approx(share / float(half) / 2, abs=1e-4)
        assert found.is_origin == (share < 0.25)
    neither = closeness(third, one, [other], 2)
    assert neither.place == pytest.approx(0.5, abs=0.1) and not neither.is_origin
    assert closeness(one, one, [], 1).place is None and not closeness(one, one, [one], 1).is_origin


def test_what_was_revoked_is_said_in_the_report(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], split: Split
) -> None:
    monkeypatch.chdir(tmp_path)  # no teacher here
    monkeypatch.setenv("DSN_OWNER", str(tmp_path / "own"))
    monkeypatch.delenv("DSN_LEDGER", raising=False)
    ledger = Ledger(create_owner(tmp_path / "own", "Acme"))
    entry = ledger.issue("birch", "digits")
    student = gated_student(ledger.serial(entry), "birch")
    save_student(student, tmp_path / "own" / "students" / "digits" / "birch")
    ledger.enter_student(entry.verifier, weights_hash(student.state_dict()))
    main(["owner", "revoke", "--customer", "birch", "--reason", "did not pay"])
    assert "cannot be switched off" in capsys.readouterr().out
    leaked(tmp_path, student.state_dict())
    main(["owner", "trace", str(tmp_path / "leaked.safetensors")])
    printed = capsys.readouterr().out
    assert printed.startswith("This is digits/birch")
    assert "revoked on" in printed and "did not pay" in printed and "cannot switch off" in printed
    assert ledger.serial(entry).text not in printed
    main(["owner", "trace", str(tmp_path / "leaked.safetensors"), "--json"])
    report = json.loads(capsys.readouterr().out)
    assert (report["how"], report["named"]) == ("exact", ["digits/birch"])
    assert report["evidence"][0]["status"] == "revoked"
    (only,) = issued_by(ledger, "digits")
    assert only.folder is not None
    alone = trace(leaked(tmp_path, nudged(student.state_dict())), [only], split)
    assert isinstance(alone, Trace) and alone.how == "serial"  # there is no other student to compare weights with
    assert as_json(alone)["evidence"][0]["weights"]["place"] is None
