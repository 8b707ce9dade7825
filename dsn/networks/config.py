"""The shape of a network: all that describes one, before torch is imported to build it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from torch import Tensor, nn

POOL = "pool"
CLASSES, MAP = "classes", "map"  # what networks answer with


@dataclass(frozen=True)
class NetworkConfig:
    """The shape of a classifier; teacher and student of one task share it. `MapConfig` is one whose answers are maps.

    Attributes:
        channels: colour channels of the input, 1 or 3.
        size: height and width of the input, in pixels.
        layers: output channels of each convolution, and "pool" for 2x2 max-pooling, in order.
        features: D, the length of the feature vector e.
        classes: number of classes.
        first_kernel: height and width of the first convolution, an odd number; the others are 3x3. A wide one
            lets several places see a bit at the picture's very edge.
        batch_norm: whether convolutions are followed by BatchNorm; else it is folded into them, and they have a bias.
    """

    channels: int
    size: int
    layers: tuple[int | str, ...]
    features: int
    classes: int
    first_kernel: int = 3
    batch_norm: bool = True
    answer: ClassVar[str] = CLASSES

    @property
    def input_shape(self) -> tuple[int, int, int]:
        """Channels, height and width of a picture."""
        return self.channels, self.size, self.size

    @property
    def cell(self) -> int:
        """Pixels that a bit of a serial is high and wide."""
        return 1

    def extractor(self) -> nn.Sequential:
        """G_e, as drawn from torch's random numbers; its last layer is a ReLU."""
        return feature_extractor(self)

    def predictor(self) -> nn.Linear:
        """G_y: features, float [N, D], to logits, float [N, classes]. Where every feature is zero, all are equal."""
        from torch import nn

        return nn.Linear(self.features, self.classes, bias=False)

    def probabilities(self, logits: Tensor) -> Tensor:
        """Of the classes: float [N, classes]."""
        return logits.softmax(1)


def feature_extractor(config: NetworkConfig) -> nn.Sequential:
    """G_e: pictures, float [N, C, H, W] in [0, 1], to feature vectors e, float [N, D], all >= 0.

    The module is a plain sequence: convolutions (each with ReLU, and batch normalisation before it unless it is
    folded) and max-pooling, then `flatten`, one dense layer and ReLU.
    """
    from torch import nn

    modules: list[nn.Module] = []
    channels, size, kernel = config.channels, config.size, config.first_kernel
    for layer in config.layers:
        if isinstance(layer, str):
            modules.append(nn.MaxPool2d(2))
            size //= 2
        else:
            modules.append(nn.Conv2d(channels, layer, kernel, padding=kernel // 2, bias=not config.batch_norm))
            modules += [nn.BatchNorm2d(layer), nn.ReLU()] if config.batch_norm else [nn.ReLU()]
            channels, kernel = layer, 3
    dense = nn.Linear(channels * size * size, config.features)
    return nn.Sequential(*modules, nn.Flatten(), dense, nn.ReLU())


def tensors_of(config: NetworkConfig) -> dict[str, tuple[int, ...]]:
    """The lengths of every tensor of a classifier of this shape, by its name, without building it."""
    found: dict[str, tuple[int, ...]] = {}
    channels, size, kernel, place = config.channels, config.size, config.first_kernel, 0
    for layer in config.layers:
        if isinstance(layer, str):
            size //= 2
            place += 1
            continue
        found[f"extractor.{place}.weight"] = (layer, channels, kernel, kernel)
        if config.batch_norm:
            norm = f"extractor.{place + 1}"
            found |= {f"{norm}.{name}": (layer,) for name in ("weight", "bias", "running_mean", "running_var")}
            found[f"{norm}.num_batches_tracked"] = ()
        else:
            found[f"extractor.{place}.bias"] = (layer,)
        place += 3 if config.batch_norm else 2
        channels, kernel = layer, 3
    found[f"extractor.{place + 1}.weight"] = (config.features, channels * size * size)
    found[f"extractor.{place + 1}.bias"] = (config.features,)
    return {**found, "predictor.weight": (config.classes, config.features)}
