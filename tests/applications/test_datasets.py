"""Prepared files of a data set: read as they are, and damage is told in one sentence."""

import io
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from small_data_sets import digit_arrays, same, told, write_prepared

import dsn
from dsn.applications.prepared import DataError, as_floats, data_folder, load_data_set
from dsn.applications.registry import BUILT_IN

ROOT = Path(dsn.__file__).parent.parent
DIGITS = BUILT_IN["digits"]
NAMES = {"class_names": np.array(list("0123456789"))}


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"train_labels": None}, "no array train_labels"),
        ({"class_names": None}, "no array class_names"),
        ({"train_images": np.zeros((30, 27, 28), np.uint8)}, "train_images are uint8 (30, 27, 28"),
        ({"train_images": np.zeros((30, 28, 28, 3), np.uint8)}, "train_images are uint8 (30, 28, 28, 3)"),
        ({"train_images": np.uint8(0)}, "train_images are uint8 ()"),
        ({"train_images": np.zeros((30, 28, 28), np.float32)}, "train_images are float32"),
        ({"test_images": np.full((20, 28, 28), "a")}, "test_images are <U1"),
        ({"test_labels": np.full(20, 0.5)}, "test_labels are float64"),
        ({"test_labels": np.zeros((20, 1), np.uint8)}, "test_labels are uint8 (20, 1)"),
        ({"train_labels": np.full(30, 10, np.uint8)}, "train_labels reach 10"),
        ({"test_labels": np.zeros(19, np.uint8)}, "20 test_images and 19 test_labels"),
        ({"test_images": np.zeros((0, 28, 28), np.uint8), "test_labels": np.zeros(0, np.uint8)}, "0 test_images"),
        ({"class_names": np.array(["0", "1"])}, "not 10 texts"),
        ({"class_names": np.arange(10)}, "class_names are int64"),
        ({"class_names": np.array(list("0123456789"), dtype=object)}, "Object arrays cannot be loaded"),
    ],
)
def test_a_damaged_file_is_named_with_what_is_wrong(data_home: Path, change: dict, why: str) -> None:
    arrays = digit_arrays() | NAMES | change
    path = write_prepared(data_home, {name: value for name, value in arrays.items() if value is not None})
    message = told(lambda: load_data_set(DIGITS))
    assert message.startswith(f"{path} is damaged (") and why in message
    assert message.endswith("): delete it, and it will be made again.")


def one_array() -> bytes:
    file = io.BytesIO()
    np.save(file, np.zeros(3))
    return file.getvalue()


@pytest.mark.parametrize(
    "content", [b"", b"<html>", b"\x80\x04N.", one_array()], ids=["empty", "page", "pickle", "one array"]
)
def test_another_kind_of_file_is_told(data_home: Path, content: bytes) -> None:
    (data_home / "mnist-28.npz").write_bytes(content)
    assert f"{data_home / 'mnist-28.npz'} is damaged (" in told(lambda: load_data_set(DIGITS))


@pytest.mark.parametrize("keep", [10, 2000, 0.5, 0.99, -1])
def test_a_file_cut_off_is_told(data_home: Path, keep: float) -> None:
    path = write_prepared(data_home, digit_arrays() | NAMES)
    whole = path.read_bytes()
    path.write_bytes(whole[: int(keep * len(whole)) if 0 < keep < 1 else int(keep)])
    assert f"{path} is damaged (" in told(lambda: load_data_set(DIGITS))


@pytest.mark.parametrize("compressed", [True, False])
def test_flipped_bytes_never_go_unnoticed(data_home: Path, compressed: bool) -> None:
    path = write_prepared(data_home, digit_arrays() | NAMES, compressed=compressed)
    whole, right = path.read_bytes(), load_data_set(DIGITS)
    headers = [*range(200), *range(len(whole) - 500, len(whole))]
    random = np.random.default_rng(5)
    outcomes = set()
    for turn in range(300):
        content = bytearray(whole)
        for place in random.choice(headers if turn % 2 else len(whole), 2):
            content[place] ^= int(random.integers(1, 256))
        path.write_bytes(content)
        try:
            assert same(load_data_set(DIGITS), right)  # dates and the like do not matter
            outcomes.add("same")
        except DataError:
            outcomes.add("told")
    assert outcomes == {"same", "told"}


def test_pictures_as_floats() -> None:
    assert as_floats(torch.tensor([0, 51, 255], dtype=torch.uint8)).tolist() == pytest.approx([0.0, 0.2, 1.0])


def test_data_folder_without_the_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DSN_DATA", "")
    assert data_folder() == Path("data")


def test_torchvision_is_imported_only_where_a_data_set_is_missing(data_home: Path) -> None:
    write_prepared(data_home, digit_arrays() | NAMES)
    code = (
        "import sys; from dsn.applications.prepared import *; from dsn.applications.registry import BUILT_IN\n"
        "load_data_set(BUILT_IN['digits']); print('torchvision' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
