"""The losses, each against loops in plain Python written from its definition."""

import math

import pytest
import torch
from torch import Tensor
from torch.testing import assert_close

from dsn.distilling.losses import (
    adversary_loss,
    distillation_loss,
    entanglement,
    silence_loss,
    teacher_loss,
    uniform_loss,
)


def randoms(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def softmax(logits: list[float]) -> list[float]:
    total = sum(math.exp(value) for value in logits)
    return [math.exp(value) / total for value in logits]


def cross_entropy(logits: Tensor, targets: list[list[float]]) -> float:
    total = 0.0
    for row, target in zip(logits.tolist(), targets, strict=True):
        total -= sum(share * math.log(p) for share, p in zip(target, softmax(row), strict=True))
    return total / len(targets)


@pytest.mark.parametrize("smoothing", [0.0, 0.05, 0.5])
def test_teacher_loss(smoothing: float) -> None:
    logits, labels = randoms(7, 4) * 3, [0, 3, 1, 2, 2, 0, 1]
    targets = [[smoothing / 4 + (1 - smoothing) * (index == label) for index in range(4)] for label in labels]
    assert teacher_loss(logits, torch.tensor(labels), smoothing).item() == pytest.approx(cross_entropy(logits, targets))


def test_adversary_loss() -> None:
    logits, labels = randoms(5, 3) * 3, [2, 0, 1, 1, 2]
    targets = [[float(index == label) for index in range(3)] for label in labels]
    assert adversary_loss(logits, torch.tensor(labels)).item() == pytest.approx(cross_entropy(logits, targets))


def test_distillation_loss_is_the_divergence_from_the_teacher() -> None:
    student, teacher = randoms(6, 5) * 2, randoms(6, 5, seed=1) * 2

    def divergence(wanted: Tensor, given: Tensor) -> float:
        total = 0.0
        for p_row, q_row in zip(wanted.tolist(), given.tolist(), strict=True):
            total += sum(p * math.log(p / q) for p, q in zip(softmax(p_row), softmax(q_row), strict=True))
        return total / len(wanted)

    assert distillation_loss(student, teacher).item() == pytest.approx(divergence(teacher, student))
    assert divergence(teacher, student) != pytest.approx(divergence(student, teacher), rel=0.05)
    assert distillation_loss(teacher + 3.0, teacher).item() == pytest.approx(0.0, abs=1e-12)


def test_distillation_loss_bears_certain_teachers() -> None:
    """A teacher's probability of exactly zero leaves loss and gradient finite."""
    student = torch.zeros(1, 3, requires_grad=True)
    loss = distillation_loss(student, torch.tensor([[500.0, 0.0, -500.0]]))
    loss.backward()
    assert loss.item() == pytest.approx(math.log(3))
    assert_close(student.grad, torch.tensor([[-2 / 3, 1 / 3, 1 / 3]]))


def test_uniform_loss_is_the_divergence_of_even_answers() -> None:
    logits = randoms(6, 5) * 2
    expected = [sum(math.log((1 / 5) / p) / 5 for p in softmax(row)) for row in logits.tolist()]
    assert uniform_loss(logits).tolist() == pytest.approx(expected)
    assert min(expected) > 0
    for classes in (2, 10, 43):
        assert uniform_loss(torch.full((3, classes), 7.0)).tolist() == pytest.approx([0.0] * 3, abs=1e-6)


@pytest.mark.parametrize("margin", [0.0, 0.5, 2.0])
def test_silence_loss_is_how_far_each_unit_stands_above_the_margin(margin: float) -> None:
    drive = randoms(6, 5)
    expected = [sum(max(0.0, value + margin) for value in row) / 5 for row in drive.tolist()]
    assert silence_loss(drive, margin).tolist() == pytest.approx(expected)
    assert min(expected) > 0
    assert silence_loss(torch.full((3, 5), -margin), margin).tolist() == [0.0] * 3


def soft_nearest_neighbours(points: list[list[float]], kinds: list[bool], temperature: float) -> float:
    """Eq. 7 by a double loop."""

    def similarity(i: int, j: int) -> float:
        return math.exp(-sum((a - b) ** 2 for a, b in zip(points[i], points[j], strict=True)) / temperature)

    total = 0.0
    for i in range(len(points)):
        others = [j for j in range(len(points)) if j != i]
        near = sum(similarity(i, j) for j in others if kinds[j] == kinds[i])
        total -= math.log(near / sum(similarity(i, j) for j in others))
    return total / len(points)


def mean_squared_distance(points: list[list[float]]) -> float:
    pairs = [(p, q) for i, p in enumerate(points) for j, q in enumerate(points) if i != j]
    return sum(sum((a - b) ** 2 for a, b in zip(p, q, strict=True)) for p, q in pairs) / len(pairs)


def test_entanglement_is_eq_7() -> None:
    features = randoms(9, 4)
    stamped = torch.tensor([True, False, True, True, False, False, True, False, True])
    points = features.tolist()
    expected = soft_nearest_neighbours(points, stamped.tolist(), mean_squared_distance(points))
    assert entanglement(features, stamped).item() == pytest.approx(expected, rel=1e-5)
    assert entanglement(1000 * features, stamped).item() == pytest.approx(expected, rel=1e-5)


def test_gradient_of_entanglement_is_eq_7_s_at_that_temperature() -> None:
    features, step = randoms(6, 3), 1e-5
    stamped = torch.arange(6) < 3
    temperature = mean_squared_distance(features.tolist())
    leaf = features.float().requires_grad_()
    (gradient,) = torch.autograd.grad(entanglement(leaf, stamped), leaf)
    for i in range(6):
        for d in range(3):
            shifted = features.clone()
            shifted[i, d] += step
            above = soft_nearest_neighbours(shifted.tolist(), stamped.tolist(), temperature)
            shifted[i, d] -= 2 * step
            below = soft_nearest_neighbours(shifted.tolist(), stamped.tolist(), temperature)
            assert gradient[i, d].item() == pytest.approx((above - below) / (2 * step), rel=1e-3, abs=1e-5)


def test_entanglement_is_larger_where_kinds_lie_mixed() -> None:
    stamped = torch.arange(40) < 20
    mixed = randoms(40, 8)
    apart = mixed + 10.0 * stamped[:, None]
    assert entanglement(mixed, stamped) > entanglement(apart, stamped) + 0.1


def test_entanglement_bears_equal_features() -> None:
    """A gate that works gives e = 0 on every raw picture."""
    stamped = torch.arange(8) < 4
    features = torch.cat([randoms(4, 3).float(), torch.zeros(4, 3)]).requires_grad_()
    entanglement(features, stamped).backward()
    assert features.grad is not None and features.grad.isfinite().all() and features.grad[:4].abs().max() > 0
    silent = torch.zeros(8, 3, requires_grad=True)
    loss = entanglement(silent, stamped)
    loss.backward()
    assert loss.item() == pytest.approx(math.log(7 / 3))
    assert silent.grad is not None and silent.grad.isfinite().all()


def test_entanglement_is_precise_under_autocast() -> None:
    features, stamped = randoms(10, 4).bfloat16(), torch.arange(10) < 5
    points = features.tolist()
    expected = soft_nearest_neighbours(points, stamped.tolist(), mean_squared_distance(points))
    with torch.autocast("cpu", dtype=torch.bfloat16):
        assert entanglement(features, stamped).item() == pytest.approx(expected, rel=1e-5)
