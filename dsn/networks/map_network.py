"""A small fully convolutional network whose answer is a map: how much of each 4x4 pixels is what it looks for."""

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

STRIDE = 4  # pixels a value of the map, in each direction
NOTHING = -3.0  # what the predictor adds where every feature is zero: a network that says nothing finds nothing


@dataclass(frozen=True)
class MapConfig:
    """The shape of a network that answers with a map; teacher and student share it.

    Attributes:
        height: of the input, in pixels; a multiple of 32, like the width.
        width: of the input, in pixels.
        channels: colour channels of the input.
        layers: output channels at strides 2, 4, 8, 16 and 32.
        features: D, the length of the feature vector e of each place.
        glance: units that see the whole input at once, shrunk to a quarter.
        batch_norm: whether convolutions are followed by BatchNorm; else it is folded into them, and they have a bias.
    """

    height: int = 512
    width: int = 256
    channels: int = 1
    layers: tuple[int, int, int, int, int] = (16, 32, 48, 64, 64)
    features: int = 32
    glance: int = 32
    batch_norm: bool = True


def _convolution(before: int, after: int, kernel: int, batch_norm: bool, stride: int = 1) -> nn.Sequential:
    layer = nn.Conv2d(before, after, kernel, stride, kernel // 2, bias=not batch_norm)
    return nn.Sequential(layer, nn.BatchNorm2d(after)) if batch_norm else nn.Sequential(layer)


class MapExtractor(nn.Module):
    """G_e of a map: an hourglass of convolutions, and a glance at the whole page that reaches every place of it.

    Args:
        config: the shape.
    """

    def __init__(self, config: MapConfig) -> None:
        super().__init__()
        half, quarter, eighth, sixteenth, last = config.layers
        norm = config.batch_norm
        self.begin = _convolution(config.channels, half, 5, norm, 2)
        self.down = nn.ModuleList(
            nn.Sequential(
                _convolution(before, after, 3, norm, 2), nn.ReLU(), _convolution(after, after, 3, norm), nn.ReLU()
            )
            for before, after in ((half, quarter), (quarter, eighth), (eighth, sixteenth), (sixteenth, last))
        )
        self.beside = nn.ModuleList(
            _convolution(one, config.features, 1, norm) for one in (quarter, eighth, sixteenth, last)
        )
        self.end = nn.Sequential(
            _convolution(config.features, config.features, 3, norm),
            nn.ReLU(),
            _convolution(config.features, config.features, 3, norm),
        )
        cells = config.channels * (config.height // STRIDE) * (config.width // STRIDE)
        self.glance = nn.Sequential(
            nn.Linear(cells, config.glance), nn.ReLU(), nn.Linear(config.glance, config.features, bias=False)
        )

    def forward(self, images: Tensor) -> Tensor:
        """What the last ReLU is given, float [N, D, H/4, W/4]."""
        values = self.begin(images.contiguous(memory_format=torch.channels_last)).relu()
        steps = []
        for layer in self.down:
            values = layer(values)
            steps.append(values)
        joined = self.beside[-1](steps[-1])
        for layer, one in zip(reversed(self.beside[:-1]), reversed(steps[:-1]), strict=True):
            joined = F.interpolate(joined, scale_factor=2.0) + layer(one)
        seen = self.glance(F.avg_pool2d(images, STRIDE).flatten(1))
        return self.end(joined.relu()) + seen[:, :, None, None]


class MapNetwork(nn.Module):
    """G_y(G_e(x)) for maps. Where every feature is zero, it finds nothing.

    Attributes:
        shape: what it was built by.
    """

    def __init__(self, config: MapConfig) -> None:
        super().__init__()
        self.shape = config
        self.extractor = MapExtractor(config)
        self.predictor = nn.Conv2d(config.features, 1, 1, bias=False)

    def drive(self, images: Tensor) -> Tensor:
        """What the last ReLU of G_e is given, float [N, D, H/4, W/4]: e is its positive part."""
        return self.extractor(images)

    def features(self, images: Tensor) -> Tensor:
        """e = G_e(x): float [N, C, H, W] in [0, 1] to float [N, D, H/4, W/4]."""
        return self.drive(images).relu()

    def answers(self, features: Tensor) -> Tensor:
        """Logits, float [N, H/4, W/4], of features."""
        return self.predictor(features)[:, 0] + NOTHING

    def forward(self, images: Tensor) -> Tensor:
        """Logits, float [N, H/4, W/4], of pictures as they are, float [N, C, H, W] in [0, 1]."""
        return self.answers(self.features(images))
