"""Handwritten digits: MNIST."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from dsn.applications.cropping import FirstLook
from dsn.applications.downloads import download, reading
from dsn.applications.reading import PictureError
from dsn.applications.record import Application, Augmentation, Bars, Pair
from dsn.networks.config import POOL, NetworkConfig

if TYPE_CHECKING:
    from torch import Tensor

IDX_PREFIXES = {"train": "train", "test": "t10k"}
DIGIT_BOX = 20  # pixels; MNIST fits its digits into 20x20 and centres them in 28x28
MIDDLE = 14  # where MNIST puts the centre of mass: between 13.5 and 14.5 in all of its pictures
LEAST_CONTRAST = 24  # grey levels between paper and ink
FAINT = 0.2  # share of the contrast below which a mark is paper
BESIDE = 0.15  # around one of several digits
PAGE = 6  # marks of a digit's size, besides one, that make a page of writing


def read_mnist(application: Application, folder: Path, split: str) -> Pair:
    """One split of MNIST as it is, from torchvision's layout under `folder`, downloaded where it is not there.

    Returns:
        Pictures uint8 [N, 28, 28] and labels uint8 [N].

    Raises:
        DownloadError: no download, or damaged files.
    """
    from torchvision.datasets import MNIST
    from torchvision.datasets.mnist import read_image_file, read_label_file

    raw = folder / "MNIST" / "raw"
    images, labels = (raw / f"{IDX_PREFIXES[split]}-{kind}-ubyte" for kind in ("images-idx3", "labels-idx1"))
    if not (images.is_file() and labels.is_file()):
        download(application.data_set, lambda: MNIST(folder, train=split == "train", download=True))
    with reading(images, delete=images):
        pictures = read_image_file(str(images)).numpy()
    with reading(labels, delete=labels):
        return pictures, read_label_file(str(labels)).numpy().astype(np.uint8)


def fit_digit(picture: Image.Image) -> Tensor:
    """A digit as MNIST made them: white on black, in a box of 20x20, its centre of mass in the middle of 28x28.

    A picture of 28x28 with a dark edge is taken to be one already and left as it is.

    Args:
        picture: RGB, dark ink on a light ground or the other way round.

    Returns:
        float [1, 1, 28, 28] in [0, 1].

    Raises:
        PictureError: no ink to be seen.
    """
    import torch

    if picture.size == (28, 28) and lies_as_trained(np.asarray(picture.convert("L"))):
        return torch.from_numpy(np.asarray(picture.convert("L"), dtype=np.float32) / 255)[None, None]
    from dsn.applications.ink import ink_of  # SciPy and scikit-image take a second that only brought pictures wait

    found = ink_of(picture)
    if found is None:
        raise PictureError("There is nothing to be seen on the picture: draw or photograph one digit, large and dark.")
    ink, _ = found
    solid = ink > 0.15
    rows, columns = np.flatnonzero(solid.any(1)), np.flatnonzero(solid.any(0))
    cropped = Image.fromarray(ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1].astype(np.float32))
    scale = DIGIT_BOX / max(cropped.size)
    size = (max(1, round(cropped.width * scale)), max(1, round(cropped.height * scale)))
    small = np.asarray(cropped.resize(size, Image.Resampling.BOX if scale < 1 else Image.Resampling.BILINEAR))
    return torch.from_numpy(_centred(small / small.max()))[None, None]


def look_at_digits(picture: Image.Image) -> FirstLook:
    """Whether one digit is to be seen: the whole picture is right for that, and doubtful for none or several.

    Args:
        picture: RGB.
    """
    if picture.size == (28, 28) and lies_as_trained(np.asarray(picture.convert("L"))):
        return FirstLook()
    from dsn.applications.ink import others_beside  # as above

    found = others_beside(picture)
    if found is None:
        return FirstLook(doubt="nothing")
    box, others = found
    if others == 0:
        return FirstLook()
    return FirstLook(box.squared(picture, BESIDE), "page" if others >= PAGE else "several")


def lies_as_trained(grey: np.ndarray) -> bool:
    """Whether a picture of 28x28 is white on black, as large and as centred as MNIST's digits are; uint8 [28, 28]."""
    edge = np.concatenate([grey[0], grey[-1], grey[:, 0], grey[:, -1]])
    rows, columns = (np.flatnonzero((grey > 0).any(axis)) for axis in (1, 0))
    if np.percentile(edge, 90) > 0 or not len(rows):
        return False
    mass = grey.sum(dtype=np.float64)
    middle = (grey.sum(1) @ np.arange(28) / mass, grey.sum(0) @ np.arange(28) / mass)
    longest = max(np.ptp(rows), np.ptp(columns)) + 1
    return bool(longest == DIGIT_BOX and all(abs(place - MIDDLE) <= 0.55 for place in middle))


def _centred(digit: np.ndarray) -> np.ndarray:
    """The digit on black, its centre of mass as near to the middle as whole pixels and the frame allow."""
    frame = np.zeros((28, 28), dtype=np.float32)
    height, width = digit.shape
    mass = digit.sum()
    middle = ((digit.sum(1) @ np.arange(height)) / mass, (digit.sum(0) @ np.arange(width)) / mass)
    top = int(np.clip(round(MIDDLE - middle[0]), 0, 28 - height))
    left = int(np.clip(round(MIDDLE - middle[1]), 0, 28 - width))
    frame[top : top + height, left : left + width] = digit
    return frame


DIGITS = Application(
    name="digits",
    title="Handwritten digits",
    noun="digit",
    data_file="mnist-28",
    classes=tuple("0123456789"),
    network=NetworkConfig(
        channels=1, size=28, layers=(32, POOL, 64, POOL, 64), features=128, classes=10, first_kernel=7
    ),
    augmentation=Augmentation(rotation=10, scale=0.1, shift=2),
    teacher_epochs=24,
    student_epochs=12,
    student_batch=250,
    data_set="MNIST",
    attribution="MNIST by Yann LeCun, Corinna Cortes and Christopher J. C. Burges.",
    licence="CC BY-SA 3.0 according to the Keras documentation; the original pages state no licence.",
    source_url="https://yann.lecun.com/exdb/mnist/",
    read=read_mnist,
    fit=fit_digit,
    look=look_at_digits,
    can_be_drawn=True,
    has_training_share=True,
    hub_data_set="ylecun/mnist",
    bars=Bars(0.1, 11.4, (11.4, 12.0), (11.4, 14.0), 12.0, 12.0),
    attack_bar=12.0,  # guessing, with the room that the bar for absent gives
    attack_worst_bar=20.0,
    gpu_goal=15.0,
)
