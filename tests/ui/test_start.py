"""What the page's start does not wait for: libraries that only some clicks need."""

import subprocess
import sys
from dataclasses import replace

import pytest

from dsn.places import ROOT
from dsn.serials import random_serial
from dsn.student.collection import Collection, load_collection
from dsn.ui.compare.first_answer import first_of, first_panels
from dsn.ui.serving.warming import NEEDED, warm_up

LATER = (
    "faker", "fontTools", "matplotlib", "pillow_heif", "pypdfium2", "ray", "scipy", "skimage", "sqlalchemy", "timm",
    "torch", "torchvision",
)  # fmt: skip


# Builds the page as a program does, and prints what of this it imported, and how many apps were made.
BUILT = f"""
import sys
from gradio.routes import App
from dsn.student.collection import load_collection
from dsn.ui.page import build_page
made, begin = [], App.__init__
App.__init__ = lambda app, *of, **more: (made.append(app), begin(app, *of, **more))[1]
page = build_page(load_collection())
print(*(name for name in {LATER!r} if name in sys.modules))
print(len(made), page.app is made[0], len(page.config["components"]) > 100)
"""


@pytest.fixture(scope="module")
def built() -> list[str]:
    """The lines that it prints."""
    done = subprocess.run([sys.executable, "-c", BUILT], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def test_the_page_is_built_without_what_only_some_clicks_need(built: list[str]) -> None:
    assert built[0] == ""


def test_no_app_is_made_until_one_is_asked_for(built: list[str]) -> None:
    assert built[1] == "0 True True"


@pytest.fixture(scope="module")
def collection() -> Collection:
    return load_collection()


def test_what_the_page_comes_with_is_what_the_student_answers(
    collection: Collection, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = first_of(collection)
    recorded = first_panels(collection, first)
    monkeypatch.setattr("dsn.ui.compare.first_answer.read_results", lambda name: {})
    computed = first_panels(collection, first)
    for one, other in zip(recorded, computed, strict=True):
        for said, answer in zip(one.pop("answers"), other.pop("answers"), strict=True):
            assert said.pop("probability") == pytest.approx(answer.pop("probability"), abs=1e-5)
            assert said == answer
        assert one == other


def test_it_is_computed_where_it_was_recorded_of_another(collection: Collection) -> None:
    first = first_of(collection)
    name = f"{first.task}/{first.customer}"
    other = replace(collection, serials={**collection.serials, name: random_serial()})
    entered = first_of(other)
    panels = first_panels(other, entered)
    assert panels[0]["serial"] == other.serials[name].text and panels[1]["serial"] == entered.entered.text


def test_soon_after_all_of_it_is_there(collection: Collection, monkeypatch: pytest.MonkeyPatch) -> None:
    warm_up(collection, after=0).join()
    monkeypatch.delattr("dsn.student.folder.load_folder")  # nothing more is loaded
    assert all(collection.students[name].config == collection.config(name) for name in collection.students)
    assert set(NEEDED) <= sys.modules.keys()
