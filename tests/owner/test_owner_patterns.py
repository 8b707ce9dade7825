"""The mathematics of patterns, against loops in double precision and against every pattern there is."""

import itertools
import math

import pytest
import torch
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import ChaCha20
from hypothesis import given
from hypothesis import strategies as st

from dsn.owner.copies.pattern import chance, correlations, direction, embedded, least_score

KEYS = [bytes([turn]) * 32 for turn in range(40)]


def weights(seed: int = 0) -> dict[str, torch.Tensor]:
    generator = torch.Generator().manual_seed(seed)
    shapes = {"b.weight": (20, 30), "a.weight": (8, 3, 3, 3), "a.bias": (8,)}
    return {name: 0.1 * torch.randn(shape, generator=generator) for name, shape in shapes.items()}


def signs(key: bytes, count: int) -> list[int]:
    """The keystream's bits, most significant first, as -1 and 1."""
    stream = Cipher(ChaCha20(key, bytes(16)), mode=None).encryptor().update(bytes(count))
    return [2 * (byte >> shift & 1) - 1 for byte in stream for shift in range(7, -1, -1)][:count]


def test_a_pattern_moves_every_weight_as_its_key_says() -> None:
    before, after = weights(), embedded(weights(), KEYS[3], 0.05)
    expected = iter(signs(KEYS[3], 8 * 27 + 600))
    for name in ("a.weight", "b.weight"):  # in alphabetical order, rows first
        deviation = math.sqrt(sum((x - before[name].mean().item()) ** 2 for x in before[name].flatten().tolist()))
        step = 0.05 * deviation / math.sqrt(before[name].numel() - 1)
        moved = ((after[name] - before[name]) / step).flatten().tolist()
        assert moved == pytest.approx(list(itertools.islice(expected, before[name].numel())), abs=1e-4)
    assert torch.equal(after["a.bias"], before["a.bias"])


def test_scores_are_those_of_a_loop() -> None:
    found = torch.stack([direction(embedded(weights(), key), weights()) for key in KEYS[:3]])
    assert found.norm(dim=1).tolist() == pytest.approx([1, 1, 1])
    rows = correlations(found, KEYS)
    assert len(rows) == len(KEYS)
    for key, row in zip(KEYS, rows, strict=True):
        pattern = signs(key, found.shape[1])
        for one, score in zip(found.tolist(), row.tolist(), strict=True):
            assert score == pytest.approx(math.fsum(x * sign for x, sign in zip(one, pattern, strict=True)), abs=1e-3)
    assert [int(rows[:, turn].argmax()) for turn in range(3)] == [0, 1, 2]
    assert rows[0][0] == pytest.approx(math.sqrt(found.shape[1]), rel=0.01)  # nothing was changed since


def test_a_network_that_is_the_original_says_nothing() -> None:
    assert direction(weights(), weights()).abs().max() == 0


def test_what_was_changed_much_does_not_drown_the_rest() -> None:
    changed = embedded(weights(), KEYS[0])
    changed["b.weight"][0] = 1e6
    scores = correlations(direction(changed, weights())[None], KEYS)[:, 0]
    assert scores[0] > 15 and scores[1:].max() < 4


@given(st.lists(st.floats(-1, 1), min_size=10, max_size=10).filter(lambda some: max(map(abs, some)) > 0.1))
def test_the_bound_holds_over_every_pattern_there_is(values: list[float]) -> None:
    whole = torch.tensor(values, dtype=torch.float64)
    every = torch.tensor(list(itertools.product((-1.0, 1.0), repeat=10)), dtype=torch.float64)
    scores = every @ (whole / whole.norm())
    for score in [*scores.unique()[::40].tolist(), float(scores.max())]:
        assert float((scores >= score).double().mean()) <= chance(score, 1) + 1e-12


def test_the_least_score_is_where_the_chance_is_what_was_asked() -> None:
    for compared in (1, 1_000, 10_000):
        assert chance(least_score(compared, 1e-6), compared) == pytest.approx(1e-6, rel=1e-6)
    assert chance(0.0, 5) == 1.0
