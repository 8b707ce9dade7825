"""How often any network is right on a split, whatever is done to the pictures first."""

from collections.abc import Callable

import torch
from torch import Tensor, nn

from dsn.datasets import Split, as_floats
from dsn.serials import Serial
from dsn.stamping import stamp
from dsn.student import Student
from dsn.training_loop import autocast

BATCH = 1000

Change = Callable[[Tensor], Tensor]


def unchanged(images: Tensor) -> Tensor:
    """Pictures as they are."""
    return images


def stamping(student: Student, serial: Serial) -> Change:
    """The change that stamps a serial where this student expects its own."""
    bits = torch.tensor(serial.bits, dtype=torch.float32, device=student.predictor.weight.device)
    return lambda images: stamp(images, bits, student.place)


@torch.inference_mode()
def answered(network: nn.Module, images: Tensor, change: Change = unchanged) -> Tensor:
    """Answered classes, int64 [N], in bf16 arithmetic.

    Args:
        network: pictures to logits; put into eval mode.
        images: uint8 [N, C, H, W], on the network's device.
        change: done to every batch of pictures, float [N, C, H, W], before the network looks.
    """
    network.eval()
    found = []
    with autocast(images.device.type):
        for batch in images.split(BATCH):
            pictures = change(as_floats(batch)).contiguous(memory_format=torch.channels_last)
            found.append(network(pictures).argmax(1))
    return torch.cat(found)


def percent_right(network: nn.Module, split: Split, change: Change = unchanged) -> float:
    """Right answers in percent; arguments as in `answered`."""
    return 100 * (answered(network, split.images, change) == split.labels).double().mean().item()
