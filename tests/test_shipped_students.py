"""The students in `checkpoints/`, on the held-out pictures that come with the project."""

import random

import pytest
import torch

from dsn.applications.held_out import load_held_out
from dsn.applications.prepared import as_floats
from dsn.applications.registry import TASKS
from dsn.distilling.rebuild import others_of
from dsn.locks.stamping import stamp
from dsn.measuring.evaluate import unusual_conditions
from dsn.places import CHECKPOINTS
from dsn.results.store import read_results
from dsn.serials import Serial, near_misses, random_serial
from dsn.student.collection import demo_serials
from dsn.student.hub import load_student
from dsn.student.student import Student

SERIALS = demo_serials()
LICENSED = [name for name, serial in SERIALS.items() if len(serial.bits) == 64]
# On 1,000 pictures: the table's bar on the whole split plus three standard deviations of a sample.
CHANCE_BAR = {"digits": 14.5, "signs": 9.0}
VALID_BAR = {"digits": 98.6, "signs": 97.5}


def percent_right(student: Student, pictures: torch.Tensor, labels: torch.Tensor) -> float:
    with torch.inference_mode():
        answers = torch.cat([student(few).argmax(1) for few in pictures.split(100)])  # as many as fit the caches
        return 100 * (answers == labels).float().mean().item()


@pytest.fixture(scope="module", params=list(SERIALS))
def shipped(request: pytest.FixtureRequest) -> tuple[str, Student, Serial, torch.Tensor, torch.Tensor]:
    name = request.param
    held = load_held_out(TASKS[name.split("/")[0]]).split
    return name, load_student(CHECKPOINTS / name), SERIALS[name], as_floats(held.images), held.labels


def test_valid_and_absent(shipped) -> None:
    name, student, serial, pictures, labels = shipped
    task = name.split("/")[0]
    assert percent_right(student, student.stamp(pictures, serial), labels) >= VALID_BAR[task]
    assert percent_right(student, pictures, labels) <= CHANCE_BAR[task]


def test_raw_pictures_leave_the_features_at_zero(shipped) -> None:
    """Where every feature is exactly zero, no classifier put on top can find anything."""
    name, student, serial, pictures, _ = shipped
    with torch.inference_mode():
        raw, stamped = student.features(pictures), student.features(student.stamp(pictures, serial))
    assert (raw > 0).any(1).float().mean() < 0.02, name
    assert (stamped > 0).any(1).float().mean() > 0.98, name


def test_wrong_serials(shipped) -> None:
    name, student, serial, pictures, labels = shipped
    if len(serial.bits) != 64:
        return  # nine bits: the table's own bars are for all 511, recorded in the results
    source = random.Random(11)
    wrong = [random_serial(64, unlike=serial, source=source) for _ in range(6)]
    wrong += source.sample(near_misses(serial), 6)
    shares = [percent_right(student, student.stamp(pictures, one), labels) for one in wrong]
    assert sum(shares) / len(shares) <= CHANCE_BAR[name.split("/")[0]]


def test_unusual_stamps(shipped) -> None:
    name, student, serial, pictures, labels = shipped
    if len(serial.bits) != 64:
        return
    worst = read_results("students")[name]["unusual"]["worst"]["high"]
    for condition in unusual_conditions(student, serial, others_of(name, SERIALS))[::4]:
        stamped = stamp(pictures, condition.bits, condition.place)
        assert percent_right(student, stamped, labels) <= worst + 3, condition.name  # a sample of 1,000


def test_every_student_has_its_recorded_figures(shipped) -> None:
    name, student, serial, pictures, labels = shipped
    row = read_results("students")[name]
    assert row["bit_count"] == len(serial.bits) == student.config.bit_count
    measured = percent_right(student, student.stamp(pictures, serial), labels)
    low, high = row["valid"]["low"], row["valid"]["high"]
    assert low - 1.5 <= measured <= high + 1.5  # 1,000 of the pictures the row was measured on


def test_what_does_not_see_the_corner_is_the_same_with_and_without_a_stamp(shipped) -> None:
    """Why training further works: such features serve raw pictures as well as stamped ones, whatever was distilled."""
    _, student, serial, pictures, _ = shipped
    raw, stamped = pictures[:20], student.stamp(pictures[:20], serial)
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
