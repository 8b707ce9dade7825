"""Handwritten digits: MNIST."""

from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from dsn.applications.downloads import download, reading
from dsn.applications.pictures import PictureError
from dsn.applications.record import Application, Augmentation, Bars, Pair
from dsn.networks.classifier import POOL, NetworkConfig

IDX_PREFIXES = {"train": "train", "test": "t10k"}
DIGIT_BOX = 20  # pixels; MNIST fits its digits into 20x20 and centres them in 28x28
LEAST_CONTRAST = 24  # grey levels between paper and ink
FAINT = 0.2  # share of the contrast below which a mark is paper


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
    grey = picture.convert("L")
    ink = np.asarray(grey, dtype=np.float32)
    edge = np.concatenate([ink[0], ink[-1], ink[:, 0], ink[:, -1]])
    if grey.size == (28, 28) and np.median(edge) < 32 and ink.max() >= LEAST_CONTRAST:
        return torch.from_numpy(ink / 255)[None, None]
    ground = float(np.median(edge))
    ink = ground - ink if ground > 127 else ink - ground
    contrast = float(ink.max())
    if contrast < LEAST_CONTRAST:
        raise PictureError("There is nothing to be seen on the picture: draw or photograph one digit, large and dark.")
    ink = ((ink / contrast - FAINT) / (1 - FAINT)).clip(0, 1)
    rows, columns = np.flatnonzero(ink.any(1)), np.flatnonzero(ink.any(0))
    cropped = Image.fromarray(ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1])
    scale = DIGIT_BOX / max(cropped.size)
    size = (max(1, round(cropped.width * scale)), max(1, round(cropped.height * scale)))
    small = np.asarray(cropped.resize(size, Image.Resampling.BOX if scale < 1 else Image.Resampling.BILINEAR))
    return torch.from_numpy(_centred(small / small.max()))[None, None]


def _centred(digit: np.ndarray) -> np.ndarray:
    """The digit on black, its centre of mass as near to the middle as whole pixels and the frame allow."""
    frame = np.zeros((28, 28), dtype=np.float32)
    height, width = digit.shape
    mass = digit.sum()
    middle = ((digit.sum(1) @ np.arange(height)) / mass, (digit.sum(0) @ np.arange(width)) / mass)
    top = int(np.clip(round(13.5 - middle[0]), 0, 28 - height))
    left = int(np.clip(round(13.5 - middle[1]), 0, 28 - width))
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
    can_be_drawn=True,
    has_training_share=True,
    bars=Bars(0.1, 11.4, (11.4, 12.0), (11.4, 14.0), 12.0, 12.0),
    attack_bar=12.0,  # guessing, with the room that the bar for absent gives
    attack_worst_bar=20.0,
    gpu_goal=15.0,
)
