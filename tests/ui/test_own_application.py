"""The page with an application of somebody's own pictures, whose names nobody has looked at."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import gradio as gr
import pytest
import torch
from PIL import Image

from dsn.allowance import Allowance
from dsn.applications import registry
from dsn.applications.described import write_description
from dsn.applications.held_out import write_held_out
from dsn.applications.prepared import Split
from dsn.applications.record import Application, Augmentation
from dsn.applications.registry import application_named
from dsn.export.sheet import Measured
from dsn.measuring.comparison import compare, measure
from dsn.networks.config import POOL, NetworkConfig
from dsn.serials import random_serial
from dsn.student import collection as shelf_of_students
from dsn.student.collection import Collection, load_collection
from dsn.student.config import StudentConfig
from dsn.student.folder import StudentError, save_student
from dsn.student.student import Student
from dsn.ui.compare import records
from dsn.ui.compare.page_script import about_task, page_data
from dsn.ui.compare.tab import CompareTab
from dsn.ui.figures.rendering import render_figures
from dsn.ui.method import render_method
from dsn.ui.page import build_page
from dsn.ui.texts import load_texts

NAMES = ("<script>alert(1)</script>", "=1+1 | [x](y)", "枫树 🍁")
NETWORK = NetworkConfig(channels=3, size=32, layers=(6, POOL, 8, POOL), features=24, classes=3)
SERIAL = random_serial()


@pytest.fixture
def shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Collection]:
    """A page's students: one of an application that a folder describes."""
    monkeypatch.setattr(registry, "CHECKPOINTS", tmp_path)
    application = Application(
        "leaves", "Leaves & <i>more</i>", "picture", "own/leaves", NAMES, NETWORK, Augmentation(5, 0.1, 2), 1, 1, 64,
        "Leaves & <i>more</i>", "Pictures from a folder of its maker's own.", "", "", pictures="0" * 12,
        home=tmp_path / "leaves",
    )  # fmt: skip
    write_description(application, tmp_path / "leaves")
    source = torch.Generator().manual_seed(0)
    images = torch.randint(0, 256, (12, 3, 32, 32), generator=source, dtype=torch.uint8)
    write_held_out(application, Split(images, torch.arange(12) % 3))
    torch.manual_seed(0)
    student = Student(StudentConfig("leaves", "elm", 64, NAMES, NETWORK, "none")).eval()
    save_student(student, tmp_path / "leaves" / "elm")
    (tmp_path / "serials.json").write_text(json.dumps({"leaves/elm": SERIAL.text}))
    monkeypatch.setattr(shelf_of_students, "DEMO_SERIALS", tmp_path / "serials.json")
    yield load_collection(tmp_path)


@pytest.mark.parametrize("language", ["en", "zh"])
def test_its_own_names_are_shown_as_they_are_in_every_language(shown: Collection, language: str) -> None:
    texts, application = load_texts(language), application_named("leaves")
    student, held = shown.student("leaves", "elm"), shown.held_out["leaves"]
    assert texts.class_names("leaves", NAMES) == NAMES and texts.title(application) == "Leaves & <i>more</i>"
    panels = compare(student, held.split.images[:1].float() / 255, SERIAL, None, 0)
    *_, whole = measure(student, held.split, SERIAL, None)
    drawn = [render_figures(texts, application, None, {}, {}), render_method(texts, [application])]
    assert all("<script>alert" not in html and "<i>more" not in html for html in drawn)
    # what is drawn in the browser is escaped there: test_static.py
    pictures = records.gallery_record(texts, "leaves", held, held.gallery(12), None)["pictures"]
    assert {one["label"] for one in pictures} == set(NAMES)
    assert records.panels_record(texts, student, panels, 0, {})["names"] == NAMES
    assert about_task(shown, "leaves")["levels"]["uniform"] == pytest.approx(100 / 3), "its own chance level"
    assert 'href=""' not in drawn[1] and ("文件夹" in drawn[1]) == (language == "zh")
    assert Measured("leaves", "elm", None, whole).measurement.total == 36


def test_the_whole_page_is_built_and_counts_its_pictures(shown: Collection) -> None:
    page = build_page(shown)
    assert isinstance(page, gr.Blocks)
    told = json.dumps(page.get_config_file(), default=str, ensure_ascii=False)
    assert "Measure on 12 pictures" in told
    values = [one["props"].get("value") for one in page.get_config_file()["components"]]
    assert not any("<script>alert" in one for one in values if isinstance(one, str)), "records alone hold it, as text"


def test_links_and_uploads_reach_it(shown: Collection, tmp_path: Path) -> None:
    known = page_data(load_texts("en"), shown)  # what links are checked against
    assert known["tasks"]["leaves"]["customers"] == ["elm"] and len(known["tasks"]["leaves"]["labels"]) == 12
    assert known["students"]["leaves/elm"]["serial"] == SERIAL.text and known["steps"] == []
    Image.new("RGB", (300, 200), (10, 200, 30)).save(tmp_path / "own.png")
    with gr.Blocks():
        tab = CompareTab(load_texts("en"), shown, Allowance(None, 9))
        found, *_ = tab.bring_picture(tab.panels.value, str(tmp_path / "own.png"), gr.Request())
    assert load_texts("en")["compare"]["uploaded"] in found["note"] and found["own"] and len(found["panels"]) == 3


def test_a_student_of_other_classes_is_one_sentence(shown: Collection, tmp_path: Path) -> None:
    write_description(replace(application_named("leaves"), classes=("a", "b", "c")), tmp_path / "leaves")
    with pytest.raises(StudentError, match="python -m dsn rebuild leaves"):
        load_collection(tmp_path)
