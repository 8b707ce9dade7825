"""The one training loop of all attacks: a stolen network and a fresh one get the same pictures and the same steps."""

from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from dsn.applications.augmentation import augment
from dsn.applications.prepared import Split, as_floats
from dsn.applications.record import Augmentation
from dsn.attacks.kit.measuring import Change, arithmetic, percent_right, unchanged
from dsn.attacks.kit.scene import GLANCE, Step

SCRATCH = "scratch"
SHORTEST = 4  # steps the learning rate's cycle needs
EPOCH_SEEDS = 100_003  # distance between the random states of two seeds, in epochs


@dataclass(frozen=True)
class Schedule:
    """How an adversary trains; the same for a stolen network and for one from scratch.

    Attributes:
        epochs: passes over the adversary's pictures, at most.
        pictures: seen in all, as nearly as whole epochs come to it: who has more data passes over it less often.
            None for as many as the epochs take.
        batch: pictures a batch.
        learning_rate: Adam's largest; warmed up, then falling to zero along a cosine.
        warm_up: share of all steps in which it rises.
        looks: how often on the way the network is measured, evenly.
    """

    epochs: int = 8
    pictures: int | None = 36_000
    batch: int = 100
    learning_rate: float = 1e-3
    warm_up: float = 0.1
    looks: int = 12

    def epochs_over(self, count: int) -> int:
        """Passes over so many pictures, 1 at least."""
        return self.epochs if self.pictures is None else max(1, min(self.epochs, round(self.pictures / count)))


@dataclass(frozen=True)
class TrainingSettings:
    """Settings of an attack that only trains."""

    schedule: Schedule


FULL_TRAINING = TrainingSettings(Schedule())
QUICK_TRAINING = TrainingSettings(Schedule(epochs=2, looks=4))


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


def adam(weights: list[nn.Parameter], learning_rate: float) -> torch.optim.Optimizer:
    """Adam, what attacks train with unless they say otherwise."""
    return torch.optim.Adam(weights, lr=learning_rate)


def momentum(weights: list[nn.Parameter], learning_rate: float) -> torch.optim.Optimizer:
    """Stochastic gradient descent with Nesterov's momentum of 0.9."""
    return torch.optim.SGD(weights, lr=learning_rate, momentum=0.9, nesterov=True)


@dataclass(frozen=True)
class Runner:
    """One network in a race.

    Attributes:
        network: pictures to logits; it is trained in place.
        loss: of the network on a batch of augmented pictures and labels.
        fixed_statistics: keep BatchNorm's statistics as they are.
        dense_only: train the dense layers alone.
        optimizer: made of the weights that are trained and the schedule's largest learning rate.
    """

    network: nn.Module
    loss: Loss = labelled
    fixed_statistics: bool = False
    dense_only: bool = False
    optimizer: Callable[[list[nn.Parameter], float], torch.optim.Optimizer] = adam

    def trained(self) -> list[nn.Parameter]:
        """The weights that are trained."""
        modules = [one for one in self.network.modules() if isinstance(one, nn.Linear) or not self.dense_only]
        own = [parameter for module in modules for parameter in module.parameters(recurse=False)]
        for parameter in own:
            parameter.requires_grad_()
        return own


def train(runner: Runner, split: Split, schedule: Schedule, augmentation: Augmentation, seed: int) -> Iterator[float]:
    """Train a network in place; at every look the epochs passed so far, the network in eval mode.

    Which pictures a batch holds and how they are augmented depends on the seed and the epoch alone, so that
    any two networks see exactly the same.

    Args:
        runner: the network and its loss.
        split: the adversary's pictures, on the network's device.
        schedule: epochs, batch, learning rate and looks.
        augmentation: the largest random changes.
        seed: of batches and augmentation.
    """
    device = split.images.device
    batch = min(schedule.batch, len(split))
    steps, epochs = len(split) // batch, schedule.epochs_over(len(split))
    looks = look_steps(steps * epochs, schedule.looks)
    optimizer = runner.optimizer(runner.trained(), schedule.learning_rate)
    total = max(SHORTEST, steps * epochs)
    rates = torch.optim.lr_scheduler.OneCycleLR(
        optimizer,
        schedule.learning_rate,
        total_steps=total,
        pct_start=max(schedule.warm_up, 2 / total),  # a warm-up of a single step divides by zero
        cycle_momentum=False,
    )
    done = 0
    for epoch in range(epochs):
        generator = torch.Generator(device).manual_seed(seed * EPOCH_SEEDS + epoch)
        order = torch.randperm(len(split), generator=generator, device=device)
        for chosen in order[: steps * batch].split(batch):
            runner.network.train(not runner.fixed_statistics)
            images = augment(as_floats(split.images[chosen]), augmentation, generator)
            with arithmetic(device):
                loss = runner.loss(
                    runner.network, images.contiguous(memory_format=torch.channels_last), split.labels[chosen]
                )
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            optimizer.step()
            rates.step()
            done += 1
            if done in looks:
                runner.network.eval()
                yield done / steps


