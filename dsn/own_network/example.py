"""Networks to try the lock on: of other libraries' architectures, trained on six traffic signs at 64 pixels."""

from dataclasses import dataclass
from pathlib import Path

import torch
import torch.nn.functional as F
from safetensors.torch import load_file
from torch import Tensor, nn

from dsn.applications.prepared import DataSet, Split, as_floats, load_data_set
from dsn.applications.record import Augmentation
from dsn.applications.signs import CLASSES, SIGNS
from dsn.distilling.loop import Training, run
from dsn.distilling.losses import teacher_loss
from dsn.distilling.state import TrainingState
from dsn.files import write_tensors
from dsn.networks.architectures import built
from dsn.networks.own import IMAGENET

SIZE = 64
SIGNS_USED = (1, 2, 12, 13, 14, 38)  # speed limits 30 and 50, priority road, yield, stop, keep right
TRAIN_PICTURES, TEST_PICTURES = 200, 100  # a class
BATCH, LEARNING_RATE, SMOOTHING = 64, 2e-3, 0.05
AUGMENTATION = Augmentation(rotation=8, scale=0.12, shift=4, brightness=0.3, contrast=0.3)


@dataclass(frozen=True)
class Example:
    """One of the networks that the bars are measured on.

    Attributes:
        architecture: as command lines have it.
        epochs: passes over the pictures while it is trained.
        locking: passes while it is locked.
    """

    architecture: str
    epochs: int
    locking: int


EXAMPLES = (
    Example("torchvision:resnet18", epochs=10, locking=16),
    Example("timm:mobilenetv3_small_050", epochs=30, locking=16),  # no ResNet: squeeze and excitation, no ReLU last
)


def example_pictures(seed: int = 0) -> DataSet:
    """Six kinds of traffic signs, drawn by seed and enlarged from 32 to 64 pixels, bilinear."""
    signs = load_data_set(SIGNS)
    names = tuple(CLASSES[label] for label in SIGNS_USED)
    generator = torch.Generator().manual_seed(seed)
    train = _drawn(signs.train, TRAIN_PICTURES, generator)
    return DataSet(train, _drawn(signs.test, TEST_PICTURES, generator), names)


def _drawn(split: Split, count: int, generator: torch.Generator) -> Split:
    images, labels = [], []
    for number, label in enumerate(SIGNS_USED):
        where = (split.labels == label).nonzero()[:, 0]
        chosen = where[torch.randperm(len(where), generator=generator)[:count]]
        larger = F.interpolate(as_floats(split.images[chosen]), (SIZE, SIZE), mode="bilinear", align_corners=False)
        images.append((larger * 255).round().byte())
        labels.append(torch.full((len(chosen),), number))
    return Split(torch.cat(images), torch.cat(labels))


def train_example(example: Example, data: DataSet, training: Training) -> nn.Module:
    """Train a network from random weights: normalised pictures to logits.

    Args:
        example: which network; its epochs are `training`'s.
        data: its pictures.
        training: where and how long.
    """
    torch.manual_seed(training.seed)
    model = built(example.architecture, len(data.class_names)).to(training.device)
    model = model.to(memory_format=torch.channels_last).train()
    optimizer = torch.optim.Adam(model.parameters(), lr=LEARNING_RATE)
    mean, std = (torch.tensor(one, device=training.device).view(1, 3, 1, 1) for one in IMAGENET)

    def loss_of(images: Tensor, labels: Tensor, generator: torch.Generator) -> Tensor:
        seen = ((images - mean) / std).contiguous(memory_format=torch.channels_last)
        return teacher_loss(model(seen), labels, SMOOTHING)

    about = f"example {example.architecture} seed {training.seed} epochs {training.epochs} in {training.done_in}"
    checkpoint = TrainingState(training.checkpoint, {"model": model}, optimizer, about)
    split = data.train.to(training.device)
    for _ in run(split, AUGMENTATION, BATCH, training, checkpoint, LEARNING_RATE, loss_of, title=example.architecture):
        pass
    return model.eval()


def kept_example(example: Example, data: DataSet, path: Path, training: Training) -> nn.Module:
    """The trained network from its file, or trained now and written there."""
    if path.exists():
        model = built(example.architecture, len(data.class_names))
        model.load_state_dict(load_file(path))
        return model.eval()
    model = train_example(example, data, training).cpu()
    write_tensors(path, model.state_dict())
    return model
