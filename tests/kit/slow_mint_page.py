"""The page as a program on a machine that is too slow for the usual mint: no machine is done within its limit.

The environment says in SECONDS_TO_CHOOSE how long an offer waits.
"""

import os
import sys
from dataclasses import replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from dsn.allowance import VisitorLimits
from dsn.owner.mint import lower_quality
from dsn.owner.mint.progress import Progress, QuickMint
from dsn.owner.mint.quick import PICTURES_A_STEP
from dsn.student.collection import load_collection
from dsn.ui.page import build_page, launch_settings

QUICK = QuickMint(epochs=2, looks=6, pictures=100)
LOWER_STEPS = 30


def always_some(now: Progress, how: QuickMint, limit: float) -> lower_quality.LowerQuality:
    """The same few steps whatever was measured: how many fit is tested elsewhere."""
    lower = replace(how, epochs=1, training_pictures=LOWER_STEPS * PICTURES_A_STEP)
    return lower_quality.LowerQuality(lower, LOWER_STEPS / now.total, 20.0)


if __name__ == "__main__":
    lower_quality.lower_quality_after = always_some
    limits = VisitorLimits(seconds_per_student=1.0, seconds_to_choose=float(os.environ["SECONDS_TO_CHOOSE"]))
    build_page(load_collection(), limits, QUICK).launch(**launch_settings(limits))
