"""The notebook cell for somebody's own pictures: whole, runnable in one piece, its first lines those to change."""

import ast

import nbformat

from dsn.__main__ import parser
from dsn.places import ROOT

NOTEBOOK = ROOT / "assets/notebooks/own_pictures.ipynb"


def test_the_cell_is_whole_and_its_commands_are_those_there_are() -> None:
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    nbformat.validate(notebook)
    assert [cell.cell_type for cell in notebook.cells] == ["markdown", "code"]
    cell = notebook.cells[1]
    assert not cell.outputs and cell.execution_count is None
    tree = ast.parse(cell.source)
    first = [one.targets[0].id for one in tree.body[:5] if isinstance(one, ast.Assign)]  # type: ignore[attr-defined]
    assert first == ["PICTURES", "NAME", "CUSTOMERS", "PASSES", "ADDRESS"]
    prepared = parser().parse_args(["application", "leaves", "/leaves", "--customers", "elm", "--demo-serials", "--quiet"])
    rebuilt = parser().parse_args(["rebuild", "leaves-not-made-yet", "--epochs", "2", "--quiet"])
    assert (prepared.name, rebuilt.tasks) == ("leaves", ["leaves-not-made-yet"])
