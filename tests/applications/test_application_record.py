"""An application that exists only as a record: trained, evaluated, attacked, shown, with nothing changed elsewhere."""

import asyncio
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import gradio as gr
import pytest
import torch
from PIL import Image
from torch import Tensor

from dsn.allowance import Allowance
from dsn.applications.held_out import HeldOut
from dsn.applications.prepared import DataSet, Split
from dsn.applications.record import Application, Augmentation
from dsn.applications.registry import BUILT_IN
from dsn.attacks import opening
from dsn.attacks.kit.scene import Scene
from dsn.attacks.recorded import run_and_record
from dsn.attacks.registry import ATTACKS
from dsn.attacks.watched import victims
from dsn.distilling.distil import distil_student, train_teacher
from dsn.distilling.loop import Training
from dsn.distilling.recipes import QUICK
from dsn.measuring.evaluate import evaluate_student
from dsn.networks.config import POOL, NetworkConfig
from dsn.results.store import provenance
from dsn.serials import Serial
from dsn.student.card import model_card
from dsn.student.collection import Collection, load_collection
from dsn.student.config import StudentConfig
from dsn.student.hub import Origin
from dsn.student.student import Student
from dsn.tables.attacks import attack_lines, cell
from dsn.tables.readme import application_table
from dsn.ui.attack.tab import AttackTab
from dsn.ui.compare.chosen_picture import Shown, from_gallery, read_measured
from dsn.ui.compare.tab import CompareTab
from dsn.ui.figures.rendering import render_attacks
from dsn.ui.page import build_page
from dsn.ui.serving.background import Background
from dsn.ui.serving.waiting_line import WaitingLine
from dsn.ui.texts import load_texts

CLASSES = ("red square", "green square", "blue square")
SHAPES = Application(
    name="shapes",
    title="Coloured squares",
    noun="square",
    data_file="shapes-24",
    classes=CLASSES,
    network=NetworkConfig(channels=3, size=24, layers=(12, POOL, 16, POOL), features=32, classes=3, first_kernel=5),
    augmentation=Augmentation(rotation=0, scale=0.05, shift=1),
    teacher_epochs=15,
    student_epochs=8,
    student_batch=100,
    data_set="Coloured squares",
    attribution="Made by this test.",
    licence="MIT",
    source_url="https://example.org/",
)
SERIAL = Serial.from_number(0xD1CE_0BAD_F00D_5EED)


def pictures(count: int, seed: int) -> Split:
    """Squares of three colours at random places on a dark, noisy ground."""
    generator = torch.Generator().manual_seed(seed)
    labels = torch.randint(0, 3, (count,), generator=generator)
    images = torch.randint(0, 60, (count, 3, 24, 24), generator=generator, dtype=torch.uint8)
    places = torch.randint(1, 10, (count, 2), generator=generator)
    for image, label, (top, left) in zip(images, labels.tolist(), places.tolist(), strict=True):
        image[label, top : top + 6, left : left + 6] = 230
    return Split(images, labels)


@pytest.fixture(scope="module")
def data() -> DataSet:
    return DataSet(pictures(3000, 0), pictures(120, 1), CLASSES)


