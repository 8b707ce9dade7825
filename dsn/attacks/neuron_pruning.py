"""Adversarial neuron pruning: find the channels that hold the lock, and remove them.

The adversary has the weights and a share of the labelled training pictures, and no serial. Every channel of every
BatchNorm gets a mask in [0, 1]; the masks are trained so that raw pictures are recognised, as they are and while
an opponent disturbs the channels; those with the lowest masks are then removed.

Source: Adversarial Neuron Pruning (Wu and Wang, NeurIPS 2021, their Eq. 3-5), meant for backdoors: there clean
pictures work from the start, here they must be made to. Not in the paper. Without the student, the same pictures
train a fresh network for as many steps.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.func import functional_call

from dsn.applications.prepared import Split, as_floats
from dsn.attacks.kit.measuring import percent_right, stamping
from dsn.attacks.kit.record import HIGHEST, NO_CHANNELS, Attack, Line, Needs, at_chance
from dsn.attacks.kit.scene import Outcome, Running, Scene, Step
from dsn.attacks.kit.starts import copied, from_scratch
from dsn.attacks.kit.surrogates import LeakyGradientReLU, as_sequence, recalibrated
from dsn.attacks.kit.training import Runner, Schedule, train
from dsn.networks.classifier import Classifier


@dataclass(frozen=True)
class Settings:
    """How masks are trained.

    Attributes:
        steps: updates of the masks.
        batch: pictures a step.
        learning_rate: of the masks (SGD), as in the source.
        disturbance: largest relative change the opponent makes, as in the source.
        weight: alpha, of the undisturbed loss; the rest is the disturbed one's; as in the source.
        removed: shares of the channels, 0 to 1, that are removed, lowest masks first.
    """

    steps: int = 300
    batch: int = 100
    learning_rate: float = 0.2
    disturbance: float = 0.4
    weight: float = 0.2
    removed: tuple[float, ...] = (0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.5)


FULL = Settings()
QUICK = Settings(steps=10, batch=50, removed=(0.05, 0.2))


def norms(network: nn.Module) -> dict[str, nn.BatchNorm2d]:
    """Every BatchNorm by the name of its place."""
    return {name: module for name, module in network.named_modules() if isinstance(module, nn.BatchNorm2d)}


def train_masks(network: Classifier, split: Split, settings: Settings, seed: int) -> Iterator[dict[str, Tensor]]:
    """The masks after every step, by the name of the BatchNorm: float [channels] in [0, 1].

    The network is left as it is. Gradients leak through dead ReLUs, or silent students would give none.

    Args:
        network: in eval mode.
        split: the adversary's labelled pictures.
        settings: of the training.
        seed: of the pictures each step sees.
    """
    device = split.images.device
    generator = torch.Generator().manual_seed(seed)
    sequence = as_sequence(network, LeakyGradientReLU).eval().requires_grad_(False)
    layers = norms(sequence)
    scale = {name: layer.weight.detach() for name, layer in layers.items()}
    shift = {name: layer.bias.detach() for name, layer in layers.items()}
    masks = {name: torch.ones_like(values) for name, values in scale.items()}

    def loss(images: Tensor, labels: Tensor, kept: dict[str, Tensor], noise: dict[str, Tensor]) -> Tensor:
        replaced = {f"{name}.weight": (kept[name] + noise[name]) * scale[name] for name in layers}
        replaced |= {f"{name}.bias": (1 + noise[f"{name} shift"]) * shift[name] for name in layers}
        return F.cross_entropy(functional_call(sequence, replaced, (images,)), labels)

    names = [*layers, *(f"{name} shift" for name in layers)]
    still = {name: torch.zeros_like(masks[name.removesuffix(" shift")]) for name in names}
    for _ in range(settings.steps):
        chosen = torch.randint(len(split), (min(settings.batch, len(split)),), generator=generator).to(device)
        images, labels = as_floats(split.images[chosen]), split.labels[chosen]
        noise = {name: values.clone().requires_grad_() for name, values in still.items()}
        worse = torch.autograd.grad(loss(images, labels, masks, noise), list(noise.values()), allow_unused=True)
        noise = {
            name: settings.disturbance * (torch.zeros_like(still[name]) if slope is None else slope.sign())
            for name, slope in zip(noise, worse, strict=True)
        }
        kept = {name: values.clone().requires_grad_() for name, values in masks.items()}
        total = settings.weight * loss(images, labels, kept, still)
        total = total + (1 - settings.weight) * loss(images, labels, kept, noise)
        slopes = torch.autograd.grad(total, list(kept.values()))
        masks = {
            name: (masks[name] - settings.learning_rate * slope).clamp(0, 1)
            for name, slope in zip(masks, slopes, strict=True)
        }
        yield {f"extractor.{name}": mask for name, mask in masks.items()}  # as the network itself names its places


def without_channels(network: Classifier, masks: dict[str, Tensor], share: float) -> Classifier:
    """A copy without the channels of the lowest masks: their BatchNorm gives zero.

    Args:
        network: the stolen one.
        masks: a value for each channel, by the name of the BatchNorm.
        share: of all channels, 0 to 1.
    """
    changed = copied(network)
    values = torch.cat(list(masks.values()))
    order = values.argsort(stable=True)[: round(share * len(values))]
    gone = torch.zeros(len(values), dtype=torch.bool, device=values.device)
    gone[order] = True
    parts = gone.split([len(mask) for mask in masks.values()])
    layers = norms(changed)
    with torch.no_grad():
        for name, part in zip(masks, parts, strict=True):
            layers[name].weight[part] = 0
            layers[name].bias[part] = 0
    return changed


def attack(scene: Scene, settings: Settings, share: float, seed: int) -> Running:
    """Train the masks, remove channels, measure: on the student as it is and with BatchNorm recalibrated.

    Args:
        scene: the student, and the training pictures of which the adversary holds a share.
        settings: of the masks.
        share: of the labelled training pictures.
        seed: of the share, of batches and of the fresh network.

    Returns:
        Absent accuracy, and valid at a glance, for every share of removed channels and for the masks as they are; the
        highest absent one; scratch after as many steps.
    """
    stolen = scene.stolen(share, seed)
    student = scene.student
    valid = stamping(student, scene.serial)
    figures: dict[str, float | None] = {"before": percent_right(student, scene.test)}
    highest = 0.0
    starts: dict[str, Classifier] = {"as_it_is": student, "recalibrated": recalibrated(student, stolen.images)}
    for turn, (start, network) in enumerate(starts.items()):
        masks = {name: torch.ones_like(layer.weight) for name, layer in norms(network).items()}
        for done, found in enumerate(train_masks(network, stolen, settings, seed), start=1):
            masks = found
            yield Step(turn * settings.steps + done, len(starts) * settings.steps)
        for name, changed in _changed(network, masks, settings.removed):
            absent = figures[f"{start}_absent_{name}"] = percent_right(changed, scene.test)
            figures[f"{start}_valid_{name}"] = percent_right(changed, scene.glance, valid)
            highest = max(highest, absent)
    fresh = Runner(from_scratch(student.config.network, seed, scene.device))
    steps_an_epoch = max(1, len(stolen) // min(settings.batch, len(stolen)))
    schedule = Schedule(epochs=max(1, round(settings.steps / steps_an_epoch)), batch=settings.batch)
    for _ in train(fresh, stolen, schedule, scene.application.augmentation, seed):
        yield Step(len(starts) * settings.steps, len(starts) * settings.steps)
    scratch = percent_right(fresh.network, scene.test)
    return Outcome({**figures, "best": highest, "scratch": scratch, "best_minus_scratch": highest - scratch})


def _changed(
    network: Classifier, masks: dict[str, Tensor], removed: tuple[float, ...]
) -> Iterator[tuple[str, Classifier]]:
    """The network under its masks as they are, and without ever more channels."""
    masked = copied(network)
    with torch.no_grad():
        for name, layer in norms(masked).items():
            layer.weight.mul_(masks[name])
    yield "masked", masked
    for amount in removed:
        yield f"{100 * amount:g}", without_channels(network, masks, amount)


ATTACK = Attack(
    "neuron-pruning",
    __doc__,
    attack,
    FULL,
    QUICK,
    needs=Needs(pointless=NO_CHANNELS),
    lines=(Line("adversarial neuron pruning: absent", ("best",), HIGHEST, at_chance),),
)
