"""Opening: put something else in the place of the last ReLU, and listen to what it kept back.

The adversary has the weights and unlabelled pictures, and no serial; nothing is trained. A student is silent
because every feature is below zero before its last ReLU, but a dense layer is linear: what it makes of a raw
picture is what it makes of the stamped one, less what the stamped corner adds. So a thief takes the ReLU away,
bends it (softplus), or moves its bias until the features of raw pictures lie around zero; the predictor stays.
A linear probe on the features before their ReLU is beside it, for an adversary who has labels too.

Not in the paper. It costs one forward pass, so there is no budget without the student.
"""

from collections.abc import Callable
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from dsn.applications.prepared import as_floats
from dsn.attacks.kit.measuring import BATCHES, Change, arithmetic, stamping, unchanged
from dsn.attacks.kit.record import Attack, Drawn, Judged, Line, at_chance
from dsn.attacks.kit.scene import Ask, Attempt, Outcome, Running, Scene, Step
from dsn.measuring.evaluate import linear_probe
from dsn.networks.classifier import Classifier
from dsn.student.student import Student

Activation = Callable[[Tensor], Tensor]


@dataclass(frozen=True)
class Settings:
    """What the ReLU is replaced by.

    Attributes:
        softness: of softplus, the inverse of its beta, above zero: the larger, the further from a ReLU.
        unlabelled: pictures, at most, by which the bias is moved.
    """

    softness: tuple[float, ...] = (0.2, 0.5, 1.0, 2.0, 5.0, 10.0)
    unlabelled: int = 1000


FULL = Settings()
QUICK = Settings((1.0, 5.0), 200)


class Opened(Classifier):
    """A copy of a student with something else in the place of its last ReLU.

    Args:
        student: as it was stolen.
        activation: features before their ReLU, float [N, D], to features, float [N, D].
    """

    def __init__(self, student: Student, activation: Activation) -> None:
        super().__init__(student.config.network)
        self.load_state_dict(student.state_dict())
        self.to(student.predictor.weight.device).to(memory_format=torch.channels_last).eval()
        self.activation = activation

    def features(self, images: Tensor) -> Tensor:
        """What the predictor is given, float [N, D], of pictures, float [N, C, H, W] in [0, 1]."""
        return self.activation(self.drive(images))


def bent(softness: float) -> Activation:
    """Softplus of so much softness: zero would be the ReLU itself."""
    return nn.Softplus(beta=1 / softness)


def bare(drive: Tensor) -> Tensor:
    """No ReLU at all."""
    return drive


@torch.inference_mode()
def drives(network: Classifier, images: Tensor, change: Change = unchanged) -> Tensor:
    """Features before their ReLU, float [N, D]: what every opening begins with.

    Args:
        network: in eval mode.
        images: uint8 [N, C, H, W], on its device.
        change: done to every batch of pictures, float [N, C, H, W], before the network looks.
    """
    found = []
    with arithmetic(images.device):
        for batch in images.split(BATCHES[images.device.type]):
            found.append(network.drive(change(as_floats(batch))).float())
    return torch.cat(found)


def centred(drive: Tensor) -> Activation:
    """A ReLU whose bias is moved so that these features, float [N, D], lie around zero; no labels are needed."""
    usual = drive.mean(0)
    return lambda other: F.relu(other - usual)


def attack(scene: Scene, settings: Settings, share: float, seed: int) -> Running:
    """Every replacement in turn, on raw pictures; the softened ones with the valid serial too.

    Args:
        scene: the student, its serial (for comparison only), training and test pictures.
        settings: what the ReLU is replaced by.
        share: of the training pictures; labels are used by the probe alone.
        seed: of the share and of the probe.

    Returns:
        Figures by replacement ("bare", "centred", "bent_<softness>"); "best" of them, which an adversary without
        labels cannot be sure to choose; "drive_probe". Curves over softness, from 0 (the student as it is).
    """
    student, stolen = scene.student, scene.stolen(share, seed)
    known = stolen.images[: settings.unlabelled]
    seen = {"absent": drives(student, scene.test.images)}
    answering: dict[str, Classifier] = {"absent": student, "valid": student.opened(scene.serial)}
    seen["valid"] = drives(answering["valid"], scene.test.images, stamping(student, scene.serial))

    @torch.inference_mode()
    def right(condition: str, activation: Activation) -> float:
        answers = answering[condition].predictor(activation(seen[condition])).argmax(1)
        return 100 * (answers == scene.test.labels).double().mean().item()

    def asking(condition: str, activation: Activation) -> Ask:
        network = answering[condition]
        return lambda images: network.predictor(activation(network.drive(images)))

    def in_hand(activation: Activation) -> Attempt:
        raw = asking("absent", activation)
        return Attempt({"valid": asking("valid", activation), "entered": raw, "absent": raw})

    curves = {"x": [0.0]} | {condition: [right(condition, F.relu)] for condition in seen}
    opened: dict[str, float] = {}

    def step() -> Step:
        figures = {"softest": max(settings.softness), **opened}
        return Step(
            1 + len(opened),
            len(settings.softness) + 3,
            figures,
            curves={name: one.copy() for name, one in curves.items()},
            attempt=in_hand(best),
        )

    best: Activation = F.relu  # so far
    yield step()
    for softness in settings.softness:
        curves["x"].append(softness)
        for condition in seen:
            curves[condition].append(right(condition, bent(softness)))
        best = bent(softness) if curves["absent"][-1] > max(curves["absent"][:-1]) else best
        opened[f"bent_{softness:g}"] = curves["absent"][-1]
        yield step()
    for name, activation in (("bare", bare), ("centred", centred(drives(student, known)))):
        reached = right("absent", activation)
        best = activation if reached > max(curves["absent"][0], *opened.values()) else best
        opened[name] = reached
        yield step()
    before = {"before": curves["absent"][0], "valid_before": curves["valid"][0]}
    probe = linear_probe(Opened(student, bare), stolen, scene.test, seed=seed).percent
    return Outcome({**before, **opened, "best": max(opened.values()), "drive_probe": probe}, curves)


ATTACK = Attack(
    "opening",
    __doc__,
    attack,
    FULL,
    QUICK,
    watched=FULL,
    curves=(Drawn("absent", "absent", "absent"), Drawn("valid", "valid", "valid")),
    judged=Judged("best"),
    lines=(
        Line("last ReLU replaced (no labels, no serial, no training): absent, best way", ("best",), bar=at_chance),
        Line("the same, its bias moved by unlabelled pictures: absent", ("centred",), bar=at_chance),
        Line("linear probe before the last ReLU, no serial", ("drive_probe",)),
    ),
)
