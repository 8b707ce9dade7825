"""Files appear whole or not at all."""

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file

from dsn.files import write_in_place, write_json, write_tensors, write_text


@pytest.fixture(autouse=True)
def common_umask() -> Iterator[None]:
    before = os.umask(0o022)
    yield
    os.umask(before)


def mode(path: Path) -> int:
    return path.stat().st_mode & 0o777


@pytest.mark.parametrize("error", [ValueError, OSError, KeyboardInterrupt])
def test_a_writer_that_fails_leaves_what_was_there(tmp_path: Path, error: type[BaseException]) -> None:
    path = tmp_path / "figures.json"
    path.write_text("old")

    def write(beside: Path) -> None:
        assert beside.parent == tmp_path and beside != path
        beside.write_text("half")
        raise error

    with pytest.raises(error):
        write_in_place(path, write)
    assert path.read_text() == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["figures.json"]


def test_a_writer_that_fails_at_once_leaves_nothing(tmp_path: Path) -> None:
    def write(beside: Path) -> None:
        raise ValueError

    with pytest.raises(ValueError):
        write_in_place(tmp_path / "deep" / "er" / "new.json", write)
    assert list((tmp_path / "deep" / "er").iterdir()) == []


def test_the_old_file_is_there_until_the_new_one_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "text"
    write_text(path, "old")
    with path.open() as reader:

        def write(beside: Path) -> None:
            beside.write_text("new")
            assert path.read_text() == "old"

        write_in_place(path, write)
        assert (reader.read(), path.read_text()) == ("old", "new")
    assert [path.name for path in tmp_path.iterdir()] == ["text"]


def test_json_is_for_people_too(tmp_path: Path) -> None:
    path = tmp_path / "made" / "figures.json"
    value = {"z": [1.5, None], "a": "größer ≤ 11 %"}
    write_json(path, value)
    assert json.loads(path.read_text("utf-8")) == value
    assert path.read_bytes().index(b'"z"') < path.read_bytes().index(b'"a"')
    assert "größer ≤" in path.read_text("utf-8") and path.read_text("utf-8").endswith("}\n")
    with pytest.raises(TypeError):
        write_json(path, {"tensor": torch.zeros(1)})
    assert json.loads(path.read_text("utf-8")) == value


def test_tensors_of_every_layout(tmp_path: Path) -> None:
    path = tmp_path / "model.safetensors"
    tensors = {
        "channels_last": torch.rand(2, 3, 4, 5).to(memory_format=torch.channels_last),
        "transposed": torch.rand(3, 4).T,
        "parameter": torch.nn.Parameter(torch.rand(3)),
        "number": torch.tensor(7),
        "bytes": torch.arange(5, dtype=torch.uint8),
    }
    write_tensors(path, tensors, {"epoch": "3"})
    read = load_file(path)
    assert set(read) == set(tensors)
    for name, tensor in tensors.items():
        assert torch.equal(read[name], tensor) and read[name].dtype == tensor.dtype
    with safe_open(path, "pt") as file:
        assert file.metadata() == {"format": "pt", "epoch": "3"}


def test_others_may_read_what_is_written(tmp_path: Path) -> None:
    write_text(tmp_path / "text", "")
    write_json(tmp_path / "json", {})
    write_tensors(tmp_path / "tensors", {"one": torch.ones(1)})
    assert {path.name: mode(path) for path in tmp_path.iterdir()} == {"text": 0o644, "json": 0o644, "tensors": 0o644}
