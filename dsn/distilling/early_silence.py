"""What early layers say of raw pictures while a student is distilled, so that they can be taught to say nothing."""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from dsn.networks.classifier import Classifier


class EarlyActivations:
    """Listens to BatchNorm outputs of a network that trains.

    Args:
        network: listened to until `stop`.
        layers: which BatchNorm outputs, counted from 0.
    """

    def __init__(self, network: Classifier, layers: Sequence[int]) -> None:
        norms = [module for module in network.extractor if isinstance(module, nn.BatchNorm2d)]
        self.heard: dict[int, Tensor] = {}
        self._hooks = [norms[layer].register_forward_hook(self._listener(layer)) for layer in layers]

    def _listener(self, layer: int):
        def listen(module: nn.Module, inputs: tuple[Tensor, ...], output: Tensor) -> None:
            self.heard[layer] = output

        return listen

    def loss(self, raw: int, margin: float) -> Tensor:
        """How far raw pictures' activations are from silence before their ReLUs, as in `losses.silence_loss`.

        Args:
            raw: how many pictures at the end of the batch are raw.
            margin: how far below zero every activation should be.
        """
        parts = [F.relu(output[len(output) - raw :].float() + margin).mean() for output in self.heard.values()]
        return torch.stack(parts).mean()

    def stop(self) -> None:
        """Listen no longer."""
        for hook in self._hooks:
            hook.remove()
