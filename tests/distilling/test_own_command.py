"""From a folder to students by the commands: what is said, what is written, and that an interruption loses little."""

import argparse
import json
from pathlib import Path

import pytest
import torch
from picture_folders import coloured_squares, write_pictures

from dsn.applications import registry
from dsn.applications.own.survey import FolderError
from dsn.applications.registry import application_named
from dsn.distilling import rebuild as workshop
from dsn.distilling import sealed_copies
from dsn.distilling.own_command import run_application
from dsn.distilling.rebuild import Job, rebuild
from dsn.distilling.resuming import Finished
from dsn.student import collection
from dsn.student.collection import demo_serials, load_collection

pytestmark = pytest.mark.usefixtures("one_thread")
OTHERS = {"digits/alder": "E0YKS-C61NX-GAXC", "squares/old": "7D3G9-WJ937-SXXB"}


@pytest.fixture
def project(tmp_path: Path, data_home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project without students, and a folder of 30 coloured squares in it."""
    shelf = tmp_path / "checkpoints"
    shelf.mkdir()
    (tmp_path / "demo_serials.json").write_text(json.dumps(OTHERS))
    for module in (registry, workshop, collection, sealed_copies):
        monkeypatch.setattr(module, "CHECKPOINTS", shelf)
    monkeypatch.setattr(collection, "DEMO_SERIALS", tmp_path / "demo_serials.json")
    monkeypatch.setattr(workshop, "BUILD", tmp_path / "build")
    images, labels = coloured_squares(30, 0)
    write_pictures(tmp_path / "squares", images, [("red", "<b>green", "蓝")[label] for label in labels])
    return tmp_path


def command(project: Path, *, has_key: bool = False, **changed: object) -> None:
    usual: dict = {
        "name": "squares", "folder": project / "squares", "title": None, "size": None, "channels": None,
        "mirror": None, "customers": "elm,fir", "demo_serials": False, "credit": "", "licence": "", "seed": 0,
        "device": "cpu", "arithmetic": "float32", "quiet": True,
    }  # fmt: skip
    run_application(argparse.Namespace(**{**usual, **changed}), has_key=has_key, checkpoints=project / "checkpoints")


def test_the_command_says_all_and_makes_serials(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    command(project)
    said = capsys.readouterr().out
    serials = demo_serials()
    assert set(serials) == {"digits/alder", *(f"squares/{name}" for name in ("elm", "fir", "elm-sealed", "fir-sealed"))}
    assert serials["squares/elm"] == serials["squares/elm-sealed"] != serials["squares/fir"]
    for line in (
        f"  squares/elm: {serials['squares/elm'].text}",
        "  red: 8 + 2",
        "  together: 24 + 6 (four fifths and one fifth, by the seed)",
        "Left out: nothing",
        "Next: python -m dsn rebuild squares",
    ):
        assert line in said.splitlines(), said
    assert "The rebuild will take about" in said and "2 students" in said
    command(project, customers="elm")
    assert demo_serials() == {name: serial for name, serial in serials.items() if "fir" not in name}, (
        "elm keeps its own"
    )


def test_an_owners_serials_are_not_public(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    command(project, has_key=True)
    assert "owner mint" in capsys.readouterr().out and set(demo_serials()) == set(OTHERS)
    command(project, has_key=True, demo_serials=True)
    assert "squares/elm" in demo_serials()


def test_nothing_is_written_for_a_bad_order(project: Path) -> None:
    for changed in ({"customers": "../elm"}, {"size": 20}, {"name": "signs"}, {"folder": project / "nowhere"}):
        with pytest.raises(FolderError):
            command(project, **changed)
    assert list((project / "checkpoints").iterdir()) == [] and set(demo_serials()) == set(OTHERS)


def test_an_interrupted_rebuild_goes_on(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    command(project)
    application, job = application_named("squares"), Job(epochs=1, progress=False, arithmetic="float32")
    recorded: dict[tuple[str, str], dict] = {}
    monkeypatch.setattr(workshop, "record", lambda name, key, row: recorded.__setitem__((name, key), row))
    made: list[str] = []
    make_teacher, make_student = workshop.make_teacher, workshop.make_student

    def teacher(*given):
        made.append("teacher")
        return make_teacher(*given)

    def student(application, customer, *given):
        made.append(customer)
        if made == ["teacher", "elm", "fir"]:
            raise KeyboardInterrupt
        return make_student(application, customer, *given)

    monkeypatch.setattr(workshop, "make_teacher", teacher)
    monkeypatch.setattr(workshop, "make_student", student)
    with pytest.raises(KeyboardInterrupt):
        rebuild([application], job, evaluate=False)
    rebuild([application], job, evaluate=False)
    assert made == ["teacher", "elm", "fir", "fir"]
    assert recorded["teachers", "squares"]["test"]["n"] == 6
    rebuild([application], job, evaluate=False)
    assert made[4:] == ["teacher", "elm", "fir"], "what is finished whole is made anew"
    assert application.home and sorted(path.name for path in application.home.glob("*/")) == [
        "elm",
        "elm-sealed",
        "fir",
        "fir-sealed",
    ]

    shown = load_collection(project / "checkpoints")
    assert shown.customers("squares") == ["elm", "fir"] and shown.held_out["squares"].class_names[0] == "<b>green"
    one = shown.student("squares", "elm")
    assert one.config.classes == application.classes
    pictures = torch.rand(2, *(application.network.channels, *[application.network.size] * 2))
    assert one.predict(pictures, shown.valid_serial("squares", "elm")).shape == (2, 3)


def test_steps_of_another_run_are_not_taken_over(tmp_path: Path) -> None:
    finished = Finished(tmp_path / "rebuild.json", "one")
    finished.add("teacher")
    finished.add("elm")
    assert finished.steps() == ["teacher", "elm"] and not Finished(finished.path, "two").has("teacher")
    finished.path.write_text("{")
    assert finished.steps() == []
    finished.add("teacher")
    assert finished.has("teacher")
    finished.clear()
    assert not finished.path.exists()
