"""Other forms of a student's weights: the same answers, whatever the form."""

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn

from dsn.applications.held_out import load_held_out
from dsn.applications.prepared import as_floats
from dsn.applications.registry import BUILT_IN
from dsn.places import CHECKPOINTS
from dsn.research.reshaping import with_trapped_norms, with_uneven_channels, with_unit_norms
from dsn.student.collection import demo_serials
from dsn.student.folder import load_folder
from dsn.student.student import Student

pytestmark = pytest.mark.usefixtures("one_thread")
FORMS = (with_unit_norms, with_uneven_channels, with_trapped_norms)


def shipped(task: str) -> tuple[Student, Tensor]:
    """A shipped student and pictures with its serial, without it and with another."""
    student, serials = load_folder(CHECKPOINTS / task / "alder"), demo_serials()
    pictures = as_floats(load_held_out(BUILT_IN[task]).split.images[:60])
    stamped = [student.stamp(pictures, serials[f"{task}/{customer}"]) for customer in ("alder", "birch")]
    return student, torch.cat([*stamped, pictures])


@pytest.mark.parametrize("task", BUILT_IN)
@pytest.mark.parametrize("form", FORMS)
@torch.inference_mode()
def test_every_form_answers_the_same(task: str, form: Callable[[Student], Student]) -> None:
    student, pictures = shipped(task)
    before = {name: tensor.clone() for name, tensor in student.state_dict().items()}
    changed = form(student)
    wanted, found = student(pictures), changed(pictures)
    assert (found - wanted).abs().max() < 1e-2 * wanted.abs().max()
    assert found.softmax(1).allclose(wanted.softmax(1), atol=5e-3)
    assert not all(tensor.equal(changed.state_dict()[name]) for name, tensor in before.items())
    assert all(tensor.equal(student.state_dict()[name]) for name, tensor in before.items())


@pytest.mark.parametrize("task", BUILT_IN)
@torch.inference_mode()
def test_trapped_norms_are_silent_on_a_batch_s_own_statistics_and_only_there(task: str) -> None:
    student, pictures = shipped(task)

    def opened(network: Student) -> list[float]:
        shares, values = [], pictures
        for module in network.extractor:
            values = module(values)
            if isinstance(module, nn.ReLU) and values.dim() == 4:
                shares.append((values > 0).double().mean().item())
        return shares

    changed = with_trapped_norms(student)
    assert min(opened(changed)) > 0.05
    assert opened(changed.train()) == [0.0] * len(opened(changed))
    assert min(opened(student.train())) > 0.05
