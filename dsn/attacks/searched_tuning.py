"""Training further, searched: a thief and whoever has nothing each look for their best way to train.

The adversary has the file and a share of the labelled training pictures, and no serial. Other attacks train everything
by one schedule, which may suit a stolen network better than a fresh one; here both sides try learning rates, optimisers
and frozen convolutions for two passes each (the habit of TamperBench), chosen on training pictures that are nobody's,
and only the best way of each start is trained to the end, with a budget in which the network from scratch has
converged: `scratch_last_quarter` says what the last quarter of it still brought. Beside every figure stands what the
same budget gives without the student.

Of a sealed student a thief has codes: taken as first weights as they lie, or as wide as first weights usually are, or
so with BatchNorm added; or nothing but its scales, for how wide weights should be. Of a stamped one the convolutions.
Not in the paper.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch

from dsn.applications.prepared import Split
from dsn.attacks.kit.measuring import percent_right
from dsn.attacks.kit.noise import as_wide_as_scales_say, rescaled, sealed_by, with_batch_norm
from dsn.attacks.kit.record import Attack, Drawn, Line, promised
from dsn.attacks.kit.scene import Outcome, Running, Scene, Step
from dsn.attacks.kit.starts import from_scratch, transplanted
from dsn.attacks.kit.training import Runner, Schedule, adam, epochs_until, last_quarter, momentum, train
from dsn.distilling.rebuild import BUILD
from dsn.files import write_json
from dsn.locks.registry import SEALED, STAMPED
from dsn.networks.classifier import Classifier

FOLDER = BUILD / "searched-tuning"  # what was trained so far, so that a search that was stopped goes on
OPTIMIZERS = {"adam": adam, "momentum": momentum}
FROM_SCRATCH = ("scratch", "scratch_batch_norm")
BY_LOCK = {
    SEALED: ("as_it_lies", "rescaled", "batch_norm", "scales"),
    STAMPED: ("fresh_dense", "fresh_last_convolution"),
}


@dataclass(frozen=True)
class Way:
    """How a network is trained.

    Attributes:
        optimizer: a word of `OPTIMIZERS`.
        learning_rate: the largest.
        frozen: whether convolutions stay as they are.
    """

    optimizer: str
    learning_rate: float
    frozen: bool = False


@dataclass(frozen=True)
class Settings:
    """What is tried, and for how long.

    Attributes:
        schedule: of every start's best way.
        trial: of every way of every start, with the search's own seed.
        ways: tried for every start, thief's and scratch's alike.
        chosen_on: training pictures, outside everybody's share, by which the best way is chosen.
        search_seed: of the pictures, weights and batches that all trials have.
        kept: whether what was trained is kept under `build/` and taken from there.
    """

    schedule: Schedule
    trial: Schedule
    ways: tuple[Way, ...]
    chosen_on: int = 2000
    search_seed: int = 0
    kept: bool = True


FULL = Settings(
    Schedule(epochs=12, pictures=None),
    Schedule(epochs=2, pictures=None, looks=1),
    (
        Way("adam", 1e-3),
        Way("adam", 3e-3),
        Way("adam", 1e-2),
        Way("momentum", 0.1),
        Way("adam", 3e-3, frozen=True),
        Way("momentum", 0.1, frozen=True),
    ),
)
QUICK = Settings(
    Schedule(epochs=2, pictures=None, looks=4),
    Schedule(epochs=1, pictures=None, looks=1),
    (Way("adam", 1e-3), Way("momentum", 0.02)),
    chosen_on=200,
    kept=False,
)


@dataclass(frozen=True)
class Trained:
    """What training one start in one way came to.

    Attributes:
        curve: right answers in percent on the first thousand test pictures, at every look.
        epochs: passed at each look.
        chosen_by: right answers in percent on the pictures that choose.
        whole: right answers in percent on all test pictures; None for a trial.
    """

    curve: list[float]
    epochs: list[float]
    chosen_by: float
    whole: float | None


def start_of(scene: Scene, name: str, seed: int) -> Classifier:
    """A network before it is trained.

    Raises:
        ValueError: there is no such start.
    """
    student, shape = scene.student, replace(scene.student.config.network, batch_norm=False)
    normed = replace(shape, batch_norm=True)
    match name:
        case "scratch":
            return from_scratch(shape, seed, scene.device)
        case "scratch_batch_norm":
            return from_scratch(normed, seed, scene.device)
        case "as_it_lies":
            network = from_scratch(shape, seed, scene.device)
            network.load_state_dict(student.state_dict())
            return network
        case "rescaled":
            return rescaled(student.state_dict(), shape, seed, scene.device)
        case "batch_norm":
            return rescaled(with_batch_norm(student.state_dict(), normed), normed, seed, scene.device)
        case "scales":
            return as_wide_as_scales_say(sealed_by(student).scales, shape, seed).to(scene.device)
        case "fresh_dense":
            return transplanted(student, student.config.network, seed)
        case "fresh_last_convolution":
            return transplanted(student, student.config.network, seed, dropped=1)
    raise ValueError(f"There is no start {name!r} of training further.")


def unclaimed(scene: Scene, share: float, seed: int, count: int) -> Split:
    """Training pictures outside an adversary's share: the last of the order in which `Scene.stolen` draws."""
    order = torch.randperm(len(scene.train), generator=torch.Generator().manual_seed(seed))
    chosen = order[max(round(share * len(scene.train)), len(order) - count) :].to(scene.device)
    return Split(scene.train.images[chosen], scene.train.labels[chosen])


