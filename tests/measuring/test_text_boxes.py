"""Boxes from maps: lines come back as they were painted, and agreement is what a loop counts."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from dsn.applications.pages.drawn import text_map
from dsn.measuring.text_boxes import Agreement, boxes_agreement, cells_agreement, text_boxes


def painted(*boxes: tuple[float, float, float, float]) -> torch.Tensor:
    return torch.from_numpy(text_map(np.array(boxes, dtype=np.float32).reshape(-1, 4)))


def test_nothing_gives_no_boxes() -> None:
    for empty in (torch.zeros(128, 64), torch.full((128, 64), 0.04)):
        assert text_boxes(empty).shape == (0, 4)


def test_a_map_of_another_kind_is_refused() -> None:
    for wrong in (torch.zeros(2, 128, 64), torch.zeros(128, 64, dtype=torch.int64)):
        with pytest.raises(ValueError, match="one page"):
            text_boxes(wrong)


@given(
    st.integers(5, 14),
    st.floats(0.45, 1.2),
    st.integers(3, 20),
    st.integers(60, 180),
    st.integers(0, 20),
)
@settings(max_examples=40)
def test_lines_under_one_another_come_back_one_by_one(high: int, gap: float, y: int, wide: int, x: int) -> None:
    step = high + max(4, round(high * gap))
    lines = [(x, y + n * step, x + wide, y + n * step + high) for n in range(8)]
    found = text_boxes(painted(*lines))
    assert boxes_agreement(found, torch.tensor(lines, dtype=torch.float32)).both >= 7


def test_columns_come_back_apart() -> None:
    cells = [(x, y, x + 40, y + 8) for y in (20, 40, 60) for x in (10, 70, 200)]
    assert boxes_agreement(text_boxes(painted(*cells)), torch.tensor(cells).float()) == Agreement(9, 9, 9)


@given(st.integers(0, 1000))
@settings(max_examples=25)
def test_agreement_is_what_a_loop_counts(seed: int) -> None:
    random = np.random.default_rng(seed)
    there = np.stack([random.integers(0, 200, 12), random.integers(0, 400, 12)], 1)
    there = np.concatenate([there, there + random.integers(5, 40, (12, 2))], 1).astype(np.float32)
    found = there[:8] + random.normal(0, 3, (8, 4)).astype(np.float32)
    result = boxes_agreement(torch.from_numpy(found), torch.from_numpy(there))
    assert (result.found, result.there) == (8, 12)

    def overlap(a: np.ndarray, b: np.ndarray) -> float:
        wide, high = min(a[2], b[2]) - max(a[0], b[0]), min(a[3], b[3]) - max(a[1], b[1])
        common = max(0.0, wide) * max(0.0, high)
        return common / ((a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - common)

    edges = {(i, j) for i in range(8) for j in range(12) if overlap(found[i], there[j]) >= 0.5}

    def most(i: int, used: frozenset[int]) -> int:  # every way of pairing them
        if i == 8:
            return 0
        return max(most(i + 1, used), *(1 + most(i + 1, used | {j}) for k, j in edges if k == i and j not in used), 0)

    assert result.both == most(0, frozenset())


def test_cells_and_shares() -> None:
    wanted, found = torch.tensor([1.0, 0.9, 0.2, 0.0]), torch.tensor([0.8, 0.3, 0.6, 0.1])
    total = cells_agreement(found, wanted) + cells_agreement(found, wanted)
    assert total == Agreement(4, 4, 2) and total.precision == total.recall == total.harmonic_mean == 0.5
    assert Agreement().harmonic_mean == Agreement(0, 3, 0).precision == Agreement(3, 0, 0).recall == 0.0