@pytest.fixture(scope="module", autouse=True)
def known() -> Iterator[None]:
    """The record stands in the registry, as its one line in a file of its own would put it there."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(BUILT_IN, SHAPES.name, SHAPES)
        before = torch.get_num_threads()
        torch.set_num_threads(1)  # two would wait for each other on a busy machine
        yield
        torch.set_num_threads(before)


@pytest.fixture(scope="module")
def student(data: DataSet) -> Student:
    teacher = train_teacher(SHAPES, data.train, Training(SHAPES.teacher_epochs, progress=False))
    config = StudentConfig("shapes", "alder", 64, CLASSES, SHAPES.network, QUICK.name)
    training = Training(SHAPES.student_epochs, progress=False)
    return distil_student(SHAPES, config, SERIAL, teacher, data.train, QUICK, training).requires_grad_(False)


@pytest.fixture(scope="module")
def row(student: Student, data: DataSet) -> dict:
    return {
        "task": "shapes", "customer": "alder", "bit_count": 64, "recipe": QUICK.name, "lock": "stamped",
        **evaluate_student(student, SERIAL, {}, data), **provenance(0, "cpu"),
    }  # fmt: skip


def test_it_is_trained_and_evaluated(row: dict) -> None:
    assert row["valid"]["percent"] > 90 and row["absent"]["percent"] < 60
    assert row["chance"]["uniform"] == pytest.approx(100 / 3, abs=0.01)


def test_it_is_attacked_and_the_row_stands_in_its_table(student: Student, data: DataSet, tmp_path: Path) -> None:
    scene = Scene(student, SERIAL, SHAPES, data.train, data.test, {})
    run_and_record(opening.ATTACK, scene, (0.1,), 1, tmp_path, quick=True, report=lambda line: None)
    rows = json.loads((tmp_path / "attacks.json").read_text("utf-8"))
    best = rows["shapes/alder/opening/10"]["figures"]["best"]["mean"]
    assert 0 <= best <= 100
    found = cell(opening.ATTACK, opening.ATTACK.lines[0], SHAPES, rows)
    assert found.text.startswith(f"{best:.2f}" if " ± " in found.text else f"{best:g}") and found.met is None
    html = render_attacks(load_texts("en"), rows)
    assert found.text in html.split(f"<h3>{SHAPES.title}</h3>")[1]


def test_a_visitors_picture_fits_its_network(student: Student) -> None:
    found: Tensor = SHAPES.fitted(Image.new("RGB", (90, 60), (255, 0, 0)))
    assert found.shape == (1, 3, 24, 24) and found[0, 0].min() == 1 and found[0, 1:].max() == 0
    assert student.predict(found, SERIAL).shape == (1, 3)


def test_what_was_not_measured_is_a_dash(row: dict) -> None:
    assert application_table(SHAPES) == "Not measured yet." and "Coloured squares" in model_card(SHAPES, row)
    for line, cells in attack_lines():
        assert cells["shapes"].text == "–" and cells["shapes"].bar == cells["shapes"].paper == "–", line.what
    assert cell(opening.ATTACK, opening.ATTACK.lines[0], SHAPES, {}).met is None


@pytest.fixture(scope="module")
def collection(student: Student, data: DataSet) -> Collection:
    """The bundled students and this one."""
    bundled = load_collection()
    return replace(
        bundled,
        students={**bundled.students, "shapes/alder": student},
        origins=bundled.origins | {"shapes/alder": Origin("bundled", "checkpoints")},
        serials=bundled.serials | {"shapes/alder": SERIAL},
        held_out=bundled.held_out | {"shapes": HeldOut.of(data.test, CLASSES)},
    )


def test_the_page_shows_it(collection: Collection) -> None:
    page = build_page(collection)
    assert isinstance(page, gr.Blocks)
    assert "Coloured squares" in json.dumps(page.get_config_file(), default=str)


def test_a_visitor_compares_it_and_attacks_it(collection: Collection) -> None:
    """It is answered in the comparison, measured on all its pictures, and an attack on it is watched to its end."""
    texts, visitor = load_texts("en"), gr.Request(session_hash="visitor")
    with gr.Blocks():
        tab = CompareTab(texts, collection, Allowance(None, 9))
        thief = AttackTab(texts, collection, Background(), WaitingLine())
    record = tab.record(Shown("shapes", "alder", "stamped", SERIAL, from_gallery(collection, "shapes", 0)))
    assert record["names"] == CLASSES and record["panels"][1]["serial_is_valid"]
    measured = list(tab.press_measure(record))[-1]["measurement"]
    whole = read_measured(json.dumps(measured), tab.read(record), collection)
    assert measured["done"] == 3 * 120 and whole is not None and whole.measurement.done == 3 * 120
    assert "shapes/alder" in victims(collection, opening.ATTACK)
    assert "shapes/alder" not in victims(collection, ATTACKS["fine-tuning"]), "no training pictures come with it"

    async def stages() -> list[str]:
        shown = thief.press_run("opening", "shapes/alder", visitor)
        return [stage async for stage, _ in shown if isinstance(stage, str)]

    assert texts["attack"]["over"] in asyncio.run(stages())[-1]
