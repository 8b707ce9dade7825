"""One record per application. Adding one means a record here and a folder under `checkpoints/`."""

import json
from collections.abc import Callable
from dataclasses import dataclass

from PIL import Image
from torch import Tensor

from dsn.applications.pictures import fit_digit, fit_frame
from dsn.networks.classifier import POOL, NetworkConfig
from dsn.places import ASSETS


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
class Bars:
    """Bars of one application, in percent of right answers on the whole test split.

    Attributes:
        below_teacher: how far at most the valid serial may stay below the teacher.
        absent: at most this without a serial.
        random: mean and worst of random wrong serials, at most.
        one_bit: mean and worst of serials with one bit wrong, at most.
        unusual: worst of other customers' serials, wrong places, inverted and dimmed ones, at most.
        probe: at most this by a linear probe on the features of raw pictures.
    """

    below_teacher: float
    absent: float
    random: tuple[float, float]
    one_bit: tuple[float, float]
    unusual: float
    probe: float


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
        fit: a visitor's picture, RGB, as the network saw its training pictures, float [1, C, H, W] in [0, 1];
            None for the whole frame, shrunk or enlarged.
        can_be_drawn: whether the sketch pad serves.
        has_training_share: whether a tenth of the training pictures comes with the project.
        bars: what its students should reach; None where nothing was promised.
        attack_pictures: that an adversary trains on in all; None for the attacks' own number.
        attack_bar: the most, in percent, that an attack may reach; None where nothing was promised.
        attack_worst_bar: the same for the worst of many restarts.
        gpu_goal: seconds for one student on a card of the H200's class; None for no goal.
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
    fit: Callable[[Image.Image], Tensor] | None = None
    can_be_drawn: bool = False
    has_training_share: bool = False
    bars: Bars | None = None
    attack_pictures: int | None = None
    attack_bar: float | None = None
    attack_worst_bar: float | None = None
    gpu_goal: float | None = None

    def fitted(self, picture: Image.Image) -> Tensor:
        """A picture as the network saw its training pictures: float [1, C, H, W] in [0, 1].

        Args:
            picture: RGB.

        Raises:
            PictureError: there is nothing on it to recognise.
        """
        if self.fit:
            return self.fit(picture)
        return fit_frame(picture, self.network.channels, self.network.size)


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
            fit=fit_digit,
            can_be_drawn=True,
            has_training_share=True,
            bars=Bars(0.1, 11.4, (11.4, 12.0), (11.4, 14.0), 12.0, 12.0),
            attack_bar=12.0,  # guessing, with the room that the bar for absent gives
            attack_worst_bar=20.0,
            gpu_goal=15.0,
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
            bars=Bars(0.2, 6.5, (6.5, 9.0), (6.5, 10.0), 7.0, 8.0),
            attack_pictures=12_000,  # a picture costs several times one of digits
            attack_bar=8.0,
            attack_worst_bar=15.0,
            gpu_goal=45.0,
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


def with_training_share() -> list[Task]:
    """The applications a tenth of whose training pictures comes with the project."""
    return [task for task in TASKS.values() if task.has_training_share]
