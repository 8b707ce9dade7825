"""Thieves that live through the training: copies of the student, fine-tuned on raw pictures while it learns to resist.

Not in the paper. They are to fine-tuning what the persistent attackers are to Eq. 10: each holds the student's
weights and a change of its own, trains that change with labels as an adversary would, and tells the student in
which direction its weights make the thief's answers more even. First-order: the change is taken as given.
"""

import copy
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from dsn.distilling.extras import Begun, Beside
from dsn.distilling.losses import uniform_loss
from dsn.networks.classifier import Classifier
from dsn.student.student import Student

KINDS = 3  # of thieves: everything kept, fresh dense layers, a fresh last convolution too


@dataclass(frozen=True)
class Thieves:
    """A pool of thieves as an extra of the training.

    Attributes:
        count: thieves alive at a time.
        learning_rate: Adam's, with which they train.
        shortest_life: turns until a thief may steal the weights anew.
        longest_life: turns until it must.
        weight: of a thief's distance from even answers in the student's loss.
    """

    count: int
    learning_rate: float = 1e-3
    shortest_life: int = 5
    longest_life: int = 100
    weight: float = 1.0

    def begin(self, student: Student, generator: torch.Generator) -> Begun:
        """The first thieves steal the student's weights as they are; how long each lives is drawn."""
        return PersistentThieves(self, student, generator)


class PersistentThieves(Beside):
    """A pool of thieves, one of which has its turn in every batch.

    Args:
        settings: how many, how fast, how long.
        student: whose weights they hold.
        generator: of their lives' lengths.
    """

    def __init__(self, settings: Thieves, student: Classifier, generator: torch.Generator) -> None:
        self.settings, self.student, self.generator = settings, student, generator
        self.turn = 0
        self.thieves = [self._steal(index) for index in range(settings.count)]
        self.before = self._weights()

    def _weights(self) -> list[Tensor]:
        return [one.detach().clone() for one in self.student.parameters()]

    def _steal(self, index: int) -> "Thief":
        span = self.settings.longest_life - self.settings.shortest_life
        draw = torch.rand((), generator=self.generator, device=self.generator.device)
        life = self.settings.shortest_life + int(span * draw)
        return Thief(self.student, index % KINDS, self.settings.learning_rate, life)

    def before_step(self, images: Tensor, labels: Tensor) -> None:
        """One thief trains a step; what would spoil its answers is added to the student's gradients.

        Args:
            images: raw pictures, float [N, C, H, W] in [0, 1].
            labels: int64 [N].
        """
        index = self.turn % len(self.thieves)
        self.turn += 1
        thief = self.thieves[index]
        thief.learn(images, labels)
        thief.spoil(self.student, images, self.settings.weight)
        if thief.life <= 0:
            self.thieves[index] = self._steal(index)

    def after_step(self) -> None:
        """Give every thief the change the student has made since the last call."""
        now = self._weights()
        changes = [new - old for new, old in zip(now, self.before, strict=True)]
        for thief in self.thieves:
            thief.follow(changes)
        self.before = now


class Thief:
    """One stolen copy and the optimizer that trains it.

    Args:
        student: whose weights it takes.
        kind: 0 keeps everything, 1 has fresh dense layers, 2 a fresh last convolution too.
        learning_rate: Adam's.
        life: turns it has.
    """

    def __init__(self, student: Classifier, kind: int, learning_rate: float, life: int) -> None:
        self.life = life
        self.network = copy.deepcopy(student).train()
        self.network.zero_grad(set_to_none=True)
        layers = [one for one in self.network.modules() if isinstance(one, nn.Conv2d | nn.Linear)]
        renewed = layers[len(layers) - (0, 2, 3)[kind] :] if kind else []
        for layer in renewed:
            layer.reset_parameters()
        own = {id(weight) for layer in renewed for weight in layer.parameters()}
        self.shared = [id(weight) not in own for weight in self.network.parameters()]
        self.optimizer = torch.optim.Adam(self.network.parameters(), lr=learning_rate)

    def learn(self, images: Tensor, labels: Tensor) -> None:
        """One step of fine-tuning, BatchNorm included."""
        self.life -= 1
        self.optimizer.zero_grad(set_to_none=True)
        F.cross_entropy(self.network(images), labels).backward()
        self.optimizer.step()

    def spoil(self, student: Classifier, images: Tensor, weight: float) -> None:
        """Add to the student's gradients what makes this thief's answers even."""
        loss = weight * uniform_loss(self.network(images).float()).mean()
        gradients = torch.autograd.grad(loss, list(self.network.parameters()))
        for shared, gradient, parameter in zip(self.shared, gradients, student.parameters(), strict=True):
            if shared and parameter.grad is not None:
                parameter.grad += gradient

    @torch.no_grad()
    def follow(self, changes: list[Tensor]) -> None:
        """Take part in the student's last step, but for the thief's own layers."""
        for shared, parameter, change in zip(self.shared, self.network.parameters(), changes, strict=True):
            if shared:
                parameter.add_(change)
