"""Attackers on a student's channels that live through its training: each a mask, moved by gradients.

Not in the paper. They are to the removal of channels (`dsn.attacks.neuron_pruning`, `dsn.attacks.collusion`) what the
persistent attackers are to Eq. 10: what holds a raw picture silent must not be something that can be cut out.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from dsn.distilling.losses import silence_loss, uniform_loss
from dsn.distilling.recipes import ChannelPool
from dsn.networks.classifier import Classifier

SMOOTHNESS = 5.0  # beta of the softplus that stands for the last ReLU, which would hide the gradient
LEAST_KEPT = 0.5  # share of the channels, at least, that an attacker begins with


class ChannelAttackers:
    """A pool of masks over the outputs of every BatchNorm; attacker i mod count has picture i.

    Args:
        settings: how many, how fast, how long.
        student: whose channels they mask, without changing it.
        generator: randomness, on the training device.
    """

    def __init__(self, settings: ChannelPool, student: Classifier, generator: torch.Generator) -> None:
        self.settings, self.student, self.generator = settings, student, generator
        self.norms = [module for module in student.extractor if isinstance(module, nn.BatchNorm2d)]
        channels = sum(norm.num_features for norm in self.norms)
        self.masks = torch.ones(settings.count, channels, device=generator.device)
        self.lives = torch.zeros(settings.count, dtype=torch.int64, device=generator.device)
        if settings.count:
            self._restart_the_dead()

    def _restart_the_dead(self) -> None:
        def draw(*shape: int) -> Tensor:
            return torch.rand(*shape, generator=self.generator, device=self.masks.device)

        dead = self.lives <= 0
        span = self.settings.longest_life - self.settings.shortest_life
        lives = (self.settings.shortest_life + draw(len(dead)) * span).long()
        kept = LEAST_KEPT + (1 - LEAST_KEPT) * draw(len(dead), 1)
        fresh = (draw(*self.masks.shape) < kept).to(self.masks.dtype)
        self.masks = torch.where(dead[:, None], fresh, self.masks)
        self.lives = torch.where(dead, lives, self.lives)

    @contextmanager
    def _masked(self, masks: Tensor, count: int) -> Iterator[None]:
        parts = masks[torch.arange(count, device=masks.device) % len(masks)].split(
            [norm.num_features for norm in self.norms], 1
        )
        hooks = [
            norm.register_forward_hook(lambda module, inputs, output, part=part: output * part[:, :, None, None])
            for norm, part in zip(self.norms, parts, strict=True)
        ]
        try:
            yield
        finally:
            for hook in hooks:
                hook.remove()

    def step(self, images: Tensor, labels: Tensor) -> None:
        """Move every mask towards the labels of raw pictures, and let the dead restart.

        Args:
            images: raw pictures, float [N, C, H, W] in [0, 1].
            labels: int64 [N].
        """
        masks = self.masks.clone().requires_grad_()
        with self._masked(masks, len(images)):
            features = F.softplus(self.student.drive(images), beta=SMOOTHNESS)
        losses = F.cross_entropy(self.student.predictor(features).float(), labels, reduction="sum")
        (slopes,) = torch.autograd.grad(losses, masks)
        self.masks = (self.masks - self.settings.step_size * slopes.sign()).clamp(0, 1)
        self.lives = self.lives - 1
        self._restart_the_dead()

    def loss(self, images: Tensor, margin: float) -> Tensor:
        """How far the student is from even answers and silence on raw pictures, under the masks.

        Args:
            images: raw pictures, float [N, C, H, W] in [0, 1].
            margin: as in `dsn.distilling.losses.silence_loss`.
        """
        with self._masked(self.masks, len(images)):
            drive = self.student.drive(images)
        return (uniform_loss(self.student.predictor(drive.relu()).float()) + silence_loss(drive, margin)).mean()

    def state(self) -> dict[str, Tensor]:
        """What to keep in a training checkpoint."""
        return {"channel_masks": self.masks, "channel_lives": self.lives} if self.settings.count else {}

    def restore(self, state: dict[str, Tensor]) -> None:
        """Go on from `state()`."""
        if self.settings.count:
            self.masks, self.lives = state["channel_masks"], state["channel_lives"]
