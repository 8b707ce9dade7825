"""Missing data sets: torchvision's layouts and downloads become the prepared arrays, and damage is told."""

import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from small_data_sets import (
    LISTED,
    gtsrb_layout,
    mnist_layout,
    same,
    serve_gtsrb,
    serve_mnist,
    shrunk_by_hand,
    told,
    write_idx,
)

import dsn
from dsn.applications.prepared import load_data_set
from dsn.applications.registry import BUILT_IN

pytestmark = pytest.mark.usefixtures("one_thread")  # pictures are shrunk one by one

ROOT = Path(dsn.__file__).parent.parent
DIGITS, SIGNS = BUILT_IN["digits"], BUILT_IN["signs"]


def test_mnist_is_taken_as_it_is_and_kept(data_home: Path, no_network: None) -> None:
    arrays = mnist_layout(data_home / "originals")
    made = load_data_set(DIGITS)
    for name, split in (("train", made.train), ("test", made.test)):
        assert (split.images.dtype, split.labels.dtype) == (torch.uint8, torch.int64)
        assert np.array_equal(split.images.numpy(), arrays[f"{name}_images"][:, None])
        assert split.labels.tolist() == arrays[f"{name}_labels"].tolist()
    assert made.class_names == tuple("0123456789")
    with np.load(data_home / "mnist-28.npz", allow_pickle=False) as kept:
        assert set(kept.files) == {*arrays, "class_names"}
        assert all(np.array_equal(kept[name], arrays[name]) and kept[name].dtype == np.uint8 for name in arrays)
    shutil.rmtree(data_home / "originals")
    assert same(load_data_set(DIGITS), made)  # from the kept file alone
    assert [path.name for path in data_home.iterdir()] == ["mnist-28.npz"]


def test_signs_are_shrunk_from_the_whole_frame_by_class_and_in_the_order_listed(
    data_home: Path, no_network: None
) -> None:
    train, test = gtsrb_layout(data_home / "originals")
    made = load_data_set(SIGNS)
    assert made.train.labels.tolist() == [label for label in range(43) for _ in range(2)]
    assert made.test.labels.tolist() == [16, 1, 38]
    assert made.class_names == SIGNS.classes and made.class_names[14] == "Stop"
    assert made.train.images.shape == (86, 3, 32, 32)
    for split, pictures, chosen in ((made.train, train, (0, 1, 35, 84, 85)), (made.test, test, (0, 1, 2))):
        for index in chosen:
            found = split.images[index].permute(1, 2, 0).double().numpy()
            assert np.abs(found - shrunk_by_hand(pictures[index])).max() <= 0.51
    with np.load(data_home / "gtsrb-32.npz", allow_pickle=False) as kept:
        assert kept["train_images"].shape == (86, 32, 32, 3) and kept["train_labels"].dtype == np.uint8
    assert same(load_data_set(SIGNS), made)


def test_a_sign_of_the_right_size_is_untouched(data_home: Path, no_network: None) -> None:
    gtsrb_layout(data_home / "originals")
    values = np.random.default_rng(9).integers(0, 256, (32, 32, 3), dtype=np.uint8)
    Image.fromarray(values).save(data_home / "originals/gtsrb/GTSRB/Final_Test/Images/00001.ppm")
    assert np.array_equal(load_data_set(SIGNS).test.images[1].permute(1, 2, 0).numpy(), values)


def test_missing_digits_are_downloaded(data_home: Path, served: Path, tmp_path: Path) -> None:
    arrays = mnist_layout(tmp_path / "layout")
    serve_mnist(served, tmp_path / "layout")
    made = load_data_set(DIGITS)
    assert np.array_equal(made.train.images[:, 0].numpy(), arrays["train_images"])
    assert np.array_equal(made.test.labels.numpy(), arrays["test_labels"])
    assert (data_home / "mnist-28.npz").exists() and (data_home / "originals" / "MNIST" / "raw").is_dir()


def test_missing_signs_are_downloaded(data_home: Path, served: Path, tmp_path: Path) -> None:
    gtsrb_layout(tmp_path / "layout")
    serve_gtsrb(served, tmp_path / "layout")
    made = load_data_set(SIGNS)
    shutil.rmtree(data_home)
    gtsrb_layout(data_home / "originals")
    assert same(load_data_set(SIGNS), made)


@pytest.mark.parametrize("task", [DIGITS, SIGNS], ids=lambda task: task.name)
def test_without_file_and_network_the_message_says_what_to_do(data_home: Path, no_network: None, task: Any) -> None:
    path = data_home / f"{task.data_file}.npz"
    message = told(lambda: load_data_set(task))
    assert message.startswith(f"{path} is missing, and {task.data_set} could not be downloaded (")
    assert "Connection refused" in message
    assert message.endswith("set DSN_DATA to a folder that holds the prepared file, or try again with a network.")
    assert not path.exists()


def test_an_answer_that_is_not_the_file_is_no_download(data_home: Path, served: Path, tmp_path: Path) -> None:
    mnist_layout(tmp_path / "layout")
    serve_mnist(served, tmp_path / "layout")
    (served / "t10k-labels-idx1-ubyte.gz").unlink()
    message = told(lambda: load_data_set(DIGITS))
    assert "t10k-labels-idx1-ubyte.gz" in message and "404" in message
    assert not (data_home / "mnist-28.npz").exists()


