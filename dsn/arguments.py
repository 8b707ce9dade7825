"""What several command lines have in common."""

import argparse

import torch

from dsn.devices import ARITHMETICS, default_device


def above_0(text: str) -> int:
    """A number of things as it is typed.

    Raises:
        argparse.ArgumentTypeError: no whole number, or none above 0.
    """
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number above 0")
    return int(text)


def minutes(text: str) -> float:
    """A time as it is typed; 0 is none.

    Raises:
        argparse.ArgumentTypeError: no number, or none of an amount of time.
    """
    try:
        found = float(text)
    except ValueError:
        found = -1.0
    if not 0 <= found < float("inf"):
        raise argparse.ArgumentTypeError(f"{text!r} is no number of minutes")
    return found


def device_name(text: str) -> str:
    """A device as it is typed: "cpu" or "cuda".

    Raises:
        argparse.ArgumentTypeError: another word, or a GPU where torch sees none.
    """
    if text not in ("cpu", "cuda"):
        raise argparse.ArgumentTypeError(f"there is no device {text!r}: choose cpu or cuda")
    if text == "cuda" and not torch.cuda.is_available():
        raise argparse.ArgumentTypeError("torch sees no GPU here: leave --device out, or choose cpu")
    return text


def add_device(command: argparse.ArgumentParser, what: str = "cpu or cuda") -> None:
    """The option `--device`.

    Args:
        command: that gets it.
        what: it is, for the help.
    """
    help = f"{what} (default: a GPU if there is one)"
    command.add_argument("--device", type=device_name, default=default_device(), help=help)


def add_arithmetic(command: argparse.ArgumentParser) -> None:
    """The option `--arithmetic`, of commands that train."""
    help = "of the training (default: DSN_ARITHMETIC, or what the device is faster in)"
    command.add_argument("--arithmetic", choices=ARITHMETICS, help=help)