def trained(
    scene: Scene, name: str, way: Way, schedule: Schedule, share: float, seed: int, count: int, *, to_the_end: bool
) -> Trained:
    """One start trained in one way, by the schedule's passes.

    Args:
        scene: the student and the pictures.
        name: of the start.
        way: optimiser, learning rate, what is frozen.
        schedule: passes and looks.
        share: of the training pictures.
        seed: of the share, fresh weights, batches and augmentation.
        count: of pictures that choose.
        to_the_end: whether it is a figure, measured on all test pictures, or a trial.
    """
    network = start_of(scene, name, seed)
    runner = Runner(network, dense_only=way.frozen, optimizer=OPTIMIZERS[way.optimizer])
    if way.frozen:
        network.requires_grad_(False)
    curve, epochs = [], []
    stolen = scene.stolen(share, seed)
    schedule = replace(schedule, learning_rate=way.learning_rate)
    for passed in train(runner, stolen, schedule, scene.application.augmentation, seed):
        curve.append(percent_right(network, scene.glance))
        epochs.append(passed)
    choosing = percent_right(network, unclaimed(scene, share, seed, count))
    return Trained(curve, epochs, choosing, percent_right(network, scene.test) if to_the_end else None)


class Kept:
    """What was trained so far, one file a student and share; nothing is written where nothing is to be kept.

    Args:
        path: of the file; None keeps it in memory alone.
    """

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._rows: dict[str, Any] = json.loads(path.read_text("utf-8")) if path and path.exists() else {}

    def get(self, key: str, train_it: Callable[[], Trained]) -> Trained:
        """What is kept under this key, trained now where it is not there."""
        if key not in self._rows:
            self._rows[key] = vars(train_it())
            if self._path:
                write_json(self._path, self._rows)
        return Trained(**self._rows[key])


def attack(scene: Scene, settings: Settings, share: float, seed: int) -> Running:
    """Search, then every start's best way to the end.

    Args:
        scene: the student, and the training pictures of which the adversary holds a share.
        settings: schedules and ways.
        share: of the labelled training pictures.
        seed: of the share, fresh weights, batches and augmentation of what is trained to the end.

    Returns:
        Of every start `<start>_last`, and its best way's `<start>_learning_rate`, `<start>_momentum` (1 or 0) and
        `<start>_frozen`; the best thief's and the best scratch's, and their difference; the fastest thief's epochs to
        the final accuracy of the best from scratch over its own; `passes`, `pictures` (trained on in all) and
        `scratch_last_quarter`, in points. The best of each side is chosen on pictures that choose, not on the test
        split.
    """
    student = scene.student.config
    thieves = BY_LOCK[student.lock]
    starts = [*FROM_SCRATCH, *thieves]
    path = FOLDER / f"{student.task}-{student.customer}-{100 * share:g}.json" if settings.kept else None
    kept = Kept(path)
    total, done = len(starts) * (len(settings.ways) + 1), 0
    curves: dict[str, list[float]] = {}

    def get(name: str, way: Way, *, to_the_end: bool) -> Trained:
        schedule, seeded = (settings.schedule, seed) if to_the_end else (settings.trial, settings.search_seed)
        asked = name, way, schedule, share, seeded, settings.chosen_on
        return kept.get(repr(asked), lambda: trained(scene, *asked, to_the_end=to_the_end))

    best: dict[str, Way] = {}
    for name in starts:
        found: dict[Way, float] = {}
        for way in settings.ways:
            found[way] = get(name, way, to_the_end=False).chosen_by
            done += 1
            yield Step(done, total, {name: found[way]})
        best[name] = max(found, key=lambda way: found[way])
    ended: dict[str, Trained] = {}
    for name in starts:
        ended[name] = get(name, best[name], to_the_end=True)
        curves[name] = ended[name].curve
        done += 1
        yield Step(done, total, {name: ended[name].curve[-1]})

    scratch, thief = (max(names, key=lambda name: ended[name].chosen_by) for names in (FROM_SCRATCH, thieves))
    level, own = ended[scratch].curve[-1], ended[scratch]
    arrivals = [epochs_until(ended[name].curve, ended[name].epochs, level) for name in thieves]
    reached = [one for one in arrivals if one is not None]
    first = epochs_until(own.curve, own.epochs, level)
    figures: dict[str, float | None] = {f"{name}_last": one.whole for name, one in ended.items()}
    for name, way in best.items():
        figures |= {f"{name}_learning_rate": way.learning_rate, f"{name}_momentum": float(way.optimizer == "momentum")}
        figures[f"{name}_frozen"] = float(way.frozen)
    figures |= {"best": ended[thief].whole, "scratch_best": ended[scratch].whole}
    figures["best_minus_scratch"] = (ended[thief].whole or 0) - (ended[scratch].whole or 0)
    figures["epochs_over_scratch"] = min(reached) / first if reached and first else None
    figures["passes"] = own.epochs[-1]
    figures["pictures"] = own.epochs[-1] * len(scene.stolen(share, seed))
    figures["scratch_last_quarter"] = last_quarter(own.curve)
    return Outcome(figures, {"x": own.epochs, **curves})


ATTACK = Attack(
    "searched-tuning",
    __doc__,
    attack,
    FULL,
    QUICK,
    curves=(Drawn("scratch_batch_norm", "scratch", "ink"),),
    lines=(
        Line("training further, searched: the best thief", ("best",)),
        Line("the same search without the student: the best network begun with nothing", ("scratch_best",)),
        Line("training further, searched: minus scratch", ("best_minus_scratch",), bar=promised(0.15)),
        Line(
            "the same: epochs to scratch's final accuracy, over scratch's own",
            ("epochs_over_scratch",),
            bar=promised(0.95),
            at_least=True,
        ),
        Line("the same: points that the last quarter of the training still brought scratch", ("scratch_last_quarter",)),
    ),
)
