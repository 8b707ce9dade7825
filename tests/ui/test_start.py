"""What the page's start does not wait for: libraries that only some clicks need."""

import subprocess
import sys

from dsn.places import ROOT

LATER = ("faker", "fontTools", "matplotlib", "ray", "scipy", "skimage", "sqlalchemy", "torchvision")


def test_the_page_is_built_without_what_only_some_clicks_need() -> None:
    code = (
        "import sys; from dsn.student.collection import load_collection; from dsn.ui.page import build_page\n"
        f"build_page(load_collection()); print(*(name for name in {LATER!r} if name in sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert (done.returncode, done.stdout.split()) == (0, []), done.stderr
