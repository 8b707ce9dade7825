"""Promises about the project as a whole: what is imported, what is loaded, what is given away."""

import ast
import json
import pkgutil
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest
import torch
from given_away import given_away
from tiny_students import tiny_student

import dsn
from dsn.files import write_tensors
from dsn.networks.classifier import adversary
from dsn.serials import Serial
from dsn.student.folder import save_student

ROOT = Path(dsn.__file__).parent.parent
SOURCES = [ROOT / "app.py", *sorted((ROOT / "dsn").rglob("*.py"))]
SERIALS = json.loads((ROOT / "assets" / "demo_serials.json").read_text("utf-8"))
SHIPPED = sorted(path for path in (ROOT / "checkpoints").glob("*/*") if path.is_dir())

source = pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))


def is_of_the_page(path: Path) -> bool:
    return path.name == "app.py" or "ui" in path.parts


@cache
def imported(path: Path) -> set[str]:
    """Full names of all modules that a source imports, anywhere in it."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return names


def test_only_the_page_and_its_bench_import_gradio() -> None:
    modules = [
        module.name
        for module in pkgutil.walk_packages(dsn.__path__, "dsn.")
        if not f"{module.name}.".startswith(("dsn.ui.", "dsn.bench."))
    ]
    assert {"dsn.serials", "dsn.distilling.distil", "dsn.__main__"} <= set(modules)
    code = f"import sys, {', '.join(modules)}\nprint(*sorted(name for name in sys.modules if 'gradio' in name))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert (done.returncode, done.stdout.strip()) == (0, ""), done.stderr


@source
def test_no_source_unpickles(path: Path) -> None:
    forbidden = {"pickle", "_pickle", "cPickle", "dill", "cloudpickle", "joblib", "marshal", "shelve"}
    assert not {name.split(".")[0] for name in imported(path)} & forbidden
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Attribute) and node.attr in ("load", "save"):
            assert ast.unparse(node) not in ("torch.load", "torch.save", "torch.jit.load", "torch.hub.load")
        func = node.func if isinstance(node, ast.Call) else None
        if isinstance(func, ast.Attribute) and func.attr == "load" and ast.unparse(func) in ("np.load", "numpy.load"):
            assert "allow_pickle=False" in ast.unparse(node)
        if isinstance(node, ast.keyword) and node.arg == "allow_pickle":
            assert ast.unparse(node.value) == "False"


@pytest.mark.parametrize(
    "path", [path for path in SOURCES if is_of_the_page(path)], ids=lambda path: str(path.relative_to(ROOT))
)
def test_the_page_neither_trains_nor_holds_networks(path: Path) -> None:
    maths = {"torch.nn", "torch.optim", "dsn.distilling", "dsn.networks"}
    assert not [name for name in imported(path) if any(f"{name}.".startswith(f"{one}.") for one in maths)]


@pytest.mark.parametrize("folder", SHIPPED, ids=lambda folder: f"{folder.parent.name}/{folder.name}")
def test_a_shipped_student_gives_nothing_away(folder: Path) -> None:
    assert given_away(folder, list(SERIALS.values())) == []


def test_every_shipped_folder_has_a_demo_serial() -> None:
    assert {f"{folder.parent.name}/{folder.name}" for folder in SHIPPED} <= set(SERIALS)
    loose = [path.name for path in (ROOT / "checkpoints").glob("*") if not path.is_dir()]
    assert loose == ["README.md"], "beside the folders, the collection's card alone"


def test_what_must_not_be_given_away_would_be_found(tmp_path: Path) -> None:
    clean = tmp_path / "clean"
    student = tiny_student()
    save_student(student, clean)
    long, short = SERIALS["digits/alder"], SERIALS["digits/paper"]
    bits = Serial.parse(long).bits
    weights = student.state_dict()
    rival = {f"adversary.{name}": tensor for name, tensor in adversary(student.config.network).state_dict().items()}
    assert given_away(clean, [long, short]) == []

    def tampered(name: str, write) -> list[str]:
        folder = tmp_path / name
        shutil.copytree(clean, folder)
        write(folder)
        return given_away(folder, [long, short])

    def with_tensors(others: dict[str, torch.Tensor], notes: dict[str, str] | None = None):
        return lambda folder: write_tensors(folder / "model.safetensors", {**weights, **others}, notes)

    def with_text(text: str):
        return lambda folder: (folder / "README.md").write_text(text)

    assert tampered("long", with_text(f"Try {long.replace('-', '').lower()}!")) == ["a serial in README.md"]
    assert tampered("short", with_text(f"Try {short}!")) == ["a serial in README.md"]
    assert tampered("bits", with_text(str(list(bits)))) == ["a serial in README.md"]
    assert tampered("note", with_tensors({}, {"serial": long})) == ["a serial in model.safetensors", "the note serial"]
    assert tampered("rival", with_tensors(rival)) == [f"the tensor {name}" for name in sorted(rival)]
    hidden = {"predictor.weight": torch.tensor(bits, dtype=torch.float32)}
    assert tampered("hidden", with_tensors(hidden)) == ["a serial in the tensor predictor.weight"]
    teacher = {f"teacher.{name}": tensor.clone() for name, tensor in weights.items()}
    assert len(tampered("teacher", with_tensors(teacher))) == len(teacher)
    assert tampered("file", lambda folder: (folder / "optimizer.pt").touch()) == ["the file optimizer.pt"]