def look_steps(steps: int, looks: int) -> list[int]:
    """After which of so many steps a network is looked at: evenly, the last one always."""
    return sorted({max(1, round(steps * place / looks)) for place in range(1, looks + 1)})


@dataclass(frozen=True)
class Finish:
    """How a race ended.

    Attributes:
        curves: by name, right answers in percent on the first thousand test pictures: before, and at every look.
        epochs: passed at each entry of the curves.
        whole: by name, right answers in percent on all test pictures, after the last step.
        pictures: that each network was trained on in all, as often as it saw them.
    """

    curves: dict[str, list[float]]
    epochs: list[float]
    whole: dict[str, float]
    pictures: int

    def over_epochs(self) -> dict[str, list[float]]:
        """The curves with what they are drawn over, under "x"."""
        return {"x": self.epochs, **self.curves}


def race(
    runners: dict[str, Runner],
    split: Split,
    test: Split,
    schedule: Schedule,
    augmentation: Augmentation,
    seed: int,
    change: Change = unchanged,
) -> Generator[Step, None, Finish]:
    """Train several networks side by side.

    Args:
        runners: by name.
        split: the adversary's pictures, the same for all.
        test: on which they are measured.
        schedule: the same for all.
        augmentation: the same for all.
        seed: of batches and augmentation, the same for all.
        change: done to the test pictures before the networks look.
    """
    glance = Split(test.images[:GLANCE], test.labels[:GLANCE])
    curves = {name: [percent_right(runner.network, glance, change)] for name, runner in runners.items()}
    epochs = [0.0]
    batch, in_all = min(schedule.batch, len(split)), schedule.epochs_over(len(split))
    total = len(look_steps(len(split) // batch * in_all, schedule.looks)) * len(runners)

    def step() -> Step:
        done = sum(len(curve) - 1 for curve in curves.values())
        passed = {"epochs": epochs[-1], "epochs_in_all": float(in_all)}
        return Step(done, total, {name: curve[-1] for name, curve in curves.items()} | passed)

    yield step()
    under_way = [train(runner, split, schedule, augmentation, seed) for runner in runners.values()]
    for passed in zip(*under_way, strict=True):  # every network up to the same look
        epochs.append(passed[0])
        for name, runner in runners.items():
            curves[name].append(percent_right(runner.network, glance, change))
        yield step()
    whole = {name: percent_right(runner.network, test, change) for name, runner in runners.items()}
    return Finish(curves, epochs, whole, round(epochs[-1] * len(split)))


def against_scratch(ended: Finish) -> dict[str, float | None]:
    """The figures of a race against the network called "scratch".

    Returns:
        For every network its accuracy after the last step, on all test pictures; the best stolen one's, and what it
        has over scratch; the epochs the fastest stolen one needs for scratch's final accuracy over those
        scratch needs, read off the curves (None where none gets there); and the budget: `passes`, `pictures`
        trained on in all, and the points that the last quarter of it still brought scratch.
    """
    figures: dict[str, float | None] = {f"{name}_last": value for name, value in ended.whole.items()}
    best = max(value for name, value in ended.whole.items() if name != SCRATCH)
    level = ended.curves[SCRATCH][-1]
    arrivals = {name: epochs_until(curve, ended.epochs, level) for name, curve in ended.curves.items()}
    own = arrivals.pop(SCRATCH)
    reached = [passed for passed in arrivals.values() if passed is not None]
    figures["best"] = best
    figures["best_minus_scratch"] = best - ended.whole[SCRATCH]
    figures["epochs_over_scratch"] = min(reached) / own if reached and own else None
    figures |= {"passes": ended.epochs[-1], "pictures": float(ended.pictures)}
    figures["scratch_last_quarter"] = last_quarter(ended.curves[SCRATCH][1:])
    return figures


def last_quarter(curve: list[float]) -> float:
    """The points that the last quarter of a training brought, by its looks: how far it was from its end."""
    return curve[-1] - curve[max(0, round(0.75 * len(curve)) - 1)]


def epochs_until(curve: list[float], epochs: list[float], level: float) -> float | None:
    """The epochs passed when a curve first is at a level; None if it never is."""
    return next((passed for passed, value in zip(epochs[1:], curve[1:], strict=True) if value >= level), None)
