"""Brute force: try serials one after another, and see which is answered right.

The adversary has the student (weights, or only its answers), the stamp's place and a few labelled pictures.
Nine bits are 512 serials, all tried here in seconds. For more bits a random sample is tried, which finds
nothing, and the rest is arithmetic: how long this machine would need, if every serial were given up as soon as
its first few pictures were answered wrong. Not in the paper. There is no budget without the student.
"""

import time
from dataclasses import dataclass

import torch
from torch import Tensor

from dsn.attacks.kit.record import HIGHEST, SHORT, Attack, Judged, Line, Needs
from dsn.attacks.kit.scene import Attempt, Outcome, Running, Scene, Step
from dsn.locks.registry import SEALED

SECONDS_A_YEAR = 31_557_600.0
MOST_BITS_TRIED_WHOLE = 12
WORKING = 50.0  # percent right from which a serial counts as one that works
# At most, of a sealed student, of which each serial makes another network, at scrypt's cost and a pass for each:
SEALED_PICTURES = 32  # asked
SEALED_GLANCES = 32  # serials by which the pace at a glance is reckoned


@dataclass(frozen=True)
class Settings:
    """How serials are tried.

    Attributes:
        pictures: labelled ones that each serial is tried on.
        sample: serials tried where there are too many to try all, and to see how quick a glance is.
        glance: pictures that suffice to give a wrong serial up, for the extrapolation.
        report_every: serials between two reports.
    """

    pictures: int = 1000
    sample: int = 512
    glance: int = 4
    report_every: int = 16


FULL = Settings()
QUICK = Settings(pictures=100, sample=64)


def every_pattern(bit_count: int) -> Tensor:
    """All patterns of so many bits, float [2**K, K], in the order of their numbers."""
    numbers = torch.arange(2**bit_count)
    places = torch.arange(bit_count - 1, -1, -1)
    return ((numbers[:, None] >> places) & 1).float()


def patterns_to_try(bit_count: int, settings: Settings, seed: int) -> Tensor:
    """All patterns, or a random sample where there are too many: float [S, K]."""
    if bit_count <= MOST_BITS_TRIED_WHOLE:
        return every_pattern(bit_count)
    generator = torch.Generator().manual_seed(seed)
    return torch.randint(0, 2, (settings.sample, bit_count), generator=generator).float()


def now() -> float:
    """Seconds on the clock; where one core does all the work, that of the process, which others do not lengthen."""
    return (
        time.process_time() if torch.get_num_threads() == 1 and not torch.cuda.is_available() else time.perf_counter()
    )


def years_for(bit_count: int, serials_a_second: float) -> float:
    """Expected years until a random serial is found: half of all are tried."""
    return 2.0 ** (bit_count - 1) / serials_a_second / SECONDS_A_YEAR


def attack(scene: Scene, settings: Settings, share: float, seed: int) -> Running:
    """Try serials on the first training pictures of the adversary's share.

    Args:
        scene: the student, and the training pictures of which the adversary holds a share.
        settings: how many pictures and serials.
        share: of the training pictures; a thousand are enough.
        seed: of the share, and of the sample of serials.

    Returns:
        The best pattern's accuracy and the second's, how many serials work (are right more often than not),
        whether the best one is the valid serial (1 or 0); seconds and serials a second; "years_for_64_bits"
        with a glance at each. The curve "accuracy" has every pattern in the order tried.
    """
    stolen = scene.stolen(share, seed)
    is_sealed = scene.student.config.lock == SEALED
    count = min(settings.pictures, SEALED_PICTURES if is_sealed else settings.pictures)
    images, labels = stolen.images[:count], stolen.labels[:count]
    patterns = patterns_to_try(len(scene.serial.bits), settings, seed).to(scene.device)
    start = now()
    batch = scene.student.swept(images)
    shares: list[float] = []
    for done, pattern in enumerate(patterns, start=1):
        shares.append(100 * (batch.logits(pattern).argmax(1) == labels).double().mean().item())
        if done % settings.report_every == 0 or done == len(patterns):
            figures = {"best": max(shares), "last": shares[-1]}
            best = patterns[shares.index(max(shares))]
            yield Step(done, len(patterns), figures, curves={"accuracy": shares.copy()}, attempt=Attempt(bits=best))
    seconds = now() - start
    ranked = sorted(shares, reverse=True)
    place = shares.index(ranked[0])
    pace = _serials_a_second(
        scene, images[: settings.glance], patterns[: SEALED_GLANCES if is_sealed else settings.sample]
    )
    return Outcome(
        {
            "best": ranked[0],
            "second": ranked[1],
            "working": float(sum(one > WORKING for one in shares)),
            "best_is_valid": float(torch.equal(patterns[place], scene.bits)),
            "serials": float(len(patterns)),
            "pictures": float(len(labels)),
            "seconds": seconds,
            "serials_a_second": len(patterns) / seconds,
            "serials_a_second_at_a_glance": pace,
            "years_for_64_bits": years_for(64, pace),
        },
        {"x": [float(number) for number in range(len(shares))], "accuracy": shares},
    )


def _serials_a_second(scene: Scene, images: Tensor, patterns: Tensor) -> float:
    """How many serials can be tried in a second on so few pictures, all of the serials in one batch."""
    repeated = images.repeat(len(patterns), 1, 1, 1)
    batch = scene.student.swept(repeated)
    each = patterns.repeat_interleave(len(images), 0)
    start = now()
    batch.logits(each[:, None, :]).argmax(1).tolist()  # the answers are wanted here, which a GPU is waited for
    return len(patterns) / (now() - start)


ATTACK = Attack(
    "brute-force",
    __doc__,
    attack,
    FULL,
    QUICK,
    watched=Settings(pictures=30, sample=64, report_every=32),
    needs=Needs(bits=SHORT),
    shown_as="bars",
    judged=Judged("working", limit=0),
    lines=(
        Line("brute force over 9 bits: serials that work (of 512)", ("working",), HIGHEST),
        Line("brute force over 9 bits: seconds", ("seconds",), unit=" s"),
    ),
)
