"""The loop that teachers and students share: epochs, schedule, progress, checkpoints."""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor
from tqdm import tqdm

from dsn.applications.augmentation import augment
from dsn.applications.prepared import Split, as_floats
from dsn.applications.record import Augmentation
from dsn.devices import Arithmetic, arithmetic_for, autocast
from dsn.distilling.state import TrainingState

WARM_UP = 0.1  # share of all steps


@dataclass(frozen=True)
class Training:
    """Where and how long to train.

    Attributes:
        epochs: passes over the training pictures.
        seed: of all randomness.
        device: "cpu", "cuda", ...
        checkpoint: file to go on from after an interruption, or none.
        progress: whether to show a bar with the time left.
        arithmetic: "float32" or "bf16"; None for what the device is faster in.
    """

    epochs: int
    seed: int = 0
    device: str = "cpu"
    checkpoint: Path | None = None
    progress: bool = True
    arithmetic: Arithmetic | None = None

    @property
    def done_in(self) -> Arithmetic:
        """The arithmetic that is used."""
        return self.arithmetic or arithmetic_for(self.device)


def _batches(split: Split, batch: int, generator: torch.Generator) -> Iterator[tuple[Tensor, Tensor]]:
    order = torch.randperm(len(split), generator=generator, device=generator.device)
    for start in range(0, len(split) - batch + 1, batch):
        chosen = order[start : start + batch]
        yield as_floats(split.images[chosen]), split.labels[chosen]


def _rate_at(step: int, steps: int) -> float:
    """Share of the largest learning rate: a linear warm-up, then a cosine to zero."""
    warm = max(1, int(WARM_UP * steps))
    if step < warm:
        return (step + 1) / warm
    return 0.5 * (1 + math.cos(math.pi * (step - warm) / max(1, steps - warm)))


def run(
    split: Split,
    augmentation: Augmentation,
    batch: int,
    training: Training,
    checkpoint: TrainingState,
    learning_rate: float,
    loss_of: Callable[[Tensor, Tensor, torch.Generator], Tensor],
    extra: Callable[[], dict[str, Tensor]] = dict,
    restore: Callable[[dict[str, Tensor]], None] = lambda tensors: None,
    title: str = "training",
    after_backward: Callable[[Tensor, Tensor], None] = lambda images, labels: None,
    after_step: Callable[[], None] = lambda: None,
) -> Iterator[int]:
    """Train for the epochs that are left.

    Args:
        split: the pictures.
        augmentation: their largest random changes.
        batch: pictures a step.
        training: where and how long.
        checkpoint: holds the optimizer and the networks, and says which epochs are done.
        learning_rate: the largest; warmed up, then falling to zero along a cosine.
        loss_of: of augmented pictures, labels, and the generator that step draws from.
        extra: more tensors for the checkpoint.
        restore: takes them back.
        title: before the progress bar.
        after_backward: called between gradients and step, with pictures and labels.
        after_step: called after each step.

    Yields:
        The number of finished steps, after each.
    """
    done, tensors = checkpoint.load(training.device)
    if done:
        restore(tensors)
    arithmetic = training.done_in
    steps = len(split) // batch
    total = steps * training.epochs
    bar = tqdm(total=total, initial=done * steps, desc=title, disable=not training.progress, mininterval=1.0)
    with bar:
        for epoch in range(done, training.epochs):
            generator = torch.Generator(training.device).manual_seed(training.seed * 100_003 + epoch)
            mean_loss = torch.zeros((), device=training.device)
            for index, (images, labels) in enumerate(_batches(split, batch, generator)):
                rate = learning_rate * _rate_at(epoch * steps + index, total)
                for group in checkpoint.optimizer.param_groups:
                    group["lr"] = rate
                images = augment(images, augmentation, generator)
                with autocast(training.device, arithmetic):
                    loss = loss_of(images, labels, generator)
                checkpoint.optimizer.zero_grad(set_to_none=True)
                loss.backward()
                after_backward(images, labels)
                checkpoint.optimizer.step()
                after_step()
                mean_loss += loss.detach()
                bar.update()
                yield epoch * steps + index + 1
            bar.set_postfix(epoch=epoch + 1, loss=f"{mean_loss.item() / steps:.4f}")
            checkpoint.save(epoch + 1, extra())
