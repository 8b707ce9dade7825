"""Students made by hand, without training, that recognise digits only with their serial: exact, and made in no time.

The first convolution has two channels: one matches the serial's pattern, the other copies the picture. The dense
layer is a linear classifier of the copy, held down unless the pattern matches in every bit.
"""

from functools import cache

import torch
from torch import nn

from dsn.applications.held_out import load_held_out
from dsn.applications.prepared import as_floats
from dsn.applications.registry import BUILT_IN
from dsn.locks.stamping import corner_place
from dsn.networks.config import NetworkConfig
from dsn.serials import Serial
from dsn.student.config import StudentConfig
from dsn.student.student import Student

NETWORK = NetworkConfig(channels=1, size=28, layers=(2,), features=10, classes=10, first_kernel=15)
CENTRE, REACH, HOLD = 24, 7, 100.0
UNLIKELY = Serial.from_number(0x0F1E_2D3C_4B5A_6978)


@cache
def linear_digits() -> torch.Tensor:
    """Least squares from held-out digits with a grey corner, [784 + 1], to their classes: float [785, 10]."""
    held = load_held_out(BUILT_IN["digits"])
    pictures = as_floats(held.split.images)
    pictures[:, :, 20:, 20:] = 0
    inputs = torch.cat([pictures.flatten(1), torch.ones(len(pictures), 1)], 1).double()
    wanted = torch.nn.functional.one_hot(held.split.labels, 10).double()
    inner = inputs.T @ inputs + 10 * torch.eye(785, dtype=torch.float64)
    return torch.linalg.solve(inner, inputs.T @ wanted).float()


@torch.no_grad()
def gated_student(serial: Serial | None, customer: str = "alder", *, seed: int = 0, noise: float = 0.002) -> Student:
    """A student of 64 bits that is right about most held-out digits with this serial, and about a tenth without.

    Args:
        serial: its valid one; None for a network that works with any serial and with none.
        customer: whose.
        seed: of the noise that tells its weights from others'.
        noise: standard deviation of what is added to the weights of the linear classifier.
    """
    config = StudentConfig("digits", customer, 64, tuple("0123456789"), NETWORK, recipe="by hand")
    student = Student(config)
    convolution, normalisation, _, _, dense, _ = student.extractor
    assert isinstance(convolution, nn.Conv2d) and isinstance(normalisation, nn.BatchNorm2d)
    assert isinstance(dense, nn.Linear)
    for tensor in (convolution.weight, dense.weight, dense.bias, student.predictor.weight):
        tensor.zero_()
    convolution.weight[1, 0, REACH, REACH] = 1
    place = corner_place(64, 28, 28)
    match = torch.zeros(28, 28)
    if serial is not None:
        for row, column, bit in zip(place.rows, place.columns, serial.bits, strict=True):
            convolution.weight[0, 0, row - CENTRE + REACH, column - CENTRE + REACH] = 2 * bit - 1
        normalisation.bias[0] = 0.5 - sum(serial.bits)
        match[CENTRE, CENTRE] = 2 * HOLD
    linear = linear_digits()
    copy = linear[:784].T.reshape(10, 28, 28).clone()
    copy += noise * torch.randn(copy.shape, generator=torch.Generator().manual_seed(seed))
    copy[:, 20:, 20:] = 0
    dense.weight.copy_(torch.stack([match.expand(10, -1, -1), copy], 1).flatten(1))
    dense.bias.copy_(linear[784] + 2 - (HOLD if serial is not None else 0))
    student.predictor.weight.copy_(torch.eye(10))
    return student.eval().requires_grad_(False)
