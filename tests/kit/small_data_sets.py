"""Small data sets in torchvision's layouts and as prepared files, and a server that has them."""

import gzip
import hashlib
import shutil
import socket
import struct
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from dsn.applications.prepared import DataError, DataSet

LISTED = "Filename;Width;Height;Roi.X1;Roi.Y1;Roi.X2;Roi.Y2;ClassId\n"


@pytest.fixture
def data_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    data = tmp_path / "data"
    data.mkdir()
    monkeypatch.setenv("DSN_DATA", str(data))
    return data


@pytest.fixture
def served(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder served over HTTP, where torchvision looks for both data sets; what is in it counts as genuine."""
    shop = tmp_path / "served"
    shop.mkdir()
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(QuietHandler, directory=str(shop)))
    Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    look_at(f"http://127.0.0.1:{server.server_port}/", shop, monkeypatch)
    yield shop
    server.shutdown()
    server.server_close()


@pytest.fixture
def no_network(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{unused.getsockname()[1]}/"
    look_at(address, tmp_path / "nothing", monkeypatch)


class QuietHandler(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:
        pass


class Checksums(list):
    """A data set's files with the checksums of those served now."""

    def __init__(self, names: Iterable[str], shop: Path) -> None:
        super().__init__(names)
        self.shop = shop

    def __iter__(self) -> Iterator[tuple[str, str]]:
        return ((name, checksum(self.shop / name)) for name in super().__iter__())


def checksum(path: Path) -> str:
    return hashlib.md5(path.read_bytes()).hexdigest() if path.exists() else "0" * 32


def look_at(address: str, shop: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from torchvision.datasets import MNIST, gtsrb  # here: every session of tests would pay two seconds for it

    original = gtsrb.download_and_extract_archive

    def from_here(url: str, download_root: str, md5: str) -> None:
        name = url.rpartition("/")[2]
        original(address + name, download_root, md5=checksum(shop / name))

    monkeypatch.setenv("no_proxy", "127.0.0.1")
    monkeypatch.setattr(MNIST, "mirrors", [address])
    monkeypatch.setattr(MNIST, "resources", Checksums((name for name, _ in MNIST.resources), shop))
    monkeypatch.setattr(gtsrb, "download_and_extract_archive", from_here)


def write_idx(path: Path, values: np.ndarray) -> None:
    header = struct.pack(">BBBB", 0, 0, 8, values.ndim) + struct.pack(f">{values.ndim}I", *values.shape)
    path.write_bytes(header + values.tobytes())


def digit_arrays() -> dict[str, np.ndarray]:
    random = np.random.default_rng(7)
    arrays = {}
    for split, count in (("train", 30), ("test", 20)):
        arrays[f"{split}_images"] = random.integers(0, 256, (count, 28, 28), dtype=np.uint8)
        arrays[f"{split}_labels"] = random.permutation(count).astype(np.uint8) % 10
    return arrays


def mnist_layout(root: Path) -> dict[str, np.ndarray]:
    """A small MNIST as torchvision keeps it after a download."""
    raw = root / "MNIST" / "raw"
    raw.mkdir(parents=True)
    arrays = digit_arrays()
    for split, prefix in (("train", "train"), ("test", "t10k")):
        write_idx(raw / f"{prefix}-images-idx3-ubyte", arrays[f"{split}_images"])
        write_idx(raw / f"{prefix}-labels-idx1-ubyte", arrays[f"{split}_labels"])
    return arrays


def gtsrb_layout(root: Path) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """A small GTSRB as torchvision keeps it, and its pictures of many sizes: training, then test.

    Every class has two training pictures, and lists the one whose name comes later first.
    """
    random = np.random.default_rng(8)

    def picture(path: Path) -> np.ndarray:
        height, width = random.integers(25, 90, 2)
        values = random.integers(0, 256, (height, width, 3), dtype=np.uint8)
        Image.fromarray(values).save(path)
        return values

    training, test = root / "gtsrb" / "GTSRB" / "Training", root / "gtsrb" / "GTSRB" / "Final_Test" / "Images"
    train_pictures, test_pictures = [], []
    for label in range(43):
        place = training / f"{label:05d}"
        place.mkdir(parents=True)
        names = ("00001_00000.ppm", "00000_00000.ppm")
        train_pictures += [picture(place / name) for name in names]
        rows = "".join(f"{name};40;40;5;5;35;35;{label}\n" for name in names)
        (place / f"GT-{label:05d}.csv").write_text(LISTED + rows)
    test.mkdir(parents=True)
    rows = ""
    for index, label in enumerate((16, 1, 38)):
        test_pictures.append(picture(test / f"{index:05d}.ppm"))
        rows += f"{index:05d}.ppm;40;40;5;5;35;35;{label}\n"
    (root / "gtsrb" / "GT-final_test.csv").write_text(LISTED + rows)
    return train_pictures, test_pictures


def serve_mnist(shop: Path, layout: Path) -> None:
    for path in (layout / "MNIST" / "raw").iterdir():
        (shop / f"{path.name}.gz").write_bytes(gzip.compress(path.read_bytes()))


def serve_gtsrb(shop: Path, layout: Path) -> None:
    base = layout / "gtsrb"
    shutil.make_archive(str(shop / "GTSRB-Training_fixed"), "zip", base, "GTSRB/Training")
    shutil.make_archive(str(shop / "GTSRB_Final_Test_Images"), "zip", base, "GTSRB/Final_Test")
    shutil.make_archive(str(shop / "GTSRB_Final_Test_GT"), "zip", base, "GT-final_test.csv")


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


def same(first: DataSet, second: DataSet) -> bool:
    return first.class_names == second.class_names and all(
        torch.equal(getattr(getattr(first, split), field), getattr(getattr(second, split), field))
        for split in ("train", "test")
        for field in ("images", "labels")
    )


def write_prepared(folder: Path, arrays: dict[str, np.ndarray], *, compressed: bool = True) -> Path:
    path = folder / "mnist-28.npz"
    (np.savez_compressed if compressed else np.savez)(path, allow_pickle=True, **arrays)
    return path


def told(load: Callable[[], object]) -> str:
    """The error's message, which is one sentence."""
    with pytest.raises(DataError) as caught:
        load()
    message = str(caught.value)
    assert "\n" not in message and message.endswith(".") and ". " not in message
    return message
