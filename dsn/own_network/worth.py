"""What the trained lock is worth on somebody's network: opened and fine-tuned by a thief, shortly.

The thief has the student's file, a tenth of the training pictures with their labels, and no serial. Opening reads the
classes from what inner layers make of raw pictures: a linear probe on each of a few. Fine-tuning trains the whole
network on raw pictures. Beside them stands the same network from random weights on the same pictures, which is
what the thief would have without the file.
"""

import copy
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from dsn.applications.prepared import DataSet, Split, as_floats
from dsn.distilling.loop import Training, run
from dsn.distilling.state import TrainingState
from dsn.measuring.evaluate import drawn, probed
from dsn.networks.own import OwnNetwork
from dsn.own_network.lock import AUGMENTATION
from dsn.statistics import Accuracy
from dsn.student.own import OwnStudent

SHARE = 0.1  # of the training pictures
LEAST = 60  # pictures, where a tenth is fewer
PROBED = (0.5, 0.75, 1.0)  # how deep the layers are that are listened to, as shares of all
TUNING_EPOCHS, TUNING_BATCH, TUNING_RATE = 20, 20, 1e-3
BATCH = 100


@dataclass(frozen=True)
class Worth:
    """What a thief reaches on raw test pictures, without the serial.

    Attributes:
        pictures: labelled ones that the thief has.
        opened: the best linear probe on an inner layer, or the predictor with the last ReLU taken away.
        tuned: the student, fine-tuned.
        scratch: the same network from random weights, trained alike.
    """

    pictures: int
    opened: Accuracy
    tuned: Accuracy
    scratch: Accuracy

    def as_json(self) -> dict[str, Any]:
        """Plain values for a results file."""
        return {
            name: value if isinstance(value, int) else Accuracy(**value).as_json()
            for name, value in asdict(self).items()
        }


def worth(student: OwnStudent, data: DataSet, seed: int, *, report: Callable[[str], None] = lambda line: None) -> Worth:
    """Try the trained lock.

    Args:
        student: under the trained lock alone.
        data: its pictures.
        seed: of all randomness.
        report: told each step.
    """
    network = student.opened(None)
    count = min(len(data.train), max(LEAST, round(SHARE * len(data.train))))
    stolen = drawn(data.train, count, seed)
    report(f"opening, with {count} labelled pictures")
    opened = max(_opened(network, stolen, data.test, seed), key=lambda one: one.share)
    report("fine-tuning")
    tuned = _tuned(copy.deepcopy(network), stolen, data.test, seed)
    report("the same from random weights")
    fresh = copy.deepcopy(network)
    torch.manual_seed(seed)
    for module in fresh.modules():
        if callable(reset := getattr(module, "reset_parameters", None)):
            reset()
    return Worth(count, opened, tuned, _tuned(fresh, stolen, data.test, seed))


def _opened(network: OwnNetwork, known: Split, test: Split, seed: int) -> Iterator[Accuracy]:
    """A linear probe on each of a few inner layers, before their activation; the predictor without the last ReLU."""
    if network.thin is not None:  # as in `dsn.attacks.opening`: bare, and around what is usual
        seen, usual = (_heard(network, network.thin, split.images) for split in (test, known))
        for features in (seen, (seen - usual.mean(0)).relu()):
            answers = network.predictor(features).argmax(1)
            yield Accuracy(int((answers == test.labels).sum()), len(test))
    layers = [one for one in network.trunk.modules() if isinstance(one, nn.Conv2d | nn.Linear | nn.BatchNorm2d)]
    for depth in PROBED:
        layer = layers[max(0, round(depth * len(layers)) - 1)]
        heard, other = (_heard(network, layer, split.images) for split in (known, test))
        yield probed(heard, known.labels, other, test.labels, network.shape.classes, seed)


@torch.inference_mode()
def _heard(network: OwnNetwork, layer: nn.Module, images: Tensor) -> Tensor:
    """What a layer makes of raw pictures, uint8 [N, C, S, S]: float [N, D], maps as their means."""
    heard: list[Tensor] = []
    hook = layer.register_forward_hook(lambda module, inputs, output: heard.append(output))
    try:
        for batch in images.split(BATCH):
            network(as_floats(batch))
    finally:
        hook.remove()
    whole = torch.cat(heard)
    return whole.mean((2, 3)) if whole.dim() == 4 else whole.flatten(1)


def _tuned(network: OwnNetwork, known: Split, test: Split, seed: int) -> Accuracy:
    """Train every weight on labelled raw pictures."""
    network.requires_grad_(True).train()
    optimizer = torch.optim.Adam(network.parameters(), lr=TUNING_RATE)
    training = Training(TUNING_EPOCHS, seed, progress=False)

    def loss_of(images: Tensor, labels: Tensor, generator: torch.Generator) -> Tensor:
        return F.cross_entropy(network(images), labels)

    state = TrainingState(None, {}, optimizer, "")
    for _ in run(known, AUGMENTATION, TUNING_BATCH, training, state, TUNING_RATE, loss_of):
        pass
    return right(network.eval(), test)


@torch.inference_mode()
def right(network: nn.Module, split: Split) -> Accuracy:
    """How often a network, raw pictures to logits, is right."""
    answers = [network(as_floats(batch)).argmax(1) for batch in split.images.split(BATCH)]
    return Accuracy(int((torch.cat(answers) == split.labels).sum()), len(split))
