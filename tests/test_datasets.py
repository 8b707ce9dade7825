"""Data sets: torchvision's layouts become the prepared arrays, and damage is told in one sentence."""

import struct
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from dsn.datasets import DataError, load_data_set
from dsn.downloads import arrays_from_torchvision
from dsn.tasks import TASKS, class_names

DIGITS, SIGNS = TASKS["digits"], TASKS["signs"]
RANDOM = np.random.default_rng(7)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("DSN_DATA", str(tmp_path))
    return tmp_path


def write_idx(path: Path, values: np.ndarray) -> None:
    header = struct.pack(">BBBB", 0, 0, 8, values.ndim) + struct.pack(f">{values.ndim}I", *values.shape)
    path.write_bytes(header + values.tobytes())


def mnist_layout(root: Path) -> dict[str, np.ndarray]:
    """A small MNIST as torchvision keeps it after a download."""
    raw = root / "MNIST" / "raw"
    raw.mkdir(parents=True)
    arrays = {}
    for split, prefix, count in (("train", "train", 30), ("test", "t10k", 20)):
        arrays[f"{split}_images"] = RANDOM.integers(0, 256, (count, 28, 28), dtype=np.uint8)
        arrays[f"{split}_labels"] = np.arange(count, dtype=np.uint8) % 10
        write_idx(raw / f"{prefix}-images-idx3-ubyte", arrays[f"{split}_images"])
        write_idx(raw / f"{prefix}-labels-idx1-ubyte", arrays[f"{split}_labels"])
    return arrays


def gtsrb_layout(root: Path) -> dict[tuple[str, int], np.ndarray]:
    """A small GTSRB as torchvision keeps it: pictures of many sizes, by split and place in it."""
    pictures: dict[tuple[str, int], np.ndarray] = {}
    for label in range(43):
        place = root / "gtsrb" / "GTSRB" / "Training" / f"{label:05d}"
        place.mkdir(parents=True)
        shape = (int(RANDOM.integers(25, 90)), int(RANDOM.integers(25, 90)), 3)
        pictures["train", label] = RANDOM.integers(0, 256, shape, dtype=np.uint8)
        Image.fromarray(pictures["train", label]).save(place / "00000_00000.ppm")
    test = root / "gtsrb" / "GTSRB" / "Final_Test" / "Images"
    test.mkdir(parents=True)
    lines = ["Filename;Width;Height;Roi.X1;Roi.Y1;Roi.X2;Roi.Y2;ClassId"]
    for index, label in enumerate((16, 1, 38)):
        pictures["test", index] = RANDOM.integers(0, 256, (32, 32, 3), dtype=np.uint8)
        Image.fromarray(pictures["test", index]).save(test / f"{index:05d}.ppm")
        lines.append(f"{index:05d}.ppm;32;32;1;1;30;30;{label}")
    (root / "gtsrb" / "GT-final_test.csv").write_text("\n".join(lines) + "\n")
    return pictures


def shrunk_by_hand(picture: np.ndarray) -> np.ndarray:
    """Bilinear to 32x32 in float64, pixel by pixel: samples at pixel centres, edges repeated."""
    height, width, _ = picture.shape
    result = np.zeros((32, 32, 3))
    for row in range(32):
        y = min(max((row + 0.5) * height / 32 - 0.5, 0), height - 1)
        top, down = int(y), min(int(y) + 1, height - 1)
        for column in range(32):
            x = min(max((column + 0.5) * width / 32 - 0.5, 0), width - 1)
            left, right = int(x), min(int(x) + 1, width - 1)
            upper = picture[top, left] * (1 - (x - left)) + picture[top, right] * (x - left)
            lower = picture[down, left] * (1 - (x - left)) + picture[down, right] * (x - left)
            result[row, column] = upper * (1 - (y - top)) + lower * (y - top)
    return result


