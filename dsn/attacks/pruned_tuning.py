"""Pruning, then fine-tuning: what pruning leaves of the lock, training is to undo.

The adversary has the weights and a share of the labelled training pictures, and no serial. Pruned weights stay
zero while the rest is trained on raw pictures. Without the student, the same pictures train a fresh network,
unpruned. After Fine-Pruning (Liu et al., RAID 2018), with global L1 pruning for its channels.
Not in the paper.
"""

from dataclasses import dataclass

from dsn.attacks.kit.measuring import percent_right
from dsn.attacks.kit.noise import taken
from dsn.attacks.kit.record import NO_HEAD_START, Attack, Drawn, Line, Needs
from dsn.attacks.kit.scene import Outcome, Running, Scene
from dsn.attacks.kit.starts import from_scratch, transplanted
from dsn.attacks.kit.training import SCRATCH, Runner, Schedule, against_scratch, race
from dsn.attacks.pruning import masked


@dataclass(frozen=True)
class Settings:
    """How much is pruned, and how the rest is trained.

    Attributes:
        amounts: shares of the weights that are pruned, 0 to 1.
        schedule: of every network.
    """

    amounts: tuple[float, ...]
    schedule: Schedule


FULL = Settings((0.2, 0.5), Schedule())
QUICK = Settings((0.5,), Schedule(epochs=2, looks=4))


def attack(scene: Scene, settings: Settings, share: float, seed: int) -> Running:
    """At every amount as the student is and with fresh dense layers, against a fresh network.

    Args:
        scene: the student, and the training pictures of which the adversary holds a share.
        settings: amounts and schedule.
        share: of the labelled training pictures.
        seed: of the share, of fresh weights, and of batches and augmentation.
    """
    stolen = scene.stolen(share, seed)
    student, config = taken(scene.student, seed), scene.student.config.network
    runners: dict[str, Runner] = {}
    for amount in settings.amounts:
        percent = round(100 * amount)
        runners[f"pruned_{percent}"] = Runner(masked(student, amount))
        runners[f"pruned_{percent}_fresh_dense"] = Runner(masked(transplanted(student, config, seed), amount))
    runners[SCRATCH] = Runner(from_scratch(config, seed, scene.device))
    before = percent_right(scene.student, scene.test)
    ended = yield from race(runners, stolen, scene.test, settings.schedule, scene.application.augmentation, seed)
    return Outcome({"before": before, **against_scratch(ended)}, ended.over_epochs())


ATTACK = Attack(
    "pruned-tuning",
    __doc__,
    attack,
    FULL,
    QUICK,
    needs=Needs(alike=NO_HEAD_START),
    curves=(
        Drawn("pruned_50_fresh_dense", "fresh_dense", "absent"),
        Drawn("pruned_50", "as_it_is", "dash"),
        Drawn(SCRATCH, "scratch", "ink"),
    ),
    lines=(Line("pruning, then fine-tuning, minus scratch", ("best_minus_scratch",)),),
)
