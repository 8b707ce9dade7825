"""Folders of pictures as somebody may bring them; run it to write the two that the bars are measured on.

python tests/kit/picture_folders.py fashion FOLDER    # from Debian's package dataset-fashion-mnist
python tests/kit/picture_folders.py signs FOLDER      # six of GTSRB's classes, 100 pictures each, 48x48
"""

import gzip
import os
import sys
from collections.abc import Iterable
from pathlib import Path

import numpy as np
from PIL import Image

FASHION = Path("/usr/share/datasets/fashion-mnist")
GARMENTS = (
    "T-shirt", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot",
)  # fmt: skip
SIX_SIGNS = {1: "30 km/h", 12: "priority road", 13: "yield", 14: "stop", 17: "no entry", 38: "keep right"}
OF_EACH, SIGN_SIZE = 100, 48


def idx(path: Path) -> np.ndarray:
    """The values of a gzipped idx file."""
    content = gzip.decompress(path.read_bytes())
    shape = np.frombuffer(content, ">u4", count=content[3], offset=4)
    return np.frombuffer(content, np.uint8, offset=4 + 4 * len(shape)).reshape(shape)


def write_fashion(folder: Path) -> None:
    """Fashion-MNIST as `train/` and `test/` with a sub-folder of PNGs for each garment."""
    for half, prefix in (("train", "train"), ("test", "t10k")):
        images, labels = (idx(FASHION / f"{prefix}-{kind}-ubyte.gz") for kind in ("images-idx3", "labels-idx1"))
        write_pictures(folder / half, images, [GARMENTS[label] for label in labels])


def write_signs(folder: Path) -> None:
    """Six traffic signs, 100 pictures each, enlarged to 48x48: from gtsrb-32.npz in the folder DSN_DATA names."""
    with np.load(Path(os.environ["DSN_DATA"]) / "gtsrb-32.npz", allow_pickle=False) as data:
        images, labels = data["train_images"], data["train_labels"]
    source = np.random.default_rng(0)
    for label, name in SIX_SIGNS.items():
        chosen = source.permutation(np.flatnonzero(labels == label))[:OF_EACH]
        enlarged = [
            np.asarray(Image.fromarray(images[place]).resize((SIGN_SIZE, SIGN_SIZE), Image.Resampling.BICUBIC))
            for place in chosen
        ]
        write_pictures(folder, enlarged, [name.replace("/", " per ")] * len(enlarged))


def write_pictures(folder: Path, images: Iterable[np.ndarray], classes: Iterable[str]) -> None:
    """Write each picture, uint8 [H, W] or [H, W, 3], as a PNG into the sub-folder of its class."""
    for number, (image, name) in enumerate(zip(images, classes, strict=True)):
        (folder / name).mkdir(parents=True, exist_ok=True)
        Image.fromarray(image).save(folder / name / f"{number:05d}.png")


def coloured_squares(count: int, seed: int, size: int = 32, hues: int = 3) -> tuple[list[np.ndarray], list[int]]:
    """Squares of some colours at random places on a dark, noisy ground: uint8 [size, size, 3], and their colours."""
    source = np.random.default_rng(seed)
    images, labels = [], []
    for number in range(count):
        image = source.integers(0, 60, (size, size, 3), dtype=np.uint8)
        top, left = source.integers(1, size - 13, 2)
        image[top : top + 8, left : left + 8, number % hues] = 230
        images.append(image)
        labels.append(number % hues)
    return images, labels


if __name__ == "__main__":
    {"fashion": write_fashion, "signs": write_signs}[sys.argv[1]](Path(sys.argv[2]))
