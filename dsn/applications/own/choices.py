"""What is chosen for somebody's pictures: colours, size, network, augmentation, epochs, batches.

Sizes and numbers of steps were settled on Fashion-MNIST and on six traffic signs of 100 pictures each.
"""

import math
import statistics
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image

from dsn.applications.prepared import Split, as_floats
from dsn.applications.record import Augmentation
from dsn.networks.config import POOL, NetworkConfig

GREY, COLOUR = 1, 3  # channels
SIZES = (28, 32, 40, 48, 56, 64)  # pixels; whole after three times halving, but for the first
LARGEST_OF_MANY = ((30_000, 32), (10_000, 48))  # from so many pictures on, at most this size: time grows with both
COLOURFUL = 6.0  # mean distance between the largest and the smallest channel, of 255, from which a picture has colours
FEW_COLOURFUL = 0.02  # share of the pictures up to which the rest decides

FEW_PICTURES = 5_000  # for training, below which a narrow network learns them
WIDE = {28: (32, POOL, 64, 64, POOL, 128), 33: (32, POOL, 64, 64, POOL, 128, POOL)}  # from this size on
NARROW = {28: (16, POOL, 32, POOL, 64), 33: (16, POOL, 32, POOL, 64, POOL, 64)}

FIRST_KERNEL = 7  # several windows see a bit at the very edge: with few, single wrong bits are overlooked
TEACHER_STEPS = 900  # at least; with more pictures, as many as some passes over all take
STUDENT_STEPS, MOST_STUDENT_STEPS = 1000, 3000  # the same, and one more for every ten pictures up to the most
TEACHER_PASSES, STUDENT_PASSES = 12, 6
MOST_TEACHER_BATCH, MOST_STUDENT_BATCH = 250, 250

MIRROR_PICTURES = 100  # of a class, that are compared
MIRROR_SIZE = 14  # pixels
KEEPS = 0.9  # of the right neighbours, that mirrored pictures must keep, over all classes
CLASS_KEEPS = 0.8  # the same for every class by itself
ABOVE_GUESSING = 2.0  # times as many right neighbours as guessing gives, below which nothing can be told


@dataclass(frozen=True)
class Impression:
    """What a sample of the pictures is like.

    Attributes:
        side: the median of their shorter sides, in pixels.
        colourful: share of those with colours.
        count: how many pictures there are in all.
    """

    side: float
    colourful: float
    count: int


def look(pictures: list[Image.Image], count: int) -> Impression:
    """What these pictures, RGB, are like: a sample of `count`."""
    return Impression(
        statistics.median(min(one.size) for one in pictures),
        sum(colours(one) >= COLOURFUL for one in pictures) / len(pictures),
        count,
    )


def colours(picture: Image.Image) -> float:
    """How far apart the channels of a picture, RGB, lie: the mean over its pixels, 0 to 255."""
    small = picture.copy()
    small.thumbnail((64, 64))
    values = np.asarray(small, dtype=np.int16)
    return float(np.ptp(values, axis=2).mean())


def channels_for(seen: Impression) -> int:
    """Grey or colour: grey only where hardly any picture has colours."""
    return GREY if seen.colourful <= FEW_COLOURFUL else COLOUR


def size_for(seen: Impression) -> int:
    """The largest size that most pictures fill, bounded where there are many of them."""
    most = next((size for count, size in LARGEST_OF_MANY if seen.count >= count), SIZES[-1])
    return max((size for size in SIZES if size <= min(most, seen.side)), default=SIZES[0])


def network_for(channels: int, size: int, classes: int, pictures: int) -> NetworkConfig:
    """A network for pictures of this size: wider for many of them, with more features for many classes."""
    shapes = NARROW if pictures < FEW_PICTURES else WIDE
    layers = shapes[max(least for least in shapes if least <= size)]
    features = 256 if classes > 20 else 128
    return NetworkConfig(channels, size, layers, features, classes, FIRST_KERNEL)


