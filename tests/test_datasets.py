"""Data sets: torchvision's layouts and downloads become the prepared arrays, and damage is told in one sentence."""

import gzip
import hashlib
import io
import shutil
import socket
import struct
import subprocess
import sys
from collections.abc import Callable, Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from torchvision.datasets import MNIST, gtsrb

import dsn
from dsn.datasets import DataError, DataSet, as_floats, data_folder, load_data_set
from dsn.tasks import TASKS, class_names

pytestmark = pytest.mark.usefixtures("one_thread")  # pictures are shrunk one by one

ROOT = Path(dsn.__file__).parent.parent
DIGITS, SIGNS = TASKS["digits"], TASKS["signs"]
NAMES = {"class_names": np.array(list("0123456789"))}
LISTED = "Filename;Width;Height;Roi.X1;Roi.Y1;Roi.X2;Roi.Y2;ClassId\n"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
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


class QuietHandler(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:
        pass


class Checksums(list):
    """MNIST's files with the checksums of those served now."""

    def __init__(self, shop: Path) -> None:
        super().__init__(name for name, _ in MNIST.resources)
        self.shop = shop

    def __iter__(self) -> Iterator[tuple[str, str]]:
        return ((name, checksum(self.shop / name)) for name in super().__iter__())


def checksum(path: Path) -> str:
    return hashlib.md5(path.read_bytes()).hexdigest() if path.exists() else "0" * 32


def look_at(address: str, shop: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    original = gtsrb.download_and_extract_archive

    def from_here(url: str, download_root: str, md5: str) -> None:
        name = url.rpartition("/")[2]
        original(address + name, download_root, md5=checksum(shop / name))

    monkeypatch.setenv("no_proxy", "127.0.0.1")
    monkeypatch.setattr(MNIST, "mirrors", [address])
    monkeypatch.setattr(MNIST, "resources", Checksums(shop))
    monkeypatch.setattr(gtsrb, "download_and_extract_archive", from_here)


@pytest.fixture
def no_network(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{unused.getsockname()[1]}/"
    look_at(address, tmp_path / "nothing", monkeypatch)


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


def test_mnist_is_taken_as_it_is_and_kept(folder: Path, no_network: None) -> None:
    arrays = mnist_layout(folder / "originals")
    made = load_data_set(DIGITS)
    for name, split in (("train", made.train), ("test", made.test)):
        assert (split.images.dtype, split.labels.dtype) == (torch.uint8, torch.int64)
        assert np.array_equal(split.images.numpy(), arrays[f"{name}_images"][:, None])
        assert split.labels.tolist() == arrays[f"{name}_labels"].tolist()
    assert made.class_names == tuple("0123456789")
    with np.load(folder / "mnist-28.npz", allow_pickle=False) as kept:
        assert set(kept.files) == {*arrays, "class_names"}
        assert all(np.array_equal(kept[name], arrays[name]) and kept[name].dtype == np.uint8 for name in arrays)
    shutil.rmtree(folder / "originals")
    assert same(load_data_set(DIGITS), made)  # from the kept file alone
    assert [path.name for path in folder.iterdir()] == ["mnist-28.npz"]


def test_signs_are_shrunk_from_the_whole_frame_by_class_and_in_the_order_listed(folder: Path, no_network: None) -> None:
    train, test = gtsrb_layout(folder / "originals")
    made = load_data_set(SIGNS)
    assert made.train.labels.tolist() == [label for label in range(43) for _ in range(2)]
    assert made.test.labels.tolist() == [16, 1, 38]
    assert made.class_names == class_names(SIGNS) and made.class_names[14] == "Stop"
    assert made.train.images.shape == (86, 3, 32, 32)
    for split, pictures, chosen in ((made.train, train, (0, 1, 35, 84, 85)), (made.test, test, (0, 1, 2))):
        for index in chosen:
            found = split.images[index].permute(1, 2, 0).double().numpy()
            assert np.abs(found - shrunk_by_hand(pictures[index])).max() <= 0.51
    with np.load(folder / "gtsrb-32.npz", allow_pickle=False) as kept:
        assert kept["train_images"].shape == (86, 32, 32, 3) and kept["train_labels"].dtype == np.uint8
    assert same(load_data_set(SIGNS), made)


def test_a_sign_of_the_right_size_is_untouched(folder: Path, no_network: None) -> None:
    gtsrb_layout(folder / "originals")
    values = np.random.default_rng(9).integers(0, 256, (32, 32, 3), dtype=np.uint8)
    Image.fromarray(values).save(folder / "originals/gtsrb/GTSRB/Final_Test/Images/00001.ppm")
    assert np.array_equal(load_data_set(SIGNS).test.images[1].permute(1, 2, 0).numpy(), values)


def test_missing_digits_are_downloaded(folder: Path, served: Path, tmp_path: Path) -> None:
    arrays = mnist_layout(tmp_path / "layout")
    serve_mnist(served, tmp_path / "layout")
    made = load_data_set(DIGITS)
    assert np.array_equal(made.train.images[:, 0].numpy(), arrays["train_images"])
    assert np.array_equal(made.test.labels.numpy(), arrays["test_labels"])
    assert (folder / "mnist-28.npz").exists() and (folder / "originals" / "MNIST" / "raw").is_dir()


def test_missing_signs_are_downloaded(folder: Path, served: Path, tmp_path: Path) -> None:
    gtsrb_layout(tmp_path / "layout")
    serve_gtsrb(served, tmp_path / "layout")
    made = load_data_set(SIGNS)
    shutil.rmtree(folder)
    gtsrb_layout(folder / "originals")
    assert same(load_data_set(SIGNS), made)


@pytest.mark.parametrize("task", [DIGITS, SIGNS], ids=lambda task: task.name)
def test_without_file_and_network_the_message_says_what_to_do(folder: Path, no_network: None, task: Any) -> None:
    path = folder / f"{task.data_file}.npz"
    message = told(lambda: load_data_set(task))
    assert message.startswith(f"{path} is missing, and {task.data_set} could not be downloaded (")
    assert "Connection refused" in message
    assert message.endswith("set DSN_DATA to a folder that holds the prepared file, or try again with a network.")
    assert not path.exists()


def test_an_answer_that_is_not_the_file_is_no_download(folder: Path, served: Path, tmp_path: Path) -> None:
    mnist_layout(tmp_path / "layout")
    serve_mnist(served, tmp_path / "layout")
    (served / "t10k-labels-idx1-ubyte.gz").unlink()
    message = told(lambda: load_data_set(DIGITS))
    assert "t10k-labels-idx1-ubyte.gz" in message and "404" in message
    assert not (folder / "mnist-28.npz").exists()


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
    folder: Path, served: Path, tmp_path: Path, name: str, damage: Callable[[bytes], bytes]
) -> None:
    mnist_layout(tmp_path / "layout")
    serve_mnist(served, tmp_path / "layout")
    mnist_layout(folder / "originals")
    path = folder / "originals" / "MNIST" / "raw" / name
    path.write_bytes(damage(path.read_bytes()))
    message = told(lambda: load_data_set(DIGITS))
    assert f"mnist-28.npz is missing, and {path} cannot be read (" in message
    assert message.endswith(f": delete {path}, and it will be downloaded again.")
    assert not (folder / "mnist-28.npz").exists()
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
    folder: Path, served: Path, tmp_path: Path, name: str, damage: Callable[[Path], None], top: str
) -> None:
    gtsrb_layout(tmp_path / "layout")
    serve_gtsrb(served, tmp_path / "layout")
    gtsrb_layout(folder / "originals")
    base = folder / "originals" / "gtsrb"
    damage(base / name)
    message = told(lambda: load_data_set(SIGNS))
    assert f"gtsrb-32.npz is missing, and {base / name} cannot be read (" in message
    assert message.endswith(f": delete {base / 'GTSRB' / top}, and it will be downloaded again.")
    assert not (folder / "gtsrb-32.npz").exists()
    shutil.rmtree(base / "GTSRB" / top)
    assert len(load_data_set(SIGNS).test) == 3


@pytest.mark.parametrize(
    ("labels", "why"),
    [(np.full(30, 10), "train_labels reach 10"), (np.zeros(29), "30 train_images and 29 train_labels")],
)
def test_originals_that_do_not_fit_together_are_not_kept(folder: Path, labels: np.ndarray, why: str) -> None:
    mnist_layout(folder / "originals")
    write_idx(folder / "originals/MNIST/raw/train-labels-idx1-ubyte", labels.astype(np.uint8))
    message = told(lambda: load_data_set(DIGITS))
    assert why in message and f"the MNIST in {folder / 'originals'} is damaged" in message
    assert not (folder / "mnist-28.npz").exists()


def test_a_file_that_cannot_be_kept_is_told(folder: Path) -> None:
    mnist_layout(folder / "originals")
    script = (  # files may grow to 2,000 bytes only, as on a disk that is full
        "import resource, signal; from dsn.datasets import *; from dsn.tasks import TASKS\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (2000, 2000))\n"
        "try: load_data_set(TASKS['digits'])\n"
        "except DataError as error: print(error)"
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.startswith(f"{folder / 'mnist-28.npz'} cannot be written (")
    assert done.stdout.endswith("make room there, or set DSN_DATA to another folder.\n")
    assert [path.name for path in folder.iterdir()] == ["originals"]


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
def test_a_damaged_file_is_named_with_what_is_wrong(folder: Path, change: dict, why: str) -> None:
    arrays = digit_arrays() | NAMES | change
    path = write_prepared(folder, {name: value for name, value in arrays.items() if value is not None})
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
def test_another_kind_of_file_is_told(folder: Path, content: bytes) -> None:
    (folder / "mnist-28.npz").write_bytes(content)
    assert f"{folder / 'mnist-28.npz'} is damaged (" in told(lambda: load_data_set(DIGITS))


@pytest.mark.parametrize("keep", [10, 2000, 0.5, 0.99, -1])
def test_a_file_cut_off_is_told(folder: Path, keep: float) -> None:
    path = write_prepared(folder, digit_arrays() | NAMES)
    whole = path.read_bytes()
    path.write_bytes(whole[: int(keep * len(whole)) if 0 < keep < 1 else int(keep)])
    assert f"{path} is damaged (" in told(lambda: load_data_set(DIGITS))


@pytest.mark.parametrize("compressed", [True, False])
def test_flipped_bytes_never_go_unnoticed(folder: Path, compressed: bool) -> None:
    path = write_prepared(folder, digit_arrays() | NAMES, compressed=compressed)
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


def test_torchvision_is_imported_only_where_a_data_set_is_missing(folder: Path) -> None:
    write_prepared(folder, digit_arrays() | NAMES)
    code = (
        "import sys; from dsn.datasets import *; from dsn.tasks import TASKS\n"
        "load_data_set(TASKS['digits']); print('torchvision' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
