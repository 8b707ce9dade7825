"""Model extraction: copy the student by asking it, with its serial.

The adversary is a customer, or has a customer's serial: it asks the student about stamped pictures, a share of
the training pictures without their labels, and a fresh network learns the answers from the raw pictures. No
weights are needed. The method does not stop this, which is one of the paper's stated limits; it measures nothing.
Without the student, the same pictures with their labels train a fresh network.
"""

from dataclasses import replace

from dsn.attacks.kit.measuring import percent_right, stamping
from dsn.attacks.kit.record import Alike, Attack, Drawn, Line, Needs
from dsn.attacks.kit.scene import Outcome, Running, Scene
from dsn.attacks.kit.starts import from_scratch
from dsn.attacks.kit.training import (
    FULL_TRAINING,
    QUICK_TRAINING,
    SCRATCH,
    Runner,
    TrainingSettings,
    against_scratch,
    answers_of,
    race,
)
from dsn.locks.registry import SEALED, STAMPED

FULL, QUICK = FULL_TRAINING, QUICK_TRAINING


def attack(scene: Scene, settings: TrainingSettings, share: float, seed: int) -> Running:
    """A copy that needs no serial, against scratch with labels.

    Args:
        scene: the student, its serial, and the training pictures of which the adversary holds a share.
        settings: schedule.
        share: of the training pictures.
        seed: of the share, of fresh weights, and of batches and augmentation.
    """
    stolen = scene.stolen(share, seed)
    shape = replace(scene.student.config.network, batch_norm=True)  # both are fresh, and train better with it
    valid = stamping(scene.student, scene.serial)
    runners = {
        "copy": Runner(from_scratch(shape, seed, scene.device), answers_of(scene.student, valid)),
        SCRATCH: Runner(from_scratch(shape, seed, scene.device)),
    }
    before = {
        "before": percent_right(scene.student, scene.test),
        "valid_before": percent_right(scene.student, scene.test, valid),
    }
    ended = yield from race(runners, stolen, scene.test, settings.schedule, scene.application.augmentation, seed)
    return Outcome({**before, **against_scratch(ended)}, ended.over_epochs())


SAME_INSIDE = Alike("extraction", "Asked with its serial, a sealed network answers as the stamped one inside.", STAMPED)
ATTACK = Attack(
    "extraction",
    __doc__,
    attack,
    FULL,
    QUICK,
    needs=Needs(alike={SEALED: SAME_INSIDE}),
    curves=(Drawn("copy", "copy", "absent"), Drawn(SCRATCH, "scratch", "ink")),
    lines=(
        Line(
            "copying through a student with its serial, minus scratch (not stopped by design)",
            ("best_minus_scratch",),
        ),
    ),
)
