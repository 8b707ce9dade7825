"""Making students whole: distilled, then finished, then locked as their recipe says."""

from dataclasses import replace

import pytest
import torch

from dsn.applications.held_out import HeldOut
from dsn.applications.prepared import Split, as_floats
from dsn.applications.registry import BUILT_IN
from dsn.distilling.distil import distil_student
from dsn.distilling.finishing import finish_student
from dsn.distilling.learner import Order
from dsn.distilling.loop import Training
from dsn.distilling.making import MAKERS, make_whole
from dsn.distilling.recipes import HARDENED, ChannelPool, Finishing, Recipe
from dsn.locks.registry import LOCKS, SEALED
from dsn.networks.classifier import Classifier
from dsn.networks.config import POOL, NetworkConfig
from dsn.serials import Serial
from dsn.student.config import StudentConfig
from dsn.student.student import Student

pytestmark = pytest.mark.usefixtures("one_thread")
NETWORK = NetworkConfig(channels=1, size=28, layers=(4, POOL, 6, POOL), features=16, classes=10)
TASK = replace(BUILT_IN["digits"], network=NETWORK, student_batch=100)
SERIALS = {"alder": Serial.from_number(0xD1CE_0BAD_F00D_5EED), "birch": Serial.from_number(0x0123_4567_89AB_CDEF)}
ORDERS = [
    Order(StudentConfig("digits", customer, 64, tuple("0123456789"), NETWORK, "none"), serial)
    for customer, serial in SERIALS.items()
]
RECIPE = replace(HARDENED, finishing=Finishing(share=0.5, channels=ChannelPool(count=2, pictures=10)))
TRAINING = Training(2, progress=False, arithmetic="float32")


@pytest.fixture(scope="module")
def split(digits: HeldOut) -> Split:
    return Split(digits.split.images[:200], digits.split.labels[:200])


@pytest.fixture(scope="module")
def teacher() -> Classifier:
    torch.manual_seed(2)
    return Classifier(NETWORK).eval()


def made(recipe: Recipe, teacher: Classifier, split: Split) -> list[Student]:
    return make_whole(TASK, ORDERS, teacher, split, recipe, TRAINING)


def test_every_lock_has_its_maker() -> None:
    assert MAKERS.keys() == set(LOCKS)


def test_each_is_distilled_then_finished_as_it_would_be_alone(teacher: Classifier, split: Split) -> None:
    for order, student in zip(ORDERS, made(RECIPE, teacher, split), strict=True):
        alone = distil_student(TASK, order.config, order.serial, teacher, split, RECIPE, TRAINING)
        alone = finish_student(TASK, alone, order.serial, split, RECIPE, TRAINING)
        assert all(torch.equal(value, alone.state_dict()[name]) for name, value in student.state_dict().items())


def test_a_recipe_with_the_sealed_lock_gives_the_same_students_sealed(teacher: Classifier, split: Split) -> None:
    trained, sealed = made(RECIPE, teacher, split), made(replace(RECIPE, lock=SEALED), teacher, split)
    images, another = as_floats(split.images[:20]), Serial.from_number(0x5A5A_1234_F0F0_8765)
    for (customer, serial), plain, student in zip(SERIALS.items(), trained, sealed, strict=True):
        assert (student.config.lock, student.config.customer) == (SEALED, customer)
        expected = plain.eval().predict(images, serial)
        off, off_with_another = ((student.predict(images, one) - expected).abs().max() for one in (serial, another))
        assert off < 0.01 and off_with_another > 10 * off  # codes are rounded


def test_the_lock_is_no_part_of_what_an_unfinished_training_is_recognised_by() -> None:
    assert repr(replace(RECIPE, lock=SEALED)) == repr(RECIPE)
