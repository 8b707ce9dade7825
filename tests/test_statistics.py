"""Accuracy, its interval and chance, against the equations they solve."""

from statistics import NormalDist

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from dsn.applications.held_out import HeldOut
from dsn.statistics import Accuracy, chance

SHARES = st.integers(1, 20_000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))


def bound(correct: int, count: int, above: bool) -> float:
    """Where the score test just rejects at 5 %: the root of n (p - x)^2 = z^2 x (1 - x), by bisection."""
    share, z = correct / count, NormalDist().inv_cdf(0.975)
    inside, outside = share, float(above)
    for _ in range(80):
        middle = (inside + outside) / 2
        if count * (share - middle) ** 2 <= z * z * middle * (1 - middle):
            inside = middle
        else:
            outside = middle
    return inside


@given(SHARES)
def test_interval_solves_the_score_equation(counts: tuple[int, int]) -> None:
    correct, count = counts
    low, high = Accuracy(correct, count).interval
    assert low == pytest.approx(bound(correct, count, above=False), abs=1e-9)
    assert high == pytest.approx(bound(correct, count, above=True), abs=1e-9)
    assert 0 <= low <= correct / count <= high <= 1


def test_a_published_interval() -> None:
    """81 of 263: 0.2553 to 0.3662 (Newcombe, Statistics in Medicine 17, 1998, table I)."""
    low, high = Accuracy(81, 263).interval
    assert (round(low, 4), round(high, 4)) == (0.2553, 0.3662)


def test_what_results_files_keep() -> None:
    assert Accuracy(1135, 10_000).as_json() == {"percent": 11.35, "low": 10.74, "high": 11.99, "n": 10_000}
    assert Accuracy(3, 4).percent == 75.0


@given(st.lists(st.integers(0, 4), min_size=1, max_size=60))
def test_chance(labels: list[int]) -> None:
    levels = chance(torch.tensor(labels), 5)
    assert levels.uniform == pytest.approx(20.0)
    assert levels.majority == pytest.approx(max(100 * labels.count(label) / len(labels) for label in range(5)))


def test_chance_on_the_held_out_digits(digits: HeldOut) -> None:
    levels = chance(digits.split.labels, 10)
    assert levels.uniform == 10.0 < levels.majority < 13.0
