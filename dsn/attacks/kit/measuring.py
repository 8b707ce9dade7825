"""How often any network is right on a split, whatever is done to the pictures first."""

from collections.abc import Callable

import torch
from torch import Tensor, nn

from dsn.applications.prepared import Split, as_floats
from dsn.locks.stamping import stamp
from dsn.serials import Serial
from dsn.student.student import Student

BATCHES = {"cpu": 100, "cuda": 1000}  # pictures at a time; on a processor as many as fit its caches

Change = Callable[[Tensor], Tensor]


def arithmetic(device: torch.device) -> torch.autocast:
    """bf16 on a GPU; on a processor float32, which small batches make the faster one on most."""
    return torch.autocast(device.type, dtype=torch.bfloat16, enabled=device.type != "cpu")


def unchanged(images: Tensor) -> Tensor:
    """Pictures as they are."""
    return images


def stamping(student: Student, serial: Serial) -> Change:
    """The change that stamps a serial where this student expects its own."""
    bits = torch.tensor(serial.bits, dtype=torch.float32, device=student.predictor.weight.device)
    return lambda images: stamp(images, bits, student.place)


@torch.inference_mode()
def answered(network: nn.Module, images: Tensor, change: Change = unchanged) -> Tensor:
    """Answered classes, int64 [N].

    Args:
        network: pictures to logits; put into eval mode.
        images: uint8 [N, C, H, W], on the network's device.
        change: done to every batch of pictures, float [N, C, H, W], before the network looks.
    """
    network.eval()
    found = []
    with arithmetic(images.device):
        for batch in images.split(BATCHES.get(images.device.type, BATCHES["cuda"])):
            pictures = change(as_floats(batch)).contiguous(memory_format=torch.channels_last)
            found.append(network(pictures).argmax(1))
    return torch.cat(found)


def percent_right(network: nn.Module, split: Split, change: Change = unchanged) -> float:
    """Right answers in percent; arguments as in `answered`."""
    return 100 * (answered(network, split.images, change) == split.labels).double().mean().item()
