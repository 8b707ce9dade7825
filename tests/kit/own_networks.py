"""Small networks that stand for an owner's own, by themselves and as programs that a command line names."""

import torch
from torch import Tensor, nn

CLASSES, SIZE = 4, 32


def tiny() -> nn.Module:
    """Features that are a ReLU's output, and BatchNorm with statistics of its own."""
    torch.manual_seed(1)
    model = nn.Sequential(
        nn.Conv2d(3, 8, 3, stride=2, padding=1),
        nn.BatchNorm2d(8),
        nn.ReLU(),
        nn.AdaptiveAvgPool2d(4),
        nn.Flatten(),
        nn.Linear(128, 16),
        nn.ReLU(),
        nn.Dropout(0.5),
        nn.Linear(16, CLASSES),
    )
    model(torch.rand(64, 3, SIZE, SIZE))
    return model.eval()


def quick() -> nn.Module:
    """A network that sees its corner well, for trainings of seconds."""
    torch.manual_seed(3)
    return nn.Sequential(
        nn.Conv2d(3, 16, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(16, 32, 3, padding=1), nn.ReLU(),
        nn.MaxPool2d(2), nn.Flatten(), nn.Linear(2048, 64), nn.ReLU(), nn.Linear(64, CLASSES),
    )  # fmt: skip


def smooth() -> nn.Module:
    """Features that may lie below zero."""
    torch.manual_seed(2)
    layers = nn.Conv2d(1, 6, 5, stride=2), nn.SiLU(), nn.AdaptiveAvgPool2d(3), nn.Flatten(), nn.Linear(54, 12)
    return nn.Sequential(*layers, nn.Tanh(), nn.Linear(12, CLASSES, bias=False)).eval()


class Squeezed(nn.Module):
    """Its answers are not those of its last linear layer."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = tiny()

    def forward(self, images: Tensor) -> Tensor:
        """Logits, float [N, classes], bent."""
        return self.layers(images).tanh()


def convolutional() -> nn.Module:
    """No linear layer at all."""
    return nn.Sequential(nn.Conv2d(3, CLASSES, 3), nn.AdaptiveAvgPool2d(1), nn.Flatten()).eval()


def text() -> str:
    """No network."""
    return "no network"
