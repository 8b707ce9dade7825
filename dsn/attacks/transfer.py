"""Transfer learning: the stolen convolutions under new dense layers, for another task.

The adversary has the weights, no serial, and labelled pictures of a task of its own: half of the classes, in
another style (`dsn.attacks.kit.restyling`, which says how this differs from the paper's AdaIN). The student gets new
dense layers and is trained, the whole of it or the dense layers alone. Without the student, the same pictures
train a fresh network.

Source: the paper's Table "transfer learning".
"""

from dataclasses import dataclass

import torch

from dsn.applications.prepared import Split
from dsn.attacks.kit.measuring import percent_right
from dsn.attacks.kit.noise import taken
from dsn.attacks.kit.record import ENDS, NO_HEAD_START, Attack, Drawn, Line, Needs, none_better
from dsn.attacks.kit.restyling import restyled
from dsn.attacks.kit.scene import Outcome, Running, Scene
from dsn.attacks.kit.starts import from_scratch, transplanted
from dsn.attacks.kit.training import SCRATCH, Runner, Schedule, against_scratch, race


@dataclass(frozen=True)
class Settings:
    """How the transferred network is trained."""

    schedule: Schedule


FULL = Settings(Schedule())
QUICK = Settings(Schedule(epochs=2, looks=4))


def half_of_classes(split: Split, classes: int, seed: int) -> Split:
    """The pictures of half of the classes, drawn at random; their labels are counted anew from zero.

    Args:
        split: pictures of all classes.
        classes: how many there are.
        seed: of the draw.
    """
    kept = torch.randperm(classes, generator=torch.Generator().manual_seed(seed))[: classes // 2].sort().values
    renamed = torch.full((classes,), -1, dtype=torch.int64)
    renamed[kept] = torch.arange(len(kept))
    labels = renamed.to(split.labels.device)[split.labels]
    chosen = labels >= 0
    return Split(split.images[chosen], labels[chosen])


def attack(scene: Scene, settings: Settings, share: float, seed: int) -> Running:
    """The student's convolutions against fresh ones.

    Args:
        scene: the student, and the training pictures of which the adversary holds a share.
        settings: schedule.
        share: of the labelled training pictures of the chosen classes.
        seed: of the share, the classes, styles, fresh weights, and of batches and augmentation.
    """
    student, config = taken(scene.student, seed), scene.student.config.network
    stolen = restyled(half_of_classes(scene.stolen(share, seed), config.classes, seed), seed)
    test = restyled(half_of_classes(scene.test, config.classes, seed), seed + 1)
    classes = config.classes // 2
    start = transplanted(student, config, seed, classes=classes)
    alone = transplanted(student, config, seed, classes=classes)
    scratch = transplanted(from_scratch(config, seed, scene.device), config, seed, classes=classes)
    runners = {
        "whole": Runner(start),
        "dense_alone": Runner(alone, fixed_statistics=True, dense_only=True),
        SCRATCH: Runner(scratch),
    }
    before = percent_right(scene.student, restyled(scene.test, seed + 1))
    ended = yield from race(runners, stolen, test, settings.schedule, scene.application.augmentation, seed)
    return Outcome({"before": before, **against_scratch(ended)}, ended.over_epochs())


ATTACK = Attack(
    "transfer",
    __doc__,
    attack,
    FULL,
    QUICK,
    needs=Needs(alike=NO_HEAD_START),
    shares=ENDS,
    curves=(Drawn("whole", "stolen", "absent"), Drawn(SCRATCH, "scratch", "ink")),
    lines=(
        Line(
            "transfer to other classes, minus scratch",
            ("best_minus_scratch",),
            bar=none_better,
            paper=("transfer", "transfer, scratch"),
        ),
    ),
)
