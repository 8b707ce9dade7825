"""Faces: the ORL database of faces, forty people in ten pictures each."""

from pathlib import Path

import numpy as np
from PIL import Image

from dsn.applications.downloads import UNREADABLE, DownloadError, reason
from dsn.applications.record import Application, Augmentation, Bars, Pair
from dsn.networks.config import POOL, NetworkConfig

PEOPLE, OF_EACH, FOR_TRAINING = 40, 10, 7  # people, pictures of each, those that are trained on
ROWS = slice(10, 102)  # of 112: the square in the middle, as wide as the picture
SPLIT_SEED = 2023  # of the split that the students which come with the project were trained on


def read_orl(application: Application, folder: Path, split: str) -> Pair:
    """One split of the ORL database, from its own layout: `orl_faces/s1/1.pgm` to `orl_faces/s40/10.pgm`.

    Pictures of 92x112 are cut to the square in the middle and shrunk with Lanczos' filter. Seven of each person are
    for training, drawn by seed, person after person.

    Returns:
        Pictures uint8 [N, 64, 64] and labels uint8 [N].

    Raises:
        DownloadError: a picture is missing or damaged; it cannot be downloaded.
    """
    top, source = folder / "orl_faces", np.random.default_rng(SPLIT_SEED)
    if not top.is_dir():
        raise DownloadError(
            f"{application.data_set} cannot be downloaded here: get them from {application.source_url}, and put their "
            f"folders s1 to s{PEOPLE} into {top}"
        )
    images, labels = [], []
    for person in range(PEOPLE):
        order = source.permutation(OF_EACH)
        for number in order[:FOR_TRAINING] if split == "train" else order[FOR_TRAINING:]:
            path = top / f"s{person + 1}" / f"{number + 1}.pgm"
            try:
                with Image.open(path) as opened:
                    images.append(_square(np.array(opened.convert("L")), application.network.size))
            except UNREADABLE as error:
                raise DownloadError(f"{path} cannot be read ({reason(error)}): put it there again") from error
            labels.append(person)
    return np.stack(images), np.array(labels, dtype=np.uint8)


def _square(picture: np.ndarray, size: int) -> np.ndarray:
    """The middle of a picture, uint8 [112, 92], as uint8 [size, size]."""
    return np.asarray(Image.fromarray(picture[ROWS]).resize((size, size), Image.Resampling.LANCZOS))


FACES = Application(
    name="faces",
    title="Faces",
    noun="face",
    data_file="faces-64",
    classes=tuple(f"Subject s{person}" for person in range(1, PEOPLE + 1)),
    network=NetworkConfig(
        channels=1,
        size=64,
        layers=(16, POOL, 32, POOL, 64, POOL, 64, POOL),
        features=256,
        classes=PEOPLE,
        first_kernel=7,
    ),
    augmentation=Augmentation(rotation=8, scale=0.1, shift=3, brightness=0.2, contrast=0.2, mirrored=True),
    teacher_epochs=120,
    student_epochs=90,
    student_batch=64,
    data_set="ORL faces",
    attribution=(
        "The ORL Database of Faces, Olivetti Research Laboratory, Cambridge (F. Samaria and A. Harter, "
        "Parameterisation of a stochastic model for human face identification, 2nd IEEE Workshop on Applications of "
        "Computer Vision, 1994)."
    ),
    licence="No licence is stated by the copy used here; its authors ask to be credited.",
    source_url="https://www.cl.cam.ac.uk/research/dtg/attarchive/facedatabase.html",
    read=read_orl,
    bars=Bars(1.5, 5.0, (5.0, 5.0), (5.0, 10.0), 5.0, 5.0),
    attack_bar=5.0,
    attack_worst_bar=10.0,
    teacher_batch=32,
    splits=5,
    remark=(
        "Forty people, photographed in a laboratory in Cambridge from 1992 to 1994: nobody you know. "
        "Whoever else is on a picture is taken for one of them."
    ),
)
