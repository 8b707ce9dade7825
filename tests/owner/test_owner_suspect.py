"""A file that may be hostile: read in bounds, or refused with one sentence."""

import os
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from gated_students import NETWORK, gated_student
from hostile_files import HOSTILE
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from safetensors.torch import load_file, save, save_file

from dsn.applications import registry
from dsn.files import write_tensors
from dsn.owner.errors import OwnerError
from dsn.owner.trace.suspect import check_header, read_suspect
from dsn.owner.weights import weights_hash
from dsn.places import CHECKPOINTS


@pytest.mark.parametrize("kind", list(HOSTILE))
def test_a_hostile_file_is_refused_with_one_sentence(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "model.safetensors"
    path.write_bytes(HOSTILE[kind])
    with pytest.raises(OwnerError) as refused:
        read_suspect(path)
    message = str(refused.value)
    assert message.endswith(".") and "\n" not in message and len(message) < 600


def test_a_file_of_terabytes_and_what_is_no_file_are_not_read(tmp_path: Path) -> None:
    with (tmp_path / "huge").open("wb") as file:
        file.truncate(2**40)  # sparse: no byte of it is on the disk
    os.mkfifo(tmp_path / "pipe")
    for name in ("huge", "pipe", "nowhere"):
        with pytest.raises(OwnerError):
            read_suspect(tmp_path / name)
    with pytest.raises(OwnerError, match="not an ordinary file"):
        read_suspect(Path("/dev/zero"))


def test_values_that_are_no_numbers_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(registry.BUILT_IN, "digits", replace(registry.BUILT_IN["digits"], network=NETWORK))
    path, tensors = tmp_path / "model.safetensors", gated_student(None).state_dict()
    write_tensors(path, tensors)
    assert read_suspect(path).application.name == "digits"
    write_tensors(path, tensors | {"predictor.weight": torch.full_like(tensors["predictor.weight"], torch.nan)})
    with pytest.raises(OwnerError, match="no numbers"):
        read_suspect(path)


TORCHVISION = {  # the layers of digits; in the order of the alphabet, BatchNorm comes first here
    **{f"extractor.{place}": f"conv{number}" for number, place in ((9, 0), (10, 4), (11, 8))},
    **{f"extractor.{place}": f"bn{number}" for number, place in ((9, 1), (10, 5), (11, 9))},
    "extractor.12": "fc1",
    "predictor": "fc",
}
RENAMED = {
    "as shipped": lambda name: name,
    "wrapped for several devices": lambda name: f"module.{name}",
    "compiled": lambda name: f"_orig_mod.{name}",
    "inside another module": lambda name: f"model.{name}",
    "wrapped twice": lambda name: f"module._orig_mod.{name}",
    "as torchvision's": lambda name: TORCHVISION[name.rpartition(".")[0]] + "." + name.rpartition(".")[2],
}


@pytest.mark.parametrize("kind", list(RENAMED))
def test_a_network_is_known_by_what_it_is_and_not_by_its_names(tmp_path: Path, kind: str) -> None:
    tensors = load_file(CHECKPOINTS / "digits/alder/model.safetensors")
    save_file({RENAMED[kind](name): tensor for name, tensor in tensors.items()}, tmp_path / "model.safetensors")
    suspect = read_suspect(tmp_path)
    assert suspect.application.name == "digits"
    assert weights_hash(suspect.original) == weights_hash(tensors)  # so that it is told to be that copy, bit by bit


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float8_e4m3fn, torch.float8_e5m2])
def test_a_network_in_few_bits_is_read_and_its_counters_may_be_lost(tmp_path: Path, dtype: torch.dtype) -> None:
    tensors = load_file(CHECKPOINTS / "digits/alder/model.safetensors")
    few = {name: tensor.to(dtype) for name, tensor in tensors.items() if tensor.dim()}
    save_file(few, tmp_path / "model.safetensors")
    suspect = read_suspect(tmp_path)
    assert list(suspect.tensors) != [] and set(suspect.tensors) == set(tensors)
    for name, tensor in few.items():
        assert torch.equal(suspect.tensors[name], tensor.float())


def test_layers_of_one_shape_keep_their_order(tmp_path: Path) -> None:
    tensors = load_file(CHECKPOINTS / "signs/alder/model.safetensors")  # two layers of BatchNorm for 32 channels
    save_file({f"module.{name}": tensor for name, tensor in tensors.items()}, tmp_path / "model.safetensors")
    assert weights_hash(read_suspect(tmp_path).original) == weights_hash(tensors)


def test_another_network_is_not_taken_for_one(tmp_path: Path) -> None:
    tensors = load_file(CHECKPOINTS / "digits/alder/model.safetensors")
    for change in ({"more.weight": torch.zeros(3, 3)}, {"predictor.weight": torch.zeros(11, 128)}):
        save_file(tensors | change, tmp_path / "model.safetensors")
        with pytest.raises(OwnerError, match="another shape"):
            read_suspect(tmp_path)


WHOLE = save({"a": torch.zeros(2, 3), "b": torch.zeros(4, dtype=torch.int64)})


@given(data=st.data())
@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_changed_bytes_are_refused_or_harmless(tmp_path: Path, data: st.DataObject) -> None:
    content = bytearray(WHOLE)
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    content = content[: data.draw(st.integers(0, len(content)))]
    path = tmp_path / "model.safetensors"
    path.write_bytes(bytes(content))
    try:
        check_header(path)
    except OwnerError as error:
        assert "\n" not in str(error) and len(str(error)) < 600
