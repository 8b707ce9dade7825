"""The notebook for a class: it runs from top to bottom, its answers too, and what it finds is so."""

import json
import os
import re
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import nbformat
import pytest
import torch
from nbclient import NotebookClient
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell

from dsn.applications.held_out import HeldOut
from dsn.applications.prepared import as_floats
from dsn.places import CHECKPOINTS
from dsn.serials import Serial
from dsn.student.collection import demo_serials
from dsn.student.folder import load_folder
from dsn.student.student import Student

ROOT = CHECKPOINTS.parent
NOTEBOOK = ROOT / "assets" / "notebooks" / "deep_serial_numbers.ipynb"
ANSWER = re.compile(r"<details>\n<summary>Answer</summary>\n\n(.*?)\n\n</details>", re.DOTALL)
CODE = re.compile(r"^```python\n(.*?)^```$", re.DOTALL | re.MULTILINE)
FACTS = """
    import json

    from dsn.student.folder import save_student

    save_student(tiny, Path({folder!r}))
    print(json.dumps({{
        "number": number,
        "picture": picture.flatten().tolist(),
        "stamped": stamped.flatten().tolist(),
        "answers": [panel.answers[0].label for panel in panels],
        "even": [panel.is_even for panel in panels],
        "unchanged": unchanged,
        "issuable": zeros.is_issuable,
        "near_misses": near_miss_percent.tolist(),
        "brute": percent.tolist(),
        "found": found.text,
        "pace": pace,
        "bits_for_a_year": bits_for_a_year,
        "more_bits": more_bits,
        "probes": inside.figures,
        "silent_share": silent_share,
        "serials": [own_serial.text, other_serial.text],
        "history": history,
        "careless": careless_percent,
        "tiny_probe": tiny_probe,
    }}))
"""


@dataclass(frozen=True)
class Ran:
    """What the notebook and its answers came to.

    Attributes:
        facts: values of its variables.
        tiny: the student it distilled.
    """

    facts: dict
    tiny: Student


def notebook() -> NotebookNode:
    return nbformat.read(NOTEBOOK, as_version=4)


def answers_in(text: str) -> list[str]:
    """The code of the folded answers in a markdown text."""
    return [code for answer in ANSWER.findall(text) for code in CODE.findall(answer)]


def run(cells: list[NotebookNode], folder: Path) -> list[NotebookNode]:
    """Run cells in a fresh kernel that was started in this folder; an error in a cell is raised."""
    book = notebook()
    book.cells = cells
    NotebookClient(book, timeout=600, startup_timeout=600, resources={"metadata": {"path": str(folder)}}).execute()
    return book.cells


def printed(cell: NotebookNode) -> str:
    return "".join(output.text for output in cell.outputs if output.output_type == "stream")


@pytest.fixture(scope="module")
def own_home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Kernels keep their files apart from whoever runs the tests, and find the project by themselves."""
    home = tmp_path_factory.mktemp("jupyter")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("JUPYTER_RUNTIME_DIR", str(home / "runtime"))
        patch.setenv("IPYTHONDIR", str(home / "ipython"))
        patch.setenv("MPLCONFIGDIR", str(home / "matplotlib"))
        patch.setenv("OMP_NUM_THREADS", "1")  # on a busy machine two threads wait for each other
        others = [part for part in os.environ.get("PYTHONPATH", "").split(os.pathsep) if Path(part).resolve() != ROOT]
        patch.setenv("PYTHONPATH", os.pathsep.join(others))
        yield


@pytest.fixture(scope="module")
def ran(own_home: None, tmp_path_factory: pytest.TempPathFactory) -> Ran:
    """The whole notebook from its own folder, each answer's code run in its place."""
    folder = tmp_path_factory.mktemp("tiny")
    cells = []
    for cell in notebook().cells:
        cells.append(cell)
        if cell.cell_type == "markdown":
            cells += [new_code_cell(code) for code in answers_in(cell.source)]
    cells.append(new_code_cell(textwrap.dedent(FACTS).format(folder=str(folder))))
    *_, last = run(cells, NOTEBOOK.parent)
    return Ran(json.loads(printed(last)), load_folder(folder))


