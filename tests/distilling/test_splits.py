"""Figures over several splits: a teacher and a student of its own for each, and the bundled student's for the first."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from dsn.applications import registry
from dsn.applications.faces import FACES
from dsn.applications.prepared import keep_arrays
from dsn.distilling.rebuild import Job, NotBuiltError
from dsn.distilling.splits import measure_splits
from dsn.networks.config import POOL
from dsn.results import store
from dsn.results.store import read_results, record
from dsn.student import collection

SMALL = replace(
    FACES,
    network=replace(FACES.network, layers=(4, POOL, 6, POOL, POOL, POOL), features=12),
    teacher_epochs=2,
    student_epochs=1,
    splits=3,
)
QUIET = Job(progress=False, arithmetic="float32")

pytestmark = pytest.mark.usefixtures("one_thread")


def pictures(of_each: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Noise on a grey of its class: uint8 [40 x of_each, 64, 64], and labels."""
    labels = np.repeat(np.arange(40, dtype=np.uint8), of_each)
    noise = np.random.default_rng(seed).integers(0, 60, (len(labels), 64, 64))
    return (noise + 4 * labels[:, None, None]).astype(np.uint8), labels


def test_every_split_has_its_row_and_what_was_done_is_not_done_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DSN_DATA", str(tmp_path))
    monkeypatch.setattr(store, "RESULTS", tmp_path)
    monkeypatch.setitem(registry.BUILT_IN, "faces", SMALL)
    monkeypatch.setattr(collection, "DEMO_SERIALS", tmp_path / "serials.json")
    (tmp_path / "serials.json").write_text("{}")
    collection.write_demo_serials("faces", ["alder"])
    (train, train_labels), (test, test_labels) = pictures(7, 0), pictures(3, 1)
    keep_arrays(
        tmp_path / "faces-64.npz",
        {
            "class_names": np.array(SMALL.classes), "train_images": train, "train_labels": train_labels,
            "test_images": test, "test_labels": test_labels,
        },
    )  # fmt: skip
    told: list[str] = []
    with pytest.raises(NotBuiltError, match="faces/alder has no figures yet: run `python -m dsn rebuild faces`"):
        measure_splits(SMALL, QUIET, report=told.append, results=tmp_path)
    assert [line.split(":")[0] for line in told] == ["faces, split 1"] * 2 + ["faces, split 2"] * 2
    rows = read_results("splits")
    bundled = rows["faces/1"] | {"lock": "stamped", "probe_on_raw": rows["faces/1"]["absent"]}
    record("students", "faces/alder", bundled, tmp_path)
    record("teachers", "faces", {"test": rows["faces/1"]["teacher"], "arithmetic": "bf16"}, tmp_path)
    told.clear()
    measure_splits(SMALL, QUIET, report=told.append, results=tmp_path)
    assert len(told) == 1 and told[0].startswith("faces, split 0"), "the others were measured before"
    first = read_results("splits")["faces/0"]
    assert (first["split"], first["valid"], first["arithmetic"]) == (0, rows["faces/1"]["valid"], "bf16")
    assert first.keys() == rows["faces/2"].keys() and rows["faces/2"]["valid"]["n"] == 120
    assert not list((tmp_path / "build" / "unfinished").glob("*")), "nothing is left behind"
