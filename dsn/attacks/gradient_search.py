"""Gradient search for the serial's bits, its place known.

The adversary has the weights, a share of the labelled training pictures and the stamp's place, and descends on
the bits themselves: continuous (a sigmoid for every bit, rounded at the end) or straight-through (rounded bits
forwards, the sigmoid's gradient backwards; Bengio et al., arXiv 1308.3432). Many restarts run in one forward
pass; in the end every pattern is tried, as whole bits and as grey, and the best one on the adversary's own pictures
is used. Not in the paper, which does not tell its adversary the place. There is no budget without the student.
"""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from dsn.applications.prepared import Split
from dsn.attacks.descent import MODES, PLAIN, Descent, attacked_network, descend, generators
from dsn.attacks.kit.measuring import percent_right
from dsn.attacks.kit.record import HIGHEST, LOWEST, NO_GRADIENT, Attack, Line, Needs, at_chance, promised
from dsn.attacks.kit.scene import Outcome, Running, Scene, Step, staged
from dsn.locks.stamping import stamp

CONTINUOUS, STRAIGHT_THROUGH = "continuous", "straight_through"


@dataclass(frozen=True)
class Settings:
    """How the bits are looked for.

    Attributes:
        descent: restarts, steps and batch.
        modes: see `dsn.attacks.descent.attacked_network`; each runs all restarts, both ways.
        report_every: steps between two reports.
        tried: of the adversary's own pictures, on which the best of all restarts is chosen.
    """

    descent: Descent
    modes: tuple[str, ...] = MODES
    report_every: int = 50
    tried: int = 300


FULL = Settings(Descent(restarts=20, steps=200, batch=8))
QUICK = Settings(Descent(restarts=4, steps=40, batch=20), modes=(PLAIN, "leaky"), report_every=20)


def relaxed(values: Tensor) -> Tensor:
    """Bits between 0 and 1 from any float values."""
    return values.sigmoid()


def straight_through(values: Tensor) -> Tensor:
    """Whole bits whose gradient is that of the sigmoid."""
    soft = values.sigmoid()
    return soft + (soft.round() - soft).detach()


WAYS: dict[str, Callable[[Tensor], Tensor]] = {CONTINUOUS: relaxed, STRAIGHT_THROUGH: straight_through}


def stamped_by_each(images: Tensor, patterns: Tensor, scene: Scene) -> Tensor:
    """Pictures [B, C, H, W] stamped with each of the patterns [R, K]: [R, B, C, H, W]."""
    repeated = images[None].expand(len(patterns), *images.shape).flatten(0, 1)
    each = patterns.repeat_interleave(len(images), 0)
    return stamp(repeated, each, scene.student.place).unflatten(0, (len(patterns), len(images)))


def search(
    scene: Scene, settings: Settings, share: float, seed: int, mode: str = PLAIN, way: str = CONTINUOUS
) -> Running:
    """One mode, one way; figures of the best restarts.

    Args:
        scene: the student, and the training pictures of which the adversary holds a share.
        settings: restarts and steps.
        share: of the labelled training pictures.
        seed: of the share and of every restart.
        mode: what is descended on.
        way: "continuous" or "straight_through".
    """
    stolen = scene.stolen(share, seed)
    network, answering = attacked_network(scene.student, mode, stolen.images)
    count, steps = len(scene.serial.bits), settings.descent.steps
    sources = generators(seed, range(settings.descent.restarts))
    values = torch.stack([torch.randn(count, generator=one) for one in sources]).to(scene.device)
    none = torch.zeros(len(values), device=scene.device)

    def applied(images: Tensor) -> Tensor:
        return stamped_by_each(images, WAYS[way](values), scene)

    def accuracy(pattern: Tensor, split: Split) -> float:
        return percent_right(answering, split, lambda images: stamp(images, pattern, scene.student.place))

    own = Split(stolen.images[: settings.tried], stolen.labels[: settings.tried])

    def best_of(patterns: Tensor) -> float:
        return accuracy(patterns[max(range(len(patterns)), key=lambda row: accuracy(patterns[row], own))], scene.test)

    for done, loss in enumerate(
        descend(network, stolen, [values], applied, lambda: none, settings.descent, seed), start=1
    ):
        if done % settings.report_every == 0 or done == steps:
            wrong = (values.detach().sigmoid().round() != scene.bits).sum(1)
            yield Step(done, steps, {"bits_wrong": float(wrong.min()), "loss": float(loss.min())})
    soft = values.detach().sigmoid()
    rounded = soft.round()
    wrong = (rounded != scene.bits).sum(1)
    return Outcome(
        {
            "bits_wrong_best": float(wrong.min()),
            "bits_wrong_mean": wrong.double().mean().item(),
            "nearest_accuracy": accuracy(rounded[int(wrong.argmin())], scene.test),
            "rounded_accuracy": best_of(rounded),
            "grey_accuracy": best_of(soft),
        }
    )


def attack(scene: Scene, settings: Settings, share: float, seed: int) -> Running:
    """Every mode, both ways; "bits_wrong" figures are numbers of bits; arguments as in `search`."""
    figures: dict[str, float | None] = {"before": percent_right(scene.student, scene.test)}
    rounds = [(mode, way) for mode in settings.modes for way in WAYS]
    steps = settings.descent.steps
    for turn, (mode, way) in enumerate(rounds):
        part = search(scene, settings, share, seed, mode, way)
        outcome = yield from staged(part, turn * steps, len(rounds) * steps)
        figures |= {f"{mode}_{way}_{name}": value for name, value in outcome.figures.items()}
    reached = {name: value for name, value in figures.items() if value is not None}
    figures["fewest_bits_wrong"] = min(value for name, value in reached.items() if name.endswith("bits_wrong_best"))
    figures["best_accuracy"] = max(value for name, value in reached.items() if name.endswith("_accuracy"))
    return Outcome(figures)


ATTACK = Attack(
    "gradient-search",
    __doc__,
    attack,
    FULL,
    QUICK,
    needs=Needs(pointless=NO_GRADIENT),
    lines=(
        Line(
            "gradient search, place known: fewest of 64 bits wrong",
            ("fewest_bits_wrong",),
            LOWEST,
            promised(16.0),
            at_least=True,
            unit=" bits",
        ),
        Line("gradient search: best pattern's accuracy", ("best_accuracy",), HIGHEST, at_chance),
    ),
)
