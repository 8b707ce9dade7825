"""Overwriting: make the stolen student answer to a serial of the adversary's own.

The adversary has the weights, the old serial and a share of the labelled training pictures. It stamps a new
serial into them and trains the student on that: with the labels (as it is, with fresh dense layers, or with
BatchNorm's statistics re-estimated on raw pictures first and then kept), or with what the student itself answers
under the old serial. Without the student, a fresh network is trained on the same stamped pictures with their labels.

Of a sealed student the adversary has no serial: whoever has it has the stamped student inside, and the attacks on
that one. The codes are trained on the new serial, as wide as first weights usually are, or fresh dense layers on them.

Source: the paper's Table "overwriting", whose adversary knows the old serial; it reports the accuracy on raw
pictures afterwards, and not what becomes of the old serial. Both are measured here, beside the new serial's.
"""

import random

from dsn.attacks.kit.measuring import percent_right, stamping
from dsn.attacks.kit.noise import taken
from dsn.attacks.kit.record import ENDS, NO_HEAD_START, Attack, Drawn, Line, Needs, none_better
from dsn.attacks.kit.scene import Outcome, Running, Scene
from dsn.attacks.kit.starts import copied, from_scratch, transplanted
from dsn.attacks.kit.surrogates import recalibrated
from dsn.attacks.kit.training import (
    FULL_TRAINING,
    QUICK_TRAINING,
    SCRATCH,
    Runner,
    TrainingSettings,
    against_scratch,
    answers_of,
    labelled_with,
    race,
)
from dsn.locks.registry import STAMPED
from dsn.serials import random_serial

FULL, QUICK = FULL_TRAINING, QUICK_TRAINING


def attack(scene: Scene, settings: TrainingSettings, share: float, seed: int) -> Running:
    """Train the new serial in, against scratch.

    Args:
        scene: the student, its serial, and the training pictures of which the adversary holds a share.
        settings: schedule.
        share: of the labelled training pictures.
        seed: of the share, of the new serial, of fresh weights, and of batches and augmentation.

    Returns:
        Accuracy with the new serial as `against_scratch` has it; at the end also with the old serial and on raw
        pictures: `<way>_old_serial`, `<way>_raw`, and what the best way has over scratch on raw ones.
    """
    stolen = scene.stolen(share, seed)
    student, config = scene.student, scene.student.config.network
    new = random_serial(len(scene.serial.bits), unlike=scene.serial, source=random.Random(seed))
    old_stamp, new_stamp = stamping(student, scene.serial), stamping(student, new)
    labels = labelled_with(new_stamp)

    start = taken(student, seed)
    runners = {
        "labels": Runner(copied(start), labels),
        "fresh_dense": Runner(transplanted(start, config, seed), labels),
    }
    if student.config.lock == STAMPED:
        runners |= {
            "recalibrated": Runner(recalibrated(student, stolen.images), labels, fixed_statistics=True),
            "own_answers": Runner(copied(student), answers_of(student, old_stamp, new_stamp)),
        }
    runners[SCRATCH] = Runner(from_scratch(config, seed, scene.device), labels)
    figures: dict[str, float | None] = {
        "before": percent_right(student, scene.test, new_stamp),
        "old_serial_before": percent_right(student, scene.test, old_stamp),
        "raw_before": percent_right(student, scene.test),
    }
    schedule, augmentation = settings.schedule, scene.application.augmentation
    ended = yield from race(runners, stolen, scene.test, schedule, augmentation, seed, change=new_stamp)
    figures |= against_scratch(ended)
    for name, runner in runners.items():
        figures[f"{name}_old_serial"] = percent_right(runner.network, scene.test, old_stamp)
        figures[f"{name}_raw"] = percent_right(runner.network, scene.test)
    raw = {name: figures[f"{name}_raw"] or 0.0 for name in runners}
    figures["raw_best_minus_scratch"] = max(raw[name] for name in runners if name != SCRATCH) - raw[SCRATCH]
    return Outcome(figures, ended.over_epochs())


ATTACK = Attack(
    "overwriting",
    __doc__,
    attack,
    FULL,
    QUICK,
    needs=Needs(alike=NO_HEAD_START),
    shares=ENDS,
    curves=(
        Drawn("fresh_dense", "fresh_dense", "entered"),
        Drawn("labels", "as_it_is", "dash"),
        Drawn(SCRATCH, "scratch", "ink"),
    ),
    lines=(
        Line("overwriting with a new serial, minus scratch", ("best_minus_scratch",), bar=none_better),
        Line(
            "the same, on raw pictures, as the paper has it",
            ("raw_best_minus_scratch",),
            bar=none_better,
            paper=("overwriting", "fine-tuning, scratch"),
        ),
        Line(
            "overwriting: right with the old serial afterwards (fresh dense layers, to which stamps are all the same)",
            ("fresh_dense_old_serial",),
        ),
        Line(
            "the same of the network begun with nothing, which never saw that serial",
            ("scratch_old_serial",),
        ),
    ),
)
