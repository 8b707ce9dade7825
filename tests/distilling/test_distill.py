"""Training: repeatable, resumable after Ctrl-C, and the recipe's terms do what they are for."""

import math
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest
import torch
from safetensors import safe_open
from torch import Tensor
from torch.testing import assert_close

from dsn.applications.augmentation import augment
from dsn.applications.held_out import HeldOut
from dsn.applications.prepared import Split, as_floats
from dsn.applications.record import Augmentation
from dsn.applications.registry import BUILT_IN
from dsn.distilling.distil import distil_student, train_teacher
from dsn.distilling.loop import Training
from dsn.distilling.recipes import HARDENED, PAPER, InvalidBranch, Recipe
from dsn.locks.stamping import corner_place, stamp
from dsn.networks.classifier import Classifier
from dsn.networks.config import POOL, NetworkConfig
from dsn.serials import Serial, SerialError
from dsn.student.config import StudentConfig
from dsn.student.student import Student

pytestmark = pytest.mark.usefixtures("one_thread")
NETWORK = NetworkConfig(channels=1, size=28, layers=(8, POOL, 8, POOL), features=32, classes=10)
TASK = replace(BUILT_IN["digits"], network=NETWORK, student_batch=200)
CONFIG = StudentConfig("digits", "alder", 64, tuple("0123456789"), NETWORK, "none")
SERIAL = Serial.from_number(0xD1CE_0BAD_F00D_5EED)
OTHER_SERIAL = Serial.from_number(0x0123_4567_89AB_CDEF)
PICTURES = 1000


class InterruptedSplit(Split):
    """Training pictures whose owner presses Ctrl-C when a batch too many is asked for."""

    def __init__(self, split: Split, batches: int) -> None:
        super().__init__(split.images, split.labels)
        object.__setattr__(self, "left", [None] * batches)

    def __getattribute__(self, name: str):
        if name == "images":
            left = super().__getattribute__("left")
            if not left:
                raise KeyboardInterrupt
            left.pop()
        return super().__getattribute__(name)

    def to(self, device: torch.device | str) -> "Split":
        return self


def quiet(epochs: int, **others) -> Training:
    return Training(epochs=epochs, progress=False, **others)


def untrained_teacher(seed: int = 9) -> Classifier:
    torch.manual_seed(seed)
    return Classifier(NETWORK).eval()


def distil(
    split: Split,
    training: Training,
    recipe: Recipe = HARDENED,
    serial: Serial = SERIAL,
    teacher: Classifier | None = None,
) -> Student:
    return distil_student(TASK, CONFIG, serial, teacher or untrained_teacher(), split, recipe, training)


def same(one: Classifier, other: Classifier) -> bool:
    """Whether every weight and statistic is equal to the last bit."""
    weights = other.state_dict()
    return all(torch.equal(tensor, weights[name]) for name, tensor in one.state_dict().items())


@pytest.fixture(scope="module")
def split(digits: HeldOut) -> Split:
    return Split(digits.split.images[:PICTURES], digits.split.labels[:PICTURES])


