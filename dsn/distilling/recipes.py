"""How a student is distilled: every term of the loss by its name, with its weight.

`PAPER` is the literal recipe (Eq. 3-8). `HARDENED` is ours; where it deviates is said here, and the
results files hold the figures of both.
"""

from dataclasses import dataclass, field, replace

from dsn.distilling.extras import Extra
from dsn.locks.registry import STAMPED


@dataclass(frozen=True)
class InvalidBranch:
    """What the invalid pictures of a batch carry, as shares of them that add up to one.

    Attributes:
        raw: nothing: the picture as it is (absent).
        one_bit: the valid serial with exactly one bit wrong.
        few_bits: the valid serial with two or three bits wrong.
        random: random patterns.
        inverted: the valid serial with every bit wrong.
        misplaced: the valid serial elsewhere in the picture.
        grey: mixtures of the valid serial with grey values, its dimmed copies among them.
        attackers: masks and patterns of the persistent attackers.
    """

    raw: float = 1.0
    one_bit: float = 0.0
    few_bits: float = 0.0
    random: float = 0.0
    inverted: float = 0.0
    misplaced: float = 0.0
    grey: float = 0.0
    attackers: float = 0.0


@dataclass(frozen=True)
class AttackerPool:
    """Attackers that live through the training: each a universal mask and pattern, moved by gradients.

    Attributes:
        count: attackers alive at a time.
        steps: gradient steps of each per batch.
        step_size: mean change of a mask or pattern value per step; of an attacker that knows the place, the mean is
            over the whole picture all the same, so its few values move faster.
        shortest_life: batches until an attacker may restart from random values.
        longest_life: batches until it must.
        place_known: how many of them know the stamp's place and move only the pattern there.
        smoothed: they descend through a smoothed last ReLU, which gives a gradient where the student is silent.
    """

    count: int = 10
    steps: int = 3
    step_size: float = 0.05
    shortest_life: int = 50
    longest_life: int = 500
    place_known: int = 4
    smoothed: bool = False


@dataclass(frozen=True)
class ChannelPool:
    """Attackers that live through the training: each a mask over the student's channels, moved by gradients.

    Attributes:
        count: attackers alive at a time; 0 for none.
        pictures: raw ones a batch that they look at.
        step_size: change of every mask value per step.
        shortest_life: batches until an attacker may restart from random values.
        longest_life: batches until it must.
        weight: of the student's distance from silence under the masks, in its loss.
    """

    count: int = 0
    pictures: int = 32
    step_size: float = 0.1
    shortest_life: int = 20
    longest_life: int = 220
    weight: float = 0.1


@dataclass(frozen=True)
class Finishing:
    """A second, shorter training of a distilled student, on its own answers: see `dsn.distilling.finishing`.

    Attributes:
        share: of the epochs before, rounded, one at least; 0 for none.
        learning_rate: Adam's largest.
        channels: the pool that removes channels meanwhile.
    """

    share: float = 0.0
    learning_rate: float = 3e-4
    channels: ChannelPool = ChannelPool()


@dataclass(frozen=True)
class Recipe:
    """Weights of the loss terms and the schedule.

    Attributes:
        name: word on command lines and in results files.
        batch: inputs a batch, half as many pictures, each once valid and once invalid; None for the application's own.
        learning_rate: Adam's largest; warmed up, then falling to zero along a cosine.
        adversary: lambda, the weight of the reversed gradient of L_SNE (Eq. 5-6).
        uniform: weight of the predictor's distance from the uniform answer on invalid pictures.
        silence: weight of the features' distance from zero on invalid pictures.
        margin: how far below zero invalid pictures should keep every feature before its ReLU.
        entanglement: alpha, the weight of the entanglement (Eq. 7-8), which is maximised.
        start_from_teacher: begin with the teacher's weights, not random ones.
        fixed_statistics: normalise by the BatchNorm statistics it begins with throughout, so that the student
            trains exactly as it will answer; only with `start_from_teacher`, or where convolutions stay random.
        learned_convolutions: train them; else they stay as drawn, each student's own, and the dense layers learn all.
        invalid: what invalid pictures carry.
        attackers: the pool behind `invalid.attackers`.
        profile: where the serial goes: "corner" or "spread".
        extras: what research adds to the training, in the order in which they draw.
        channels: the pool that removes channels while the student trains.
        finishing: what comes after.
        lock: that its students get, by which `dsn.distilling.making` chooses how they are made.
    """

    name: str
    batch: int | None = None
    learning_rate: float = 1e-3
    adversary: float = 0.0
    uniform: float = 0.0
    silence: float = 0.0
    margin: float = 0.5
    entanglement: float = 0.1
    start_from_teacher: bool = False
    fixed_statistics: bool = False
    learned_convolutions: bool = True
    invalid: InvalidBranch = InvalidBranch()
    attackers: AttackerPool = AttackerPool()
    profile: str = "corner"
    extras: tuple[Extra, ...] = ()
    channels: ChannelPool = ChannelPool()
    finishing: Finishing = Finishing()
    lock: str = field(default=STAMPED, repr=False)  # unfinished trainings are recognised by the rest


PAPER = Recipe(name="paper", batch=500, adversary=1.0)

HARDENED = Recipe(
    name="hardened",
    uniform=1.0,
    silence=1.0,
    entanglement=0.0,  # fewer one-bit errors without it in one pair of short runs; not settled
    start_from_teacher=True,
    fixed_statistics=True,
    invalid=InvalidBranch(
        raw=0.08,
        one_bit=0.42,
        few_bits=0.14,
        random=0.05,
        inverted=0.02,
        misplaced=0.07,
        grey=0.06,
        attackers=0.16,
    ),
    finishing=Finishing(share=1 / 4, channels=ChannelPool(count=8)),
)

QUICK = replace(  # for the page, where somebody waits: smaller steps and more of them, fewer and slower attackers
    HARDENED,
    name="quick",
    batch=128,
    learning_rate=2e-3,
    attackers=AttackerPool(count=4, steps=1, place_known=2),
    finishing=Finishing(),
)

RECIPES = {recipe.name: recipe for recipe in (PAPER, HARDENED, QUICK)}
