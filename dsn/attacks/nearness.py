"""Nearness: accuracy against the number of wrong bits, from none to all.

Nobody's attack but every search's map: were there a slope towards the valid serial, an adversary could climb it.
Not in the paper.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from dsn.attacks.kit.record import HIGHEST, NO_SLOPE, Attack, Drawn, Judged, Line, Needs, at_chance
from dsn.attacks.kit.scene import Attempt, Outcome, Running, Scene, Step
from dsn.locks.sweep import sweep_accuracy

CHUNK = 5  # distances whose serials are swept between two reports


@dataclass(frozen=True)
class Settings:
    """How closely the map is drawn.

    Attributes:
        serials: random ones at every distance; one where there is only one.
        pictures: each is tried on; None for the whole test split.
    """

    serials: int = 8
    pictures: int | None = 1000


FULL = Settings()
QUICK = Settings(serials=2, pictures=100)


def patterns_at(bits: Tensor, wrong: int, count: int, generator: torch.Generator) -> Tensor:
    """Random patterns with exactly `wrong` bits unlike the serial's, float [S, K]; one if there is but one.

    Args:
        bits: the valid serial, float [K] of 0 and 1, on the CPU.
        wrong: 0 to K.
        count: of patterns.
        generator: randomness.
    """
    count = 1 if wrong in (0, len(bits)) else count
    order = torch.rand(count, len(bits), generator=generator).argsort(1).argsort(1)
    return (bits - (order < wrong).float()).abs()


def attack(scene: Scene, settings: Settings, share: float, seed: int) -> Running:
    """Mean and highest accuracy at every distance; the share of data is not used.

    Args:
        scene: the student, its serial, and the test pictures.
        settings: how many serials and pictures.
        share: unused.
        seed: of the serials.
    """
    images, labels = scene.test.images[: settings.pictures], scene.test.labels[: settings.pictures]
    generator = torch.Generator().manual_seed(seed)
    count = len(scene.serial.bits)
    groups = [patterns_at(scene.bits.cpu(), wrong, settings.serials, generator) for wrong in range(count + 1)]
    mean: list[float] = []
    worst: list[float] = []
    for start in range(0, count + 1, CHUNK):
        chunk = groups[start : start + CHUNK]
        right = sweep_accuracy(scene.student.swept, images, labels, torch.cat(chunk))
        for part in (100 * right.double().cpu() / len(labels)).split([len(group) for group in chunk]):
            mean.append(part.mean().item())
            worst.append(part.max().item())
        curves = {"x": [float(wrong) for wrong in range(len(mean))], "mean": mean.copy(), "highest": worst.copy()}
        figures = {"valid": mean[0], "last": mean[-1]}
        yield Step(len(mean), count + 1, figures, curves=curves, attempt=Attempt(bits=chunk[-1][0]))
    reached: dict[str, float | None] = {
        "valid": mean[0],
        "one_bit_mean": mean[1],
        "one_bit_highest": worst[1],
        "two_or_more_mean": sum(mean[2:]) / len(mean[2:]),
        "two_or_more_highest": max(worst[2:]),
    }
    return Outcome(reached, curves)


ATTACK = Attack(
    "nearness",
    __doc__,
    attack,
    FULL,
    QUICK,
    watched=Settings(serials=4, pictures=200),
    needs=Needs(alike=NO_SLOPE),
    judged=Judged("one_bit_highest"),
    curves=(Drawn("mean", "nearness_mean", "entered"), Drawn("highest", "nearness_highest", "ink")),
    lines=(
        Line(
            "random serials two or more bits off, 1,000 pictures: highest",
            ("two_or_more_highest",),
            HIGHEST,
            at_chance,
        ),
    ),
)
