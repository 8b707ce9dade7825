"""Early layers that are to say nothing of raw pictures, as the features do: an extra of the training."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from dsn.distilling.extras import Begun, Beside, Branches
from dsn.student.student import Student


@dataclass(frozen=True)
class EarlySilence:
    """Keeping early activations of raw pictures below zero, as a recipe's `silence` keeps the features.

    Attributes:
        weight: of their distance from silence.
        layers: which BatchNorm outputs are meant, counted from 0.
        margin: how far below zero every activation should be.
    """

    weight: float
    layers: tuple[int, ...]
    margin: float = 0.5

    def begin(self, student: Student, generator: torch.Generator) -> Begun:
        """Listen to the student's BatchNorms from now on; nothing is drawn."""
        return Listening(self, student)


class Listening(Beside):
    """Hears BatchNorm outputs of a student that trains.

    Args:
        settings: which ones, and what they are to come to.
        student: listened to until `stop`.
    """

    def __init__(self, settings: EarlySilence, student: Student) -> None:
        norms = [module for module in student.extractor if isinstance(module, nn.BatchNorm2d)]
        self.settings = settings
        self.heard: dict[int, Tensor] = {}
        self._hooks = [norms[layer].register_forward_hook(self._listener(layer)) for layer in settings.layers]

    def _listener(self, layer: int) -> Callable[[nn.Module, tuple[Tensor, ...], Tensor], None]:
        def listen(module: nn.Module, inputs: tuple[Tensor, ...], output: Tensor) -> None:
            self.heard[layer] = output

        return listen

    def loss(self, branches: Branches, labels: Tensor) -> Tensor:
        """How far raw pictures' activations are from silence before their ReLUs, as in `losses.silence_loss`."""
        outputs = [output[len(output) - branches.unstamped :].float() for output in self.heard.values()]
        distances = [F.relu(output + self.settings.margin).mean() for output in outputs]
        return self.settings.weight * torch.stack(distances).mean()

    def stop(self) -> None:
        """Listen no longer."""
        for hook in self._hooks:
            hook.remove()
