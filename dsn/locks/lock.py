"""What a lock is: how a network and a serial come together. There are two, the trained one and the sealed one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import torch
    from torch import Tensor

    from dsn.locks.stamping import StampPlace
    from dsn.locks.sweep import Swept
    from dsn.networks.classifier import Classifier
    from dsn.serials import Serial


@dataclass(frozen=True)
class TensorSpec:
    """What a tensor in a student's file must be.

    Attributes:
        dtype: as safetensors writes it, such as "F32".
        shape: its lengths.
    """

    dtype: str
    shape: tuple[int, ...]


class Lock(Protocol):
    """What a serial does to a network: the customer's half. Making a locked student is the owner's (`dsn.distilling`).

    Attributes:
        name: the word in `config.json`.
    """

    name: str

    def expected(self, network: Classifier) -> dict[str, TensorSpec]:
        """What `model.safetensors` must hold, by the names of the network's tensors; shapes alone are read."""

    def weights(self, tensors: dict[str, Tensor]) -> dict[str, Tensor]:
        """From the file's tensors to the network's, as they lie."""

    def tensors(self, weights: dict[str, Tensor]) -> dict[str, Tensor]:
        """From the network's tensors, as they lie, to the file's."""

    def opened(self, network: Classifier, serial: Serial | None, place: StampPlace) -> Classifier:
        """The network that answers whoever brings this serial, right or wrong; None brings none.

        Args:
            network: as it lies, in eval mode.
            serial: of any length.
            place: where a serial would be.
        """

    def logits(self, network: Classifier, images: Tensor, place: StampPlace) -> Tensor:
        """What the network answers to pictures as they come, stamped or not: float [N, classes].

        Args:
            network: as it lies.
            images: float [N, C, H, W] in [0, 1].
            place: where a serial would be.
        """

    def swept(
        self, network: Classifier, images: Tensor, place: StampPlace, at: StampPlace, dtype: torch.dtype
    ) -> Swept:
        """Pictures made ready to be stamped with one pattern after another.

        Args:
            network: as it lies, in eval mode.
            images: float [N, C, H, W] in [0, 1], or uint8.
            place: where the network expects its serial.
            at: where the patterns go.
            dtype: of the arithmetic, float32 or bfloat16, where the lock has a choice.
        """