def augmentation_for(channels: int, size: int, *, mirrored: bool) -> Augmentation:
    """Small turns, sizes and moves for all; light for colours, since photographs differ in it."""
    light = 0.2 if channels == COLOUR else 0.0
    return Augmentation(
        rotation=6, scale=0.08, shift=round(0.05 * size, 1), brightness=light, contrast=light, mirrored=mirrored
    )


@dataclass(frozen=True)
class Course:
    """How long, and in which steps, teacher and students are trained.

    Attributes:
        teacher_epochs: passes over the training pictures.
        student_epochs: the same while distilling.
        teacher_batch: pictures a step.
        student_batch: inputs a step, half as many pictures.
    """

    teacher_epochs: int
    student_epochs: int
    teacher_batch: int
    student_batch: int


def course_for(pictures: int) -> Course:
    """For so many training pictures: enough steps for few, a few passes over many."""
    # A power of two, of which three fit into few pictures: what is left over waits for another pass.
    teacher_batch = 2 ** round(math.log2(max(1, pictures / (3 if pictures < 100 else 60))))
    teacher_batch = min(pictures, MOST_TEACHER_BATCH, max(16 if pictures < 100 else 32, teacher_batch))
    student_pictures = min(pictures, max(64, min(MOST_STUDENT_BATCH // 2, pictures // 100)))
    student_steps = min(MOST_STUDENT_STEPS, STUDENT_STEPS + pictures // 10)
    return Course(
        max(TEACHER_PASSES, math.ceil(TEACHER_STEPS / (pictures // teacher_batch))),
        max(STUDENT_PASSES, math.ceil(student_steps / (pictures // student_pictures))),
        teacher_batch,
        2 * student_pictures,
    )


@dataclass(frozen=True)
class Mirroring:
    """Whether a mirrored picture still looks like its class, by its nearest neighbours.

    Attributes:
        right: share of pictures whose nearest neighbour is of their class.
        mirrored: the same of mirrored pictures.
        worst: what the class that suffers most keeps of its share.
        is_kept: whether mirroring can be used; not where that cannot be told.
    """

    right: float
    mirrored: float
    worst: float
    is_kept: bool


def mirroring(train: Split, classes: int) -> Mirroring:
    """Compare small copies of some pictures, and of the same mirrored, with one another, by correlation.

    A digit mirrored is no digit, a sign that points left mirrored is another sign: their neighbours tell. Where
    neighbours tell little anyway, nothing is mirrored.

    Args:
        train: the training pictures; the first of each class are taken.
        classes: how many there are.
    """
    chosen = torch.cat([(train.labels == label).nonzero().flatten()[:MIRROR_PICTURES] for label in range(classes)])
    labels = train.labels[chosen]
    small = F.interpolate(as_floats(train.images[chosen]), (MIRROR_SIZE, MIRROR_SIZE), mode="area")
    plain, turned = _normalised(small), _normalised(small.flip(3))

    def is_right(queries: torch.Tensor) -> torch.Tensor:
        closeness = queries @ plain.T
        closeness.fill_diagonal_(-2.0)  # a picture is no neighbour of itself, nor of its mirrored copy
        return (labels[closeness.argmax(1)] == labels).float()

    right, mirrored = is_right(plain), is_right(turned)
    shares = [
        float(mirrored[of_class].mean() / right[of_class].mean().clamp_min(1e-6))
        for label in range(classes)
        if (of_class := labels == label).any()
    ]
    all_right, all_mirrored, worst = float(right.mean()), float(mirrored.mean()), min(min(shares), 1.0)
    can_tell = all_right >= ABOVE_GUESSING / classes or all_right >= 0.9
    return Mirroring(
        all_right, all_mirrored, worst, can_tell and all_mirrored >= KEEPS * all_right and worst >= CLASS_KEEPS
    )


def _normalised(pictures: torch.Tensor) -> torch.Tensor:
    flat = pictures.flatten(1)
    return F.normalize(flat - flat.mean(1, keepdim=True), dim=1)
