"""The one training loop of all attacks: a stolen network and a fresh one get the same pictures and the same steps."""

from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from dsn.attacks.measuring import Change, percent_right, unchanged
from dsn.attacks.scene import Step
from dsn.augmentation import augment
from dsn.datasets import Split, as_floats
from dsn.tasks import Augmentation
from dsn.training_loop import autocast

SCRATCH = "scratch"
SHORTEST = 4  # steps the learning rate's cycle needs
EPOCH_SEEDS = 100_003  # distance between the random states of two seeds, in epochs


@dataclass(frozen=True)
class Schedule:
    """How an adversary trains; the same for a stolen network and for one from scratch.

    Attributes:
        epochs: passes over the adversary's pictures.
        batch: pictures a batch.
        learning_rate: Adam's largest; warmed up, then falling to zero along a cosine.
        warm_up: share of all steps in which it rises.
    """

    epochs: int = 15
    batch: int = 100
    learning_rate: float = 1e-3
    warm_up: float = 0.1


@dataclass(frozen=True)
class TrainingSettings:
    """Settings of an attack that only trains."""

    schedule: Schedule


FULL_TRAINING = TrainingSettings(Schedule())
QUICK_TRAINING = TrainingSettings(Schedule(epochs=2))


Loss = Callable[[nn.Module, Tensor, Tensor], Tensor]


def labelled(network: nn.Module, images: Tensor, labels: Tensor) -> Tensor:
    """Cross-entropy on raw pictures, float [N, C, H, W], with their labels, int64 [N]."""
    return F.cross_entropy(network(images), labels)


def labelled_with(change: Change) -> Loss:
    """Cross-entropy on changed pictures, such as stamped ones."""
    return lambda network, images, labels: labelled(network, change(images), labels)


def answers_of(source: nn.Module, change: Change = unchanged, own: Change = unchanged) -> Loss:
    """Distilling: the network learns what `source` answers; no labels.

    Args:
        source: pictures to logits, in eval mode.
        change: done to the pictures that the source sees.
        own: done to the pictures that the network sees.
    """

    def loss(network: nn.Module, images: Tensor, labels: Tensor) -> Tensor:
        with torch.no_grad():
            wanted = source(change(images)).float().softmax(1)
        return F.cross_entropy(network(own(images)), wanted)

    return loss


@dataclass(frozen=True)
class Runner:
    """One network in a race.

    Attributes:
        network: pictures to logits; it is trained in place.
        loss: of the network on a batch of augmented pictures and labels.
        fixed_statistics: keep BatchNorm's statistics as they are.
        dense_only: train the dense layers alone.
    """

    network: nn.Module
    loss: Loss = labelled
    fixed_statistics: bool = False
    dense_only: bool = False

    def trained(self) -> list[nn.Parameter]:
        """The weights that are trained."""
        modules = [one for one in self.network.modules() if isinstance(one, nn.Linear) or not self.dense_only]
        own = [parameter for module in modules for parameter in module.parameters(recurse=False)]
        for parameter in own:
            parameter.requires_grad_()
        return own


def train(runner: Runner, split: Split, schedule: Schedule, augmentation: Augmentation, seed: int) -> Iterator[int]:
    """Train a network in place; the number of finished epochs after each of them.

    Which pictures a batch holds and how they are augmented depends on the seed and the epoch alone, so that
    any two networks see exactly the same.

    Args:
        runner: the network and its loss.
        split: the adversary's pictures, on the network's device.
        schedule: epochs, batch and learning rate.
        augmentation: the largest random changes.
        seed: of batches and augmentation.
    """
    device = split.images.device
    batch = min(schedule.batch, len(split))
    steps = len(split) // batch
    optimizer = torch.optim.Adam(runner.trained(), lr=schedule.learning_rate)
    total = max(SHORTEST, steps * schedule.epochs)
    rates = torch.optim.lr_scheduler.OneCycleLR(
        optimizer,
        schedule.learning_rate,
        total_steps=total,
        pct_start=max(schedule.warm_up, 2 / total),  # a warm-up of a single step divides by zero
        cycle_momentum=False,
    )
    for epoch in range(schedule.epochs):
        generator = torch.Generator(device).manual_seed(seed * EPOCH_SEEDS + epoch)
        order = torch.randperm(len(split), generator=generator, device=device)
        runner.network.train(not runner.fixed_statistics)
        for chosen in order[: steps * batch].split(batch):
            images = augment(as_floats(split.images[chosen]), augmentation, generator)
            with autocast(device.type):
                loss = runner.loss(
                    runner.network, images.contiguous(memory_format=torch.channels_last), split.labels[chosen]
                )
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            optimizer.step()
            rates.step()
        runner.network.eval()
        yield epoch + 1


def race(
    runners: dict[str, Runner],
    split: Split,
    test: Split,
    schedule: Schedule,
    augmentation: Augmentation,
    seed: int,
    change: Change = unchanged,
) -> Generator[Step, None, dict[str, list[float]]]:
    """Train several networks side by side, epoch by epoch.

    Args:
        runners: by name.
        split: the adversary's pictures, the same for all.
        test: on which they are measured after every epoch.
        schedule: the same for all.
        augmentation: the same for all.
        seed: of batches and augmentation, the same for all.
        change: done to the test pictures before the networks look.

    Returns:
        By name, right answers in percent: before the training and after each epoch.
    """
    curves = {name: [percent_right(runner.network, test, change)] for name, runner in runners.items()}
    total = schedule.epochs * len(runners)

    def step(done: int) -> Step:
        return Step(done, total, {name: curve[-1] for name, curve in curves.items()})

    yield step(0)
    under_way = {name: train(runner, split, schedule, augmentation, seed) for name, runner in runners.items()}
    for epoch in range(schedule.epochs):
        for place, (name, training) in enumerate(under_way.items(), start=1):
            next(training)
            curves[name].append(percent_right(runners[name].network, test, change))
            yield step(epoch * len(runners) + place)
    return curves


def by_epoch(curves: dict[str, list[float]]) -> dict[str, list[float]]:
    """The curves of a race with the epochs they are drawn over, under "x"."""
    return {"x": [float(epoch) for epoch in range(max(map(len, curves.values())))], **curves}


def against_scratch(curves: dict[str, list[float]]) -> dict[str, float | None]:
    """The figures of a race against the network called "scratch".

    The adversary is given the benefit of the doubt: of the stolen networks and of all epochs the best on the
    test pictures counts. So it is for scratch.

    Returns:
        For every network its accuracy before, at the end and in its best epoch; then the best stolen one, what
        it has over scratch, and the epochs it needs for scratch's final accuracy over those scratch needs
        (None where it never gets there).
    """
    figures: dict[str, float | None] = {}
    for name, curve in curves.items():
        figures |= {f"{name}_before": curve[0], f"{name}_last": curve[-1], f"{name}_best": max(curve[1:])}
    stolen = {name: curve for name, curve in curves.items() if name != SCRATCH}
    scratch = curves[SCRATCH]
    best = max(max(curve[1:]) for curve in stolen.values())
    arrivals = [_epochs_until(curve, scratch[-1]) for curve in stolen.values()]
    reached = [epochs for epochs in arrivals if epochs is not None]
    own = _epochs_until(scratch, scratch[-1])
    figures["best"] = best
    figures["best_minus_scratch"] = best - max(scratch[1:])
    figures["epochs_over_scratch"] = min(reached) / own if reached and own else None
    return figures


def _epochs_until(curve: list[float], level: float) -> int | None:
    """The first epoch after which a curve is at a level; None if it never is."""
    return next((epoch for epoch, value in enumerate(curve) if epoch and value >= level), None)
