"""The app as a program with a mint of a second, short waits for uploads, and no megabytes that must stay free."""

import os
import signal
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

import torch

from dsn.allowance import VisitorLimits
from dsn.owner.mint.progress import QuickMint
from dsn.student.collection import load_collection
from dsn.ui.page import build_page, launch_settings
from dsn.ui.serving.own_folder import own_folder

LIMITS = VisitorLimits(megabytes_free=0, seconds_per_upload=20)
QUICK = QuickMint(epochs=1, training_pictures=192, looks=2, pictures=20)

if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit())
    torch.set_num_threads(1)
    with own_folder() as folder:
        os.environ["GRADIO_TEMP_DIR"] = str(folder)
        build_page(load_collection(), LIMITS, QUICK).launch(**launch_settings(LIMITS))