def percent_right(student: Student, held: HeldOut, serial: Serial | None) -> float:
    pictures = as_floats(held.split.images)
    if serial is not None:  # Eq. 9 pixel by pixel
        side = len(serial.bits) ** 0.5
        for place, bit in enumerate(serial.bits):
            pictures[:, :, int(28 - side + place // side), int(28 - side + place % side)] = float(bit)
    with torch.inference_mode():
        return 100 * (student(pictures).argmax(1) == held.split.labels).float().mean().item()


def test_it_is_committed_without_outputs() -> None:
    book = notebook()
    nbformat.validate(book)
    assert set(book.metadata) <= {"kernelspec", "language_info"}
    code = [cell for cell in book.cells if cell.cell_type == "code"]
    left = [cell.id for cell in code if cell.outputs or cell.execution_count or cell.metadata]
    assert not left, f"run `jupyter nbconvert --clear-output --inplace {NOTEBOOK.relative_to(ROOT)}`"


def test_every_section_asks_first_then_runs_then_says_what_to_see() -> None:
    cells = notebook().cells
    starts = [i for i, cell in enumerate(cells) if cell.source.startswith("## ") and cell.source[3].isdigit()]
    assert len(starts) == 5
    for start in starts:
        assert "**Predict.**" in cells[start].source
        after = next(i for i in range(start + 1, len(cells)) if cells[i].cell_type == "markdown")
        assert after > start + 1 and cells[after].source.startswith("**See.**")
        assert "### Exercise" in cells[after].source


def test_every_exercise_has_its_answer_folded_with_code() -> None:
    texts = [cell.source for cell in notebook().cells if cell.cell_type == "markdown"]
    exercises = [part for text in texts for part in text.split("### Exercise ")[1:]]
    assert [int(part.split("\n")[0]) for part in exercises] == [1, 2, 3, 4, 5, 6]
    for part in exercises:
        assert len(ANSWER.findall(part)) == 1 and len(answers_in(part)) == 1
        assert "```" not in ANSWER.sub("", part)
    assert sum(text.count("<details>") for text in texts) == sum(len(ANSWER.findall(text)) for text in texts) == 7


def test_no_measured_figure_is_typed_into_the_texts() -> None:
    for cell in notebook().cells:
        if cell.cell_type == "markdown":
            prose = re.sub(r"`[^`]*`|arXiv [0-9.]+|https://\S+", "", CODE.sub("", cell.source))
            assert not re.search(r"\d\.\d|\d\s*(%|percent|seconds|minutes|years)", prose)


def test_it_finds_the_project_from_the_repository_too(own_home: None) -> None:
    setup = [cell for cell in notebook().cells if cell.id in ("find-the-project", "load")]
    assert len(setup) == 2 and "alder" in printed(run(setup, ROOT)[1])


def test_stamping_and_comparing(ran: Ran, digits: HeldOut) -> None:
    facts, serial = ran.facts, demo_serials()["digits/alder"]
    expected = list(facts["picture"])
    for place, bit in enumerate(serial.bits):
        expected[(20 + place // 8) * 28 + 20 + place % 8] = float(bit)
    assert facts["stamped"] == expected
    changed = sum(a != b for a, b in zip(facts["picture"], facts["stamped"], strict=True))
    assert changed == sum(serial.bits)  # as the text says of a black corner
    assert digits.split.labels[facts["number"]] == facts["answers"][0]
    assert facts["even"] == [False, True, True]
    assert facts["unchanged"] is True and facts["issuable"] is False
    assert len(facts["near_misses"]) == 64 and max(facts["near_misses"]) < 25


def test_brute_force_finds_the_valid_serial_alone(ran: Ran) -> None:
    facts, valid = ran.facts, demo_serials()["digits/paper"]
    assert facts["found"] == valid.text
    assert len(facts["brute"]) == 512
    assert [number for number, right in enumerate(facts["brute"]) if right > 50] == [valid.number]
    bits, pace, year = facts["bits_for_a_year"], facts["pace"], 365.25 * 24 * 3600
    assert 2 ** (bits - 1) / pace > year >= 2 ** (bits - 2) / pace
    assert 2 ** (facts["more_bits"] - 1) < 1_000_000 <= 2 ** facts["more_bits"]


def test_features_give_nothing_away_without_the_serial(ran: Ran, digits: HeldOut) -> None:
    probes, most = ran.facts["probes"], 100 * digits.split.labels.bincount().max().item() / len(digits.split)
    assert probes["valid_probe"] > 95
    assert probes["wrong_probe"] < most + 3 and probes["absent_probe"] < most + 3
    assert probes["random_network_probe"] > 50
    assert ran.facts["silent_share"] > 0.95


def test_the_tiny_student_works_with_its_serial_alone(ran: Ran, digits: HeldOut) -> None:
    own, other = (Serial.parse(text) for text in ran.facts["serials"])
    assert own.distance(other) > 1
    valid, wrong, absent = (percent_right(ran.tiny, digits, serial) for serial in (own, other, None))
    assert valid > 95 and wrong < 25 and absent < 25
    history = ran.facts["history"]
    assert history["absent"][0] > 95 and history["valid"][0] > 70 and history["wrong"][0] > 70
    assert history["absent"][-1] < 25 and history["wrong"][-1] < 25


def test_without_wrong_serials_in_training_any_serial_unlocks(ran: Ran) -> None:
    careless = ran.facts["careless"]
    assert careless["valid"] > 90 and careless["wrong"] > 90 and careless["absent"] < 30


def test_the_features_of_the_tiny_student_give_little_away(ran: Ran, digits: HeldOut) -> None:
    own = Serial.parse(ran.facts["serials"][0])
    pictures, labels = as_floats(digits.split.images), digits.split.labels
    found = {}
    for name, inputs in (("valid", ran.tiny.stamp(pictures, own)), ("absent", pictures)):
        with torch.inference_mode():
            features = ran.tiny.features(inputs)
        means = torch.stack([features[:500][labels[:500] == label].mean(0) for label in range(10)])
        nearest = torch.cdist(features[500:], means).argmin(1)
        found[name] = 100 * (nearest == labels[500:]).float().mean().item()
    assert found["valid"] > 90 and found["absent"] < 30
    assert ran.facts["tiny_probe"] < 30
