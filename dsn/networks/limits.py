"""How large a network may be that a file describes: nothing is allocated before it is known to be one of ours."""

from __future__ import annotations

import reprlib
from typing import TYPE_CHECKING, cast

from dsn.networks.config import MAP, POOL, NetworkConfig

if TYPE_CHECKING:
    from dsn.networks.map_network import MapConfig

MOST_LAYERS = 32
HIGHEST = {"channels": 3, "size": 256, "features": 4096, "classes": 1000, "first_kernel": 15, "layer": 512}


COARSEST = 32  # pixels a value of the deepest layer of a network of maps


def check_network(network: NetworkConfig) -> None:
    """Refuse values that no network here has.

    Raises:
        ValueError: which value, and what it must be.
    """
    if network.answer == MAP:
        _check_map(cast("MapConfig", network))
    else:
        _check_classes(network)
    if type(network.batch_norm) is not bool:
        raise ValueError(f"batch_norm is {reprlib.repr(network.batch_norm)}: it must be true or false")


def _check_map(network: MapConfig) -> None:
    sizes: list[tuple[str, object, int, int]] = [
        ("height", network.height, 1024, COARSEST),
        ("size", network.size, 1024, COARSEST),
    ]
    sizes += [("layer", layer, 512, 1) for layer in network.layers]
    sizes += [("channels", network.channels, 3, 1), ("features", network.features, 512, 1)]
    sizes += [("glance", network.glance, 512, 1), ("classes", network.classes, 1, 1)]
    for name, value, most, step in sizes:
        if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= most or value % step:
            raise ValueError(f"{name} is {reprlib.repr(value)}: it must be a whole number of {step}s, at most {most}")
    if network.first_kernel not in range(1, 16, 2):
        raise ValueError(f"first_kernel is {reprlib.repr(network.first_kernel)}: it must be an odd number below 16")
    if len(network.layers) != 5:
        raise ValueError(f"it has {len(network.layers)} layers, not 5")


def _check_classes(network: NetworkConfig) -> None:
    sizes = [(name, getattr(network, name)) for name in ("channels", "size", "features", "classes")]
    sizes += [("first_kernel", network.first_kernel)]
    sizes += [("layer", layer) for layer in network.layers if layer != POOL]
    for name, value in sizes:
        if type(value) is not int or not 1 <= value <= HIGHEST[name]:
            raise ValueError(f"{name} is {reprlib.repr(value)}: it must be a whole number from 1 to {HIGHEST[name]}")
    if network.first_kernel % 2 == 0:
        raise ValueError(f"first_kernel is {network.first_kernel}: it must be an odd number")
    if len(network.layers) > MOST_LAYERS or not network.size >> network.layers.count(POOL):
        raise ValueError(f"its {len(network.layers)} layers are too many")
