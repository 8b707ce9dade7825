"""What an application is: everything that the rest of the project asks about it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from dsn.applications.cropping import FirstLook
from dsn.applications.pictures import fit_frame
from dsn.networks.config import NetworkConfig

if TYPE_CHECKING:
    from torch import Tensor

Pair = tuple[np.ndarray, np.ndarray]
TEACHER_BATCH = 500  # pictures, as in the paper


@dataclass(frozen=True)
class Augmentation:
    """Random changes to training pictures, drawn anew for every picture of every batch.

    Attributes:
        rotation: largest angle either way, in degrees.
        scale: largest relative change of size either way.
        shift: largest move either way in each direction, in pixels.
        brightness: largest relative change of brightness either way.
        contrast: largest relative change of contrast either way.
        mirrored: half of the pictures, left to right; only where a mirrored picture is still of its class.
    """

    rotation: float
    scale: float
    shift: float
    brightness: float = 0.0
    contrast: float = 0.0
    mirrored: bool = False


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
class Application:
    """An application: what is recognised, by which network, learned from which pictures.

    Attributes:
        name: folder name under `checkpoints/` and word on command lines.
        title: what people read.
        noun: one picture of this kind, in a sentence.
        data_file: prepared arrays `<data_file>.npz` in the data folder.
        classes: one name a class.
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
        read: the originals of one split, "train" or "test", under a folder of them that it may fill by a download:
            pictures uint8 [N, S, S] or [N, S, S, 3] and labels uint8 [N]; raises DownloadError. None where the
            prepared file cannot be made again.
        fit: a visitor's picture, RGB, as the network saw its training pictures, float [1, C, H, W] in [0, 1];
            None for the whole frame, shrunk or enlarged.
        look: a first look at a visitor's picture, RGB: which part of it to give the network, and what is doubtful;
            None for the whole, without a doubt.
        can_be_drawn: whether the sketch pad serves.
        has_training_share: whether a tenth of the training pictures comes with the project.
        bars: what its students should reach; None where nothing was promised.
        attack_pictures: that an adversary trains on in all; None for the attacks' own number.
        attack_bar: the most, in percent, that an attack may reach; None where nothing was promised.
        attack_worst_bar: the same for the worst of many restarts.
        gpu_goal: seconds for one student on a card of the H200's class; None for no goal.
        teacher_batch: pictures a step of the teacher's training.
        splits: how many splits of its pictures the figures are over: several where one has few test pictures.
        remark: what has to be known of its pictures beside them, in a sentence; nothing for most.
        home: folder that holds the `application.json` it was read from, `checkpoints/<name>`, and its held-out
            pictures; None for built-in ones. The project's documents tell of built-in ones alone.
        hub_data_set: the data set on the Hub, "organisation/name"; nothing where it is not there.
        pictures: tells those prepared arrays from others, 12 hexadecimal digits; nothing where they never change.
    """

    name: str
    title: str
    noun: str
    data_file: str
    classes: tuple[str, ...]
    network: NetworkConfig
    augmentation: Augmentation
    teacher_epochs: int
    student_epochs: int
    student_batch: int
    data_set: str
    attribution: str
    licence: str
    source_url: str
    read: Callable[[Application, Path, str], Pair] | None = None
    fit: Callable[[Image.Image], Tensor] | None = None
    look: Callable[[Image.Image], FirstLook] | None = None
    can_be_drawn: bool = False
    has_training_share: bool = False
    bars: Bars | None = None
    attack_pictures: int | None = None
    attack_bar: float | None = None
    attack_worst_bar: float | None = None
    gpu_goal: float | None = None
    teacher_batch: int = TEACHER_BATCH
    splits: int = 1
    remark: str = ""
    home: Path | None = None
    hub_data_set: str = ""
    pictures: str = ""

    def looked_at(self, picture: Image.Image) -> FirstLook:
        """Which part of a picture, RGB, to give the network, and what is doubtful about it."""
        return self.look(picture) if self.look else FirstLook()

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
