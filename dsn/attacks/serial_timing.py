"""Timing: does an answer take longer, or less long, the more of a serial's bits are right?

The adversary asks a sealed student with serials of his choice, each for the first time, and takes the time until the
answer: once with the valid serial between any two, once with serials that have ever more bits right. The processor's
time is taken, not the clock's, which other programs disturb: less noise than an adversary has. The valid serial's times
are compared with the others' (Mann and Whitney, 1947), and right bits with times (Spearman, 1904). There is no budget.
Not in the paper.
"""

import copy
import random
import time
from dataclasses import dataclass

import torch

from dsn.applications.prepared import as_floats
from dsn.attacks.kit.record import LOWEST, UNSEALED, Attack, Line, Needs, promised
from dsn.attacks.kit.scene import Outcome, Running, Scene, Step
from dsn.serials import Serial


@dataclass(frozen=True)
class Settings:
    """How often an answer is timed.

    Attributes:
        serials: wrong ones, and as often the valid one.
        pictures: in one question.
    """

    serials: int = 64
    pictures: int = 1


FULL = Settings()
QUICK = Settings(serials=4)


def with_right_bits(serial: Serial, count: int, source: random.Random) -> Serial:
    """A random serial of which exactly so many bits are the valid one's."""
    right = set(source.sample(range(len(serial.bits)), count))
    return Serial.from_bits([bit if place in right else 1 - bit for place, bit in enumerate(serial.bits)])


def attack(scene: Scene, settings: Settings, share: float, seed: int) -> Running:
    """Time the valid serial and wrong ones in turn.

    Args:
        scene: the sealed student, its serial, and training pictures, of which one is shown.
        settings: how often.
        share: of the training pictures.
        seed: of the serials and their order.

    Returns:
        `valid_milliseconds` and `wrong_milliseconds`, medians; `difference_p` of the two being alike;
        `right_bits_p` of times that have nothing to do with how many bits are right, and `right_bits_correlation`.
    """
    source = random.Random(seed)
    length = len(scene.serial.bits)
    pictures = as_floats(scene.stolen(share, seed).images[: settings.pictures])
    asked = copy.deepcopy(scene.student)

    @torch.inference_mode()
    def taken(serial: Serial) -> float:
        asked.lock = copy.deepcopy(scene.student.lock)  # a lock that has opened nothing yet
        shown = asked.stamp(pictures, serial)
        start = time.process_time()
        asked(shown)
        return 1000 * (time.process_time() - start)

    taken(scene.serial)  # the first of all also loads libraries
    counts = [round(place * (length - 1) / max(1, settings.serials - 1)) for place in range(settings.serials)]
    source.shuffle(counts)
    valid: list[float] = []
    wrong: list[float] = []
    for done, count in enumerate(counts, start=1):
        timed = [(wrong, with_right_bits(scene.serial, count, source)), (valid, scene.serial)]
        source.shuffle(timed)
        for times, serial in timed:
            times.append(taken(serial))
        yield Step(done, len(counts), {"last": wrong[-1]})
    from scipy import stats  # half a second, which the page's start is spared

    related = stats.spearmanr(counts, wrong)
    return Outcome(
        {
            "valid_milliseconds": float(torch.tensor(valid).median()),
            "wrong_milliseconds": float(torch.tensor(wrong).median()),
            "difference_p": float(stats.mannwhitneyu(valid, wrong).pvalue),
            "right_bits_p": float(related.pvalue),
            "right_bits_correlation": float(related.statistic),
        }
    )


ATTACK = Attack(
    "serial-timing",
    __doc__,
    attack,
    FULL,
    QUICK,
    needs=Needs(pointless=UNSEALED),
    lines=(
        Line(
            "timing: p that the valid serial takes as long as others",
            ("difference_p",),
            LOWEST,
            promised(0.001),
            at_least=True,
        ),
        Line("timing: p that right bits do not show", ("right_bits_p",), LOWEST, promised(0.001), at_least=True),
    ),
)
