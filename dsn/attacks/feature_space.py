"""The feature space: do features lie together by class without the serial?

The adversary has the weights and at most 6,000 labelled training pictures, and no serial. The picture is the paper's
Fig. 3 (features scattered without the serial, clustered with it), drawn on the two largest principal components;
beside it, the accuracy of a fresh linear classifier and the mean silhouette (Rousseeuw, 1987) of the classes.
Without the student, the same classifier is fitted to the features of a network with random weights. What the
last ReLU keeps back is another matter: `dsn.attacks.opening`.
"""

import random
from dataclasses import dataclass

import torch
from torch import Tensor

from dsn.applications.prepared import Split, as_floats
from dsn.attacks.kit.measuring import stamping
from dsn.attacks.kit.record import CLOUDS, Attack, Judged, Line, Needs
from dsn.attacks.kit.scene import Outcome, Running, Scene, Step
from dsn.attacks.kit.starts import from_scratch
from dsn.measuring.evaluate import linear_probe
from dsn.serials import Serial, random_serial


@dataclass(frozen=True)
class Settings:
    """How many pictures are looked at.

    Attributes:
        pictures: of the test split in the picture and in the silhouette.
    """

    pictures: int = 1000


FULL = Settings()
QUICK = Settings(pictures=200)


@dataclass(frozen=True)
class Embedding:
    """Features on a plane.

    Attributes:
        points: float [N, 2], on the two largest principal components; all zero where the features are all alike.
        labels: int64 [N].
        silhouette: mean over all pictures, -1 (in the midst of another class) to 1; 0 where all are alike.
        silent: pictures whose features are all exactly zero, in percent.
    """

    points: Tensor
    labels: Tensor
    silhouette: float
    silent: float


def silhouette(features: Tensor, labels: Tensor) -> float:
    """Mean silhouette of classes: how much nearer features lie to their own class than to the next, over the larger.

    Args:
        features: float [N, D].
        labels: int64 [N]; classes of one picture count as 0, as Rousseeuw has it.
    """
    distances = torch.cdist(features.double(), features.double(), compute_mode="donot_use_mm_for_euclid_dist")
    classes, index = labels.unique(return_inverse=True)
    if len(classes) < 2:
        return 0.0
    belongs = torch.nn.functional.one_hot(index, len(classes)).double()
    sizes = belongs.sum(0)
    sums = distances @ belongs
    own = sums.gather(1, index[:, None])[:, 0] / (sizes[index] - 1).clamp_min(1)
    means = (sums / sizes).masked_fill(belongs.bool(), torch.inf)
    nearest = means.min(1).values
    values = (nearest - own) / torch.maximum(nearest, own).clamp_min(1e-12)
    return values.where(sizes[index] > 1, 0.0).mean().item()


@torch.inference_mode()
def embed(scene: Scene, serial: Serial | None, pictures: int) -> Embedding:
    """The features of test pictures with a serial stamped in, or raw (None), on a plane."""
    images = as_floats(scene.test.images[:pictures])
    if serial is not None:
        images = stamping(scene.student, serial)(images)
    features = scene.student.opened(serial).features(images)
    labels = scene.test.labels[:pictures]
    silent = 100 * (features == 0).all(1).double().mean().item()
    centred = features - features.mean(0)
    if centred.abs().max() == 0:
        return Embedding(torch.zeros(len(labels), 2, device=labels.device), labels, 0.0, silent)
    axes = torch.linalg.svd(centred, full_matrices=False).Vh[:2]
    return Embedding(centred @ axes.T, labels, silhouette(features, labels), silent)


def attack(scene: Scene, settings: Settings, share: float, seed: int) -> Running:
    """Probe and silhouette with the valid serial, with a wrong one and without; the probe draws its own pictures.

    Args:
        scene: the student, its serial (for comparison only), training and test pictures.
        settings: how many pictures.
        share: of the labelled training pictures from which the probe takes at most 6,000.
        seed: of the share, the wrong serial, the probe and the random network.
    """
    stolen: Split = scene.stolen(share, seed)
    wrong = random_serial(len(scene.serial.bits), unlike=scene.serial, source=random.Random(seed))
    serials = dict(zip(CLOUDS, (scene.serial, wrong, None), strict=True))
    figures: dict[str, float] = {}
    curves: dict[str, list[float]] = {}
    for done, (name, serial) in enumerate(serials.items(), start=1):
        embedding = embed(scene, serial, settings.pictures)
        probe = linear_probe(scene.student, stolen, scene.test, serial=serial, seed=seed).percent
        figures |= {f"{name}_probe": probe, f"{name}_silhouette": embedding.silhouette}
        figures[f"{name}_silent"] = embedding.silent
        curves |= {f"{name}_{axis}": embedding.points[:, place].tolist() for place, axis in enumerate("xy")}
        curves["labels"] = embedding.labels.double().tolist()
        yield Step(done, len(serials) + 1, figures.copy(), curves=curves.copy())
    fresh = from_scratch(scene.student.config.network, seed, scene.device).eval()
    figures["random_network_probe"] = linear_probe(fresh, stolen, scene.test, seed=seed).percent
    yield Step(len(serials) + 1, len(serials) + 1, figures.copy(), curves=curves)
    return Outcome({**figures}, curves)


ATTACK = Attack(
    "feature-space",
    __doc__,
    attack,
    FULL,
    QUICK,
    watched=Settings(pictures=400),
    needs=Needs(training_pictures=True),
    shown_as="dots",
    judged=Judged("absent_probe"),
    lines=(
        Line("linear probe on e, no serial", ("absent_probe",)),
        Line("silhouette of the classes in e: valid serial", ("valid_silhouette",)),
        Line("pictures whose features are all zero, no serial", ("absent_silent",)),
    ),
)
