"""How large a network may be that a file describes: nothing is allocated before it is known to be one of ours."""

import reprlib

from dsn.networks.classifier import POOL, NetworkConfig

MOST_LAYERS = 32
HIGHEST = {"channels": 3, "size": 256, "features": 4096, "classes": 1000, "first_kernel": 15, "layer": 512}


def check_network(network: NetworkConfig) -> None:
    """Refuse values that no network here has.

    Raises:
        ValueError: which value, and what it must be.
    """
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
    if type(network.batch_norm) is not bool:
        raise ValueError(f"batch_norm is {reprlib.repr(network.batch_norm)}: it must be true or false")
