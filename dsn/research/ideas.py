"""Every idea against the thief who fine-tunes a stolen student: how each makes the student, and what it is in words.

`dsn.research.search` tries them.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

from dsn.distilling.recipes import HARDENED, Finishing, Recipe
from dsn.research.early_silence import EarlySilence
from dsn.research.reshaping import with_trapped_norms, with_uneven_channels, with_unit_norms
from dsn.research.thieves import Thieves
from dsn.student.student import Student

DISTILLED = replace(HARDENED, finishing=Finishing())


class IdeaError(ValueError):
    """An idea of another name than those there are."""


def unchanged(student: Student) -> Student:
    """The student as distilled."""
    return student


@dataclass(frozen=True)
class Idea:
    """One way to make a stolen student worth less.

    Attributes:
        what: in a sentence that people read.
        recipe: the student is distilled by.
        reshaped: what is done to it afterwards.
        kept: whether the shipped students are made this way.
        own_teachers: every customer's student has a teacher of its own.
        colluding: two other customers' students are distilled too, and the three collude.
    """

    what: str
    recipe: Recipe = DISTILLED
    reshaped: Callable[[Student], Student] = unchanged
    kept: bool = False
    own_teachers: bool = False
    colluding: bool = False


LOUDER_RAW = replace(DISTILLED.invalid, raw=0.2, one_bit=0.36, few_bits=0.1, random=0.03)
SPREAD = replace(DISTILLED, profile="spread")

IDEAS = {
    "distilled": Idea("Distilling alone, as a yardstick: features silent, serial in the corner."),
    "finished": Idea(
        "Finishing: a second training against attackers who smooth activations, and who remove channels.",
        HARDENED,
        kept=True,
    ),
    "own-start": Idea(
        "Not starting from the teacher's weights, so that nothing in the student was ever made for raw pictures.",
        replace(DISTILLED, start_from_teacher=False, fixed_statistics=False),
        colluding=True,
    ),
    "own-teachers": Idea(
        "A teacher of its own for every customer's student, so that no two students' neurons correspond.",
        own_teachers=True,
        colluding=True,
    ),
    "random-convolutions": Idea(
        "Convolutions that stay random, each customer's own: all learning is in the dense layers, which see the bits.",
        replace(DISTILLED, start_from_teacher=False, learned_convolutions=False),
    ),
    "early-silence": Idea(
        "The last convolution silent on raw pictures too, not the features alone.",
        replace(DISTILLED, extras=(EarlySilence(1.0, (2,)),), invalid=LOUDER_RAW),
    ),
    "spread": Idea("Bits spread over the whole picture, so that early layers can see them.", SPREAD),
    "spread-early-silence": Idea(
        "Bits spread over the picture, and the second and third convolution silent on raw pictures.",
        replace(SPREAD, extras=(EarlySilence(1.0, (1, 2)),), invalid=LOUDER_RAW),
    ),
    "spread-own-start": Idea(
        "Bits spread over the picture, early layers silent on raw pictures, not starting from the teacher's weights.",
        replace(
            SPREAD,
            start_from_teacher=False,
            fixed_statistics=False,
            extras=(EarlySilence(0.3, (1, 2)),),
            invalid=LOUDER_RAW,
        ),
    ),
    "thieves": Idea(
        "Thieves in the loop: copies are fine-tuned while the student trains, and the student learns to spoil them.",
        replace(DISTILLED, extras=(Thieves(count=3, longest_life=60, weight=0.3),)),
    ),
    "faint-thieves": Idea(
        "Thieves in the loop with a third of the weight.",
        replace(DISTILLED, extras=(Thieves(count=3, longest_life=60, weight=0.1),)),
    ),
    "strong-thieves": Idea(
        "Twice as many thieves in the loop, longer lives, more weight.",
        replace(DISTILLED, extras=(Thieves(count=6, weight=1.0),)),
    ),
    "spread-thieves": Idea(
        "Thieves in the loop, and bits spread over the picture.",
        replace(SPREAD, extras=(Thieves(count=3, longest_life=60, weight=0.3),)),
    ),
    "smoothed-attackers": Idea(
        "Attackers in the training that descend through a smoothed last ReLU: silence then hides no gradient.",
        replace(DISTILLED, attackers=replace(DISTILLED.attackers, smoothed=True)),
    ),
    "entangled": Idea(
        "Entanglement of Eq. 7 at ten times the paper's weight, so that lock and task share their neurons.",
        replace(DISTILLED, entanglement=1.0),
    ),
    "unit-norms": Idea(
        "BatchNorm folded away before the student is handed out: how large channels should be is not told.",
        reshaped=with_unit_norms,
    ),
    "uneven-channels": Idea(
        "The same function with every channel at another scale, so that an even step fits no weight.",
        reshaped=with_uneven_channels,
    ),
    "trapped-norms": Idea(
        "The same function with BatchNorm written down so that every layer falls silent in a training that renews it.",
        reshaped=with_trapped_norms,
    ),
}


def idea_named(name: str) -> Idea:
    """The idea of this name.

    Raises:
        IdeaError: no such idea; the message names those there are.
    """
    if name not in IDEAS:
        raise IdeaError(f"There is no idea {name!r}: choose one of {', '.join(IDEAS)}.")
    return IDEAS[name]
