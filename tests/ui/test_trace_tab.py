"""The tab that traces a leak: its answers, without a browser."""

import random
import re
from dataclasses import replace
from pathlib import Path

import gradio as gr
import pytest
from gated_students import NETWORK, gated_student
from safetensors.torch import save_file

from dsn.allowance import Allowance, VisitorLimits
from dsn.applications import registry
from dsn.applications.held_out import HeldOut
from dsn.applications.prepared import Split
from dsn.measuring import unlocking
from dsn.owner.trace.changes import CHANGES
from dsn.owner.visitors import Visitors
from dsn.serials import Serial
from dsn.student.collection import Collection
from dsn.student.folder import save_student
from dsn.student.hub import Origin
from dsn.ui.compare.page_script import GALLERY_COUNT
from dsn.ui.texts import load_texts
from dsn.ui.trace import tab as trace_tab
from dsn.ui.trace.tab import TraceTab

TEXTS = load_texts("en")

pytestmark = pytest.mark.usefixtures("one_thread")
SERIALS = {
    "digits/alder": Serial.from_number(0x9E37_79B9_7F4A_7C15),
    "digits/birch": Serial.from_number(0x3C6E_F372_FE94_F82A),
    "digits/cedar": Serial.from_number(0xDAA6_6D2C_7DDF_743F),
}


@pytest.fixture
def tab(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, digits: HeldOut) -> TraceTab:
    monkeypatch.setitem(registry.BUILT_IN, "digits", replace(registry.BUILT_IN["digits"], network=NETWORK))
    monkeypatch.setattr(unlocking, "REFERENCES", 20)
    monkeypatch.setattr(trace_tab, "CHECKPOINTS", tmp_path)
    students = {
        name: gated_student(serial, name.split("/")[1], seed=turn, noise=0.004)
        for turn, (name, serial) in enumerate(SERIALS.items())
    }
    for name, student in students.items():
        save_student(student, tmp_path / name)
    few = HeldOut.of(Split(digits.split.images[:100], digits.split.labels[:100]), digits.class_names)
    origins = {name: Origin("bundled", "checkpoints") for name in students}
    collection = Collection(students, origins, SERIALS, {"digits": few})
    with gr.Blocks():
        return TraceTab(TEXTS, collection, Visitors(VisitorLimits(), tmp_path / "visitors"), Allowance(99, 99))


def last(tab: TraceTab, name: str | None, change: str, path: str | None, visitor: str = "somebody") -> str:
    *_, html = tab.press_trace(name, change, path, gr.Request(session_hash=visitor))
    return html


def test_every_change_has_a_title_and_the_other_way_round() -> None:
    assert list(TEXTS["trace"]["changes"]) == list(CHANGES)


@pytest.mark.parametrize(
    ("change", "verdict"), [("as it is", "bit by bit"), ("bf16", "changed since"), ("foreign", "None of ours")]
)
def test_a_sample_is_traced(tab: TraceTab, change: str, verdict: str) -> None:
    html = last(tab, "digits/birch", change, None)
    assert verdict in html
    assert ('class="named"' in html) == (change != "foreign")
    assert not any(serial.text in html for serial in SERIALS.values())


def test_an_upload_is_traced_and_its_place_on_the_server_is_not_told(tab: TraceTab, tmp_path: Path) -> None:
    path = tmp_path / "upload" / "leak.safetensors"
    path.parent.mkdir()
    save_file(dict(tab.collection.student("digits", "cedar").state_dict()), path)
    assert "digits/cedar" in last(tab, "", "as it is", str(path)).split("</b>")[0]
    path.write_bytes(b"<html>no network</html>")
    html = last(tab, "", "as it is", str(path))
    assert "cannot be read safely" in html or "not a network" in html
    assert str(tmp_path) not in html and "This file" in html


def test_what_a_visitor_minted_is_traced_for_that_visitor_alone(tab: TraceTab, tmp_path: Path) -> None:
    order = tab.visitors.order("mine", "somewhere", registry.BUILT_IN["digits"], "elm")
    student = gated_student(order.claim.serial, "elm", seed=9, noise=0.004)
    tab.visitors.keep(order, student, "")
    path = tmp_path / "leak.safetensors"
    save_file({name: tensor.contiguous() for name, tensor in student.state_dict().items()}, path)
    assert "This is digits/elm (your number 1): its weights are, bit by bit" in last(
        tab, "", "pruned", str(path), "mine"
    )
    for visitor in ("theirs", ""):
        assert "elm" not in last(tab, "", "pruned", str(path), visitor)


def test_nothing_to_trace_is_said(tab: TraceTab) -> None:
    assert TEXTS["trace"]["nothing"] in last(tab, "", "pruned", None)
    assert TEXTS["trace"]["nothing"] in last(tab, None, "pruned", None)


def test_a_mystery_is_asked_about_a_picture_that_can_be_seen(tab: TraceTab) -> None:
    held = tab.collection.held_out["digits"]
    spread = {one: held.split.images[one].float().std().item() for one in held.gallery(GALLERY_COUNT)}
    clear = held.clear(GALLERY_COUNT)
    assert len(clear) == len(spread) // 2
    assert all(spread[one] >= max(spread[other] for other in spread if other not in clear) for one in clear)
    assert len(held.clear(10 * len(held.labels))) == len(held.labels) // 2  # there may be fewer than are asked for


def test_a_mystery_is_told_by_what_each_serial_does_and_by_nothing_else(tab: TraceTab) -> None:
    tab.source = random.Random(0)
    told = []
    for _ in range(8):
        html, (name, change) = tab.deal()
        answers = re.findall(r'data-guess="\d"[^>]*>([^<]+)</button>(?:<button[^>]* data-says="([^"]+)")?', html)
        customers = [customer for customer, _ in answers]
        assert customers == ["alder", "birch", "cedar", TEXTS["trace"]["mystery"]["nobody"]]
        assert change != "as it is" and name in SERIALS and name not in html and change not in html
        spoke = [customer for customer, said in answers if said and said != TEXTS["panels"]["silent"]]
        told += [name.split("/")[1] in spoke] if change != "foreign" else []
    assert sum(told) > len(told) / 2, "its own serial opens a copy, if not for every picture"


def test_a_guess_is_held_against_the_copy_that_was_dealt(tab: TraceTab) -> None:
    said = TEXTS["trace"]["mystery"]
    asking = gr.Request(session_hash="somebody")
    for guess, told in ((1, said["right"]), (0, said["wrong"]), (3, said["wrong"])):
        *_, html = tab.press_guess(("digits/birch", "bf16"), gr.EventData(None, {"index": guess}), asking)
        assert told.format(name="digits/birch") in html and "digits/birch" in html
    for guess, told in ((3, said["right_nobody"]), (0, said["wrong_nobody"])):
        *_, html = tab.press_guess(("digits/birch", "foreign"), gr.EventData(None, {"index": guess}), asking)
        assert told in html
    assert list(tab.press_guess(None, gr.EventData(None, {"index": 0}), asking)) == []
