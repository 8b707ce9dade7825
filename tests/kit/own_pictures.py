"""Pictures of four kinds that a small network learns in seconds, and a folder of them."""

from pathlib import Path

import torch
from own_networks import SIZE
from PIL import Image

from dsn.applications.prepared import DataSet, Split

NAMES = ("amber", "blue", "green", "red")
COLOURS = torch.tensor([[0.9, 0.6, 0.1], [0.1, 0.3, 0.9], [0.2, 0.8, 0.3], [0.9, 0.1, 0.2]])


def pictures(count: int, seed: int) -> Split:
    """Noise of one of four colours, its upper left half brighter: uint8 [N, 3, S, S]."""
    generator = torch.Generator().manual_seed(seed)
    labels = torch.arange(count) % len(NAMES)
    noise = torch.rand(count, 3, SIZE, SIZE, generator=generator)
    shade = torch.linspace(1, 0.4, SIZE)[None, None, :, None]
    images = (0.5 * COLOURS[labels][:, :, None, None] + 0.5 * noise) * shade
    return Split((images * 255).byte(), labels)


def four_kinds(train: int = 320, test: int = 120) -> DataSet:
    """Both splits."""
    return DataSet(pictures(train, 1), pictures(test, 2), NAMES)


def write_folder(folder: Path, split: Split) -> Path:
    """The same as PNG files, a folder a class."""
    for number, (image, label) in enumerate(zip(split.images, split.labels.tolist(), strict=True)):
        path = folder / NAMES[label] / f"{number}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(image.permute(1, 2, 0).numpy()).save(path)
    return folder
