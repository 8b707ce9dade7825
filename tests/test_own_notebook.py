"""The notebook cell for somebody's own pictures, in a project of its own: by the commands, from folder to figures."""

import shutil
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient
from nbformat import NotebookNode
from picture_folders import coloured_squares, write_pictures

from dsn.applications.registry import BUILT_IN
from dsn.places import ROOT

NOTEBOOK = "assets/notebooks/own_pictures.ipynb"
HUES = ("red", "green", "blue")


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of what the commands need, so that nothing is written into this one; without data, key, or students."""
    copy = tmp_path / "project"
    for name in ("dsn", "assets"):
        shutil.copytree(ROOT / name, copy / name, ignore=shutil.ignore_patterns("__pycache__", "screenshots"))
    for name in ("checkpoints/README.md", "README.md", "pyproject.toml"):
        (copy / name).parent.mkdir(exist_ok=True)
        shutil.copy(ROOT / name, copy / name)
    for student in BUILT_IN:
        shutil.copytree(ROOT / "checkpoints" / student, copy / "checkpoints" / student)
    monkeypatch.setenv("DSN_OWNER", str(tmp_path / "nobody"))
    monkeypatch.setenv("DSN_DATA", str(copy / "data"))
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    monkeypatch.setenv("DSN_ARITHMETIC", "float32")
    monkeypatch.delenv("PYTHONPATH", raising=False)
    return copy


def with_values(notebook: NotebookNode, **values: object) -> NotebookNode:
    """The notebook with other values in the first lines of its cell."""
    (cell,) = (one for one in notebook.cells if one.cell_type == "code")
    lines = cell.source.splitlines()
    for name, value in values.items():
        (place,) = (place for place, line in enumerate(lines) if line.startswith(f"{name} = "))
        lines[place] = f"{name} = {value!r}"
    cell.source = "\n".join(lines)
    return notebook


def test_the_cell_goes_from_a_folder_to_figures(project: Path, tmp_path: Path) -> None:
    images, labels = coloured_squares(30, 0, size=28)
    write_pictures(tmp_path / "squares", images, [HUES[label] for label in labels])
    notebook = nbformat.read(project / NOTEBOOK, as_version=4)
    assert [cell.cell_type for cell in notebook.cells] == ["markdown", "code"]
    with_values(notebook, PICTURES=str(tmp_path / "squares"), NAME="squares", CUSTOMERS="elm", PASSES=1)
    NotebookClient(notebook, timeout=None, resources={"metadata": {"path": str(project / "assets")}}).execute()
    outputs = notebook.cells[1].outputs
    said = "".join(one.text for one in outputs if one.output_type == "stream")
    assert "  squares/elm: " in said and "The rebuild will take about" in said
    assert "elm: right with the serial on" in said and "guessing evenly: 33.33 %" in said
    assert any("image/png" in one.get("data", {}) for one in outputs), "the three answers are drawn"
    home = project / "checkpoints" / "squares"
    assert {path.name for path in home.iterdir()} == {"application.json", "held_out.safetensors", "elm", "elm-sealed"}
    for name in ("elm", "elm-sealed"):
        assert {path.name for path in (home / name).iterdir()} == {"README.md", "config.json", "model.safetensors"}
        assert "Squares: the student of customer" in (home / name / "README.md").read_text("utf-8")
    assert "squares" not in (project / "README.md").read_text("utf-8").lower(), "documents tell of built-in ones alone"
