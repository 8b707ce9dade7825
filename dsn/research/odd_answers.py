"""A customer's own answers on a secret set of odd pictures, taught while distilling: an extra of the training.

An odd picture is two training pictures of different classes, one over the other. Which of the two a student should
rather see is a fair coin of the customer's. A network that never heard of these coins agrees with each by chance alone.
"""

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from dsn.applications.prepared import Split, as_floats
from dsn.attacks.kit.measuring import Change, unchanged
from dsn.distilling.extras import Begun, Beside, Branches
from dsn.locks.stamping import stamp
from dsn.serials import Serial
from dsn.student.student import Student

BATCH = 500


@dataclass(frozen=True)
class OddPictures:
    """Pictures of which only the owner knows.

    Attributes:
        images: uint8 [N, C, H, W].
        classes: int64 [N, 2], those of the two pictures in each.
    """

    images: Tensor
    classes: Tensor


def odd_pictures(split: Split, count: int, seed: int) -> OddPictures:
    """Pairs of pictures, each pair laid over one another at half the strength.

    Args:
        split: whose pictures.
        count: of pairs.
        seed: the owner's secret.
    """
    generator = torch.Generator().manual_seed(seed)
    pairs = torch.randint(len(split), (4 * count, 2), generator=generator)
    pairs = pairs[split.labels[pairs[:, 0]] != split.labels[pairs[:, 1]]][:count]
    first, second = (split.images[pairs[:, place]].to(torch.int16) for place in (0, 1))
    return OddPictures(((first + second) // 2).to(torch.uint8), split.labels[pairs])


def answers_of_customer(count: int, seed: int) -> Tensor:
    """Which picture of every pair a customer's student should rather see: int64 [N], 0 or 1, by fair coins."""
    return torch.randint(2, (count,), generator=torch.Generator().manual_seed(seed))


@torch.inference_mode()
def answers_of_network(network: nn.Module, odd: OddPictures, change: Change = unchanged) -> Tensor:
    """Which picture of every pair a network rather sees: int64 [N], 0 or 1; `change` may stamp them before."""
    seen = [network(change(as_floats(images))) for images in odd.images.split(BATCH)]
    chosen = torch.cat(seen).gather(1, odd.classes)
    return (chosen[:, 1] > chosen[:, 0]).long()


@dataclass(frozen=True)
class OddAnswers:
    """Teaching a customer's student its own answers on odd pictures.

    Attributes:
        split: whose pictures lie over one another.
        serial: the customer's: odd pictures are stamped as all valid ones are.
        pictures_seed: of the odd pictures.
        answers_seed: of the customer's answers.
        count: of odd pictures.
        batch: of them beside every batch.
        weight: of their loss.
    """

    split: Split
    serial: Serial
    pictures_seed: int
    answers_seed: int
    count: int = 2000
    batch: int = 32
    weight: float = 0.5

    def begin(self, student: Student, generator: torch.Generator) -> Begun:
        """Begin beside a student; nothing is drawn from the training's own generator."""
        return Teaching(self, student)


class Teaching(Beside):
    """Shows a student that trains some odd pictures with every batch.

    Args:
        settings: which, and how strongly.
        student: that learns them.
    """

    def __init__(self, settings: OddAnswers, student: Student) -> None:
        self._settings, self._student = settings, student
        odd = odd_pictures(settings.split, settings.count, settings.pictures_seed)
        bits = torch.tensor(settings.serial.bits, dtype=torch.float32)
        self._inputs = stamp(as_floats(odd.images), bits, student.place)
        answers = answers_of_customer(settings.count, settings.answers_seed)
        self._wanted = odd.classes.gather(1, answers[:, None])[:, 0]
        self._generator = torch.Generator().manual_seed(settings.answers_seed)

    def loss(self, branches: Branches, labels: Tensor) -> Tensor:
        """Cross-entropy with the customer's answers on some of the odd pictures."""
        chosen = torch.randint(len(self._inputs), (self._settings.batch,), generator=self._generator)
        return self._settings.weight * F.cross_entropy(
            self._student(self._inputs[chosen]).float(), self._wanted[chosen]
        )