def test_mnist_is_taken_as_it_is_and_kept(folder: Path) -> None:
    arrays = mnist_layout(folder / "originals")
    made = load_data_set(DIGITS)
    assert torch.equal(made.train.images[:, 0], torch.from_numpy(arrays["train_images"]))
    assert made.test.labels.tolist() == arrays["test_labels"].tolist()
    assert made.class_names == tuple("0123456789")
    (folder / "originals" / "MNIST" / "raw" / "train-labels-idx1-ubyte").unlink()
    again = load_data_set(DIGITS)  # from the kept file alone
    assert torch.equal(again.train.images, made.train.images)
    assert [path.name for path in folder.iterdir() if path.is_file()] == ["mnist-28.npz"]


def test_signs_are_shrunk_whole_frame_and_bilinear(folder: Path) -> None:
    pictures = gtsrb_layout(folder / "originals")
    made = load_data_set(SIGNS)
    assert made.train.labels.tolist() == list(range(43))
    assert made.test.labels.tolist() == [16, 1, 38]
    assert made.class_names == class_names(SIGNS) and made.class_names[14] == "Stop"
    for label in (0, 17, 42):
        found = made.train.images[label].permute(1, 2, 0).double().numpy()
        assert np.abs(found - shrunk_by_hand(pictures["train", label])).max() <= 0.51
    for index in range(3):  # already 32x32: untouched
        assert np.array_equal(made.test.images[index].permute(1, 2, 0).numpy(), pictures["test", index])


def test_without_file_and_network_the_message_says_what_to_do(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from torchvision.datasets import MNIST

    monkeypatch.setattr(MNIST, "mirrors", ["http://127.0.0.1:9/"])  # nobody listens there
    with pytest.raises(DataError, match=r"mnist-28\.npz is missing and MNIST could not be downloaded .*DSN_DATA"):
        load_data_set(DIGITS)
    assert not (folder / "mnist-28.npz").exists()


def test_damaged_originals_are_told(folder: Path) -> None:
    mnist_layout(folder / "originals")
    path = folder / "originals" / "MNIST" / "raw" / "train-images-idx3-ubyte"
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(DataError, match=r"mnist-28\.npz is missing"):
        load_data_set(DIGITS)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"train_labels": None}, "train_labels"),
        ({"train_images": np.zeros((30, 27, 28), np.uint8)}, "shape"),
        ({"train_images": np.zeros((30, 28, 28), np.float32)}, "float32"),
        ({"train_labels": np.full(30, 10, np.uint8)}, "reach from 10 to 10"),
        ({"test_labels": np.zeros(19, np.uint8)}, "19 test_labels"),
        ({"class_names": np.array(["0", "1"])}, "2 class names"),
        ({"class_names": np.array(list(range(10)), dtype=object)}, "pickle"),
    ],
)
def test_a_damaged_file_is_named_with_what_is_wrong(folder: Path, change: dict, reason: str) -> None:
    arrays = mnist_layout(folder / "elsewhere") | {"class_names": np.array(list("0123456789"))} | change
    np.savez(folder / "mnist-28.npz", **{name: value for name, value in arrays.items() if value is not None})
    with pytest.raises(DataError, match=rf"mnist-28\.npz is damaged .*{reason}"):
        load_data_set(DIGITS)


@pytest.mark.parametrize("keep", [0, 10, 2000, -30])
def test_a_file_cut_off_is_told(folder: Path, keep: int) -> None:
    arrays = mnist_layout(folder / "elsewhere")
    np.savez_compressed(folder / "mnist-28.npz", allow_pickle=False, class_names=np.array(list("0123456789")), **arrays)
    path = folder / "mnist-28.npz"
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(DataError, match="is damaged"):
        load_data_set(DIGITS)


def test_only_known_data_sets_are_downloaded(tmp_path: Path) -> None:
    with pytest.raises(KeyError):
        arrays_from_torchvision(replace(DIGITS, data_set="Letters"), tmp_path)