DAMAGED_DIGITS: dict[str, Callable[[bytes], bytes]] = {
    "cut off": lambda content: content[:-5],
    "empty": lambda content: b"",
    "header alone": lambda content: content[:4],
    "too long": lambda content: content + b"more",
    "another type": lambda content: b"\0\0\x0e" + content[3:],
    "unknown type": lambda content: b"\0\0\x0a" + content[3:],
    "no idx file": lambda content: b"<html>Please log in</html>",
}


@pytest.mark.parametrize("name", ["train-images-idx3-ubyte", "t10k-labels-idx1-ubyte"])
@pytest.mark.parametrize("damage", DAMAGED_DIGITS.values(), ids=DAMAGED_DIGITS)
def test_damaged_digits_are_named_and_the_advice_helps(
    data_home: Path, served: Path, tmp_path: Path, name: str, damage: Callable[[bytes], bytes]
) -> None:
    mnist_layout(tmp_path / "layout")
    serve_mnist(served, tmp_path / "layout")
    mnist_layout(data_home / "originals")
    path = data_home / "originals" / "MNIST" / "raw" / name
    path.write_bytes(damage(path.read_bytes()))
    message = told(lambda: load_data_set(DIGITS))
    assert f"mnist-28.npz is missing, and {path} cannot be read (" in message
    assert message.endswith(f": delete {path}, and it will be downloaded again.")
    assert not (data_home / "mnist-28.npz").exists()
    path.unlink()
    assert len(load_data_set(DIGITS).train) == 30


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-200])


def relabel(label: str) -> Callable[[Path], None]:
    def write(path: Path) -> None:
        path.write_text(LISTED + f"00000.ppm;40;40;5;5;35;35{label}\n")

    return write


@pytest.mark.parametrize(
    ("name", "damage", "top"),
    [
        ("GTSRB/Training/00042/GT-00042.csv", Path.unlink, "Training"),
        ("GTSRB/Training/00007/00001_00000.ppm", Path.unlink, "Training"),
        ("GTSRB/Training/00007/00001_00000.ppm", cut, "Training"),
        ("GTSRB/Training/00007/00001_00000.ppm", lambda path: path.write_bytes(b""), "Training"),
        ("GTSRB/Training/00007/00001_00000.ppm", lambda path: path.write_bytes(b"P6 a b 255\n"), "Training"),
        ("GTSRB/Training/00007/00001_00000.ppm", lambda path: path.write_bytes(b"P6 99999 99999 255\n"), "Training"),
        ("GTSRB/Final_Test/Images/00002.ppm", Path.unlink, "Final_Test"),
        ("GT-final_test.csv", Path.unlink, "Final_Test"),
        ("GT-final_test.csv", lambda path: path.write_text("Filename;Width\n00000.ppm;40\n"), "Final_Test"),
        ("GT-final_test.csv", lambda path: path.write_bytes(b"\xff\xfe\0"), "Final_Test"),
        ("GT-final_test.csv", relabel(""), "Final_Test"),
        ("GT-final_test.csv", relabel(";stop"), "Final_Test"),
        ("GT-final_test.csv", relabel(";256"), "Final_Test"),
        ("GT-final_test.csv", relabel(";-1"), "Final_Test"),
    ],
)
def test_damaged_signs_are_named_and_the_advice_helps(
    data_home: Path, served: Path, tmp_path: Path, name: str, damage: Callable[[Path], None], top: str
) -> None:
    gtsrb_layout(tmp_path / "layout")
    serve_gtsrb(served, tmp_path / "layout")
    gtsrb_layout(data_home / "originals")
    base = data_home / "originals" / "gtsrb"
    damage(base / name)
    message = told(lambda: load_data_set(SIGNS))
    assert f"gtsrb-32.npz is missing, and {base / name} cannot be read (" in message
    assert message.endswith(f": delete {base / 'GTSRB' / top}, and it will be downloaded again.")
    assert not (data_home / "gtsrb-32.npz").exists()
    shutil.rmtree(base / "GTSRB" / top)
    assert len(load_data_set(SIGNS).test) == 3


@pytest.mark.parametrize(
    ("labels", "why"),
    [(np.full(30, 10), "train_labels reach 10"), (np.zeros(29), "30 train_images and 29 train_labels")],
)
def test_originals_that_do_not_fit_together_are_not_kept(data_home: Path, labels: np.ndarray, why: str) -> None:
    mnist_layout(data_home / "originals")
    write_idx(data_home / "originals/MNIST/raw/train-labels-idx1-ubyte", labels.astype(np.uint8))
    message = told(lambda: load_data_set(DIGITS))
    assert why in message and f"the MNIST in {data_home / 'originals'} is damaged" in message
    assert not (data_home / "mnist-28.npz").exists()


def test_a_file_that_cannot_be_kept_is_told(data_home: Path) -> None:
    mnist_layout(data_home / "originals")
    script = (  # files may grow to 2,000 bytes only, as on a disk that is full
        "import resource, signal; from dsn.applications.prepared import *\n"
        "from dsn.applications.registry import BUILT_IN\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (2000, 2000))\n"
        "try: load_data_set(BUILT_IN['digits'])\n"
        "except DataError as error: print(error)"
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.startswith(f"{data_home / 'mnist-28.npz'} cannot be written (")
    assert done.stdout.endswith("make room there, or set DSN_DATA to another folder.\n")
    assert [path.name for path in data_home.iterdir()] == ["originals"]
