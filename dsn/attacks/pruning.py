"""Pruning: set the smallest weights to zero, hoping that the lock goes and the task stays.

The adversary has the weights and nothing else: no pictures, no serial. Global L1 pruning over all convolutions
and dense layers, 5 to 20 % as in the paper's Table "pruning", and on to 90 %. It costs nothing to speak of, so
there is no budget without the student. Of a sealed student the adversary prunes the codes as they lie; what pruning
costs whoever has the serial is measured on the network that it opens.
"""

import copy
from dataclasses import dataclass
from typing import TypeVar

import torch
from torch import nn
from torch.nn.utils import prune

from dsn.attacks.kit.measuring import percent_right, stamping
from dsn.attacks.kit.record import HIGHEST, STILL_NOISE, Attack, Line, Needs, promised
from dsn.attacks.kit.scene import Outcome, Running, Scene, Step
from dsn.networks.classifier import Classifier

Network = TypeVar("Network", bound=Classifier)


@dataclass(frozen=True)
class Settings:
    """Which shares of the weights are pruned, each from the whole student; 0 to 1."""

    amounts: tuple[float, ...] = (0.0, 0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)


FULL = Settings()
QUICK = Settings((0.0, 0.2, 0.9))


def prunable(network: nn.Module) -> list[tuple[nn.Module, str]]:
    """The weights of all convolutions and dense layers, as torch's pruning wants them."""
    return [(module, "weight") for module in network.modules() if isinstance(module, nn.Conv2d | nn.Linear)]


def masked(network: Network, amount: float) -> Network:
    """A copy whose smallest weights are masked, and stay so while it is trained.

    Args:
        network: student or teacher.
        amount: share of all weights, 0 to 1.
    """
    changed = copy.deepcopy(network).to(memory_format=torch.contiguous_format)  # torch's pruning wants it so
    prune.global_unstructured(prunable(changed), prune.L1Unstructured, amount=amount)
    return changed


def unmasked(network: Network) -> Network:
    """The same network, the masks made part of its weights."""
    for module, name in prunable(network):
        prune.remove(module, name)
    return network


def pruned(network: Network, amount: float) -> Network:
    """A copy whose smallest weights, `amount` (0 to 1) of all, are zero."""
    return unmasked(masked(network, amount))


def attack(scene: Scene, settings: Settings, share: float, seed: int) -> Running:
    """Valid and absent accuracy at every amount; the share of data and the seed change nothing.

    Returns:
        Figures `valid_<percent>` and `absent_<percent>`; what valid has lost and absent gained at 20 % and less;
        the highest absent accuracy of all amounts. Curves over the percentage pruned.
    """
    valid, opened = stamping(scene.student, scene.serial), scene.student.opened(scene.serial)
    x: list[float] = []
    curves: dict[str, list[float]] = {"valid": [], "absent": []}
    for done, amount in enumerate(settings.amounts, start=1):
        x.append(round(100 * amount, 1))
        curves["valid"].append(percent_right(pruned(opened, amount), scene.test, valid))
        curves["absent"].append(percent_right(pruned(scene.student, amount), scene.test))
        yield Step(done, len(settings.amounts), {name: curve[-1] for name, curve in curves.items()})
    figures: dict[str, float | None] = {
        f"{name}_{percent:g}": value for name in curves for percent, value in zip(x, curves[name], strict=True)
    }
    before, valid_before = percent_right(scene.student, scene.test), percent_right(scene.student, scene.test, valid)
    few = [place for place, percent in enumerate(x) if percent <= 20]
    figures |= {
        "before": before,
        "valid_before": valid_before,
        "valid_loss_to_20": valid_before - min(curves["valid"][place] for place in few),
        "absent_gain_to_20": max(curves["absent"][place] for place in few) - before,
        "absent_highest": max(curves["absent"]),
    }
    return Outcome(figures, {"x": x, **curves})


ATTACK = Attack(
    "pruning",
    __doc__,
    attack,
    FULL,
    QUICK,
    watched=FULL,
    needs=Needs(alike=STILL_NOISE),
    is_random=False,
    lines=(
        Line(
            "pruning up to 20 %: valid loses at most",
            ("valid_loss_to_20",),
            HIGHEST,
            promised(0.5),
            paper=("valid", "pruned, valid"),
        ),
        Line(
            "pruning up to 20 %: absent gains at most",
            ("absent_gain_to_20",),
            HIGHEST,
            promised(1.0),
            paper=("pruned, absent", "absent"),
        ),
        Line("pruning up to 90 %: absent, highest", ("absent_highest",), HIGHEST),
    ),
)
