"""The trained lock (the paper's): the network itself learned to answer only pictures that carry its serial."""

import torch
from torch import Tensor

from dsn.locks.lock import TensorSpec
from dsn.locks.stamping import StampPlace
from dsn.locks.sweep import StampedBatch, raw_pass
from dsn.networks.classifier import Classifier
from dsn.serials import Serial

SAFETENSORS_TYPES = {torch.float32: "F32", torch.int64: "I64"}


class Stamped:
    """One network for every serial: what is stamped in the picture decides."""

    name = "stamped"

    def expected(self, network: Classifier) -> dict[str, TensorSpec]:
        """The network's own tensors."""
        return {
            name: TensorSpec(SAFETENSORS_TYPES[one.dtype], tuple(one.shape))
            for name, one in network.state_dict().items()
        }

    def weights(self, tensors: dict[str, Tensor]) -> dict[str, Tensor]:
        """They are the network's."""
        return tensors

    def tensors(self, weights: dict[str, Tensor]) -> dict[str, Tensor]:
        """They are the file's."""
        return weights

    def opened(self, network: Classifier, serial: Serial | None, place: StampPlace) -> Classifier:
        """The network itself, whatever the serial."""
        return network

    def logits(self, network: Classifier, images: Tensor, place: StampPlace) -> Tensor:
        """The network's own answer."""
        return Classifier.forward(network, images)

    def swept(
        self, network: Classifier, images: Tensor, place: StampPlace, at: StampPlace, dtype: torch.dtype
    ) -> StampedBatch:
        """One raw pass for all patterns, and the window that each of them reaches."""
        return StampedBatch(network, raw_pass(network, images, dtype), at)
