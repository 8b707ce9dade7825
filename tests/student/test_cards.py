"""Model cards and the README say what the results files say, and the Hub can read them."""

import json
import re

import pytest
import torch
import yaml
from huggingface_hub import ModelCard, ModelCardData, parse_eval_result_entries

from dsn.applications.registry import BUILT_IN
from dsn.owner.publishing import pack
from dsn.places import CHECKPOINTS, ROOT
from dsn.results.store import RESULTS, read_results
from dsn.student.collection import demo_serials
from dsn.student.folder import CONFIG, WEIGHTS, load_folder
from dsn.tables.attacks import best_attack
from dsn.tables.readme import DOCUMENTS, README, card_of, filled

HUB = ROOT / "dsn" / "student" / "README.md"


def test_the_readme_holds_the_recorded_tables() -> None:
    texts = [document.read_text("utf-8") for document in DOCUMENTS]
    for text in texts:
        assert filled(text) == text, "run `python -m dsn cards`"
    row = read_results("students")["digits/alder"]
    assert f"{row['valid']['percent']:.2f} (" in texts[1] and f"| {row['valid']['percent']:.2f} |" in texts[0]
    assert len(texts[0].encode()) <= 12_000, "the first document is read in three minutes"


def test_every_link_leads_somewhere() -> None:
    for document in [*DOCUMENTS, *(ROOT / "dsn").rglob("README.md"), *(ROOT / "assets").glob("*.md")]:
        for link in re.findall(r"\]\(([^)\s#]+)[^)]*\)", document.read_text("utf-8")):
            assert link.startswith("https://") or (document.parent / link).exists(), f"{document}: {link}"


def test_the_best_attack_is_the_highest_of_those_recorded() -> None:
    for task in ("digits", "signs"):
        row = read_results("attacks")[f"{task}/alder/opening/10"]
        best = best_attack(task)
        assert best is not None and best[1] >= max(row["figures"][name]["mean"] for name in ("best", "centred"))


def test_the_readme_opens_as_a_space() -> None:
    block = README.read_text("utf-8").split("---\n")[1]
    for line in ("sdk: gradio", "app_file: app.py", "license: mit"):
        assert line in block
    version = re.search(r"sdk_version: 6\.(\d+)", block)
    assert version and int(version[1]) >= 31


def test_what_a_space_downloads_beforehand_is_what_a_student_is_loaded_from() -> None:
    block = re.search(r"<!-- preload -->\n```yaml\n(.*?)```", HUB.read_text("utf-8"), re.DOTALL)
    assert block is not None
    for entry in ModelCard(f"---\n{block[1]}---\n").data.to_dict()["preload_from_hub"]:
        repository, files = entry.split()
        assert files.split(",") == [CONFIG, WEIGHTS]
        assert f'={repository}@main" make demo' in HUB.read_text("utf-8")


def test_every_card_has_its_figures_as_metadata() -> None:
    for name, row in read_results("students").items():
        written = (CHECKPOINTS / name / "README.md").read_text("utf-8")
        assert written == card_of(BUILT_IN[row["task"]], row), "run `python -m dsn cards`"
        data = ModelCard(written).data
        assert isinstance(data, ModelCardData) and data.eval_results
        results = {result.metric_name: result.metric_value for result in data.eval_results}
        assert results["accuracy, no serial"] == round(row["absent"]["percent"] / 100, 4)
        assert results["accuracy, valid serial stamped"] == round(row["valid"]["percent"] / 100, 4)


def test_every_card_names_its_sources() -> None:
    for name in read_results("students"):
        card = ModelCard.load(CHECKPOINTS / name / "README.md")
        assert isinstance(card.data, ModelCardData) and card.data.eval_results
        assert card.data.library_name == "dsn" and card.data.base_model is None
        application = BUILT_IN[name.split("/")[0]]
        of_hub, kinds = application.hub_data_set, {one.dataset_type for one in card.data.eval_results}
        assert card.data.datasets == ([of_hub] if of_hub else None)
        assert kinds == {of_hub or application.data_set.lower()}
        assert "https://arxiv.org/abs/2011.08960" in card.text and "there is no base model" in card.text


@pytest.mark.parametrize("name", ["digits/alder", "digits/paper-sealed", "signs/birch"])
def test_a_cards_program_runs_as_it_stands(
    name: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    card = (CHECKPOINTS / name / "README.md").read_text("utf-8")
    (program,) = re.findall(r"```python\n(.*?)```", card, re.DOTALL)
    serial = demo_serials()[name]
    monkeypatch.chdir(ROOT)
    monkeypatch.setattr("builtins.input", lambda asked: serial.text)
    names: dict = {}
    exec(compile(program, "README.md", "exec"), names)
    expected = load_folder(CHECKPOINTS / name).predict(names["images"], serial)
    assert torch.equal(names["student"].predict(names["images"], serial), expected)
    assert capsys.readouterr().out == f"{expected}\n"


@pytest.mark.parametrize("name", ["digits/alder", "signs/alder-sealed"])
def test_a_published_student_has_its_figures_in_files_of_their_own(name: str) -> None:
    row, task = read_results("students")[name], name.split("/")[0]
    files = pack(CHECKPOINTS / name, "acme/some").files
    results = {path: content for path, content in files.items() if path.startswith(".eval_results/")}
    found = [entry for text in results.values() for entry in parse_eval_result_entries(yaml.safe_load(text))]
    assert len(results) == len(found) == 2
    assert {(entry.notes, entry.value) for entry in found} == {
        ("valid serial stamped, percent", round(row["valid"]["percent"], 2)),
        ("no serial, percent", round(row["absent"]["percent"], 2)),
    }
    assert {entry.dataset_id for entry in found} == {BUILT_IN[task].hub_data_set}


def test_a_card_says_what_attacks_on_its_student_came_to_and_no_other_does() -> None:
    cards = {name: (CHECKPOINTS / f"digits/{name}" / "README.md").read_text("utf-8") for name in ("alder", "birch")}
    opening = read_results("attacks")["digits/alder/opening/10"]["figures"]["best"]["highest"]
    assert f"| replacing the last ReLU | **falls**: {opening:.2f} % |" in cards["alder"]
    assert "attack, without the serial" not in cards["birch"]
    sealed = read_results("attacks")["digits/alder-sealed/opening/10"]["figures"]["best"]["highest"]
    card = (CHECKPOINTS / "digits/alder-sealed" / "README.md").read_text("utf-8")
    assert f"| replacing the last ReLU | holds: {sealed:.2f} % |" in card


def test_cards_hold_no_serial() -> None:
    for name, serial in demo_serials().items():
        for path in (CHECKPOINTS / name).iterdir():
            assert serial.text.encode() not in path.read_bytes(), path


def test_every_results_file_says_how_it_was_made() -> None:
    for path in RESULTS.glob("*.json"):
        if path.stem == "published":
            continue
        for row in json.loads(path.read_text("utf-8")).values():
            assert {"seed", "commit", "device", "date"} <= row.keys(), path.name
