"""What changes no answer changes no verdict: order, scale, folding, names; and a sealed file is known, too."""

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor

from dsn.applications.held_out import HeldOut
from dsn.applications.prepared import Split
from dsn.applications.registry import BUILT_IN
from dsn.networks.classifier import Classifier
from dsn.owner.trace import tracing
from dsn.owner.trace.alignment import aligned, chain_of
from dsn.owner.trace.attempts import shipped
from dsn.owner.trace.closeness import closeness
from dsn.owner.trace.disguises import (
    as_torchvision,
    folded,
    has_norms,
    renamed_at_random,
    reordered,
    rescaled,
)
from dsn.owner.trace.suspect import Suspect, read_suspect, suspected_student
from dsn.owner.trace.tracing import Issued, trace
from dsn.places import CHECKPOINTS
from dsn.student.folder import load_folder

pytestmark = pytest.mark.usefixtures("one_thread")
Weights = dict[str, Tensor]
TASKS = ("digits", "signs")
SAME_FUNCTION: dict[str, Callable[[Weights, str], Weights]] = {
    "in another order": lambda weights, task: reordered(weights, 1),
    "rescaled": lambda weights, task: rescaled(weights, 2),
    "folded": lambda weights, task: folded(weights, BUILT_IN[task]),
    "all three": lambda weights, task: rescaled(reordered(folded(weights, BUILT_IN[task]), 3), 4),
}


def of(task: str, customer: str = "alder") -> Weights:
    return dict(load_folder(CHECKPOINTS / task / customer).state_dict())


def network(weights: Weights, task: str) -> Classifier:
    return suspected_student(Suspect(BUILT_IN[task], weights, weights), 64)


@pytest.mark.parametrize("task", TASKS)
@pytest.mark.parametrize("kind", list(SAME_FUNCTION))
def test_a_disguise_changes_no_answer_and_its_one_form_is_the_same(task: str, kind: str) -> None:
    weights = of(task)
    changed = SAME_FUNCTION[kind](weights, task)
    pictures = torch.rand(4, *(weights["extractor.0.weight"].shape[1], *[BUILT_IN[task].network.size] * 2))
    before, after = (network(one, task)(pictures) for one in (weights, changed))
    assert torch.allclose(before, after, atol=1e-3 * float(before.abs().max()))
    ours, theirs = chain_of(weights), chain_of(changed)
    assert torch.allclose(aligned(theirs, ours).flat(), ours.flat(), atol=1e-3)


def test_what_is_matched_with_a_student_is_not_made_its_copy_by_that() -> None:
    ours, other = chain_of(of("digits")), chain_of(of("digits", "birch"))
    for seed in range(1, 6):
        torch.manual_seed(seed)
        stranger = chain_of(Classifier(BUILT_IN["digits"].network).state_dict())
        assert not closeness(aligned(stranger, ours).flat(), ours.flat(), [other.flat()], 1).is_origin
    struck = aligned(chain_of(reordered(of("digits", "cedar"), 1)), ours)  # a student of the same teacher
    assert not closeness(struck.flat(), ours.flat(), [other.flat()], 1).is_origin


@pytest.fixture(scope="module")
def issued() -> list[Issued]:
    """The shipped digits as an owner's records."""
    return shipped(BUILT_IN["digits"])


@pytest.fixture
def few(digits: HeldOut, monkeypatch: pytest.MonkeyPatch) -> Split:
    monkeypatch.setattr(tracing, "OTHERS_LOOK", 20)
    return Split(digits.split.images[:200], digits.split.labels[:200])


def opened_up(weights: Weights) -> Weights:
    """Noise on every weight, after which no serial unlocks it clearly: the weights alone tell."""
    generator = torch.Generator().manual_seed(0)
    return {
        name: one + 0.7 * one.std() * torch.randn(one.shape, generator=generator) if one.dim() >= 2 else one
        for name, one in weights.items()
    }


@pytest.mark.parametrize("kind", list(SAME_FUNCTION))
def test_weights_alone_name_the_customer_of_a_disguised_copy(kind: str, issued: list[Issued], few: Split) -> None:
    weights = SAME_FUNCTION[kind](opened_up(of("digits", "birch")), "digits")
    found = trace(Suspect(BUILT_IN["digits"], weights, weights), issued, few)
    assert (found.how, found.named) == ("weights", ("digits/birch",))


def leaked(folder: Path, weights: Weights) -> Suspect:
    save_file({name: one.contiguous() for name, one in weights.items()}, folder / "leaked.safetensors")
    return read_suspect(folder / "leaked.safetensors")


@pytest.mark.parametrize("task", TASKS)
@pytest.mark.parametrize("seed", range(3))
def test_names_that_tell_nothing_make_no_difference(task: str, seed: int, tmp_path: Path) -> None:
    weights = of(task)
    for changed in (renamed_at_random(weights, seed), as_torchvision(weights)):
        suspect = leaked(tmp_path, changed)
        assert suspect.application.name == task
        for name, tensor in weights.items():
            assert torch.equal(suspect.tensors[name], tensor.float() if tensor.is_floating_point() else tensor), name


def test_norms_are_not_exchanged_where_the_names_are_right(tmp_path: Path) -> None:
    weights = opened_up(of("signs"))
    suspect = leaked(tmp_path, weights)
    assert has_norms(suspect.tensors)
    for name, tensor in weights.items():
        assert torch.equal(suspect.tensors[name].float(), tensor.float())


def test_a_sealed_folder_is_opened_by_the_serial_it_was_sealed_with(issued: list[Issued], few: Split) -> None:
    suspect = read_suspect(CHECKPOINTS / "digits/birch-sealed")
    assert suspect.is_sealed and suspect.seal is not None
    found = trace(suspect, issued, few)
    assert (found.named, found.how) == (("digits/birch",), "exact")
    without = trace(suspect, [replace(one, sealed=None) for one in issued], few)
    assert (without.named, without.how) == (("digits/birch",), "serial and weights")
    none = trace(suspect, [one for one in issued if one.label != "digits/birch"], few)
    assert (none.how, none.named, none.p) == ("sealed", (), 1.0)


def test_a_sealed_file_alone_is_known_by_its_codes(issued: list[Issued], few: Split, tmp_path: Path) -> None:
    shutil.copy(CHECKPOINTS / "digits/cedar-sealed/model.safetensors", tmp_path)
    suspect = read_suspect(tmp_path)
    assert suspect.is_sealed and suspect.seal is None
    found = trace(suspect, issued, few)
    assert (found.how, found.named, found.p) == ("exact", ("digits/cedar",), 0.0)
    unknown = trace(suspect, [one for one in issued if one.label != "digits/cedar"], few)
    assert (unknown.how, unknown.named) == ("sealed", ())
