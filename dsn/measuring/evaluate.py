"""How often a student is right: valid, absent, and every kind of invalid, on a whole split."""

import random
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import torch
import torch.nn.functional as F
from torch import Tensor

from dsn.applications.prepared import DataSet, Split, as_floats
from dsn.locks.registry import SEALED
from dsn.locks.stamping import PLACES, StampPlace
from dsn.locks.sweep import sweep_accuracy
from dsn.networks.classifier import Classifier
from dsn.serials import Serial, near_misses, random_serial
from dsn.statistics import Accuracy, chance
from dsn.student.student import Student

BATCH = 1000
RANDOM_SERIALS = 256
PROBE_PICTURES = 6000
PROBE_STEPS = 200
# Of the test split, for groups of serials on a sealed student: each serial makes another network, a whole pass for it.
SEALED_PICTURES = 250

Report = Callable[[str], None]


@dataclass(frozen=True)
class Condition:
    """A way to stamp every picture: the pattern's values and its place.

    Attributes:
        name: what it is called in results files.
        bits: float [K] in [0, 1].
        place: where they go.
    """

    name: str
    bits: Tensor
    place: StampPlace


@torch.inference_mode()
def answers(network: Classifier, images: Tensor, serial: Serial | None = None) -> Tensor:
    """Answered classes, int64 [N], in float32.

    Args:
        network: a teacher, or a student.
        images: uint8 [N, C, H, W].
        serial: stamped first (students only); None leaves the pictures raw.
    """
    found = []
    for batch in images.split(BATCH):
        pictures = as_floats(batch)
        if serial is not None:
            assert isinstance(network, Student)
            pictures = network.stamp(pictures, serial)
        found.append(network(pictures).argmax(1))
    return torch.cat(found)


def accuracy(network: Classifier, split: Split, serial: Serial | None = None) -> Accuracy:
    """Share of right answers on a split, with the serial stamped in or absent."""
    return Accuracy(int((answers(network, split.images, serial) == split.labels).sum()), len(split))


def _wrong_by(count: int) -> str:
    return f"{count} {'bit' if count == 1 else 'bits'} wrong"


def unusual_conditions(student: Student, serial: Serial, others: dict[str, Serial]) -> list[Condition]:
    """Other customers' serials; the valid one in wrong places, inverted, and at half intensity.

    The wrong places: moved by 1, 2, 4 and 8 pixels up, left and both, and the three other corners.
    """
    size, count = student.config.network.size, student.config.bit_count
    valid = torch.tensor(serial.bits, dtype=torch.float32)
    found = [
        Condition(f"serial of {name}", torch.tensor(other.bits, dtype=torch.float32), student.place)
        for name, other in others.items()
    ]
    far = size - serial.side
    moves = [(up * by, left * by) for by in (1, 2, 4, 8) for up, left in ((1, 0), (0, 1), (1, 1))]
    for up, left in [*moves, (far, 0), (0, far), (far, far)]:
        place = PLACES[student.config.profile](count, size, size, up=up, left=left)
        found.append(Condition(f"moved {up} up, {left} left", valid, place))
    found.append(Condition("inverted", 1 - valid, student.place))
    found.append(Condition("half intensity", valid / 2, student.place))
    return found


def linear_probe(
    network: Classifier, train: Split, test: Split, *, serial: Serial | None = None, seed: int = 0
) -> Accuracy:
    """How much of the task a fresh linear classifier finds in e = G_e(x).

    The adversary has the network's weights and at most 6,000 labelled training pictures. Features are
    standardised, so that faint traces count as much as strong ones.

    Args:
        network: whose features are probed, in eval mode.
        train: where the labelled pictures are drawn from.
        test: on which the probe is measured.
        serial: stamped into both, or none (raw).
        seed: of the draw and of the probe's first weights.
    """
    device = train.images.device
    generator = torch.Generator(device).manual_seed(seed)
    chosen = torch.randperm(len(train), generator=generator, device=device)[:PROBE_PICTURES]

    def features(images: Tensor) -> Tensor:
        with torch.inference_mode():
            batches = (as_floats(batch) for batch in images.split(BATCH))
            if serial is not None:
                assert isinstance(network, Student)
                opened, shown = network.opened(serial), (network.stamp(batch, serial) for batch in batches)
                return torch.cat([opened.features(batch) for batch in shown])
            return torch.cat([network.features(batch) for batch in batches])

    known, seen = features(train.images[chosen]).clone(), features(test.images)
    return probed(known, train.labels[chosen], seen, test.labels, network.predictor.out_features, seed)


