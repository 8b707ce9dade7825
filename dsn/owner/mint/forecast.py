"""How long a mint will take in all, from the pace of the steps it has made."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Literal

WARM_UP_STEPS = 3  # the first ones, slower: kernels are chosen and memory is taken
FEWEST_STEPS = 3  # measured, however slow they are
STEADY_SHARE = 0.02  # of all steps, after which a forecast holds
STEADY_SECONDS = 5.0  # of measured steps, after which it holds as well
RECENT_STEPS = 50  # what a forecast goes by: a machine that becomes busy is noticed, a hiccup is not
RECENT_LOOKS = 3
MINUTES_FROM = 95.0  # seconds from which a duration is told in minutes


@dataclass(frozen=True)
class Pace:
    """How fast a mint goes.

    Attributes:
        step: seconds a step.
        look: seconds a look, which measures the student on the way.
    """

    step: float
    look: float


def pace_of(steps: Sequence[float], looks: Sequence[float], total: int) -> Pace | None:
    """The pace of a mint by its latest steps and looks.

    Args:
        steps: seconds of every step so far, without the looks, in order.
        looks: seconds of every look so far, in order.
        total: steps in all.

    Returns:
        None as long as there is too little to go by.
    """
    measured = steps[WARM_UP_STEPS:]
    if len(measured) < FEWEST_STEPS or not looks:
        return None
    if len(measured) < STEADY_SHARE * total and sum(measured) < STEADY_SECONDS:
        return None
    return Pace(fmean(measured[-RECENT_STEPS:]), fmean(looks[-RECENT_LOOKS:]))


def forecast(pace: Pace, seconds: float, steps_left: int, looks_left: int) -> float:
    """Seconds that a mint takes in all.

    Args:
        pace: of what is still to come.
        seconds: spent so far.
        steps_left: still to come.
        looks_left: still to come.
    """
    return seconds + steps_left * pace.step + looks_left * pace.look


@dataclass(frozen=True)
class About:
    """A duration as one tells it.

    Attributes:
        count: how many.
        unit: of what.
    """

    count: int
    unit: Literal["seconds", "minutes"]


def about(seconds: float) -> About:
    """A duration to the next five seconds, or from a minute and a half on to the next minute."""
    if seconds < MINUTES_FROM:
        return About(max(5, 5 * round(seconds / 5)), "seconds")
    return About(round(seconds / 60), "minutes")
