"""Reading the codes: are a sealed student's codes anything but noise?

The adversary has the file: codes, scales, salt. A trained network's weights are small, and alike along a filter, so
that codes of them that are not sealed are uneven and easily compressed. Tried on the sealed ones: gzip at its strongest
on their bytes, Pearson's chi-squared test of how often each byte occurs, and the correlation of codes with later ones.
A figure on its own may be out of the common once in a thousand times; a leak would be so for every customer's file.
Not in the paper. There is no budget without the student: whoever has no file has nothing to read.
"""

import gzip
import math
from dataclasses import dataclass

import numpy as np

from dsn.attacks.kit.noise import sealed_by
from dsn.attacks.kit.record import HIGHEST, LOWEST, UNSEALED, Attack, Line, Needs, promised
from dsn.attacks.kit.scene import Outcome, Running, Scene, Step
from dsn.locks.sealing import codes_of
from dsn.student.student import Student


@dataclass(frozen=True)
class Settings:
    """What is looked at.

    Attributes:
        lags: how far behind a code another may stand that is correlated with it.
    """

    lags: tuple[int, ...] = (1, 2, 3, 9, 25, 49, 64, 128)


FULL = Settings()
QUICK = Settings((1, 2))


def codes_in(student: Student) -> np.ndarray:
    """The codes of a sealed student in the order of its stream: int16, little-endian, one after another."""
    found = codes_of(student.state_dict(), sealed_by(student))
    return np.concatenate([found[name].numpy().ravel() for name in sorted(found)]).astype("<i2")


def gzip_ratio(content: bytes) -> float:
    """Length after gzip -9 over the length before."""
    return len(gzip.compress(content, 9, mtime=0)) / len(content)


def uniform_bytes(content: bytes) -> float:
    """p of Pearson's chi-squared test that all 256 bytes are equally likely."""
    from scipy import stats  # half a second, which the page's start is spared

    return float(stats.chisquare(np.bincount(np.frombuffer(content, np.uint8), minlength=256)).pvalue)


def correlation_score(one: np.ndarray, other: np.ndarray) -> float:
    """Correlation of two sequences, [N], in standard deviations of what unrelated ones have; 0 if constant."""
    if np.ptp(one) == 0 or np.ptp(other) == 0:
        return 0.0
    return float(np.corrcoef(one.astype(np.float64), other.astype(np.float64))[0, 1] * math.sqrt(len(one)))


def attack(scene: Scene, settings: Settings, share: float, seed: int) -> Running:
    """All tests on one file; the share of the data and the seed change nothing.

    Args:
        scene: the sealed student.
        settings: which lags.
        share: unused.
        seed: unused.

    Returns:
        `gzip_ratio`, `chi_squared_p`; `lag_score`, the largest correlation in either direction of a code with a later
        one, in standard deviations; `lag_p`, how often so large a one comes about among so many; `codes`, how many.
    """
    from scipy import stats  # as above

    codes = codes_in(scene.student)
    content = codes.tobytes()
    figures = {"gzip_ratio": gzip_ratio(content), "chi_squared_p": uniform_bytes(content)}
    yield Step(1, 2, figures.copy())
    lags = [lag for lag in settings.lags if lag < len(codes) // 2]
    score = max((abs(correlation_score(codes[:-lag], codes[lag:])) for lag in lags), default=0.0)
    among = 1 - (1 - 2 * float(stats.norm.sf(score))) ** len(lags)
    figures |= {"lag_score": score, "lag_p": among, "codes": float(len(codes))}
    return Outcome({**figures})


ATTACK = Attack(
    "sealed-codes",
    __doc__,
    attack,
    FULL,
    QUICK,
    needs=Needs(pointless=UNSEALED),
    is_random=False,
    lines=(
        Line(
            "reading the codes: gzip -9, compressed over plain",
            ("gzip_ratio",),
            LOWEST,
            promised(0.99),
            at_least=True,
        ),
        Line(
            "reading the codes: p that every byte is as likely (chi-squared)",
            ("chi_squared_p",),
            LOWEST,
            promised(0.001),
            at_least=True,
        ),
        Line(
            "reading the codes: strongest correlation with a later code, deviations",
            ("lag_score",),
            HIGHEST,
        ),
    ),
)
