"""The measurement of traces counts what it says, goes on after an interruption, and sees a trace that is wrong."""

import json
from dataclasses import replace
from itertools import islice
from pathlib import Path

import pytest
import torch
from gated_students import NETWORK, gated_student

from dsn.applications import registry
from dsn.applications.held_out import HeldOut
from dsn.applications.prepared import DataSet, Split
from dsn.measuring import unlocking
from dsn.owner.trace import attempts as trace_attempts
from dsn.owner.trace import measure as trace_measure
from dsn.owner.trace.attempts import MADE, Suspected, attempts, shipped, trained_on
from dsn.owner.trace.measure import measure_ledger, measure_trace
from dsn.owner.weights import weights_hash
from dsn.serials import Serial
from dsn.student.folder import load_folder, save_student

pytestmark = pytest.mark.usefixtures("one_thread")
CUSTOMERS = ("digits/alder", "digits/birch", "digits/cedar")
SERIALS = [Serial.from_number(0x9E37_79B9_7F4A_7C15 * (turn + 1) % 2**64) for turn in range(len(CUSTOMERS))]
WAYS = (
    *MADE,
    "fine-tuned",
    "folded",
    "as torchvision's",
    "renamed, 0",
    "in another order, 0",
    "rescaled, 0",
    "all of these, 0",
    "pruned and all of these, 0",
    "nudged and all of these, 0",
    "fine-tuned and all of these, 0",
)
OURS = len(CUSTOMERS) * len(WAYS)
FOREIGN = 12


@pytest.fixture(autouse=True)
def small(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, digits: HeldOut) -> DataSet:
    """Three students made by hand are what ships, and there is little to train on."""
    tiny = replace(
        registry.BUILT_IN["digits"], network=NETWORK, has_training_share=False
    )  # its teacher has another shape
    monkeypatch.setitem(registry.BUILT_IN, "digits", tiny)
    monkeypatch.setattr(unlocking, "REFERENCES", 20)
    monkeypatch.setattr(trace_attempts, "CHECKPOINTS", tmp_path / "checkpoints")
    monkeypatch.setattr(trace_attempts, "HONEST", 1)
    monkeypatch.setattr(trace_attempts, "DISGUISES", 1)
    monkeypatch.setattr(trace_measure, "BUILD", tmp_path / "build")
    monkeypatch.setattr(trace_measure, "LEDGER", 30)
    shares = {name: Split(digits.split.images[:100], digits.split.labels[:100]) for name in ("train", "test")}
    data = DataSet(shares["train"], shares["test"], digits.class_names)
    monkeypatch.setattr(trace_measure, "load_data_set", lambda task: data)
    monkeypatch.setattr(trace_measure, "load_held_out", lambda task: HeldOut.of(data.test, digits.class_names))
    issue(monkeypatch, dict(zip(CUSTOMERS, SERIALS, strict=True)))
    for turn, (name, serial) in enumerate(zip(CUSTOMERS, SERIALS, strict=True)):
        save_student(gated_student(serial, name.split("/")[1], seed=turn, noise=0.004), tmp_path / "checkpoints" / name)
    return data


def issue(monkeypatch: pytest.MonkeyPatch, serials: dict[str, Serial]) -> None:
    monkeypatch.setattr(trace_attempts, "stamped_serials", lambda: serials)


def measured(tmp_path: Path, told: list[str]) -> dict:
    measure_trace(["digits"], foreign_count=FOREIGN, report=told.append, results=tmp_path)
    return json.loads((tmp_path / "trace.json").read_text())["digits"]


def drawn(small: DataSet, foreign: int) -> list[Suspected]:
    application = registry.BUILT_IN["digits"]
    return list(attempts(application, shipped(application), small, foreign, "cpu"))


