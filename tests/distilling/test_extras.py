"""Extras of a recipe: called in the training's order, kept in its state, gone on from, and gone at its end."""

from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
import torch
from torch import Tensor

from dsn.applications.prepared import Split
from dsn.applications.registry import BUILT_IN
from dsn.distilling.distil import distil_student, distilling
from dsn.distilling.extras import Begun, Beside, Branches
from dsn.distilling.learner import Order
from dsn.distilling.loop import Training
from dsn.distilling.recipes import HARDENED
from dsn.networks.classifier import Classifier
from dsn.networks.config import POOL, NetworkConfig
from dsn.research.early_silence import EarlySilence
from dsn.serials import Serial
from dsn.student.config import StudentConfig
from dsn.student.student import Student

pytestmark = pytest.mark.usefixtures("one_thread")
NETWORK = NetworkConfig(channels=1, size=28, layers=(4, POOL, 6, POOL), features=12, classes=10, first_kernel=5)
TASK = replace(BUILT_IN["digits"], network=NETWORK)
CONFIG = StudentConfig("digits", "alder", 64, tuple("0123456789"), NETWORK, "hardened")
SERIAL = Serial.from_number(0xD1CE_0BAD_F00D_5EED)
PLAIN = replace(HARDENED, batch=40)
CALLS: list[str] = []


@dataclass(frozen=True)
class Counted:
    """Pulls the predictor's weights towards zero and counts its steps."""

    pull: float = field(default=1.0)

    def begin(self, student: Student, generator: torch.Generator) -> Begun:
        CALLS.append("begin")
        return Counting(self, student)


class Counting(Beside):
    def __init__(self, settings: Counted, student: Student) -> None:
        self.settings, self.student = settings, student
        self.steps = torch.zeros((), dtype=torch.int64)

    def loss(self, branches: Branches, labels: Tensor) -> Tensor:
        CALLS.append("loss")
        assert len(branches.inputs) == 2 * len(labels) == 40 and branches.unstamped == round(0.08 * len(labels))
        raw = branches.inputs[len(branches.inputs) - branches.unstamped :]
        assert torch.equal(raw, branches.raw[len(labels) - branches.unstamped :]), "those at the end carry nothing"
        return self.settings.pull * self.student.predictor.weight.square().sum()

    def before_step(self, images: Tensor, labels: Tensor) -> None:
        CALLS.append("before_step")
        assert self.student.predictor.weight.grad is not None

    def after_step(self) -> None:
        CALLS.append("after_step")
        self.steps = self.steps + 1

    def state(self) -> dict[str, Tensor]:
        return {"counted": self.steps}

    def restore(self, state: dict[str, Tensor]) -> None:
        self.steps = state["counted"]
        CALLS.append(f"restored {self.steps.item()}")

    def stop(self) -> None:
        CALLS.append("stop")


def pictures() -> Split:
    generator = torch.Generator().manual_seed(1)
    images = torch.randint(0, 256, (60, 1, 28, 28), generator=generator, dtype=torch.uint8)
    return Split(images, torch.arange(60) % 10)


def teacher() -> Classifier:
    torch.manual_seed(4)
    return Classifier(NETWORK).eval()


def test_an_extra_is_asked_in_order_and_goes_on_where_it_was(tmp_path: Path) -> None:
    recipe, training = replace(PLAIN, extras=(Counted(),)), Training(2, 7, checkpoint=tmp_path / "s", progress=False)
    CALLS.clear()
    steps = distilling(TASK, [Order(CONFIG, SERIAL)], teacher(), pictures(), recipe, training)
    for _ in range(5):  # three steps an epoch: the first of them is written down
        next(steps)
    steps.close()
    assert ["begin", *["loss", "before_step", "after_step"] * 4, "stop"] == CALLS
    CALLS.clear()
    pulled = distil_student(TASK, CONFIG, SERIAL, teacher(), pictures(), recipe, training)
    assert ["begin", "restored 3", *["loss", "before_step", "after_step"] * 3, "stop"] == CALLS
    plain = distil_student(TASK, CONFIG, SERIAL, teacher(), pictures(), PLAIN, replace(training, checkpoint=None))
    assert pulled.predictor.weight.norm() < plain.predictor.weight.norm()


def test_early_silence_leaves_no_listener_behind_even_if_no_step_was_made() -> None:
    recipe = replace(PLAIN, extras=(EarlySilence(0.3, (0, 1)),))
    steps = distilling(TASK, [Order(CONFIG, SERIAL)], teacher(), pictures(), recipe, Training(1, progress=False))
    (student,) = next(steps).students
    norms = [one for one in student.modules() if isinstance(one, torch.nn.BatchNorm2d)]
    assert all(norm._forward_hooks for norm in norms)
    steps.close()
    assert not any(norm._forward_hooks for norm in norms)
