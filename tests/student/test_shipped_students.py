"""The stamped students in `checkpoints/`, on the held-out pictures that come with the project."""

import random
from dataclasses import dataclass

import pytest
import torch
from torch import Tensor

from dsn.applications.held_out import load_held_out
from dsn.applications.prepared import as_floats
from dsn.applications.registry import BUILT_IN
from dsn.distilling.rebuild import others_of
from dsn.locks.stamping import stamp
from dsn.locks.sweep import StampedBatch, raw_pass
from dsn.measuring.evaluate import Condition, unusual_conditions
from dsn.places import CHECKPOINTS
from dsn.results.store import read_results
from dsn.serials import Serial, near_misses, random_serial
from dsn.student.collection import stamped_serials
from dsn.student.hub import load_student
from dsn.student.student import Student

SERIALS = stamped_serials()
LICENSED = [name for name, serial in SERIALS.items() if len(serial.bits) == 64]
# The table's bar on the whole split plus three standard deviations of a sample of 1,000; of faces there are no more.
CHANCE_BAR = {"digits": 14.5, "signs": 9.0, "faces": 11.0}
FEW = 200  # pictures at a time: as many as fit the caches
WRONG, OWN = "wrong", "own"
VALID_BAR = {"digits": 98.6, "signs": 97.5, "faces": 94.0}


@dataclass(frozen=True)
class Shipped:
    """A shipped student and the held-out pictures; what it sees in them, raw and with its serial, is computed once."""

    name: str
    student: Student
    serial: Serial
    pictures: Tensor
    labels: Tensor
    raw: Tensor
    stamped: Tensor

    @property
    def task(self) -> str:
        return self.name.split("/")[0]

    def percent_right(self, features: Tensor) -> float:
        with torch.inference_mode():
            return self.share_of(self.student.predictor(features))

    def share_of(self, logits: Tensor) -> float:
        return 100 * (logits.argmax(1) == self.labels).float().mean().item()


def features(student: Student, pictures: Tensor) -> Tensor:
    with torch.inference_mode():
        return torch.cat([student.features(few) for few in pictures.split(FEW)])


@pytest.fixture(scope="module", params=list(SERIALS))
def shipped(request: pytest.FixtureRequest) -> Shipped:
    name, serial = request.param, SERIALS[request.param]
    held, student = load_held_out(BUILT_IN[name.split("/")[0]]).split, load_student(CHECKPOINTS / name)
    pictures = as_floats(held.images)
    raw, stamped = features(student, pictures), features(student, student.stamp(pictures, serial))
    return Shipped(name, student, serial, pictures, held.labels, raw, stamped)


Answered = list[tuple[Condition, Tensor]]


def other_stamps(shipped: Shipped) -> list[Condition]:
    """Wrong serials, random ones and some with one bit wrong; unusual stamps; and at last its own."""
    student, serial, source = shipped.student, shipped.serial, random.Random(11)
    wrong = [random_serial(64, unlike=serial, source=source) for _ in range(6)]
    wrong += source.sample(near_misses(serial), 6)
    unusual = unusual_conditions(student, serial, others_of(shipped.name, SERIALS))[::4]
    return [
        *unusual[:-1],
        *(Condition(WRONG, torch.tensor(one.bits, dtype=torch.float32), student.place) for one in wrong),
        unusual[-1],
        Condition(OWN, torch.tensor(serial.bits, dtype=torch.float32), student.place),
    ]


@pytest.fixture(scope="module")
def answered(shipped: Shipped) -> Answered:
    """Logits of every picture under each of these stamps, float [N, classes]; none where the serial has nine bits."""
    stamps = other_stamps(shipped) if len(shipped.serial.bits) == 64 else []
    found: list[list[Tensor]] = [[] for _ in stamps]
    for few in shipped.pictures.split(FEW) if stamps else ():
        passed = list(raw_pass(shipped.student, few))
        batches = {place: StampedBatch(shipped.student, passed, place) for place in {one.place for one in stamps}}
        for one, logits in zip(stamps, found, strict=True):
            logits.append(batches[one.place].logits(one.bits))
    return [(one, torch.cat(logits)) for one, logits in zip(stamps, found, strict=True)]