def test_every_student_comes_under_every_change_and_after_training(small: DataSet) -> None:
    ours = [one for one in drawn(small, 0) if one.truth]
    assert [one.what for one in ours] == [f"{name}, {way}" for name in CUSTOMERS for way in WAYS]
    assert [one.truth for one in ours] == [name for name in CUSTOMERS for _ in WAYS]
    hashes = [weights_hash(one.make()) for one in ours]
    others = [one for one, attempt in zip(hashes, ours, strict=True) if "pruned" not in attempt.what]
    assert len(set(others)) == len(others)  # more than a fifth of these students' weights are zero without pruning
    assert hashes[0] == shipped(registry.BUILT_IN["digits"])[0].weights
    pruned = next(one for one in ours if one.what == "digits/birch, pruned").make()
    sizes = torch.cat([one.flatten() for one in pruned.values() if one.dim() >= 2])
    assert (sizes == 0).float().mean() >= 0.2


def test_foreign_networks_are_of_every_kind_and_never_one_of_ours(small: DataSet) -> None:
    foreign = drawn(small, 120)[OURS:]
    assert len({one.what for one in foreign}) == 120 and not any(one.truth for one in foreign)
    struck = [one for one in foreign if one.hidden]
    assert len(struck) == OURS and {one.hidden for one in struck} <= set(CUSTOMERS)
    known = {one.weights for one in shipped(registry.BUILT_IN["digits"])}
    others = [one for one in foreign if not one.hidden]
    assert {one.what.split()[0] for one in others} == {"from", "untrained", "random"}
    assert known.isdisjoint(weights_hash(one.make()) for one in islice(others, 10))


def test_training_makes_a_network_right_and_is_the_same_for_the_same_seed(small: DataSet) -> None:
    begin = load_folder(trace_attempts.CHECKPOINTS / "digits" / "alder")
    first, again = (trained_on(gated_student(SERIALS[0], noise=0.004), small.train, 3, 1) for _ in range(2))
    assert weights_hash(first) == weights_hash(again) != weights_hash(dict(begin.state_dict()))


def test_the_figures_are_those_of_the_verdicts(tmp_path: Path) -> None:
    told: list[str] = []
    row = measured(tmp_path, told)
    assert (row["ours"]["n"], row["foreign"]["n"]) == (OURS, FOREIGN) and len(told) == OURS + FOREIGN
    named = [line for line in told[:OURS] if line.partition(", ")[0] == line.split()[-1]]
    silent = [line for line in told[OURS:] if line.endswith(": none")]
    assert (row["ours"]["correct"], row["foreign"]["correct"]) == (len(named), len(silent))
    assert len(row["wrong"]) == OURS + FOREIGN - len(named) - len(silent)
    assert row["met"] == (len(named) >= 0.95 * OURS and len(silent) == FOREIGN)


def test_a_trace_that_names_the_wrong_customer_counts_as_wrong(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    exchanged = dict(zip(CUSTOMERS, [SERIALS[1], SERIALS[0], SERIALS[2]], strict=True))
    issue(monkeypatch, exchanged)
    row = measured(tmp_path, [])
    assert "digits/alder, bf16: conflict digits/birch and digits/alder" in row["wrong"]
    assert "digits/alder, as it is, not in the ledger: serial digits/birch" in row["wrong"]
    assert not row["met"] and row["foreign"]["correct"] < FOREIGN


def test_it_goes_on_where_it_was_interrupted(tmp_path: Path) -> None:
    told: list[str] = []

    def interrupted(line: str) -> None:
        told.append(line)
        if len(told) == 4:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        measure_trace(["digits"], foreign_count=FOREIGN, report=interrupted, results=tmp_path)
    assert not (tmp_path / "trace.json").exists()
    row = measured(tmp_path, told)
    assert len(told) == OURS + FOREIGN + 1 and len(set(told)) == OURS + FOREIGN  # the fourth was not yet kept
    assert (row["ours"]["n"], row["foreign"]["n"]) == (OURS, FOREIGN)
    assert list((tmp_path / "build").iterdir()) == []


def test_a_long_ledger_is_timed_and_the_right_customer_named(tmp_path: Path) -> None:
    measure_ledger(["digits"], report=lambda line: None, results=tmp_path)
    row = json.loads((tmp_path / "trace.json").read_text())["digits-ledger"]
    assert (row["entries"], row["named"]) == (30, ["digits/alder"])
    assert row["seconds"] >= 0 and row["processor_seconds"] >= 0