def probed(known: Tensor, labels: Tensor, seen: Tensor, answers: Tensor, classes: int, seed: int) -> Accuracy:
    """How often a linear classifier, fresh and fitted to labelled features, is right on others.

    Args:
        known: float [N, D], standardised here.
        labels: int64 [N], theirs.
        seen: float [M, D], the others.
        answers: int64 [M], what is right.
        classes: how many there are.
        seed: of its first weights.
    """
    mean, deviation = known.mean(0), known.std(0).clamp_min(1e-6)
    known = (known - mean) / deviation
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        probe = torch.nn.Linear(known.shape[1], classes).to(known.device)
    optimizer = torch.optim.LBFGS(probe.parameters(), max_iter=PROBE_STEPS, line_search_fn="strong_wolfe")

    def closure() -> Tensor:
        optimizer.zero_grad()
        loss = F.cross_entropy(probe(known), labels) + 1e-4 * probe.weight.square().sum()
        loss.backward()
        return loss

    optimizer.step(closure)
    with torch.inference_mode():
        right = probe((seen - mean) / deviation).argmax(1) == answers
    return Accuracy(int(right.sum()), len(answers))


def drawn(split: Split, count: int, seed: int) -> Split:
    """Pictures drawn from a split without repetition, at most as many as it has."""
    chosen = torch.randperm(len(split), generator=torch.Generator().manual_seed(seed))[:count]
    chosen = chosen.to(split.images.device)
    return Split(split.images[chosen], split.labels[chosen])


def evaluate_student(
    student: Student,
    serial: Serial,
    others: dict[str, Serial],
    data: DataSet,
    *,
    seed: int = 0,
    report: Report = lambda line: None,
) -> dict:
    """Every row of the demo's table for one student, on the whole test split.

    Groups of serials are tried on a sealed student with pictures drawn from it: the worst then holds their number.

    Args:
        student: in eval mode.
        serial: its valid serial.
        others: serials of other customers of the same length.
        data: test split to measure on; the training split gives the probe's pictures.
        seed: of random serials and of the probe.
        report: told each step, for progress.

    Returns:
        Plain values for a results file: accuracies as `Accuracy.as_json`, groups of serials with
        their mean and worst in percent.
    """
    test = data.test
    tried = drawn(test, SEALED_PICTURES, seed) if student.config.lock == SEALED else test
    source = random.Random(seed)

    def group(conditions: list[Condition]) -> dict:
        found: list[tuple[Accuracy, str]] = []
        for place in dict.fromkeys(condition.place for condition in conditions):
            here = [condition for condition in conditions if condition.place == place]
            bits = torch.stack([condition.bits for condition in here])
            counts = sweep_accuracy(partial(student.swept, at=place), tried.images, tried.labels, bits)
            found += [(Accuracy(int(count), len(tried)), one.name) for count, one in zip(counts, here, strict=True)]
        worst, worst_is = max(found, key=lambda pair: pair[0].correct)
        return {
            "serials": len(found),
            "mean": round(sum(one.percent for one, _ in found) / len(found), 2),
            "worst": worst.as_json(),
            "worst_is": worst_is,
        }

    def serials(chosen: list[Serial]) -> list[Condition]:
        return [
            Condition(_wrong_by(one.distance(serial)), torch.tensor(one.bits, dtype=torch.float32), student.place)
            for one in chosen
        ]

    levels = chance(test.labels, student.config.network.classes)
    result: dict = {"chance": {"uniform": round(levels.uniform, 2), "majority": round(levels.majority, 2)}}
    report("valid and absent")
    result["valid"] = accuracy(student, test, serial).as_json()
    result["absent"] = accuracy(student, test).as_json()
    if len(serial.bits) == 64:
        report(f"{RANDOM_SERIALS} random wrong serials")
        result["random_wrong"] = group(
            serials([random_serial(64, unlike=serial, source=source) for _ in range(RANDOM_SERIALS)])
        )
    else:
        every = [Serial.from_number(number, len(serial.bits)) for number in range(2 ** len(serial.bits))]
        report(f"all {len(every) - 1} wrong serials")
        result["every_wrong"] = group(serials([one for one in every if one != serial]))
    report("serials with one bit wrong")
    result["one_bit_wrong"] = group(serials(near_misses(serial)))
    report("other customers' serials, wrong places, inverted, half intensity")
    result["unusual"] = group(unusual_conditions(student, serial, others))
    report("linear probe on raw pictures")
    result["probe_on_raw"] = linear_probe(student, data.train, test, seed=seed).as_json()
    return result
