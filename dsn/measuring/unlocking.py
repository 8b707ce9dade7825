"""Does a serial unlock a network more than any other would? A test with a p-value."""

import math
import random
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import torch

from dsn.applications.prepared import Split
from dsn.locks.sweep import BATCH, sweep_accuracy
from dsn.measuring.comparison import are_even
from dsn.serials import Serial, random_serial
from dsn.statistics import Accuracy
from dsn.student.student import Student

REFERENCES = 100  # random serials, never issued, that stand for any other
MARGIN = 0.2  # of accuracy: how much better than the best of them a serial may be by its looks alone
SIGNIFICANT = 1e-6  # largest p-value, after correction, of a serial said to unlock a network


@dataclass(frozen=True)
class Unlocking:
    """How special one serial is to one network.

    Attributes:
        accuracy: with the serial stamped; no answer counts as the first class, as in the published tables.
        best_other: the highest accuracy among the random serials.
        others: how many of those were tried.
        answered: with the serial stamped; no answer is not right.
        silent: pictures that got no answer.
        best_answered: the highest of those accuracies among the random serials.
        p: the probability of so many right answers, or more, from a serial that is not special, times the
            number of serials tried (Bonferroni); at most 1.
    """

    accuracy: Accuracy
    best_other: Accuracy
    others: int
    p: float
    answered: Accuracy
    silent: int
    best_answered: Accuracy

    @property
    def is_special(self) -> bool:
        """Whether the serial unlocks the network."""
        return self.p <= SIGNIFICANT


def bits_of(serials: Sequence[Serial]) -> torch.Tensor:
    """float [S, K], one serial a row."""
    return torch.tensor([serial.bits for serial in serials], dtype=torch.float32)


def unlocking(
    student: Student,
    serials: Sequence[Serial],
    split: Split,
    *,
    tried: int | None = None,
    look: int | None = None,
    dtype: torch.dtype = torch.float32,
    seed: int = 0,
) -> list[Unlocking]:
    """Try serials on a network, all of them on the same pictures.

    The null: a serial is like any other. It is given the benefit of the doubt: its true accuracy may lie a margin
    of 20 points above the upper end of the 95 % interval of the best of 100 random serials. What remains is the
    upper tail of a binomial distribution. A network that works with every serial thus never names one.

    Args:
        student: in eval mode; its configuration says where a serial goes.
        serials: of as many bits as the student's.
        split: pictures uint8 [N, C, H, W] and their labels.
        tried: how many serials these were chosen from; None for as many as there are.
        look: pictures that the random serials are tried on, the first ones; None for all. Fewer are quicker, and
            their wider interval makes the test stricter.
        dtype: of the arithmetic.
        seed: of the random serials.

    Raises:
        ValueError: a serial of another length.
    """
    count = student.config.bit_count
    if any(len(serial.bits) != count for serial in serials):
        raise ValueError(f"this student takes serials of {count} bits")
    source = random.Random(seed)
    known = set(serials)
    others: list[Serial] = []
    while len(others) < (REFERENCES if count == 64 else REFERENCES // 2):
        other = random_serial(count, source=source)
        if other not in known:
            others.append(other)
    few = Split(split.images[:look], split.labels[:look])
    counts = _counts(student, serials, split, dtype)
    rights_of_others, answered_by_others, _ = zip(*_counts(student, others, few, dtype), strict=True)
    best, best_answered = Accuracy(max(rights_of_others), len(few)), Accuracy(max(answered_by_others), len(few))
    doubtful = min(1.0, best.interval[1] + MARGIN)
    return [
        Unlocking(
            Accuracy(right, len(split)),
            best,
            len(others),
            min(1.0, (tried or len(serials)) * upper_tail(right, len(split), doubtful)),
            Accuracy(answered, len(split)),
            silent,
            best_answered,
        )
        for right, answered, silent in counts
    ]


@torch.inference_mode()
def _counts(
    student: Student, serials: Sequence[Serial], split: Split, dtype: torch.dtype
) -> list[tuple[int, int, int]]:
    """For each serial: right, no answer counted as the first class; right among the answers; no answer."""
    found = torch.zeros(len(serials), 3, dtype=torch.int64)
    for start in range(0, len(split), BATCH):
        labels = split.labels[start : start + BATCH]
        stamped = student.swept(split.images[start : start + BATCH], dtype=dtype)
        for row, bits in enumerate(bits_of(serials)):
            logits = stamped.logits(bits).cpu()
            right, even = logits.argmax(1) == labels.cpu(), are_even(logits)
            found[row] += torch.stack([right.sum(), (right & ~even).sum(), even.sum()])
    return [(right, answered, silent) for right, answered, silent in found.tolist()]


def rights_of(
    student: Student, serials: Sequence[Serial], split: Split, *, dtype: torch.dtype = torch.float32
) -> list[int]:
    """How many pictures are answered right with each of these serials stamped."""
    return sweep_accuracy(partial(student.swept, dtype=dtype), split.images, split.labels, bits_of(serials)).tolist()


def upper_tail(successes: int, count: int, share: float) -> float:
    """P(X >= successes) of a binomial distribution of `count` trials, each a success with probability `share`."""
    if successes <= 0 or share >= 1:
        return 1.0
    if share <= 0:
        return 0.0
    logs = [
        math.lgamma(count + 1)
        - math.lgamma(x + 1)
        - math.lgamma(count - x + 1)
        + x * math.log(share)
        + (count - x) * math.log1p(-share)
        for x in range(successes, count + 1)
    ]
    highest = max(logs)
    return min(1.0, math.exp(highest) * math.fsum(math.exp(one - highest) for one in logs))
