"""Students distilled together come out as they would alone; grouped layers are the same function and gradient."""

from dataclasses import replace

import pytest
import torch

from dsn.applications.prepared import Split
from dsn.applications.registry import BUILT_IN
from dsn.distilling.distil import distil_student, distil_students, distilling
from dsn.distilling.grouped import Grouped
from dsn.distilling.learner import Order, Separate
from dsn.distilling.loop import Training
from dsn.distilling.recipes import HARDENED, PAPER, Recipe
from dsn.networks.classifier import Classifier
from dsn.networks.config import POOL, NetworkConfig
from dsn.research.early_silence import EarlySilence
from dsn.research.thieves import Thieves
from dsn.serials import random_serial
from dsn.student.config import StudentConfig
from dsn.student.student import Student

pytestmark = pytest.mark.usefixtures("one_thread")
NETWORK = NetworkConfig(channels=1, size=28, layers=(4, POOL, 6, POOL), features=12, classes=10, first_kernel=5)
TASK = replace(BUILT_IN["digits"], network=NETWORK)
QUICK = replace(HARDENED, batch=40)
EXTRAS = (EarlySilence(0.3, (1,)), Thieves(count=2))


def order(number: int) -> Order:
    config = StudentConfig("digits", f"c{number}", 64, tuple("0123456789"), NETWORK, "hardened")
    return Order(config, random_serial())


def teacher() -> Classifier:
    torch.manual_seed(4)
    return Classifier(NETWORK).eval()


def pictures(count: int = 100) -> Split:
    generator = torch.Generator().manual_seed(1)
    images = torch.randint(0, 256, (count, 1, 28, 28), generator=generator, dtype=torch.uint8)
    return Split(images, torch.arange(count) % 10)


@pytest.mark.parametrize("recipe", [QUICK, replace(PAPER, batch=40), replace(QUICK, extras=EXTRAS)])
def test_together_is_alone_bit_for_bit(recipe: Recipe) -> None:
    orders, training = [order(1), order(2), order(3)], Training(2, seed=7, progress=False)
    together = distil_students(TASK, orders, teacher(), pictures(), recipe, training)
    for one, student in zip(orders, together, strict=True):
        alone = distil_student(TASK, one.config, one.serial, teacher(), pictures(), recipe, training)
        assert not student.training
        for name, value in alone.state_dict().items():
            assert torch.equal(student.state_dict()[name], value), name


def random_students(count: int) -> list[Student]:
    students = []
    for seed in range(count):
        torch.manual_seed(seed)
        student = Student(order(seed).config)
        student(torch.rand(50, 1, 28, 28))  # statistics that differ
        students.append(student.double().eval())
    return students


def test_grouped_layers_are_the_students_functions_and_gradients() -> None:
    students = random_students(3)
    inputs = [torch.rand(5, 1, 28, 28, dtype=torch.float64) for _ in students]
    grouped, separate = Grouped(students).double(), Separate(students)
    answers = []
    for program in (grouped, separate):
        logits = program.predictions([drive.relu() for drive in program.drives(inputs)])
        torch.stack([one.square().sum() for one in logits]).sum().backward()
        answers.append([one.detach() for one in logits])
    for one, other in zip(*answers, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-10, atol=1e-12)
    slopes = {name: weight.grad for name, weight in grouped.named_parameters() if weight.grad is not None}
    own = [{n: w.grad for n, w in one.named_parameters() if w.grad is not None} for one in students]
    expected = {
        "steps.0.weight": torch.cat([one["extractor.0.weight"] for one in own]),
        "steps.1.bias": torch.cat([one["extractor.1.bias"] for one in own]),
        "steps.4.weight": torch.cat([one["extractor.4.weight"] for one in own]),
        "dense": torch.stack([one["extractor.9.weight"].mT for one in own]),
        "predictor": torch.stack([one["predictor.weight"].mT for one in own]),
    }
    for name, slope in expected.items():
        assert slope.abs().max() > 0
        torch.testing.assert_close(slopes[name], slope, rtol=1e-8, atol=1e-12)


def test_writing_back_gives_each_student_its_own_weights() -> None:
    students = random_students(2)
    before = [{name: value.clone() for name, value in one.state_dict().items()} for one in students]
    grouped = Grouped(students).double()
    with torch.no_grad():
        for parameter in grouped.parameters():
            parameter.mul_(2)
    grouped.write_back()
    for student, old in zip(students, before, strict=True):
        for name, weight in student.named_parameters():
            torch.testing.assert_close(weight.detach(), 2 * old[name])
        for name, kept in student.named_buffers():
            assert torch.equal(kept, old[name])


def test_grouped_training_agrees_with_training_alone() -> None:
    """To rounding: in bf16 arithmetic sums of another order differ in the third digit, and steps are small."""
    orders, training = [order(1), order(2)], Training(1, seed=3, progress=False)
    recipe = replace(QUICK, attackers=replace(QUICK.attackers, steps=1))
    grouped = distil_students(TASK, orders, teacher(), pictures(), recipe, training, grouped=True)
    for one, student in zip(orders, grouped, strict=True):
        alone = distil_student(TASK, one.config, one.serial, teacher(), pictures(), recipe, training)
        moved = sum((value - teacher().state_dict()[name]).norm() for name, value in alone.named_parameters())
        apart = sum((value - student.state_dict()[name]).norm() for name, value in alone.named_parameters())
        assert moved > 0 and apart < 0.1 * moved


def test_recipes_that_cannot_be_grouped_are_refused() -> None:
    with pytest.raises(ValueError, match="cannot be grouped"):
        next(distilling(TASK, [order(1)], teacher(), pictures(), PAPER, Training(1, progress=False), grouped=True))
