"""Exported files, opened with other programs' libraries: one page, the right figures, no serial unless asked for."""

import csv
import io
import json
from pathlib import Path

import numpy as np
import pytest
from fontTools.ttLib import TTFont
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.patches import Rectangle
from PIL import Image
from pypdf import PdfReader

from dsn.allowance import VisitorLimits
from dsn.export.drawing import HATCHES, as_pdf, as_png, draw
from dsn.export.font import FONT
from dsn.export.sheet import Measured, Sheet, without_stamp
from dsn.export.tables import FORMULA_STARTS, Exported, as_csv, as_json, figures, safe_cell
from dsn.export.visitor_files import ExportError, VisitorFiles
from dsn.measuring.comparison import compare, measure
from dsn.results.store import read_results
from dsn.student.collection import Collection, load_collection
from dsn.ui.compare.chosen_picture import first_wrong, from_gallery
from dsn.ui.take_home.export_sheet import build_sheet
from dsn.ui.texts import languages, load_texts

CASES = [("digits", "alder"), ("signs", "paper")]


@pytest.fixture(scope="module")
def collection() -> Collection:
    return load_collection()


def measured_of(collection: Collection, task: str, customer: str) -> Measured:
    student, valid = collection.student(task, customer), collection.valid_serial(task, customer)
    *_, whole = measure(student, collection.held_out[task].split, valid, first_wrong(valid))
    return Measured(task, customer, first_wrong(valid), whole)


def sheet_of(
    collection: Collection, task: str, customer: str, *, show: bool, language: str = "en", measured: bool = False
) -> Sheet:
    student, valid = collection.student(task, customer), collection.valid_serial(task, customer)
    chosen = from_gallery(collection, task, 6)
    found = measured_of(collection, task, customer) if measured else None
    values = figures(Exported(task, customer, "0" * 64), found, collection.held_out[task], show_serial=show)
    values["versions"]["gradio"] = "6"
    panels = compare(student, chosen.picture, valid, first_wrong(valid), chosen.label)
    return build_sheet(
        load_texts(language), student, panels, index=chosen.index, truth=chosen.label, values=values,
        measured=found, date="2026-11-24", show_serial=show,
    )  # fmt: skip


def pdf_text(content: bytes) -> str:
    pages = PdfReader(io.BytesIO(content)).pages
    assert len(pages) == 1
    return pages[0].extract_text()


@pytest.mark.parametrize(("task", "customer"), CASES)
def test_the_serial_is_in_the_pdf_only_where_it_is_shown(collection: Collection, task: str, customer: str) -> None:
    valid = collection.valid_serial(task, customer)
    hidden = as_pdf(sheet_of(collection, task, customer, show=False))
    shown = pdf_text(as_pdf(sheet_of(collection, task, customer, show=True)))
    for serial in (valid, first_wrong(valid)):
        assert serial.text in shown
        assert serial.text not in pdf_text(hidden).split() and serial.text.encode() not in hidden.split()
    for words in ("2026-11-24", "dsn 0.", "torch", load_texts("en").customer(customer), "hidden"):
        assert words in pdf_text(hidden)


@pytest.mark.parametrize(("task", "customer"), CASES)
def test_a_hidden_stamp_is_no_longer_in_the_picture(collection: Collection, task: str, customer: str) -> None:
    student, valid = collection.student(task, customer), collection.valid_serial(task, customer)
    picture = from_gallery(collection, task, 6).picture
    place = student.place
    one, other = (without_stamp(student.stamp(picture, k)[0], place) for k in (valid, first_wrong(valid)))
    assert one.equal(other)  # whatever was stamped, what is left is the same
    assert one[:, place.rows, place.columns].unique().numel() == 1
    elsewhere = one != student.stamp(picture, valid)[0]
    elsewhere[:, place.rows, place.columns] = False
    assert not elsewhere.any()
    hidden, shown = (sheet_of(collection, task, customer, show=show) for show in (False, True))
    pictures = [np.asarray(Image.open(io.BytesIO(as_png(sheet)))) for sheet in (hidden, shown)]
    assert pictures[0].shape == pictures[1].shape and pictures[0].shape[1] > 1500
    assert (pictures[0] != pictures[1]).any()
    embedded = [image.data for image in PdfReader(io.BytesIO(as_pdf(hidden))).pages[0].images]
    assert len(embedded) == 3 and embedded[0] == embedded[1] != embedded[2]  # the same but for their stamps


@pytest.mark.parametrize("language", languages())
def test_a_page_is_right_in_every_language(collection: Collection, language: str) -> None:
    texts = load_texts(language)
    text = pdf_text(as_pdf(sheet_of(collection, "digits", "alder", show=False, language=language, measured=True)))
    plain = "".join(text.split())
    said = texts["export"]["sheet"]
    silent = texts["measure"]["silent"].format(count="1,000")
    for sentence in (said["title"], said["hidden_note"], said["convention"], silent):
        assert "".join(sentence.split()) in plain


