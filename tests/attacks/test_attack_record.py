"""An attack that exists only as a record: in the command, the table and the page, with nothing changed elsewhere."""

import asyncio
import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import gradio as gr
import pytest
import torch
from attack_scenes import small_scene

from dsn.__main__ import main
from dsn.applications.held_out import HeldOut
from dsn.applications.registry import BUILT_IN
from dsn.attacks.kit.measuring import percent_right
from dsn.attacks.kit.record import Attack, Drawn, Judged, Line, Needs, at_chance
from dsn.attacks.kit.scene import AttackError, Outcome, Running, Scene, Step
from dsn.attacks.recorded import run_and_record
from dsn.attacks.registry import ATTACKS, attack_named
from dsn.attacks.watched import victims
from dsn.student.collection import Collection, load_collection
from dsn.student.student import Student
from dsn.tables.attacks import cell
from dsn.tables.readme import attacks_table
from dsn.ui.attack.longer import render_longer_attacks
from dsn.ui.attack.tab import AttackTab
from dsn.ui.figures.rendering import render_attacks
from dsn.ui.serving.background import Background
from dsn.ui.serving.waiting_line import WaitingLine
from dsn.ui.texts import languages, load_texts

ABOUT = """Dimming: look at ever darker pictures.

The adversary has the weights and no serial. Not in the paper. There is no budget without the student.
"""


@dataclass(frozen=True)
class Settings:
    """How dark."""

    steps: int = 3


def attack(scene: Scene, settings: Settings, share: float, seed: int) -> Running:
    """Raw pictures, darker at every step."""
    found = []
    for done in range(1, settings.steps + 1):
        found.append(percent_right(scene.student, scene.test, partial(torch.div, other=done)))
        yield Step(done, settings.steps, {"dimmed": found[-1]})
    return Outcome({"best": max(found)}, {"x": [float(one + 1) for one in range(len(found))], "dimmed": found})


TOY = Attack(
    "dimming",
    ABOUT,
    attack,
    Settings(),
    Settings(2),
    watched=Settings(2),
    curves=(Drawn("dimmed", "dimmed pictures", "absent", stepped="dimmed"),),
    judged=Judged("best"),
    lines=(Line("darker pictures: absent, the best of them", ("best",), bar=at_chance),),
)


@pytest.fixture(autouse=True)
def known(one_thread: None) -> Iterator[None]:
    """The record stands in the registry, as its one line would put it there."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(ATTACKS, TOY.name, TOY)
        yield


@pytest.fixture(scope="module")
def collection() -> Collection:
    return load_collection()


def test_the_command_knows_it(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["attack", "--help"])
    assert TOY.name in capsys.readouterr().out
    assert attack_named("dimming").settings(BUILT_IN["digits"], quick=True) == Settings(2)


def test_its_row_stands_in_every_table(
    talkative_student: Student, digits: HeldOut, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scene = small_scene(talkative_student, digits)
    run_and_record(TOY, scene, TOY.shares, 1, tmp_path, quick=True, report=lambda line: None)
    rows = json.loads((tmp_path / "attacks.json").read_text("utf-8"))
    (row,) = rows.values()
    assert row["settings"] == {"steps": 2} and row["figures"]["best"]["mean"] >= 0
    row["customer"] = TOY.customer
    found, bar = cell(TOY, TOY.lines[0], BUILT_IN["digits"], rows), BUILT_IN["digits"].attack_bar
    assert bar and found.text != "–" and found.met is (row["figures"]["best"]["mean"] <= bar)
    monkeypatch.setattr("dsn.tables.readme.read_results", lambda name: rows)
    assert f"| {TOY.lines[0].what} | " in attacks_table()
    for language in languages():
        assert TOY.lines[0].what in render_attacks(load_texts(language), rows)


@pytest.mark.parametrize("language", languages())
def test_the_page_offers_it_and_shows_it_from_the_first_step_to_what_it_came_to(
    collection: Collection, language: str
) -> None:
    texts, visitor = load_texts(language), gr.Request(session_hash="visitor")
    with gr.Blocks():
        tab = AttackTab(texts, collection, Background(), WaitingLine())
    assert list(tab.titles)[-1] == "dimming" and tab.titles["dimming"] == TOY.title
    (name, *_), about = victims(collection, TOY), tab.choose_attack("dimming", visitor)[1]
    assert "The adversary has the weights and no serial." in about

    async def stages() -> list[str]:
        return [stage async for stage, _ in tab.press_run("dimming", name, visitor) if isinstance(stage, str)]

    *_, last = asyncio.run(stages())
    assert texts["attack"]["over"] in last and "dimmed pictures" in last and "best: " in last


def test_one_that_takes_too_long_is_shown_as_recorded(collection: Collection, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(ATTACKS, TOY.name, replace(TOY, watched=None))
    for language in languages():
        html = render_longer_attacks(load_texts(language), collection)
        assert TOY.title in html and TOY.lines[0].what in html and "dsn attack dimming " in html


def test_where_a_lock_makes_it_pointless_it_says_why_and_is_not_offered(
    collection: Collection, talkative_student: Student, digits: HeldOut
) -> None:
    why = "A stamped student is dim enough."
    pointless = replace(TOY, needs=Needs(pointless={"stamped": why}))
    assert pointless.needs.locks == ("sealed",) and all("-sealed" in name for name in victims(collection, pointless))
    scene = small_scene(talkative_student, digits)
    with pytest.raises(AttackError, match=why):
        run_and_record(pointless, scene, TOY.shares, 1, Path("nowhere"), quick=True, report=lambda line: None)


def test_what_it_needs_of_a_student_decides_where_it_is_offered(collection: Collection) -> None:
    short = replace(TOY, needs=Needs(bits=9))
    assert {len(collection.serials[name].bits) for name in victims(collection, short)} == {9}
    trained = replace(TOY, needs=Needs(training_pictures=True))
    assert {name.split("/")[0] for name in victims(collection, trained)} == {"digits"}
    assert short.customer == "paper" and trained.customer == "alder"
