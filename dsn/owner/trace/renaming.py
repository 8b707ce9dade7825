"""A network's tensors under a student's names, found by what they are and not by what a file calls them."""

import re
from collections import defaultdict
from collections.abc import Mapping

import torch
from torch import Tensor

CODES = torch.int16  # of a sealed network
WEIGHT = "weight"  # the last word of the name of what every layer has


def renamed(tensors: Mapping[str, Tensor], expected: Mapping[str, Tensor]) -> dict[str, Tensor] | None:
    """The same tensors by the names that a student's have; None where they are a network of another shape.

    A layer is known by the shapes of its tensors. Those of one shape are taken in the order of their names, with
    numbers read as numbers: "conv10" comes after "conv9". Whatever stands before a layer's name, such as "module.",
    makes no difference. BatchNorm's counters, which no answer depends on, may be left out; they are 0 then.

    Args:
        tensors: of a file, by its names.
        expected: a student's, by name, in the order of its layers; only their shapes and types are looked at.
    """
    found, wanted = _by_shape(tensors), _by_shape(expected)
    if {shape: len(layers) for shape, layers in found.items()} != {shape: len(on) for shape, on in wanted.items()}:
        return None
    names: dict[str, str] = {}
    for shape, layers in wanted.items():
        for ours, theirs in zip(layers, sorted(found[shape], key=_numbers_as_numbers), strict=True):
            names |= {f"{ours}.{leaf}": f"{theirs}.{leaf}".removeprefix(".") for leaf, _ in shape}
    given = {ours: tensors[theirs] for ours, theirs in names.items()}
    if not all(tensor.is_floating_point() or tensor.dtype == CODES for tensor in given.values()):
        return None
    counters = {name: _counter(tensors, names, name) for name in expected if name not in given}
    return {name: (given | counters)[name] for name in expected}


def _by_shape(tensors: Mapping[str, Tensor]) -> dict[tuple, list[str]]:
    """Names of layers, in the order they come, by the last words and shapes of their tensors; counters left out."""
    layers: defaultdict[str, dict[str, Tensor]] = defaultdict(dict)
    for name, tensor in tensors.items():
        if tensor.dim():
            layer, _, leaf = name.rpartition(".")
            layers[layer][leaf] = tensor
    found: defaultdict[tuple, list[str]] = defaultdict(list)
    for layer, module in layers.items():
        found[tuple(sorted((leaf, tuple(tensor.shape)) for leaf, tensor in module.items()))].append(layer)
    return found


def _counter(tensors: Mapping[str, Tensor], names: Mapping[str, str], name: str) -> Tensor:
    """The counter of the layer whose weight is known."""
    layer, _, leaf = name.rpartition(".")
    theirs = names[f"{layer}.{WEIGHT}"].rpartition(".")[0]
    counted = tensors.get(f"{theirs}.{leaf}")
    is_counter = counted is not None and not counted.dim() and counted.dtype == torch.int64
    return counted if counted is not None and is_counter else torch.zeros((), dtype=torch.int64)


def _numbers_as_numbers(name: str) -> list[tuple[int, str]]:
    return [(int(part), "") if part.isdecimal() else (-1, part) for part in re.split(r"(\d{1,9})", name)]
