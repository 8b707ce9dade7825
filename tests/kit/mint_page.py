"""The page as a program, with a mint of some seconds and few uploads a visitor."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from dsn.allowance import VisitorLimits
from dsn.owner.mint.progress import QuickMint
from dsn.student.collection import load_collection
from dsn.ui.page import build_page, launch_settings

LIMITS = VisitorLimits(megabytes_per_hour_in_all=8, looks_per_hour=2)
QUICK = QuickMint(epochs=2, looks=6, pictures=100)

if __name__ == "__main__":
    build_page(load_collection(), LIMITS, QUICK).launch(**launch_settings(LIMITS))
