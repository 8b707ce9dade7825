"""Removal by distilling on unlabelled pictures: a fresh network learns what the student answers to raw ones.

The adversary has the student (its answers suffice) and a share of the training pictures without their labels,
and neither the serial nor its place. What the student does not say about raw pictures, or about pictures with
random serials, nobody can learn from it. A sealed student makes another network of every serial, at scrypt's cost:
there a batch has one for all its pictures. Not in the paper. Without the student there is nothing to learn from
pictures without labels: that budget ends at chance.
"""

from dataclasses import replace

import torch
from torch import Tensor

from dsn.attacks.kit.measuring import percent_right
from dsn.attacks.kit.record import HIGHEST, STILL_NOISE, Attack, Drawn, Line, Needs, at_chance
from dsn.attacks.kit.scene import Outcome, Running, Scene
from dsn.attacks.kit.starts import from_scratch
from dsn.attacks.kit.training import FULL_TRAINING, QUICK_TRAINING, Runner, TrainingSettings, answers_of, race
from dsn.locks.registry import SEALED
from dsn.locks.stamping import stamp

FULL, QUICK = FULL_TRAINING, QUICK_TRAINING


def attack(scene: Scene, settings: TrainingSettings, share: float, seed: int) -> Running:
    """Distil from answers to raw pictures, and from answers to pictures with random serials.

    Args:
        scene: the student, and the training pictures of which the adversary holds a share.
        settings: schedule.
        share: of the training pictures, whose labels are not used.
        seed: of the share, of fresh weights, of random serials, and of batches and augmentation.
    """
    stolen = scene.stolen(share, seed)
    shape, count = replace(scene.student.config.network, batch_norm=True), len(scene.serial.bits)
    one_for_all = scene.student.config.lock == SEALED
    generator = torch.Generator().manual_seed(seed)

    def random_serials(images: Tensor) -> Tensor:
        patterns = torch.randint(0, 2, (1 if one_for_all else len(images), count), generator=generator)
        return stamp(images, patterns.float().to(images.device), scene.student.place)

    runners = {
        "raw": Runner(from_scratch(shape, seed, scene.device), answers_of(scene.student)),
        "random_serials": Runner(from_scratch(shape, seed, scene.device), answers_of(scene.student, random_serials)),
    }
    before = percent_right(scene.student, scene.test)
    ended = yield from race(runners, stolen, scene.test, settings.schedule, scene.application.augmentation, seed)
    figures: dict[str, float | None] = {"before": before}
    figures |= {f"{name}_last": value for name, value in ended.whole.items()}
    figures["best"] = max(ended.whole.values())
    return Outcome(figures, ended.over_epochs())


ATTACK = Attack(
    "unlabelled",
    __doc__,
    attack,
    FULL,
    QUICK,
    needs=Needs(alike=STILL_NOISE),
    curves=(Drawn("raw", "shown_raw", "absent"), Drawn("random_serials", "shown_random", "entered")),
    lines=(Line("distilling on unlabelled pictures, no serial", ("best",), HIGHEST, at_chance),),
)
