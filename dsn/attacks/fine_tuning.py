"""Fine-tuning: train the stolen weights further, on raw pictures with their labels.

The adversary has the weights and a share of the labelled training pictures (the paper: 10 to 40 %), and no
serial. Without the student, the same pictures train a fresh network: same epochs, batches and augmentation.

Source: the paper's Table "fine-tuning", which fine-tunes the student as it is. Six ways here: as it is; with
BatchNorm's statistics re-estimated on raw pictures first and then kept; with fresh dense layers; with a fresh
last convolution too; with gradients that leak through dead ReLUs, for students that fall silent; and with fresh
dense layers while BatchNorm's statistics stay as they were handed out. The recorded figures have the first four.
Of a sealed student, which has no BatchNorm, its codes are trained further, as wide as first weights usually are.
"""

from dataclasses import dataclass, replace

from dsn.applications.prepared import Split
from dsn.attacks.kit.measuring import percent_right, stamping
from dsn.attacks.kit.noise import taken
from dsn.attacks.kit.record import (
    NO_HEAD_START,
    PAPERS_SHARES,
    Attack,
    Drawn,
    Judged,
    Line,
    Needs,
    none_better,
    promised,
)
from dsn.attacks.kit.scene import Attempt, Outcome, Running, Scene, retold
from dsn.attacks.kit.starts import copied, from_scratch, transplanted
from dsn.attacks.kit.surrogates import LeakyGradientReLU, as_sequence, recalibrated
from dsn.attacks.kit.training import SCRATCH, Runner, Schedule, against_scratch, race

AS_IT_IS = "as_it_is"
NEED_STATISTICS = ("recalibrated", "kept_statistics")  # of BatchNorm, which a sealed student has not


@dataclass(frozen=True)
class Settings:
    """How the adversary trains.

    Attributes:
        schedule: of every way, and of the network from scratch.
        ways: see `runner`.
    """

    schedule: Schedule
    ways: tuple[str, ...] = (
        AS_IT_IS,
        "recalibrated",
        "fresh_dense",
        "fresh_last_convolution",
        "leaky",
        "kept_statistics",
    )


FULL = Settings(Schedule(), ("as_it_is", "recalibrated", "fresh_dense", "fresh_last_convolution"))
QUICK = Settings(Schedule(epochs=2, looks=4))


def runner(scene: Scene, way: str, stolen: Split, seed: int) -> Runner:
    """The stolen network made ready in one way, or a fresh one where the way is "scratch".

    Raises:
        ValueError: there is no such way.
    """
    student, config = taken(scene.student, seed), scene.student.config.network
    match way:
        case "as_it_is":
            return Runner(copied(student))
        case "recalibrated":
            return Runner(recalibrated(student, stolen.images), fixed_statistics=True)
        case "fresh_dense":
            return Runner(transplanted(student, config, seed))
        case "fresh_last_convolution":
            return Runner(transplanted(student, config, seed, dropped=1))
        case "leaky":
            return Runner(as_sequence(student, LeakyGradientReLU))
        case "kept_statistics":
            return Runner(transplanted(student, config, seed), fixed_statistics=True)
        case "scratch":
            return Runner(from_scratch(config, seed, scene.device))
    raise ValueError(f"There is no way {way!r} of fine-tuning.")


def attack(scene: Scene, settings: Settings, share: float, seed: int) -> Running:
    """Every way against scratch.

    Args:
        scene: the student, and the training pictures of which the adversary holds a share.
        settings: schedule and ways.
        share: of the labelled training pictures.
        seed: of the share, of fresh weights, and of batches and augmentation.
    """
    stolen = scene.stolen(share, seed)
    normed = scene.student.config.network.batch_norm
    ways = [way for way in settings.ways if normed or way not in NEED_STATISTICS]
    runners = {way: runner(scene, way, stolen, seed) for way in (*ways, SCRATCH)}
    valid = stamping(scene.student, scene.serial)
    before = {
        "before": percent_right(scene.student, scene.test),
        "valid_before": percent_right(scene.student, scene.test, valid),
    }
    running = race(runners, stolen, scene.test, settings.schedule, scene.application.augmentation, seed)
    attempt = Attempt(dict.fromkeys(("valid", "entered", "absent"), runners[settings.ways[0]].network))
    ended = yield from retold(running, lambda step: replace(step, attempt=attempt))
    after: dict[str, float | None] = {}
    if AS_IT_IS in runners:
        after["as_it_is_with_old_serial"] = percent_right(runners[AS_IT_IS].network, scene.test, valid)
    return Outcome({**before, **against_scratch(ended), **after}, ended.over_epochs())


ATTACK = Attack(
    "fine-tuning",
    __doc__,
    attack,
    FULL,
    QUICK,
    watched=Settings(Schedule(epochs=6, looks=18), ways=("fresh_dense",)),
    needs=Needs(training_pictures=True, alike=NO_HEAD_START),
    shares=PAPERS_SHARES,
    curves=(
        Drawn("fresh_dense", "fresh_dense", "absent", stepped="fresh_dense"),
        Drawn("as_it_is", "as_it_is", "dash"),
        Drawn(SCRATCH, "scratch", "ink", stepped=SCRATCH),
    ),
    judged=Judged("best", against="scratch_last"),
    lines=(
        Line("fine-tuning, the best way", ("best",), paper=("fine-tuning",)),
        Line("the same data without the student", ("scratch_last",), paper=("fine-tuning, scratch",)),
        Line(
            "fine-tuning minus scratch",
            ("best_minus_scratch",),
            bar=none_better,
            paper=("fine-tuning", "fine-tuning, scratch"),
        ),
        Line(
            "epochs to scratch's final accuracy, over scratch's own",
            ("epochs_over_scratch",),
            bar=promised(1.0),
            at_least=True,
        ),
    ),
)
