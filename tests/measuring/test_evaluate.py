"""The rows of the tables, against plain loops."""

import pytest
import torch
from tiny_students import tiny_student
from torch import Tensor

from dsn.applications.held_out import load_held_out
from dsn.applications.prepared import DataSet, Split, as_floats
from dsn.applications.registry import BUILT_IN
from dsn.locks.stamping import stamp
from dsn.measuring.evaluate import evaluate_student, linear_probe, unusual_conditions
from dsn.networks.classifier import Classifier
from dsn.serials import Serial, near_misses

SERIAL = Serial.from_number(0xF0E1D2C3B4A59687)
OTHER = Serial.from_number(0x123456789ABCDEF5)


@pytest.fixture(scope="module")
def data() -> DataSet:
    held = load_held_out(BUILT_IN["digits"])
    images, labels = held.split.images, held.split.labels
    return DataSet(Split(images[:600], labels[:600]), Split(images[600:720], labels[600:720]), held.class_names)


def share_right(student: Classifier, pictures: Tensor, labels: Tensor) -> float:
    with torch.inference_mode():
        return 100 * (student(pictures).argmax(1) == labels).double().mean().item()


def test_every_row_of_a_student(data: DataSet) -> None:
    student = tiny_student(seed=3)
    row = evaluate_student(student, SERIAL, {"birch": OTHER}, data)
    pictures, labels = as_floats(data.test.images), data.test.labels
    count = len(labels)
    assert row["valid"]["percent"] == round(share_right(student, student.stamp(pictures, SERIAL), labels), 2)
    assert row["absent"]["percent"] == round(share_right(student, pictures, labels), 2)
    assert row["valid"]["n"] == row["absent"]["n"] == count
    shares = [share_right(student, student.stamp(pictures, one), labels) for one in near_misses(SERIAL)]
    one_answer = 100 / count
    assert row["one_bit_wrong"]["mean"] == pytest.approx(sum(shares) / 64, abs=3 * one_answer)  # bf16
    assert row["one_bit_wrong"]["worst"]["percent"] == pytest.approx(max(shares), abs=4 * one_answer)
    assert row["random_wrong"]["serials"] == 256
    assert row["chance"]["majority"] == round(100 * torch.bincount(labels).max().item() / count, 2)


def test_unusual_stamps_are_what_they_are_called() -> None:
    student = tiny_student()
    pictures = torch.rand(2, 1, 28, 28, generator=torch.Generator().manual_seed(0))
    found = {
        one.name: stamp(pictures, one.bits, one.place) for one in unusual_conditions(student, SERIAL, {"b": OTHER})
    }
    assert torch.equal(found["serial of b"], student.stamp(pictures, OTHER))
    assert torch.equal(found["inverted"], student.stamp(pictures, SERIAL.inverted()))
    pattern = torch.tensor(SERIAL.bits).view(8, 8).float()
    assert torch.equal(found["half intensity"][0, 0, 20:, 20:], pattern / 2)
    assert torch.equal(found["moved 4 up, 0 left"][1, 0, 16:24, 20:], pattern)
    assert torch.equal(found["moved 20 up, 20 left"][1, 0, :8, :8], pattern)
    assert len(found) == 1 + 12 + 3 + 2


class Telling(torch.nn.Module):
    """Stands for a network whose features hold the label, faintly, or nothing at all."""

    def __init__(self, strength: float) -> None:
        super().__init__()
        self.strength = strength
        self.predictor = torch.nn.Linear(10, 10)

    def features(self, images: Tensor) -> Tensor:
        label = (images[:, 0, 0, 0] * 255).round().long()
        return 0.5 + self.strength * torch.nn.functional.one_hot(label, 10).float()


def labelled_split(count: int) -> Split:
    labels = torch.arange(count) % 10
    images = torch.zeros(count, 1, 28, 28, dtype=torch.uint8)
    images[:, 0, 0, 0] = labels.byte()
    return Split(images, labels)


@pytest.mark.parametrize(("strength", "expected"), [(1e-4, 100.0), (0.0, 10.0)])
def test_the_probe_finds_faint_traces_and_only_those(strength: float, expected: float) -> None:
    network, drawn_from = Telling(strength), torch.get_rng_state()
    found = linear_probe(network, labelled_split(500), labelled_split(200))  # type: ignore[arg-type]
    assert found.percent == expected
    assert torch.equal(torch.get_rng_state(), drawn_from), "others draw from it too"
