"""Where a network is trained, and in which arithmetic: what this machine has, and which of two it is faster in."""

import os
import statistics
import time
from functools import cache
from typing import Literal, get_args

import torch
import torch.nn.functional as F

Arithmetic = Literal["float32", "bf16"]
ARITHMETICS: tuple[Arithmetic, ...] = get_args(Arithmetic)
OVERRIDE = "DSN_ARITHMETIC"
UNITS = ("amx_bf16", "avx512_bf16", "avx10_2", "sme2", "bf16", "sve_bf16")  # as processors and torch call them
TRIAL_REPETITIONS = 5
TRIAL_PICTURES = 64


class UnknownArithmeticError(ValueError):
    """A word that is no arithmetic; its message says which words are."""


def default_device() -> str:
    """A GPU where there is one."""
    return "cuda" if torch.cuda.is_available() else "cpu"


def arithmetic_for(device: str) -> Arithmetic:
    """What networks are trained in on a device: bf16 where that wins, float32 elsewhere.

    `DSN_ARITHMETIC` overrides it. A processor without units for bf16 emulates it, about ten times slower than
    float32; where it says that it has units, a trial of a fraction of a second decides, once a process.

    Args:
        device: "cpu", "cuda", ...

    Raises:
        UnknownArithmeticError: `DSN_ARITHMETIC` is another word.
    """
    wanted = os.environ.get(OVERRIDE)
    return arithmetic_named(wanted) if wanted else _faster(torch.device(device).type)


def arithmetic_named(word: str) -> Arithmetic:
    """The arithmetic that a word names.

    Raises:
        UnknownArithmeticError: none does.
    """
    for known in ARITHMETICS:
        if word == known:
            return known
    raise UnknownArithmeticError(f"There is no arithmetic {word!r}: choose {' or '.join(ARITHMETICS)}.")


def autocast(device: str, arithmetic: Arithmetic) -> torch.autocast:
    """The context that arithmetic is done in; float32 leaves everything as it is."""
    return torch.autocast(torch.device(device).type, dtype=torch.bfloat16, enabled=arithmetic == "bf16")


def has_bf16_units(device: str) -> bool:
    """Whether a device says that it multiplies bf16 itself."""
    if torch.device(device).type == "cuda":
        return torch.cuda.is_bf16_supported(including_emulation=False)
    said = torch.cpu.get_capabilities()
    return any(said.get(unit) for unit in UNITS)


@cache
def _faster(device: str) -> Arithmetic:
    if not has_bf16_units(device):
        return "float32"
    return "bf16" if device != "cpu" or _trial("bf16") < _trial("float32") else "float32"


def _trial(arithmetic: Arithmetic) -> float:
    """Seconds that forward and backward through a small convolution take on the processor, the median of a few."""
    generator = torch.Generator().manual_seed(0)  # the program's own random state stays as it is
    images = torch.rand(TRIAL_PICTURES, 32, 14, 14, generator=generator).to(memory_format=torch.channels_last)
    weight = torch.rand(64, 32, 3, 3, generator=generator).to(memory_format=torch.channels_last).requires_grad_()

    def once() -> float:
        begun = time.perf_counter()
        with autocast("cpu", arithmetic):
            output = F.conv2d(images, weight, padding=1)
        torch.autograd.grad(output.float().sum(), weight)
        return time.perf_counter() - begun

    once()  # the kernel is chosen, and compiled, at the first call
    return statistics.median(once() for _ in range(TRIAL_REPETITIONS))
