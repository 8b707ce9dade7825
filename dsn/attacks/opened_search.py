"""Searching for the serial through an opened lock.

The adversary has the weights and a share of the labelled training pictures, opens the student as
`dsn.attacks.opening` does, and looks for the serial with the gradients that appear: for the bits, the place known
(`dsn.attacks.gradient_search`), and for a universal mask and pattern (Eq. 10, `dsn.attacks.reverse_engineering`).
What it finds must unlock the student as it was handed out. Silence hides no gradient here. From those attacks' own
smoothed activations it does, where a student is silent by a wide margin: their softplus is too near to a ReLU.

A third way needs no gradient: it flips single bits as long as that makes the features of a few pictures louder
before their ReLU, from random beginnings. Not in the paper. There is no budget without the student.
"""

from dataclasses import dataclass
from functools import partial

import torch
from torch import Tensor

from dsn.applications.prepared import as_floats
from dsn.attacks import gradient_search, reverse_engineering
from dsn.attacks.descent import OPENED, Descent, generators
from dsn.attacks.gradient_search import WAYS, stamped_by_each
from dsn.attacks.kit.measuring import percent_right
from dsn.attacks.kit.record import HIGHEST, LOWEST, NO_GRADIENT, Attack, Drawn, Line, Needs, at_chance, promised
from dsn.attacks.kit.scene import Outcome, Running, Scene, Step, staged
from dsn.locks.stamping import stamp

LOUDER = "louder"
PATTERNS_AT_ONCE = 8


@dataclass(frozen=True)
class Settings:
    """How the serial is looked for.

    Attributes:
        bits: the search for bits; its modes are not used.
        pattern: the search for a mask and a pattern; its modes are not used.
        climbs: random beginnings of the flipping.
        climbed_on: pictures, of which the loudness is the mean.
    """

    bits: gradient_search.Settings
    pattern: reverse_engineering.Settings
    climbs: int = 5
    climbed_on: int = 8


FULL = Settings(
    gradient_search.Settings(Descent(restarts=20, steps=200, batch=8), (OPENED,)),
    reverse_engineering.Settings(Descent(restarts=10, steps=1000, batch=8), modes=(OPENED,)),
)
QUICK = Settings(
    gradient_search.Settings(Descent(restarts=4, steps=40, batch=8), (OPENED,), report_every=20),
    reverse_engineering.Settings(Descent(restarts=3, steps=60, batch=8), modes=(OPENED,), report_every=20),
    climbs=1,
)


@torch.inference_mode()
def loudness(scene: Scene, images: Tensor, patterns: Tensor) -> Tensor:
    """Mean over pictures and features of what the last ReLU is given under each pattern: float [R].

    Args:
        scene: the student and its stamp's place.
        images: float [B, C, H, W] in [0, 1].
        patterns: float [R, K].
    """
    parts = [stamped_by_each(images, few, scene) for few in patterns.split(PATTERNS_AT_ONCE)]
    drives = [scene.student.drive(part.flatten(0, 1)).unflatten(0, part.shape[:2]) for part in parts]
    return torch.cat(drives).mean((1, 2))


def climbed(scene: Scene, images: Tensor, start: Tensor) -> Tensor:
    """The pattern, float [K], that no single flip makes louder, reached by the best flip each time.

    Args:
        scene: as in `loudness`.
        images: as in `loudness`.
        start: float [K] of 0 and 1.
    """
    bits, height = start, loudness(scene, images, start[None])[0]
    flips = torch.eye(len(start), device=start.device)
    while True:
        near = (bits[None] - flips).abs()
        heights = loudness(scene, images, near)
        best = int(heights.argmax())
        if heights[best] <= height:
            return bits
        bits, height = near[best], heights[best]


def attack(scene: Scene, settings: Settings, share: float, seed: int) -> Running:
    """The bits by gradients, both ways; then by flipping; then mask and pattern.

    Args:
        scene: the student, and the training pictures of which the adversary holds a share.
        settings: restarts and steps.
        share: of the labelled training pictures.
        seed: of the share and of every beginning.
    """
    student = scene.student
    figures: dict[str, float | None] = {"before": percent_right(student, scene.test)}
    walks, steps = settings.bits.descent.steps, settings.pattern.descent.steps
    total = len(WAYS) * walks + settings.climbs + steps
    for turn, way in enumerate(WAYS):
        part = gradient_search.search(scene, settings.bits, share, seed, OPENED, way)
        outcome = yield from staged(part, turn * walks, total)
        figures |= {f"{way}_{name}": value for name, value in outcome.figures.items()}
    images = as_floats(scene.stolen(share, seed).images[: settings.climbed_on])
    wrong, right = [], []
    for done, source in enumerate(generators(seed, range(settings.climbs)), start=1):
        start = torch.randint(0, 2, (len(scene.bits),), generator=source).float().to(scene.device)
        bits = climbed(scene, images, start)
        wrong.append(float((bits != scene.bits).sum()))
        right.append(percent_right(student, scene.test, partial(stamp, bits=bits, place=student.place)))
        yield Step(len(WAYS) * walks + done, total, {"bits_wrong": min(wrong)})
    figures |= {f"{LOUDER}_bits_wrong_best": min(wrong), f"{LOUDER}_accuracy": max(right)}
    part = reverse_engineering.search(scene, settings.pattern, share, seed, OPENED)
    outcome = yield from staged(part, total - steps, total)
    figures |= {"pattern_mean": outcome.figures["mean"], "pattern_worst": outcome.figures["worst"]}
    reached = {name: value for name, value in figures.items() if value is not None}
    figures["fewest_bits_wrong"] = min(value for name, value in reached.items() if name.endswith("bits_wrong_best"))
    figures["best_accuracy"] = max(value for name, value in reached.items() if name.endswith("_accuracy"))
    return Outcome(figures, {"x": outcome.curves["x"], "pattern": outcome.curves["accuracy"]})


ATTACK = Attack(
    "opened-search",
    __doc__,
    attack,
    FULL,
    QUICK,
    needs=Needs(pointless=NO_GRADIENT),
    curves=(Drawn("pattern", "best_pattern", "entered"),),
    lines=(
        Line(
            "search for the serial through the opened lock: fewest of 64 bits wrong",
            ("fewest_bits_wrong",),
            LOWEST,
            promised(16.0),
            at_least=True,
            unit=" bits",
        ),
        Line(
            "the same: best pattern's accuracy on the student as it is",
            ("best_accuracy", "pattern_worst"),
            HIGHEST,
            at_chance,
        ),
    ),
)
