"""The measurement of patterns counts whom they name: members, and anybody else."""

import json
from pathlib import Path

import pytest
import torch

from dsn.applications.registry import BUILT_IN
from dsn.owner.copies.carriers import SIGNIFICANT
from dsn.owner.copies.pattern import least_score
from dsn.owner.trace import measure_copies
from dsn.owner.trace.measure_copies import _Tally, measure_changes

pytestmark = pytest.mark.usefixtures("one_thread")


def test_every_change_is_tried_on_one_to_five_customers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(measure_copies, "LEDGERS", (12, 20))
    measure_changes(BUILT_IN["digits"], 5, report=lambda line: None, results=tmp_path)
    rows = json.loads((tmp_path / "copies.json").read_text())
    assert set(rows) == {f"digits-{name}" for name in ("as it is", "pruned", "bf16", "int8", "nudged")}
    for row in rows.values():
        assert row["trials"] == 5 and row["named"] == {"12": 5, "20": 5} and row["falsely"] == {"12": 0, "20": 0}
        weakest = [row["weakest"][str(count)] for count in range(1, 6)]
        assert weakest == sorted(weakest, reverse=True) and weakest[-1] > row["least_score"]["20"] > row["stranger"]


def test_who_is_named_falsely_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(measure_copies, "LEDGERS", (3, 6))
    tally, high = _Tally(), least_score(6, SIGNIFICANT) + 0.01
    tally.add((0,), torch.tensor([high, 0.0, 0.0, 1.0, 2.0, 3.0]))
    tally.add((0, 1), torch.tensor([0.0, high, 0.0, 1.0, 2.0, high + 1]))
    tally.add((2,), torch.tensor([high, 0.0, 5.0, 1.0, 2.0, 3.0]))
    assert tally.trials == 3 and tally.named == {3: 2, 6: 2} and tally.falsely == {3: 1, 6: 2}
    assert tally.stranger == pytest.approx(high + 1)
    assert {count: len(some) for count, some in tally.scores.items()} == {1: 2, 2: 1, 3: 0, 4: 0, 5: 0}
