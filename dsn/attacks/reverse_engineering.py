"""Reverse engineering the serial (Eq. 10): a universal mask and pattern that make raw pictures recognised.

The adversary has the weights and a share of the labelled training pictures, knows neither serial nor place, and
minimises cross-entropy + lambda * size of the mask over a mask and a pattern for all pictures.

Source: the paper's Eq. 10 (Table "reverse engineering"); it gives a size penalty but no mask, so mask and
pattern are those of Neural Cleanse (Wang et al., IEEE S&P 2019). The adaptive modes are not in the paper:
`dsn.attacks.kit.surrogates`. There is no budget without the student: what is looked for is in the student alone.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from dsn.attacks.descent import MODES, PLAIN, RECALIBRATED, Descent, attacked_network, descend, generators
from dsn.attacks.kit.measuring import Change, percent_right
from dsn.attacks.kit.record import HIGHEST, NO_GRADIENT, Attack, Drawn, Judged, Line, Needs, at_chance, at_worst
from dsn.attacks.kit.scene import Attempt, Outcome, Running, Scene, Step, staged


@dataclass(frozen=True)
class Settings:
    """How the mask and pattern are looked for.

    Attributes:
        descent: restarts, steps and batch.
        size_weight: lambda, times the mean of the mask.
        modes: see `dsn.attacks.descent.attacked_network`; each runs all restarts.
        report_every: steps between two reports.
    """

    descent: Descent
    size_weight: float = 0.01
    modes: tuple[str, ...] = MODES
    report_every: int = 50


FULL = Settings(Descent(restarts=10, steps=1000, batch=8))
QUICK = Settings(Descent(restarts=3, steps=60, batch=20), report_every=20)


def start(scene: Scene, seed: int, restarts: range) -> tuple[Tensor, Tensor]:
    """The first mask [R, 1, 1, H, W] and pattern [R, 1, C, H, W] of each restart, before the sigmoid."""
    network = scene.student.config.network
    size = network.size
    sources = generators(seed, restarts)
    masks = torch.stack([torch.randn(1, 1, size, size, generator=one) for one in sources])
    patterns = torch.stack([torch.randn(1, network.channels, size, size, generator=one) for one in sources])
    return masks.to(scene.device), patterns.to(scene.device)


def masked(images: Tensor, mask: Tensor, pattern: Tensor) -> Tensor:
    """Pictures [B, C, H, W] under each restart's mask and pattern (before the sigmoid): [R, B, C, H, W]."""
    weight = mask.sigmoid()
    return (1 - weight) * images[None] + weight * pattern.sigmoid()


def search(
    scene: Scene, settings: Settings, share: float, seed: int, mode: str = PLAIN, restarts: range | None = None
) -> Running:
    """One mode of the attack; the outcome's figures are the restarts' accuracies on the test pictures.

    Args:
        scene: the student, and the training pictures of which the adversary holds a share.
        settings: steps and penalty.
        share: of the labelled training pictures.
        seed: of the share and of every restart.
        mode: what is descended on.
        restarts: which ones; None for all of the settings, in one forward pass a step.
    """
    stolen = scene.stolen(share, seed)
    network, answering = attacked_network(scene.student, mode, stolen.images)
    mask, pattern = start(scene, seed, restarts or range(settings.descent.restarts))

    def penalty() -> Tensor:
        return settings.size_weight * mask.sigmoid().mean((1, 2, 3, 4))

    steps = settings.descent.steps
    accuracies: list[float] = []
    losses: list[list[float]] = []
    walk = descend(network, stolen, [mask, pattern], lambda images: masked(images, mask, pattern), penalty,
                   settings.descent, seed)  # fmt: skip
    for done, loss in enumerate(walk, start=1):
        losses.append(loss.tolist())
        if done % settings.report_every and done != steps:
            continue
        best = int(loss.argmin())
        found = (mask[best, 0].detach().sigmoid(), pattern[best, 0].detach().sigmoid())
        accuracy = percent_right(answering, scene.glance, _putting(*found))
        accuracies.append(accuracy)
        attempt = Attempt(dict.fromkeys(("absent", "entered"), answering), change=_putting(*found))
        figures = {"accuracy": accuracy, "loss": float(loss[best])}
        yield Step(done, steps, figures, {"mask": found[0], "pattern": found[1]}, attempt=attempt)
    final = [
        percent_right(answering, scene.test, _putting(*one))
        for one in zip(mask.detach().sigmoid()[:, 0], pattern.detach().sigmoid()[:, 0], strict=True)
    ]
    figures = {f"restart_{index}": value for index, value in enumerate(final)}
    return Outcome(
        {**figures, "mean": sum(final) / len(final), "worst": max(final)},
        {
            "x": [float(step) for step in range(settings.report_every, steps + 1, settings.report_every)],
            "accuracy": accuracies,
            "final_losses": losses[-1],
        },
    )


def _putting(mask: Tensor, pattern: Tensor) -> Change:
    return lambda images: (1 - mask) * images + mask * pattern


def attack(scene: Scene, settings: Settings, share: float, seed: int) -> Running:
    """Every mode in turn; arguments as in `search`."""
    figures: dict[str, float | None] = {"before": percent_right(scene.student, scene.test)}
    curves: dict[str, list[float]] = {}
    total = settings.descent.steps * len(settings.modes)
    for turn, mode in enumerate(settings.modes):
        part = search(scene, settings, share, seed, mode)
        outcome = yield from staged(part, turn * settings.descent.steps, total)
        figures |= {f"{mode}_mean": outcome.figures["mean"], f"{mode}_worst": outcome.figures["worst"]}
        curves |= {"x": outcome.curves["x"], mode: outcome.curves["accuracy"]}
    return Outcome(figures, curves)


ATTACK = Attack(
    "reverse-engineering",
    __doc__,
    attack,
    FULL,
    QUICK,
    watched=Settings(Descent(restarts=2, steps=200, batch=16), modes=(PLAIN, RECALIBRATED), report_every=25),
    needs=Needs(training_pictures=True, pointless=NO_GRADIENT),
    curves=(
        Drawn("plain", "mode_plain", "entered", stepped="accuracy"),
        Drawn("recalibrated", "mode_recalibrated", "ink", stepped="accuracy"),
    ),
    judged=Judged("_worst"),
    lines=(
        Line(
            "reverse engineering (Eq. 10), plain: mean of 10 restarts",
            ("plain_mean",),
            bar=at_chance,
            paper=("reverse-engineering",),
        ),
        Line(
            "the same, the best of three adaptive ways: mean of 10 restarts",
            tuple(f"{mode}_mean" for mode in MODES if mode != PLAIN),
            bar=at_chance,
        ),
        Line(
            "the same, every way: best restart of all seeds",
            tuple(f"{mode}_worst" for mode in MODES),
            HIGHEST,
            at_worst,
        ),
    ),
)
