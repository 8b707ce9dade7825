"""What Python refuses, the engine in the browser refuses, in the same words; no file freezes the page."""

from pathlib import Path

import pytest
import torch
from engine_in_browser import Engine
from hostile_files import HOSTILE
from safetensors.torch import load_file, save_file
from tiny_students import edit_config, tiny_student

from dsn.places import CHECKPOINTS
from dsn.student.folder import CONFIG, WEIGHTS, StudentError, load_folder, save_student

pytestmark = pytest.mark.browser


def said_by_python(folder: Path) -> str:
    with pytest.raises(StudentError) as raised:
        load_folder(folder)
    return str(raised.value)


def without_reason(sentence: str) -> str:
    """A sentence without what stands in its brackets, where a parser of Python's or of the browser's speaks."""
    return sentence.split(" (")[0] + " … " + sentence.split("):")[-1]


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_weights_are_refused(engine: Engine, tmp_path: Path, name: str) -> None:
    save_student(tiny_student(), tmp_path)
    (tmp_path / WEIGHTS).write_bytes(HOSTILE[name])
    found = engine.refused(tmp_path)
    assert found and len(found) < 600
    expected = said_by_python(tmp_path)
    assert without_reason(found) == without_reason(expected)


DAMAGED = {
    "empty": b"",
    "not JSON": b"not JSON",
    "not UTF-8": b"\xff\xfe\x00",
    "a list": b"[]",
    "another's": b'{"model_type": "bert"}',
    "another format": b'{"model_type": "dsn-student", "format": 2}',
    "nothing else": b'{"model_type": "dsn-student", "format": 1}',
    "nested": b"[" * 200_000,
    "too large": b" " * 2_000_000,
}


@pytest.mark.parametrize("name", DAMAGED)
def test_a_damaged_config_is_refused(engine: Engine, tmp_path: Path, name: str) -> None:
    save_student(tiny_student(), tmp_path)
    (tmp_path / CONFIG).write_bytes(DAMAGED[name])
    found, expected = engine.refused(tmp_path), said_by_python(tmp_path)
    assert found and without_reason(found) == without_reason(expected)
    if name in ("a list", "another's", "another format", "too large"):
        assert found == expected


WHOLE = "the whole sentence"  # the sentence is the same to the last letter
VALUES: list[tuple[str, object, object]] = [
    ("network.size", 10**9, WHOLE),
    ("network.size", 0, WHOLE),
    ("network.size", -28, WHOLE),
    ("network.size", 28.0, WHOLE),
    ("network.size", "28", WHOLE),
    ("network.size", 4, None),
    ("network.channels", 10**6, WHOLE),
    ("network.channels", True, WHOLE),
    ("network.channels", 2, None),
    ("network.features", 10**12, WHOLE),
    ("network.features", None, WHOLE),
    ("network.first_kernel", 4, WHOLE),
    ("network.first_kernel", 10**6, WHOLE),
    ("network.first_kernel", [7], WHOLE),
    ("network.layers", [10**7], WHOLE),
    ("network.layers", ["conv", 4], WHOLE),
    ("network.layers", [[4]], WHOLE),
    ("network.layers", [4] * 1000, WHOLE),
    ("network.layers", ["pool"] * 6, WHOLE),
    ("network.layers", 4, None),
    ("network.layers", [512] * 30, WHOLE),
    ("network.batch_norm", "no", WHOLE),
    ("network.batch_norm", False, WHOLE),
    ("network", [1, 28], None),
    ("network.depth", 3, None),
    ("bit_count", 65, WHOLE),
    ("bit_count", 64.0, WHOLE),
    ("bit_count", "64", WHOLE),
    ("classes", ["one"], WHOLE),
    ("classes", list(range(10)), WHOLE),
    ("customer", None, WHOLE),
    ("task", {"name": "digits"}, WHOLE),
    ("profile", "middle", WHOLE),
    ("profile", ["corner"], None),
    ("lock", "welded", WHOLE),
    ("lock", "sealed", WHOLE),
    ("seal", {"salt": "0"}, WHOLE),
    ("format", 2, WHOLE),
]


@pytest.mark.parametrize(("place", "value", "how"), VALUES, ids=lambda one: str(one)[:30])
def test_a_config_value_that_cannot_be_is_refused(
    engine: Engine, tmp_path: Path, place: str, value: object, how: object
) -> None:
    save_student(tiny_student(), tmp_path)
    edit_config(tmp_path, place, value)
    found, expected = engine.refused(tmp_path), said_by_python(tmp_path)
    assert found
    assert found == expected if how is WHOLE else without_reason(found) == without_reason(expected)


SEALS: list[tuple[str, object]] = [
    ("seal", None),
    ("seal", [1]),
    ("seal.salt", "00"),
    ("seal.salt", "G" * 32),
    ("seal.more", 1),
    ("seal.scrypt.n", 1000),
    ("seal.scrypt.n", 2**20),
    ("seal.scrypt.r", 0),
    ("seal.scrypt.p", 2.0),
    ("seal.scales", {}),
    ("seal.inside", "00"),
    ("seal.inside", "0000"),
    ("network.batch_norm", True),
    ("lock", "stamped"),
]
SEALS += [(f"seal.scales.{one}", two) for one in ("x",) for two in (3.0, -1.0, 0, 2.0**70, "1")]


@pytest.mark.parametrize(("place", "value"), SEALS, ids=lambda one: str(one)[:30])
def test_a_seal_that_cannot_be_is_refused(engine: Engine, tmp_path: Path, place: str, value: object) -> None:
    for name in (CONFIG, WEIGHTS):
        (tmp_path / name).write_bytes((CHECKPOINTS / "digits" / "alder-sealed" / name).read_bytes())
    edit_config(tmp_path, place, value)
    assert engine.refused(tmp_path) == said_by_python(tmp_path)


def test_weights_of_another_network_are_refused(engine: Engine, tmp_path: Path) -> None:
    save_student(tiny_student(), tmp_path)
    sound = load_file(tmp_path / WEIGHTS)
    kernel = sound["extractor.0.weight"]
    for changed in (
        {**sound, "extractor.0.weight": kernel[:2].clone()},
        {**sound, "extractor.0.weight": kernel.double()},
        {**sound, "extractor.0.weight": kernel * torch.nan},
        {**sound, "extra.weight": kernel.clone()},
        {**sound, "extra" * 20: kernel.clone()},
        {name: one for name, one in sound.items() if name != "predictor.weight"},
    ):
        save_file(changed, tmp_path / WEIGHTS)
        assert engine.refused(tmp_path) == said_by_python(tmp_path)
    save_file(sound, tmp_path / WEIGHTS)
    assert engine.refused(tmp_path) is None
