"""Model extraction: copy the student by asking it, with its serial.

The adversary is a customer, or has a customer's serial: it asks the student about stamped pictures, a share of
the training pictures without their labels, and a fresh network learns the answers from the raw pictures. No
weights are needed. The method does not stop this, which is one of the paper's stated limits; it measures nothing.
Without the student, the same pictures with their labels train a fresh network.
"""

from dataclasses import dataclass

from dsn.attacks.measuring import percent_right, stamping
from dsn.attacks.scene import Outcome, Running, Scene
from dsn.attacks.starts import from_scratch
from dsn.attacks.training import SCRATCH, Runner, Schedule, against_scratch, answers_of, race


@dataclass(frozen=True)
class Settings:
    """How the copy is trained."""

    schedule: Schedule


FULL = Settings(Schedule())
QUICK = Settings(Schedule(epochs=2))


def attack(scene: Scene, settings: Settings, share: float, seed: int) -> Running:
    """A copy that needs no serial, against scratch with labels.

    Args:
        scene: the student, its serial, and the training pictures of which the adversary holds a share.
        settings: schedule.
        share: of the training pictures.
        seed: of the share, of fresh weights, and of batches and augmentation.
    """
    stolen = scene.stolen(share, seed)
    config, valid = scene.student.config.network, stamping(scene.student, scene.serial)
    runners = {
        "copy": Runner(from_scratch(config, seed, scene.device), answers_of(scene.student, valid)),
        SCRATCH: Runner(from_scratch(config, seed, scene.device)),
    }
    before = {
        "before": percent_right(scene.student, scene.test),
        "valid_before": percent_right(scene.student, scene.test, valid),
    }
    curves = yield from race(runners, stolen, scene.test, settings.schedule, scene.task.augmentation, seed)
    epochs = [float(epoch) for epoch in range(settings.schedule.epochs + 1)]
    return Outcome({**before, **against_scratch(curves)}, {"x": epochs, **curves})
