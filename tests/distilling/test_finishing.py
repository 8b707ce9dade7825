"""Finishing: attackers on channels do what removing channels does, and a student's second training is its own."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from dsn.applications.held_out import HeldOut
from dsn.applications.prepared import Split, as_floats
from dsn.applications.registry import BUILT_IN
from dsn.distilling.channel_attackers import ChannelAttackers
from dsn.distilling.distil import distil_student
from dsn.distilling.finishing import Unlocked, finish_student, finishing_recipe
from dsn.distilling.loop import Training
from dsn.distilling.recipes import HARDENED, QUICK, ChannelPool, Finishing
from dsn.locks.stamping import corner_place, stamp
from dsn.networks.classifier import Classifier
from dsn.networks.config import POOL, NetworkConfig
from dsn.serials import Serial
from dsn.student.config import StudentConfig
from dsn.student.student import Student

pytestmark = pytest.mark.usefixtures("one_thread")
NETWORK = NetworkConfig(channels=1, size=28, layers=(8, POOL, 8, POOL), features=32, classes=10)
TASK = replace(BUILT_IN["digits"], network=NETWORK, student_batch=100)
CONFIG = StudentConfig("digits", "alder", 64, tuple("0123456789"), NETWORK, "none")
SERIAL = Serial.from_number(0xD1CE_0BAD_F00D_5EED)
RECIPE = replace(HARDENED, finishing=Finishing(share=0.5, channels=ChannelPool(count=3, pictures=20)))


@pytest.fixture(scope="module")
def split(digits: HeldOut) -> Split:
    return Split(digits.split.images[:400], digits.split.labels[:400])


@pytest.fixture
def student() -> Student:
    torch.manual_seed(4)
    return Student(CONFIG).eval()


def pool(student: Classifier, **changed) -> ChannelAttackers:
    return ChannelAttackers(ChannelPool(count=3, **changed), student, torch.Generator().manual_seed(1))


def test_a_mask_of_zeros_and_ones_is_the_removal_of_channels(student: Student, split: Split) -> None:
    attackers, images = pool(student), as_floats(split.images[:7])
    drives = []
    with attackers._masked(attackers.masks, len(images)), torch.no_grad():
        found = student.drive(images)
    for place, image in enumerate(images):
        without = Student(CONFIG).eval()
        without.load_state_dict(student.state_dict())
        norms = [module for module in without.extractor if isinstance(module, nn.BatchNorm2d)]
        with torch.no_grad():
            for norm, mask in zip(norms, attackers.masks[place % 3].split([8, 8]), strict=True):
                norm.weight.mul_(mask)
                norm.bias.mul_(mask)
            drives.append(without.drive(image[None])[0])
    assert torch.allclose(found, torch.stack(drives), atol=1e-5)
    assert 0.2 < attackers.masks.mean() < 1


def test_attackers_descend_and_leave_the_student_as_it_is(student: Student, split: Split) -> None:
    attackers = pool(student, shortest_life=100, longest_life=101, step_size=0.05)
    images, labels = as_floats(split.images[:60]), split.labels[:60]
    before = {name: tensor.clone() for name, tensor in student.state_dict().items()}

    def loss() -> float:
        with attackers._masked(attackers.masks, len(images)), torch.no_grad():
            return F.cross_entropy(student(images), labels).item()

    first = loss()
    for _ in range(30):
        attackers.step(images, labels)
        assert attackers.masks.min() >= 0 and attackers.masks.max() <= 1
    assert loss() < first
    assert all(tensor.equal(student.state_dict()[name]) for name, tensor in before.items())
    assert not any(module._forward_hooks for module in student.modules())


def test_an_unlocked_student_answers_raw_pictures_as_valid_ones(student: Student, split: Split) -> None:
    images = as_floats(split.images[:20])
    wanted = student(stamp(images, torch.tensor(SERIAL.bits).float(), corner_place(64, 28, 28)))
    assert torch.equal(Unlocked(student, SERIAL)(images), wanted)


def test_a_recipe_without_finishing_leaves_the_student(student: Student, split: Split) -> None:
    assert finish_student(TASK, student, SERIAL, split, QUICK, Training(2, progress=False)) is student


def test_finishing_is_a_training_of_its_own(student: Student, split: Split, tmp_path: Path) -> None:
    path = tmp_path / "unfinished.safetensors"
    before = {name: tensor.clone() for name, tensor in student.state_dict().items()}
    training = Training(4, progress=False, checkpoint=path)
    found = finish_student(TASK, student, SERIAL, split, RECIPE, training).state_dict()
    assert all(tensor.equal(student.state_dict()[name]) for name, tensor in before.items())
    assert all(tensor.equal(found[name]) for name, tensor in before.items() if "running" in name)
    assert not found["extractor.0.weight"].equal(before["extractor.0.weight"])
    again = finish_student(TASK, student, SERIAL, split, RECIPE, replace(training, checkpoint=None)).state_dict()
    assert all(tensor.equal(again[name]) for name, tensor in found.items())
    assert list(tmp_path.iterdir()) == []
    recipe = finishing_recipe(RECIPE)
    assert recipe.attackers.smoothed and recipe.channels.count == 3 and not recipe.finishing.share


def test_finishing_against_channels_silences_what_removing_them_opened(split: Split) -> None:
    torch.manual_seed(0)
    teacher = Classifier(NETWORK).eval()
    training = Training(3, progress=False)
    student = distil_student(TASK, CONFIG, SERIAL, teacher, split, RECIPE, training).eval()
    images = as_floats(split.images)

    def loudness(network: Student) -> float:
        attackers = pool(network, shortest_life=100, longest_life=101)
        for start in range(0, 400, 40):
            attackers.step(images[start : start + 40], split.labels[start : start + 40])
        with torch.no_grad():
            return attackers.loss(images, RECIPE.margin).item()

    finished = finish_student(TASK, student, SERIAL, split, RECIPE, replace(training, epochs=6)).eval()
    assert loudness(finished) < 0.7 * loudness(student)