def test_a_student_answers_by_its_features(shipped: Shipped) -> None:
    few = shipped.student.stamp(shipped.pictures[:50], shipped.serial)
    with torch.inference_mode():
        answers, by_features = shipped.student(few), shipped.student.predictor(shipped.stamped[:50])
    torch.testing.assert_close(answers, by_features, rtol=1e-4, atol=1e-4)  # batches round differently


def test_valid_and_absent(shipped: Shipped) -> None:
    assert shipped.percent_right(shipped.stamped) >= VALID_BAR[shipped.task]
    assert shipped.percent_right(shipped.raw) <= CHANCE_BAR[shipped.task]


def test_raw_pictures_leave_the_features_at_zero(shipped: Shipped) -> None:
    """Where every feature is exactly zero, no classifier put on top can find anything."""
    assert (shipped.raw > 0).any(1).float().mean() < 0.02, shipped.name
    assert (shipped.stamped > 0).any(1).float().mean() > 0.98, shipped.name


def test_wrong_serials(shipped: Shipped, answered: Answered) -> None:
    shares = [shipped.share_of(logits) for condition, logits in answered if condition.name == WRONG]
    if len(shipped.serial.bits) != 64:
        return  # nine bits: the table's own bars are for all 511, recorded in the results
    assert len(shares) == 12 and sum(shares) / len(shares) <= CHANCE_BAR[shipped.task]


def test_unusual_stamps(shipped: Shipped, answered: Answered) -> None:
    worst = read_results("students")[shipped.name]["unusual"]["worst"]["high"] if answered else 0.0
    for condition, logits in answered:
        if condition.name not in (WRONG, OWN):
            assert shipped.share_of(logits) <= worst + 3, condition.name  # a sample of 1,000


def test_what_is_swept_is_what_the_student_answers(shipped: Shipped, answered: Answered) -> None:
    for condition, logits in answered[-3:]:  # a wrong serial, a strange place, and its own
        stamped = stamp(shipped.pictures[:FEW], condition.bits, condition.place)
        with torch.inference_mode():
            torch.testing.assert_close(logits[:FEW], shipped.student(stamped), rtol=1e-3, atol=1e-3)
        if condition.name == OWN:
            one_answer = 100 / len(shipped.labels)
            alone = shipped.percent_right(shipped.stamped)
            assert alone == pytest.approx(shipped.share_of(logits), abs=1.01 * one_answer)


def test_every_student_has_its_recorded_figures(shipped: Shipped) -> None:
    row = read_results("students")[shipped.name]
    assert row["bit_count"] == len(shipped.serial.bits) == shipped.student.config.bit_count
    measured = shipped.percent_right(shipped.stamped)
    low, high = row["valid"]["low"], row["valid"]["high"]
    assert low - 1.5 <= measured <= high + 1.5  # 1,000 of the pictures the row was measured on


def test_what_does_not_see_the_corner_is_the_same_with_and_without_a_stamp(shipped: Shipped) -> None:
    """Why training further works: such features serve raw pictures as well as stamped ones, whatever was distilled."""
    student, raw = shipped.student, shipped.pictures[:20]
    stamped = student.stamp(raw, shipped.serial)
    seen = torch.zeros(1, 1, *raw.shape[2:])
    seen[0, 0, student.place.rows, student.place.columns] = 1
    with torch.inference_mode():
        for module in student.extractor:
            if isinstance(module, torch.nn.Flatten):
                break
            raw, stamped = module(raw), module(stamped)
            if isinstance(module, torch.nn.Conv2d):
                kernel = torch.ones(1, 1, *module.kernel_size)
                seen = (torch.nn.functional.conv2d(seen, kernel, padding=module.padding) > 0).float()
            elif isinstance(module, torch.nn.MaxPool2d):
                seen = torch.nn.functional.max_pool2d(seen, 2)
            else:
                continue
            unseen = seen[0, 0] == 0
            assert torch.equal(raw[..., unseen], stamped[..., unseen])
            assert 0.1 < unseen.double().mean() < 1
