"""One record per application. Adding one means a record here and a folder under `checkpoints/`."""

import json
from dataclasses import dataclass
from pathlib import Path

from dsn.networks import POOL, NetworkConfig

ASSETS = Path(__file__).parent.parent / "assets"


@dataclass(frozen=True)
class Augmentation:
    """Random changes to training pictures, drawn anew for every picture of every batch.

    Attributes:
        rotation: largest angle either way, in degrees.
        scale: largest relative change of size either way.
        shift: largest move either way in each direction, in pixels.
        brightness: largest relative change of brightness either way.
        contrast: largest relative change of contrast either way.
    """

    rotation: float
    scale: float
    shift: float
    brightness: float = 0.0
    contrast: float = 0.0


@dataclass(frozen=True)
class Task:
    """An application: what is recognised, by which network, learned from which pictures.

    Attributes:
        name: folder name under `checkpoints/` and word on command lines.
        title: what people read.
        noun: one picture of this kind, in a sentence.
        data_file: prepared arrays `<data_file>.npz` in the data folder.
        network: the shape shared by teacher and students.
        augmentation: used for teacher and students alike.
        teacher_epochs: passes over the training pictures.
        student_epochs: passes while distilling.
        student_batch: inputs a batch while distilling, half as many pictures; small, for more steps in the
            same time.
        data_set: the data set's name.
        attribution: whom to credit, in one sentence.
        licence: terms of the data set, as far as its source states them.
        source_url: where the data set is described.
    """

    name: str
    title: str
    noun: str
    data_file: str
    network: NetworkConfig
    augmentation: Augmentation
    teacher_epochs: int
    student_epochs: int
    student_batch: int
    data_set: str
    attribution: str
    licence: str
    source_url: str


class UnknownTaskError(ValueError):
    """An application of another name than those there are."""


TASKS = {
    task.name: task
    for task in (
        Task(
            name="digits",
            title="Handwritten digits",
            noun="digit",
            data_file="mnist-28",
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
        ),
        Task(
            name="signs",
            title="Traffic signs",
            noun="traffic sign",
            data_file="gtsrb-32",
            network=NetworkConfig(
                channels=3,
                size=32,
                layers=(32, 32, POOL, 64, 64, POOL, 128, 128, POOL),
                features=256,
                classes=43,
                first_kernel=5,
            ),
            augmentation=Augmentation(rotation=8, scale=0.12, shift=2, brightness=0.3, contrast=0.3),
            teacher_epochs=16,
            student_epochs=8,
            student_batch=160,
            data_set="GTSRB",
            attribution=(
                "German Traffic Sign Recognition Benchmark by J. Stallkamp, M. Schlipsing, J. Salmen and C. Igel "
                "(Man vs. computer, Neural Networks 32, 2012)."
            ),
            licence="No licence is stated by the copy used here; the benchmark asks to be cited.",
            source_url="https://benchmark.ini.rub.de/gtsrb_dataset.html",
        ),
    )
}


def task_named(name: str) -> Task:
    """The application of this name.

    Raises:
        UnknownTaskError: no such application; the message names those there are.
    """
    if name not in TASKS:
        raise UnknownTaskError(f"There is no application {name!r}: choose one of {', '.join(TASKS)}.")
    return TASKS[name]


def class_names(task: Task) -> tuple[str, ...]:
    """One name a class, from `assets/class_names.json`."""
    return tuple(json.loads((ASSETS / "class_names.json").read_text("utf-8"))[task.name])