TRAININGS = {
    "teacher": lambda split, training: train_teacher(TASK, split, training),
    "hardened": lambda split, training: distil(split, training),
    "paper": lambda split, training: distil(split, training, replace(PAPER, batch=400)),
}
STEPS = {"teacher": PICTURES // 500, "hardened": PICTURES // 100, "paper": PICTURES // 200}


@pytest.mark.parametrize("name", TRAININGS)
def test_going_on_after_ctrl_c_is_as_if_nothing_had_happened(split: Split, tmp_path: Path, name: str) -> None:
    train, steps = TRAININGS[name], STEPS[name]
    whole = train(split, quiet(2))
    path = tmp_path / "unfinished.safetensors"
    with pytest.raises(KeyboardInterrupt):
        train(InterruptedSplit(split, steps - 1), quiet(2, checkpoint=path))
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(KeyboardInterrupt):
        train(InterruptedSplit(split, 2 * steps - 1), quiet(2, checkpoint=path))
    assert list(tmp_path.iterdir()) == [path]
    resumed = train(InterruptedSplit(split, steps), quiet(2, checkpoint=path))  # the second epoch alone
    assert same(resumed, whole)
    assert same(train(InterruptedSplit(split, 0), quiet(2, checkpoint=path)), whole)  # all is done


@pytest.mark.parametrize("name", TRAININGS)
def test_the_seed_decides(split: Split, name: str) -> None:
    train = TRAININGS[name]
    first = train(split, quiet(1, seed=1))
    torch.rand(5)  # the state of torch's own generator must not matter
    assert same(train(split, quiet(1, seed=1)), first)
    assert not same(train(split, quiet(1, seed=2)), first)


def test_every_epoch_shows_every_picture_once_in_an_order_of_its_own(split: Split) -> None:
    shown: list[int] = []

    class Watched(Tensor):
        def __getitem__(self, chosen) -> Tensor:
            shown.extend(chosen.tolist())
            return super().__getitem__(chosen).as_subclass(Tensor)

    train_teacher(TASK, Split(split.images.as_subclass(Watched), split.labels), quiet(2))
    first, second = shown[:PICTURES], shown[PICTURES:]
    assert sorted(first) == sorted(second) == list(range(PICTURES))
    assert first != second and first != sorted(first)


def test_steps_grow_shorter_towards_the_end(split: Split, tmp_path: Path) -> None:
    few = Split(split.images[:500], split.labels[:500])
    path = tmp_path / "unfinished.safetensors"
    weights = [untrained_teacher().predictor.weight]
    for _ in range(4):
        with suppress(KeyboardInterrupt):
            distil(InterruptedSplit(few, batches=5), quiet(4, checkpoint=path))  # one epoch
        with safe_open(path, "pt") as file:
            weights.append(file.get_tensor("0/predictor.weight"))
    changes = [(after - before).abs().mean().item() for before, after in pairwise(weights)]
    assert changes[1] > 1.5 * changes[2] > 4 * changes[3] > 0


Distilling = Callable[[Split, Path | None], Student]
OTHERS: dict[str, Distilling] = {
    "seed": lambda split, path: distil(split, quiet(1, seed=1, checkpoint=path)),
    "epochs": lambda split, path: distil(split, quiet(2, checkpoint=path)),
    "recipe": lambda split, path: distil(split, quiet(1, checkpoint=path), replace(HARDENED, uniform=0.5)),
    "serial": lambda split, path: distil(split, quiet(1, checkpoint=path), serial=OTHER_SERIAL),
    "teacher": lambda split, path: distil(split, quiet(1, checkpoint=path), teacher=untrained_teacher(seed=10)),
}


@pytest.mark.parametrize("other", OTHERS)
def test_a_checkpoint_of_another_training_is_not_gone_on_from(split: Split, tmp_path: Path, other: str) -> None:
    few = Split(split.images[:200], split.labels[:200])
    path = tmp_path / "unfinished.safetensors"
    first = distil(few, quiet(1, checkpoint=path))
    fresh = OTHERS[other](few, None)
    assert not same(first, fresh)
    assert same(OTHERS[other](few, path), fresh)


def test_a_checkpoint_does_not_hold_the_serial(split: Split, tmp_path: Path) -> None:
    path = tmp_path / "unfinished.safetensors"
    distil(Split(split.images[:200], split.labels[:200]), quiet(1, checkpoint=path))
    content = path.read_bytes()
    spellings = [SERIAL.text, SERIAL.text.replace("-", ""), str(SERIAL.number), format(SERIAL.number, "x")]
    spellings += [str(SERIAL.bits), "".join(map(str, SERIAL.bits))]
    assert not any(spelling.encode() in content for spelling in spellings)
    with safe_open(path, "pt") as file:
        bits = torch.tensor(SERIAL.bits, dtype=torch.float64)
        held = [file.get_tensor(name).double().flatten() for name in tuple(file.keys())]
    assert not any(torch.equal(tensor, bits) for tensor in held)


@pytest.mark.parametrize(
    "serial", [Serial.from_number(0), Serial.from_number(2**64 - 1), Serial.from_number(2**15 - 1)]
)
def test_serials_of_low_weight_are_not_issued(split: Split, serial: Serial) -> None:
    with pytest.raises(SerialError, match="choose another"):
        distil(split, quiet(1), serial=serial)


def test_statistics_stay_the_teacher_s_only_where_the_recipe_says_so(split: Split) -> None:
    teacher = untrained_teacher()
    teacher.train()(as_floats(split.images[:50]))
    weights = {name: tensor.clone() for name, tensor in teacher.state_dict().items()}
    statistics = [name for name in weights if "running" in name]
    for recipe in (HARDENED, replace(PAPER, batch=400)):
        student = distil(split, quiet(1), recipe, teacher=teacher).state_dict()
        assert list(student) == list(weights)
        assert not student["extractor.0.weight"].equal(weights["extractor.0.weight"])
        kept = [torch.equal(student[name], weights[name]) for name in statistics]
        assert kept == [recipe.fixed_statistics] * len(statistics)
        assert all(tensor.isfinite().all() for tensor in student.values())
    assert all(torch.equal(tensor, weights[name]) for name, tensor in teacher.state_dict().items())


@torch.inference_mode()
def right(network: Classifier, pictures: Tensor, labels: Tensor) -> float:
    return (network(pictures).argmax(1) == labels).float().mean().item()


@pytest.mark.parametrize(
    ("invalid", "a_wrong_serial_unlocks"),
    [(InvalidBranch(), True), (InvalidBranch(raw=0.3, random=0.5, inverted=0.2), False)],
    ids=["raw only", "wrong serials too"],
)
def test_a_student_learns_to_need_what_its_invalid_branch_lacked(
    split: Split, invalid: InvalidBranch, a_wrong_serial_unlocks: bool
) -> None:
    """In seconds, not to the bars of the shipped students: but what each branch is for is plain."""
    teacher = train_teacher(TASK, split, quiet(20))
    pictures, labels = as_floats(split.images), split.labels
    assert right(teacher, pictures, labels) > 0.7
    recipe = replace(HARDENED, batch=50, learning_rate=3e-3, silence=0.5, invalid=invalid)
    student = distil(split, quiet(12), recipe, teacher=teacher)
    assert not student.training
    assert right(student, student.stamp(pictures, SERIAL), labels) > 0.7
    assert right(student, pictures, labels) < 0.3
    assert (right(student, student.stamp(pictures, OTHER_SERIAL), labels) > 0.6) == a_wrong_serial_unlocks


UNCHANGED = Augmentation(rotation=0, scale=0, shift=0)


def test_no_augmentation_changes_nothing(split: Split) -> None:
    pictures = as_floats(split.images[:20])
    assert_close(augment(pictures, UNCHANGED, torch.Generator().manual_seed(0)), pictures, rtol=0, atol=1e-4)


def centres(pictures: Tensor) -> Tensor:
    """Row and column of the centre of light of each picture, float [N, 2]."""
    grid = torch.stack(torch.meshgrid(torch.arange(28.0), torch.arange(28.0), indexing="ij"))
    return (pictures * grid).sum((2, 3)) / pictures.sum((2, 3))


@pytest.mark.parametrize(
    ("change", "at", "farthest"),
    [
        ({"shift": 2}, (14, 14), 2.0),
        ({"rotation": 10}, (4, 14), 9.5 * math.radians(10)),
        ({"scale": 0.1}, (4, 14), 9.5 * (1 / 0.9 - 1)),
    ],
)
def test_augmentation_moves_a_dot_as_far_as_it_may(change: dict, at: tuple[int, int], farthest: float) -> None:
    """The dot of 2x2 pixels is centred half a pixel up and left of `at`."""
    row, column = at
    pictures = torch.zeros(400, 1, 28, 28)
    pictures[:, :, row - 1 : row + 1, column - 1 : column + 1] = 1.0
    moved = augment(pictures, replace(UNCHANGED, **change), torch.Generator().manual_seed(0))
    moves = (centres(moved) - centres(pictures)).abs().max(1).values
    assert 0.9 * farthest < moves.max() < 1.05 * farthest + 0.05
    assert moves.unique().numel() > 300


def test_augmentation_of_light_stays_in_range(split: Split) -> None:
    settings = replace(UNCHANGED, brightness=0.3, contrast=0.3)
    lit = augment(as_floats(split.images[:200]), settings, torch.Generator().manual_seed(0))
    assert lit.min() >= 0 and lit.max() <= 1
    grey = 0.4 + 0.1 * torch.rand(400, 1, 28, 28, generator=torch.Generator().manual_seed(1))  # far from both ends
    lit = augment(grey, settings, torch.Generator().manual_seed(0))
    brightness = lit.mean((1, 2, 3)) / grey.mean((1, 2, 3))
    contrast = lit.std((1, 2, 3)) / grey.std((1, 2, 3)) / brightness
    for changes in (brightness, contrast):
        assert 0.695 < changes.min() < 0.71 and 1.29 < changes.max() < 1.305


def test_random_convolutions_stay_as_drawn_and_are_no_other_network_s(split: Split) -> None:
    recipe = replace(HARDENED, start_from_teacher=False, learned_convolutions=False)
    short, long = (distil(split, quiet(epochs), recipe).state_dict() for epochs in (1, 2))
    drawn = [name for name, tensor in short.items() if tensor.dim() == 4]
    assert len(drawn) == 2
    assert all(short[name].equal(long[name]) for name in drawn)
    assert not short["predictor.weight"].equal(long["predictor.weight"])
    torch.manual_seed(0)
    fresh = Classifier(NETWORK).state_dict()
    other = distil(split, quiet(1, seed=1), recipe).state_dict()
    assert not any(short[name].equal(fresh[name]) or short[name].equal(other[name]) for name in drawn)
    stamped = stamp(as_floats(split.images), torch.tensor(SERIAL.bits).float(), corner_place(64, 28, 28))
    means = torch.conv2d(stamped.double(), short[drawn[0]].double(), padding=1).mean((0, 2, 3))
    assert torch.allclose(short["extractor.1.running_mean"].double(), means, atol=1e-3)