def test_a_condition_has_its_pattern_and_nothing_else_a_hue(collection: Collection) -> None:
    sheet = sheet_of(collection, "digits", "alder", show=False, measured=True)
    assert {one.get_hatch() for one in draw(sheet).findobj(Rectangle)} >= {None, *filter(None, HATCHES.values())}
    pixels = np.asarray(Image.open(io.BytesIO(as_png(sheet))).convert("RGB")).astype(int)
    red, green, blue = pixels[..., 0], pixels[..., 1], pixels[..., 2]
    assert not ((red > 120) & (blue > green) & (red > 2 * green)).any(), "red is left for mistakes to mend"


@pytest.mark.parametrize("language", languages())
def test_the_font_has_every_character_of_every_language(language: str) -> None:
    known = set(TTFont(FONT).getBestCmap())
    drawn = {name: said for name, said in load_texts(language).sections.items() if name not in ("lesson", "glossary")}
    missing = {one for one in json.dumps(drawn, ensure_ascii=False) if ord(one) not in known}
    assert not missing - {"\n"}, f"python -m dsn.export.font is to add {sorted(missing)}"


def test_figures_are_those_of_the_results_files(collection: Collection) -> None:
    measured = measured_of(collection, "digits", "alder")
    values = figures(Exported("digits", "alder", "0" * 64), measured, collection.held_out["digits"])
    read = json.loads(as_json(values))
    assert read["recorded"]["students"] == read_results("students")["digits/alder"]
    assert read["recorded"]["teachers"] == read_results("teachers")["digits"]
    counts = measured.measurement.counts["valid"]
    assert read["measured"]["valid"]["percent"] == round(100 * counts.trace().item() / counts.sum().item(), 2)
    assert {"seed", "commit", "device", "torch", "date"} <= set(read["measured"])
    lines = list(csv.DictReader(io.StringIO(as_csv(values))))
    silent = {line["measure"]: float(line["percent"]) for line in lines if line["measure"].startswith("no answer, ")}
    assert silent == {"no answer, valid": 0, "no answer, entered": 100, "no answer, absent": 100}
    assert all(line["date"] and line["commit"] and line["device"] for line in lines)
    row = read_results("students")["digits/alder"]
    by_measure = {line["measure"]: line for line in lines if line["source"] == "students.json"}
    assert float(by_measure["valid"]["percent"]) == row["valid"]["percent"]
    assert float(by_measure["random_wrong"]["mean_percent"]) == row["random_wrong"]["mean"]
    assert float(by_measure["one_bit_wrong"]["percent"]) == row["one_bit_wrong"]["worst"]["percent"]
    assert measured.serial is not None and measured.serial.text not in as_csv(values) + as_json(values)
    shown = figures(Exported("digits", "alder", "0" * 64), measured, collection.held_out["digits"], show_serial=True)
    assert shown["measured"]["entered_serial"] == measured.serial.text


@given(st.text(max_size=20) | st.sampled_from(["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1"]))
def test_no_cell_is_a_formula(text: str) -> None:
    cell = safe_cell(text)
    assert isinstance(cell, str) and not cell.startswith(FORMULA_STARTS)
    assert cell.removeprefix("'") == text.removeprefix("'")


def test_files_are_few_and_go_when_their_visitor_goes(tmp_path: Path) -> None:
    visitor_files = VisitorFiles(
        VisitorLimits(exports_per_tab=2, exports_per_hour=4, exports_per_hour_in_all=9), tmp_path
    )
    mine = [visitor_files.put("tab", "here", f"{place}.png", lambda: b"content") for place in range(3)]
    other = visitor_files.put("other", "there", "0.png", lambda: b"others'")
    assert [path.exists() for path in mine] == [False, True, True]
    assert mine[1].parent != mine[2].parent and mine[1].read_bytes() == b"content"
    visitor_files.put("tab", "here", "last.png", lambda: b"")
    with pytest.raises(ExportError, match="too_many"):
        visitor_files.put("tab", "here", "more.png", lambda: pytest.fail("made in vain"))
    visitor_files.leave("tab")
    visitor_files.leave("tab")
    assert list(tmp_path.rglob("*.png")) == [other]
    visitor_files.leave("other")
    assert list(tmp_path.iterdir()) == []


def test_files_go_with_time(tmp_path: Path) -> None:
    visitor_files = VisitorFiles(VisitorLimits(minutes_kept=0.0), tmp_path)
    first = visitor_files.put("tab", "here", "a.png", lambda: b"a")
    second = visitor_files.put("other", "there", "b.png", lambda: b"b")
    assert not first.exists() and second.exists()
