"""A student that is being distilled: what its pictures carry, and what it is told of its answers."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor, nn

from dsn.applications.prepared import Split, as_floats
from dsn.distilling.channel_attackers import ChannelAttackers
from dsn.distilling.extras import Branches, begun
from dsn.distilling.invalid_branch import PersistentAttackers, WeakBits, invalid_pictures
from dsn.distilling.losses import adversary_loss, distillation_loss, entanglement, silence_loss, uniform_loss
from dsn.distilling.recipes import Recipe
from dsn.distilling.state import digest
from dsn.locks.stamping import CORNER, stamp
from dsn.networks.classifier import Classifier, adversary, folded_drive, reverse_gradient, take_statistics
from dsn.serials import Serial, SerialError
from dsn.student.config import StudentConfig
from dsn.student.student import Student

STATISTICS_PICTURES, STATISTICS_BATCH = 5000, 500


@dataclass(frozen=True)
class Order:
    """What one customer is to get.

    Attributes:
        config: of the student to be.
        serial: its one valid serial.
        start: what the student begins with in place of the teacher's weights, where the recipe begins with those.
    """

    config: StudentConfig
    serial: Serial
    start: Classifier | None = None


class Together(Protocol):
    """Several students' networks as one program."""

    def drives(self, inputs: Sequence[Tensor]) -> Sequence[Tensor]:
        """What each student's last ReLU is given, float [N, D], for its own pictures, float [N, C, H, W]."""

    def predictions(self, features: Sequence[Tensor]) -> Sequence[Tensor]:
        """Each student's logits, float [N, classes], for its own features."""


class Separate:
    """Students one after another: each calls its own network.

    Args:
        students: that train.
    """

    def __init__(self, students: Sequence[Student]) -> None:
        self.students = students

    def drives(self, inputs: Sequence[Tensor]) -> list[Tensor]:
        """As in `Together`."""
        return [folded_drive(student, one) for student, one in zip(self.students, inputs, strict=True)]

    def predictions(self, features: Sequence[Tensor]) -> list[Tensor]:
        """As in `Together`."""
        return [student.predictor(one) for student, one in zip(self.students, features, strict=True)]


class Learner:
    """One student on its way.

    Args:
        order: whose student, unlocked by which serial.
        teacher: where recipe and order say so, the student begins with its weights.
        split: training pictures, on the training's device.
        recipe: terms of the loss.
        seed: of all randomness.
        device: of the training.

    Raises:
        SerialError: a serial of low weight, which is never issued.
    """

    def __init__(self, order: Order, teacher: nn.Module, split: Split, recipe: Recipe, seed: int, device: str) -> None:
        if not order.serial.is_issuable:
            raise SerialError("This serial has too few ones or zeros to be issued: choose another.")
        network = order.config.network
        torch.manual_seed(seed)
        self.order, self.recipe = order, recipe
        self.student = Student(order.config).to(device).to(memory_format=torch.channels_last)
        if recipe.start_from_teacher:
            self.student.load_state_dict((order.start or teacher).state_dict())
        if not recipe.learned_convolutions:
            for module in self.student.extractor:
                if isinstance(module, nn.Conv2d):
                    module.reset_parameters()  # drawn after the rest, so that no network of the same seed has them
                    module.requires_grad_(False)
        # A pattern everywhere changes the teacher's statistics much, and random convolutions have none yet.
        if recipe.fixed_statistics and (recipe.profile != CORNER or not recipe.learned_convolutions):
            seen = as_floats(split.images[:STATISTICS_PICTURES])
            take_statistics(self.student, self.student.stamp(seen, order.serial).split(STATISTICS_BATCH))
        self.rival = adversary(network).to(device)
        self.bits = torch.tensor(order.serial.bits, dtype=torch.float32, device=device)
        setup = torch.Generator(device).manual_seed(seed)
        shape = (network.channels, network.size, network.size)
        self.attackers = PersistentAttackers(recipe.attackers, self.student.place, shape, setup)
        self.weak_bits = WeakBits(len(self.bits), self.bits.device)
        self.extras = begun(recipe.extras, self.student, setup)
        self.channels = ChannelAttackers(recipe.channels, self.student, setup)
        self.student.train(not recipe.fixed_statistics)

    def branches(self, images: Tensor, generator: torch.Generator) -> Branches:
        """The pictures of one batch, valid and invalid; the attackers have been moved before.

        Args:
            images: float [N, C, H, W], raw.
            generator: of what makes them invalid.
        """
        invalid, one_bit, flipped = invalid_pictures(
            images,
            bits=self.bits,
            place=self.student.place,
            shares=self.recipe.invalid,
            attackers=self.attackers,
            weak_bits=self.weak_bits,
            generator=generator,
            profile=self.recipe.profile,
        )
        inputs = torch.cat([stamp(images, self.bits, self.student.place), invalid])
        return Branches(inputs, images, one_bit, flipped, unstamped=round(self.recipe.invalid.raw * len(images)))

    def loss(
        self, branches: Branches, drive: Tensor, features: Tensor, logits: Tensor, wanted: Tensor, labels: Tensor
    ) -> Tensor:
        """Eq. 8 with the terms and weights of the recipe.

        Args:
            branches: what the student has seen.
            drive: float [2 N, D], features before their ReLU.
            features: float [2 N, D].
            logits: float [2 N, classes].
            wanted: float [N, classes], the teacher's logits of the raw pictures.
            labels: int64 [N].
        """
        recipe, half = self.recipe, len(labels)
        loss = distillation_loss(logits[:half], wanted)
        if recipe.uniform or recipe.silence:
            unlocked = recipe.uniform * uniform_loss(logits[half:].float())
            unlocked = unlocked + recipe.silence * silence_loss(drive[half:], recipe.margin)
            self.weak_bits.learn(branches.flipped, unlocked[branches.one_bit].detach())
            loss = loss + unlocked.mean()
        for extra in self.extras:
            if (added := extra.loss(branches, labels)) is not None:
                loss = loss + added
        if recipe.channels.count:
            few = branches.raw[: recipe.channels.pictures]
            self.channels.step(few, labels[: len(few)])
            loss = loss + recipe.channels.weight * self.channels.loss(few, recipe.margin)
        if recipe.adversary:
            reversed_features = reverse_gradient(features[half:], recipe.adversary)
            loss = loss + adversary_loss(self.rival(reversed_features), labels)
        if recipe.entanglement:
            stamped = torch.arange(len(features), device=features.device) < half
            loss = loss - recipe.entanglement * entanglement(features, stamped)
        return loss

    def state(self) -> dict[str, Tensor]:
        """What to keep in a training's state besides the networks."""
        kept = {name: one for extra in self.extras for name, one in extra.state().items()}
        return {**self.attackers.state(), **kept, **self.channels.state(), "weak_bits": self.weak_bits.weights}

    def restore(self, state: dict[str, Tensor]) -> None:
        """Go on from `state()`."""
        self.weak_bits.weights = state["weak_bits"]
        self.attackers.restore(state)
        self.channels.restore(state)
        for extra in self.extras:
            extra.restore(state)

    def origin(self, teacher: nn.Module) -> str:
        """Tells this teacher and serial from others without giving either away."""
        return digest([*teacher.state_dict().values(), self.bits])
