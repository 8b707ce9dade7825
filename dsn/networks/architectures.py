"""Networks by the name of their architecture: torchvision's, timm's, or a function of one's own."""

import importlib
import re
import sys
from pathlib import Path

from torch import nn

LIBRARY = re.compile(r"(torchvision|timm):([a-z0-9_]{1,80})")
FUNCTION = re.compile(r"((?:[A-Za-z_]\w*\.)*[A-Za-z_]\w*):([A-Za-z_]\w*)", re.ASCII)


class ArchitectureError(ValueError):
    """A network that cannot be had or be locked; its message is one sentence."""


def is_of_a_library(architecture: str) -> bool:
    """Whether a name is torchvision's or timm's, which a file may give too: it picks from a list and runs no code."""
    return LIBRARY.fullmatch(architecture) is not None


def built(architecture: str, classes: int) -> nn.Module:
    """A network of random weights; nothing is downloaded.

    Args:
        architecture: "torchvision:NAME", "timm:NAME", or "package.module:function". The function is imported and
            called without arguments, so never take its name from a file that somebody else wrote.
        classes: how many answers the network gives; a function knows that itself.

    Raises:
        ArchitectureError: there is no such network, or its library is missing.
    """
    library = LIBRARY.fullmatch(architecture)
    if library is not None:
        return _of_torchvision(library[2], classes) if library[1] == "torchvision" else _of_timm(library[2], classes)
    function = FUNCTION.fullmatch(architecture)
    if function is None:
        raise ArchitectureError(
            f"{architecture[:80]!r} is not the name of a network: give torchvision:NAME, timm:NAME "
            "or package.module:function."
        )
    return _of_function(function[1], function[2])


def _of_torchvision(name: str, classes: int) -> nn.Module:
    from torchvision import models

    if name not in models.list_models(module=models):  # classifiers alone: others would download a backbone
        raise ArchitectureError(f"torchvision has no classifier {name!r}: look at torchvision.models.list_models().")
    return models.get_model(name, weights=None, num_classes=classes)


def _of_timm(name: str, classes: int) -> nn.Module:
    try:
        import timm
    except ImportError as error:
        raise ArchitectureError("timm is not installed: `pip install timm`, then try again.") from error
    if not timm.is_model(name):
        raise ArchitectureError(f"timm has no network {name!r}: look at timm.list_models().")
    return timm.create_model(name, pretrained=False, num_classes=classes)


def _of_function(module: str, function: str) -> nn.Module:
    here = str(Path.cwd())
    if here not in sys.path:
        sys.path.insert(0, here)  # as `python -m` has it
    try:
        made = getattr(importlib.import_module(module), function)()
    except Exception as error:
        reason = f"{type(error).__name__}: {error}".splitlines()[0][:200]
        raise ArchitectureError(f"{module}:{function} gives no network ({reason}).") from error
    if not isinstance(made, nn.Module):
        raise ArchitectureError(f"{module}:{function} gives {type(made).__name__}, and must give an nn.Module.")
    return made
