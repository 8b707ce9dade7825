"""A quick mint made quicker, for a machine on which the usual one would take too long."""

from dataclasses import dataclass, replace

from dsn.owner.mint.forecast import Pace, forecast
from dsn.owner.mint.progress import Progress, QuickMint
from dsn.owner.mint.quick import PICTURES_A_STEP

MARGIN = 0.9  # share of the limit that is planned for
LOOKS = 8  # fewer than usual: steps are worth more
FEWEST_STEPS = (
    140  # below, a student still answers to raw pictures: 35 to 44 % right after 93 steps, 12 to 18 % after 144
)


@dataclass(frozen=True)
class LowerQuality:
    """A mint of fewer steps.

    Attributes:
        how: its settings.
        share: its steps, as a share of the usual ones, 0 to 1.
        seconds: its forecast.
    """

    how: QuickMint
    share: float
    seconds: float


def lower_quality(
    how: QuickMint, total: int, pace: Pace, limit: float, before: float = 0.0, fewest: int = FEWEST_STEPS
) -> LowerQuality | None:
    """The largest mint that is done within a limit: as few passes as hold its steps, so as many pictures as possible.

    Args:
        how: the usual settings.
        total: steps of these.
        pace: as measured.
        limit: seconds that it may take.
        before: seconds until the first step.
        fewest: steps below which there is no use in it.

    Returns:
        None where the machine is too slow for that.
    """
    looks = min(how.looks, LOOKS)
    steps = min(total, int((MARGIN * limit - before - (looks + 1) * pace.look) / pace.step))
    if steps < 1:
        return None
    passes = -(-steps // (total // how.epochs))
    in_one = steps // passes
    made = passes * in_one
    if made < fewest:
        return None
    lower = replace(how, epochs=passes, training_pictures=PICTURES_A_STEP * in_one, looks=looks)
    return LowerQuality(lower, made / total, forecast(pace, before, made, looks + 1))


def lower_quality_after(now: Progress, how: QuickMint, limit: float) -> LowerQuality | None:
    """The same, by what a usual mint has measured.

    Args:
        now: where it stands, its pace known.
        how: its settings.
        limit: seconds that another may take.
    """
    return lower_quality(how, now.total, now.pace, limit, now.before) if now.pace else None
