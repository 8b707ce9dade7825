"""Collusion: several customers put their students and serials together.

The adversaries have three customers' weights and serials, and a share of the training pictures without labels.
They want a network that needs no serial, or a serial of a customer who is not among them. As the students are
(those of one teacher began with the same weights), and with their neurons put in one order
(`dsn.attacks.kit.alignment`), they average the weights, go from one student towards the average and beyond, have
BatchNorm see raw pictures, and remove the channels in which the students differ most, where the lock should be.
On the attacked student they try the others' serials and mixtures of them.
Not in the paper. There is no budget without the students.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from dsn.applications.prepared import as_floats
from dsn.attacks.kit.alignment import aligned
from dsn.attacks.kit.measuring import percent_right, stamping
from dsn.attacks.kit.record import HIGHEST, NO_COMMON_WEIGHTS, Attack, Line, Needs, at_chance
from dsn.attacks.kit.scene import AttackError, Outcome, Running, Scene, Step
from dsn.attacks.kit.starts import copied
from dsn.attacks.kit.surrogates import recalibrated
from dsn.attacks.neuron_pruning import without_channels
from dsn.networks.classifier import Classifier
from dsn.serials import Serial

ACCOMPLICES = 2


@dataclass(frozen=True)
class Settings:
    """What is tried.

    Attributes:
        ways_to_average: how far from the student to the average, which is at 1.
        removed: shares of the channels that are removed, those that differ most first.
        compared: pictures on which neurons of two students are compared, to find those that correspond.
    """

    ways_to_average: tuple[float, ...] = (0.5, 1.0, 1.5, 2.0, 3.0)
    removed: tuple[float, ...] = (0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5)
    compared: int = 500


FULL = Settings()
QUICK = Settings((1.0, 2.0), (0.05, 0.2), 100)


@torch.no_grad()
def moved_to_average(network: Classifier, others: Sequence[Classifier], way: float) -> Classifier:
    """A copy whose weights and statistics lie on the line from the network to the average of all.

    Args:
        network: the first of them; all are of one shape.
        others: the other ones.
        way: 0 leaves it, 1 is the average, more is beyond.
    """
    changed = copied(network)
    states = [one.state_dict() for one in (network, *others)]
    for name, values in changed.state_dict().items():
        if values.is_floating_point():
            average = torch.stack([state[name] for state in states]).mean(0)
            values.copy_(values + way * (average - values))
            if name.endswith("running_var"):
                values.clamp_(min=1e-6)
    return changed


def agreement(networks: Sequence[Classifier]) -> dict[str, Tensor]:
    """How alike the networks are in each channel, by the name of its BatchNorm: float [channels], 0 at most.

    Minus the deviation of a channel's incoming weights across the networks, over their size, and likewise of
    its BatchNorm.
    """
    found = {}
    modules = [dict(network.named_modules()) for network in networks]
    names = list(modules[0])
    for place, name in enumerate(names):
        if not isinstance(modules[0][name], nn.BatchNorm2d):
            continue
        before = names[place - 1]
        incoming = torch.stack([_flat(one[before]) * _scale(one[name])[:, None] for one in modules])
        spread = incoming.std(0).norm(dim=1) / incoming.mean(0).norm(dim=1).clamp_min(1e-6)
        found[name] = -spread
    return found


def _flat(module: nn.Module) -> Tensor:
    assert isinstance(module, nn.Conv2d)
    return module.weight.detach().flatten(1)


def _scale(module: nn.Module) -> Tensor:
    assert isinstance(module, nn.BatchNorm2d) and module.running_var is not None
    return module.weight.detach() / (module.running_var + module.eps).sqrt()


def mixtures(serials: list[Serial]) -> dict[str, Serial]:
    """Serials guessed from others': each of them, any, all, odd and (of three or more) most bits, and the inverses."""
    bits = torch.tensor([serial.bits for serial in serials])
    mixed = {
        "any": bits.amax(0),
        "all": bits.amin(0),
        "odd": bits.sum(0) % 2,
    }
    if len(bits) > 2:  # of two it is any
        mixed["majority"] = (2 * bits.sum(0) > len(bits)).long()
    found = {f"serial_{place}": serial for place, serial in enumerate(serials, start=1)}
    found |= {name: Serial.from_bits(values.tolist()) for name, values in mixed.items()}
    return found | {f"{name}_inverted": serial.inverted() for name, serial in found.items()}


def attack(scene: Scene, settings: Settings, share: float, seed: int) -> Running:
    """Everything three customers can try together, measured at a glance; what opens most, on the whole test split.

    Args:
        scene: the student, two licensed students of others, and the training pictures of which they hold a share.
        settings: what is tried.
        share: of the training pictures, whose labels are not used.
        seed: of the share; nothing else is random.

    Raises:
        AttackError: fewer than two other customers.
    """
    shape = scene.student.config.network
    alike_shaped = [one for one in scene.others.values() if one.student.config.network == shape]
    accomplices = alike_shaped[:ACCOMPLICES]
    if len(accomplices) < ACCOMPLICES:
        raise AttackError(
            "Collusion needs students of two other customers, of the same network and with serials of the same length."
        )
    stolen = scene.stolen(share, seed)
    valid = stamping(scene.student, scene.serial)
    seen = as_floats(stolen.images[: settings.compared])
    companies: dict[str, list[Classifier]] = {
        "": [one.student for one in accomplices],
        "aligned_": [
            aligned(scene.student, one.student, valid(seen), stamping(one.student, one.serial)(seen))
            for one in accomplices
        ],
    }
    total = 2 * len(companies) * (len(settings.ways_to_average) + len(settings.removed))
    figures: dict[str, float | None] = {"before": percent_right(scene.student, scene.test)}
    found: list[tuple[float, Classifier]] = []

    def tried(name: str, network: Classifier) -> Step:
        absent = percent_right(network, scene.glance)
        found.append((absent, network))
        figures[f"{name}_absent"] = absent
        figures[f"{name}_valid"] = percent_right(network, scene.glance, valid)
        return Step(len(found), total, {"absent": absent})

    for how, others in companies.items():
        for way in settings.ways_to_average:
            average = moved_to_average(scene.student, others, way)
            yield tried(f"{how}average_{100 * way:g}", average)
            yield tried(f"{how}average_{100 * way:g}_recalibrated", recalibrated(average, stolen.images))
        alike = agreement([scene.student, *others])
        average = moved_to_average(scene.student, others, 1.0)
        for amount in settings.removed:
            yield tried(f"{how}removed_{100 * amount:g}", without_channels(scene.student, alike, amount))
            yield tried(f"{how}removed_{100 * amount:g}_average", without_channels(average, alike, amount))
    guesses = {
        name: percent_right(scene.student, scene.test, stamping(scene.student, serial))
        for name, serial in mixtures([one.serial for one in accomplices]).items()
    }
    yield Step(total, total, {"guess": max(guesses.values())})
    figures |= {f"guess_{name}": value for name, value in guesses.items()}
    _, opened = max(found, key=lambda one: one[0])
    figures["best_absent"] = percent_right(opened, scene.test)
    figures["best_valid"] = percent_right(opened, scene.test, valid)
    return Outcome({**figures, "best_guess": max(guesses.values())})


ATTACK = Attack(
    "collusion",
    __doc__,
    attack,
    FULL,
    QUICK,
    needs=Needs(pointless=NO_COMMON_WEIGHTS),
    lines=(
        Line("three customers compare weights: absent", ("best_absent",), HIGHEST, at_chance),
        Line("two customers' serials and mixtures, on a third's student", ("best_guess",), HIGHEST, at_chance),
    ),
)
