"""What must not change while the code is moved about: weights by each recipe, a row of figures, the page, an export.

`PYTHONPATH=. python tests/test_golden.py` writes `tests/golden.json` anew, after a change that is meant. Weights are
compared by their hash on processors whose hashes are known, and by each tensor's norm and sum elsewhere: another
processor adds in another order.
"""

import hashlib
import json
import sys
from collections.abc import Callable
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import torch

from dsn.applications.held_out import HeldOut, load_held_out
from dsn.applications.prepared import DataSet, Split
from dsn.applications.registry import BUILT_IN
from dsn.distilling.distil import distil_student, train_teacher
from dsn.distilling.finishing import finish_student
from dsn.distilling.loop import Training
from dsn.distilling.recipes import RECIPES
from dsn.export.sheet import Measured
from dsn.export.tables import Exported, as_csv, figures
from dsn.measuring.comparison import measure
from dsn.measuring.evaluate import evaluate_student
from dsn.networks.classifier import Classifier
from dsn.networks.config import POOL, NetworkConfig
from dsn.places import CHECKPOINTS
from dsn.serials import Serial
from dsn.student.collection import demo_serials, load_collection
from dsn.student.config import StudentConfig
from dsn.student.hub import load_student

GOLDEN = Path(__file__).parent / "golden.json"
NETWORK = NetworkConfig(channels=1, size=28, layers=(6, POOL, 8, POOL), features=16, classes=10, first_kernel=5)
TASK = replace(BUILT_IN["digits"], network=NETWORK)
SERIAL = Serial.from_number(0xD1CE_0BAD_F00D_5EED)
TRAINING = Training(2, seed=4, progress=False, arithmetic="float32")
CLOSE = 2e-3


def machine() -> str:
    """What decides in which order sums are taken."""
    said = torch.cpu.get_capabilities()
    return f"{said.get('cpu_name')}, {torch.backends.cpu.get_cpu_capability()}, torch {torch.__version__}"


def data() -> DataSet:
    held = load_held_out(BUILT_IN["digits"])
    images, labels = held.split.images, held.split.labels
    return DataSet(Split(images[:500], labels[:500]), Split(images[500:600], labels[500:600]), held.class_names)


def weights(network: Classifier) -> dict[str, Any]:
    state = {name: value for name, value in network.state_dict().items() if value.dim()}
    content = hashlib.sha256(b"".join(value.contiguous().numpy().tobytes() for value in state.values()))
    sums = {name: [value.double().norm().item(), value.double().sum().item()] for name, value in state.items()}
    return {"hash": content.hexdigest(), "norms and sums": sums}


def student_by(recipe: str) -> dict[str, Any]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        split = data().train
        torch.manual_seed(9)
        teacher = train_teacher(TASK, split, TRAINING)
        config = StudentConfig("digits", "alder", 64, tuple("0123456789"), NETWORK, recipe)
        student = distil_student(TASK, config, SERIAL, teacher, split, RECIPES[recipe], TRAINING)
        return weights(finish_student(TASK, student, SERIAL, split, RECIPES[recipe], TRAINING))
    finally:
        torch.set_num_threads(before)


def row() -> dict[str, Any]:
    """Of a shipped student, on a hundred pictures."""
    name = "digits/alder"
    serials = demo_serials()
    others = {"birch": serials["digits/birch"]}
    return evaluate_student(load_student(CHECKPOINTS / name), serials[name], others, data())


def page() -> dict[str, Any]:
    """What a program or a test finds the page's parts by: its endpoints with their parameters, and elements' names."""
    from dsn.ui.page import build_page

    demo = build_page(load_collection())
    named = {
        name: [[one["parameter_name"] for one in said["parameters"]], len(said["returns"])]
        for name, said in demo.get_api_info()["named_endpoints"].items()
    }
    ids = [one["props"].get("elem_id") for one in demo.get_config_file()["components"]]
    return {"endpoints": named, "elements": sorted({one for one in ids if one})}


def export() -> dict[str, Any]:
    """The lines of an exported table but for when, where and by which versions they were measured."""
    collection = load_collection()
    student, valid = collection.student("digits", "birch"), collection.valid_serial("digits", "birch")
    held = HeldOut.of(data().test, collection.held_out["digits"].class_names)
    *_, whole = measure(student, held.split, valid, SERIAL)
    values = figures(Exported("digits", "birch", "0" * 64), Measured("digits", "birch", SERIAL, whole), held)
    lines = as_csv(values).splitlines()
    kept = [line.split(",")[:12] for line in lines if "held-out" in line or line is lines[0]]
    return {"lines": kept, "row": asdict(TRAINING)["arithmetic"]}


PARTS: dict[str, Callable[[], dict[str, Any]]] = {
    **{f"student by {name}": partial(student_by, name) for name in RECIPES},
    "row": row,
    "page": page,
    "export": export,
}


def plain(value: Any) -> Any:
    return json.loads(json.dumps(value))


def near(found: Any, expected: Any, path: str = "") -> list[str]:
    """Where two trees of plain values differ; numbers by more than another order of sums makes."""
    if isinstance(expected, dict) and isinstance(found, dict):
        keys = [key for key in expected if key not in found] + [key for key in found if key not in expected]
        return [f"{path}/{key}" for key in keys] + [
            line for key in expected.keys() & found.keys() for line in near(found[key], expected[key], f"{path}/{key}")
        ]
    if isinstance(expected, list) and isinstance(found, list) and len(expected) == len(found):
        pairs = enumerate(zip(found, expected, strict=True))
        return [line for place, (one, other) in pairs for line in near(one, other, f"{path}/{place}")]
    if isinstance(expected, float) and isinstance(found, float | int):
        return [] if abs(found - expected) <= CLOSE * max(1.0, abs(expected)) else [f"{path}: {found}, was {expected}"]
    return [] if found == expected else [f"{path}: {found!r}, was {expected!r}"]


@pytest.mark.parametrize("part", PARTS)
def test_it_is_as_it_was(part: str) -> None:
    golden = json.loads(GOLDEN.read_text("utf-8"))
    found, expected = plain(PARTS[part]()), golden["parts"][part]
    if "hash" in expected:
        known = golden["hashes"].get(machine(), {}).get(part)
        assert found.pop("hash") == known or known is None, "other weights on the same processor"
        expected = {name: value for name, value in expected.items() if name != "hash"}
    assert near(found, expected) == []


def test_golden_values_do_see_a_change() -> None:
    assert near({"a": [1.0, 2]}, {"a": [1.0, 3]}) == ["/a/1: 2, was 3"]
    assert near({"a": 1.01}, {"a": 1.0}) and not near({"a": 1.0001}, {"a": 1.0}) and near({}, {"a": 1})


if __name__ == "__main__":
    parts = {name: plain(make()) for name, make in PARTS.items()}
    before = json.loads(GOLDEN.read_text("utf-8")) if GOLDEN.exists() else {"hashes": {}}
    hashes = {machine(): {name: part["hash"] for name, part in parts.items() if "hash" in part}}
    if "--add" in sys.argv:  # this processor's hashes, beside the others', for unchanged values
        hashes = before["hashes"] | hashes
    GOLDEN.write_text(json.dumps({"hashes": hashes, "parts": parts}, indent=1) + "\n", "utf-8")
