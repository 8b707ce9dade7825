"""Hill climbing on answers alone: flip a bit, keep the change where the student answers better.

The adversary has no weights: only what the student answers to stamped pictures (every class's probability, or
merely the named class), a few labelled pictures and the stamp's place. One picture answered is one query.
Climbs that are stuck begin anew from a random serial. Not in the paper. There is no budget without the student.
"""

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from dsn.applications.prepared import Split
from dsn.attacks.kit.measuring import percent_right
from dsn.attacks.kit.record import HIGHEST, NO_SLOPE, Attack, Drawn, Judged, Line, Needs, at_chance
from dsn.attacks.kit.scene import Attempt, Outcome, Running, Scene, Step, staged
from dsn.locks.stamping import stamp
from dsn.locks.sweep import Swept

PROBABILITIES, CLASSES = "probabilities", "classes"


@dataclass(frozen=True)
class Settings:
    """How far an adversary climbs.

    Attributes:
        queries: pictures answered in all.
        pictures: answered for each serial that is tried.
        patience: serials tried without a better one until the climb begins anew.
        reports: how often progress is told.
    """

    queries: int = 100_000
    pictures: int = 100
    patience: int = 128
    reports: int = 50


FULL = Settings()
QUICK = Settings(queries=4000, pictures=40, reports=10)


def score(batch: Swept, bits: Tensor, labels: Tensor, seen: str) -> float:
    """What an adversary climbs on: mean log-probability of the true class, or the share of right answers."""
    logits = batch.logits(bits)
    if seen == PROBABILITIES:
        return logits.log_softmax(1).gather(1, labels[:, None]).mean().item()
    return (logits.argmax(1) == labels).double().mean().item()


@dataclass(frozen=True)
class Foothold:
    """Where a climb stands.

    Attributes:
        best: the best pattern ever tried, float [K] of 0 and 1, on the CPU.
        tries: patterns tried so far.
    """

    best: Tensor
    tries: int


def climbed(height: Callable[[Tensor], float], count: int, patience: int, seed: int) -> Iterator[Foothold]:
    """Climb for ever, from a random pattern whenever nothing better was found for long; after every try.

    Args:
        height: of a pattern, float [K] of 0 and 1; the higher the better.
        count: K, its bits.
        patience: patterns tried without a better one until the climb begins anew.
        seed: of first patterns and of the order in which bits are flipped.
    """
    generator = torch.Generator().manual_seed(seed)
    here = best = torch.zeros(count)
    level = best_level = -torch.inf
    order: list[int] = []
    stuck = patience  # so that the first pattern is a random one
    for tries in itertools.count(1):
        if stuck == patience:
            tried, level, stuck = torch.randint(0, 2, (count,), generator=generator).float(), -torch.inf, 0
        else:
            order = order or torch.randperm(count, generator=generator).tolist()
            place = order.pop()
            tried = here.clone()
            tried[place] = 1 - tried[place]
        found = height(tried)
        stuck = 0 if found > level else stuck + 1
        if found >= level:  # even ground is walked on: a plain has no other way off
            here, level = tried, found
        if found > best_level:
            best, best_level = tried, found
        yield Foothold(best, tries)


def climb(scene: Scene, settings: Settings, stolen: Split, seed: int, seen: str = PROBABILITIES) -> Running:
    """One adversary's climbs until the queries are used up.

    Args:
        scene: the student that answers.
        settings: how far.
        stolen: the adversary's labelled pictures; the first `settings.pictures` are used.
        seed: of first serials and of the order in which bits are flipped.
        seen: "probabilities", or "classes" where the student only names one.

    Returns:
        Test accuracy of the best serial ever tried, its wrong bits, and a curve over queries of the accuracy on
        a thousand test pictures.
    """
    labels = stolen.labels[: settings.pictures]
    batch = scene.student.swept(stolen.images[: settings.pictures])
    total = max(1, settings.queries // len(labels))
    every = max(1, total // settings.reports)
    queries: list[float] = []
    curve: list[float] = []

    def height(bits: Tensor) -> float:
        return score(batch, bits.to(scene.device), labels, seen)

    steps = climbed(height, len(scene.serial.bits), settings.patience, seed)
    here = next(steps)
    while True:
        if here.tries % every == 0 or here.tries == total:
            queries.append(float(here.tries * len(labels)))
            curve.append(_accuracy(scene, scene.glance, here.best))
            wrong = float((here.best != scene.bits.cpu()).sum())
            shown = {"queries": queries[-1], "queries_in_all": float(total * len(labels))}
            figures = {"accuracy": curve[-1], "bits_wrong": wrong, **shown}
            yield Step(here.tries, total, figures, attempt=Attempt(bits=here.best))
        if here.tries == total:
            break
        here = next(steps)
    figures = {"accuracy": _accuracy(scene, scene.test, here.best), "bits_wrong": wrong}
    return Outcome({**figures}, {"x": queries, "accuracy": curve})


def _accuracy(scene: Scene, split: Split, bits: Tensor) -> float:
    bits = bits.to(scene.device)
    return percent_right(scene.student, split, lambda images: stamp(images, bits, scene.student.place))


def attack(scene: Scene, settings: Settings, share: float, seed: int) -> Running:
    """Climb on probabilities, then on named classes, with as many queries each.

    Args:
        scene: the student, and the training pictures of which the adversary holds a share.
        settings: how far.
        share: of the labelled training pictures; a hundred are enough.
        seed: of the share and of the climbs.
    """
    stolen = scene.stolen(share, seed)
    tries = max(1, settings.queries // min(settings.pictures, len(stolen)))
    figures: dict[str, float | None] = {"before": percent_right(scene.student, scene.test)}
    curves: dict[str, list[float]] = {}
    for turn, seen in enumerate((PROBABILITIES, CLASSES)):
        outcome = yield from staged(climb(scene, settings, stolen, seed, seen), turn * tries, 2 * tries)
        figures |= {f"{seen}_{name}": value for name, value in outcome.figures.items()}
        curves |= {"x": outcome.curves["x"], seen: outcome.curves["accuracy"]}
    return Outcome(figures, curves)


ATTACK = Attack(
    "hill-climbing",
    __doc__,
    attack,
    FULL,
    QUICK,
    watched=Settings(queries=20_000, pictures=50, reports=40),
    needs=Needs(alike=NO_SLOPE),
    curves=(
        Drawn("probabilities", "seen_probabilities", "entered", stepped="accuracy"),
        Drawn("classes", "seen_classes", "ink", stepped="accuracy"),
    ),
    judged=Judged("_accuracy"),
    lines=(
        Line(
            "hill climbing on answers, 100,000 queries",
            ("classes_accuracy", "probabilities_accuracy"),
            HIGHEST,
            at_chance,
        ),
    ),
)
