"""A small fully convolutional network whose answer is a map: how much of each 4x4 pixels is what it looks for."""

from dataclasses import dataclass
from typing import ClassVar

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from dsn.networks.classifier import Classifier
from dsn.networks.config import MAP, NetworkConfig

STRIDE = 4  # pixels a value of the map, in each direction
NOTHING = -3.0  # what the predictor adds where every feature is zero: a network that says nothing finds nothing


@dataclass(frozen=True)
class MapConfig(NetworkConfig):
    """The shape of a network that answers with a map; teacher and student share it.

    Attributes:
        channels: colour channels of the input.
        size: width of the input, in pixels; a multiple of 32, like the height.
        layers: output channels at strides 2, 4, 8, 16 and 32.
        features: D, the length of the feature vector e of each place.
        classes: 1: a map shows one kind of thing.
        first_kernel: height and width of the first convolution.
        batch_norm: whether convolutions are followed by BatchNorm; else it is folded into them, and they have a bias.
        height: of the input, in pixels.
        glance: units that see the whole input at once, shrunk to a quarter.
    """

    channels: int = 1
    size: int = 256
    layers: tuple[int | str, ...] = (16, 32, 48, 64, 64)
    features: int = 32
    classes: int = 1
    first_kernel: int = 5
    height: int = 512
    glance: int = 32
    answer: ClassVar[str] = MAP

    @property
    def input_shape(self) -> tuple[int, int, int]:
        """Channels, height and width of a picture."""
        return self.channels, self.height, self.size

    @property
    def cell(self) -> int:
        """Pixels that a bit is high and wide: those of a value of the map, so that a glance blurs none."""
        return STRIDE

    def extractor(self) -> nn.Sequential:
        """G_e, as drawn from torch's random numbers; its last layer is a ReLU."""
        return nn.Sequential(MapExtractor(self), nn.ReLU())

    def predictor(self) -> nn.Linear:
        """G_y: features, float [N, D, H/4, W/4], to logits, float [N, H/4, W/4]."""
        return MapPredictor(self.features)

    def probabilities(self, logits: Tensor) -> Tensor:
        """That what is looked for is there: float [N, H/4, W/4]."""
        return logits.sigmoid()


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
        half, quarter, eighth, sixteenth, last = map(int, config.layers)
        norm = config.batch_norm
        self.begin = _convolution(config.channels, half, config.first_kernel, norm, 2)
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
        cells = config.channels * (config.height // STRIDE) * (config.size // STRIDE)
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

    @property
    def last(self) -> nn.Conv2d:
        """The convolution whose bias is added to every feature before the last ReLU."""
        layer = self.end[2].get_submodule("0")
        assert isinstance(layer, nn.Conv2d)
        return layer


def map_extractor(network: Classifier) -> MapExtractor:
    """The hourglass and the glance of a network of maps."""
    extractor = network.extractor[0]
    assert isinstance(extractor, MapExtractor)
    return extractor


class MapPredictor(nn.Linear):
    """G_y of a map: one linear function of the features of every place.

    Args:
        features: D.
    """

    def __init__(self, features: int) -> None:
        super().__init__(features, 1, bias=False)

    def forward(self, features: Tensor) -> Tensor:
        """Logits, float [N, H/4, W/4], of features, float [N, D, H/4, W/4]."""
        return F.conv2d(features, self.weight[:, :, None, None])[:, 0] + NOTHING


@torch.no_grad()
def folded_map_weights(network: nn.Module) -> dict[str, Tensor]:
    """The tensors of the same network of maps with every BatchNorm folded into the convolution before it.

    Args:
        network: of a `MapConfig` with BatchNorm, in eval mode; left as it is.

    Returns:
        By the names of the network without BatchNorm; the same answers but for rounding.
    """
    tensors = dict(network.state_dict())
    for name, module in network.named_modules():
        if isinstance(module, nn.Sequential) and len(module) == 2 and isinstance(module[1], nn.BatchNorm2d):
            before, norm = module
            assert isinstance(before, nn.Conv2d) and isinstance(norm, nn.BatchNorm2d)
            convolution = fuse_conv_bn_eval(before, norm)
            tensors = {key: one for key, one in tensors.items() if not key.startswith(f"{name}.")}
            tensors |= {f"{name}.0.{key}": one.clone() for key, one in convolution.state_dict().items()}
    return tensors
