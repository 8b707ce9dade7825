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
from safetensors.torch import save

from dsn.applications import registry
from dsn.files import write_tensors
from dsn.owner.errors import OwnerError
from dsn.owner.trace.suspect import check_header, read_suspect


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
