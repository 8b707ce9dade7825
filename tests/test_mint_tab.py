"""The tab where a visitor is the owner: what goes wrong is said, and the queue goes on."""

from dataclasses import replace
from pathlib import Path

import gradio as gr
import pytest
from gated_students import gated_student
from test_visitors import files, files_no_larger_than

from dsn.allowance import VisitorLimits
from dsn.collection import Collection
from dsn.held_out import HeldOut
from dsn.hub import Origin
from dsn.owner.quick import QuickMint
from dsn.owner.visitors import Visitors
from dsn.serials import random_serial
from dsn.ui.mint_tab import MintTab, Ticket
from dsn.ui.texts import load_texts

TEXTS = load_texts("en")
MINT = TEXTS["mint"]

pytestmark = pytest.mark.usefixtures("one_thread")
TINY = QuickMint(epochs=1, training_pictures=192, looks=2, pictures=20)
ME = gr.Request(session_hash="me", client={"host": "somewhere"})


@pytest.fixture
def tab(tmp_path: Path, digits: HeldOut) -> MintTab:
    alder = random_serial()
    collection = Collection(
        {"digits/alder": gated_student(alder)},
        {"digits/alder": Origin("bundled", "checkpoints")},
        {"digits/alder": alder},
        {"digits": digits},
    )
    with gr.Blocks():
        return MintTab(TEXTS, collection, Visitors(VisitorLimits(), tmp_path), TINY)


def ordered(tab: MintTab, name: str = "elm") -> Ticket:
    return tab.press_mint(name, ME)[3]


def test_one_minting_from_order_to_trial(tab: MintTab, tmp_path: Path) -> None:
    live, *_ = list(tab.mint(ordered(tab)))[-1]
    (made,) = tab.visitors.made("me")
    assert made.parcel and files(tmp_path) == [made.parcel]
    assert "The network of elm is ready" in live and "Download digits-elm.zip" in live
    panels, _, entered = tab.trial.press_none(0, ME)
    assert made.order.claim.serial.text in panels and entered is None
    panels, *_ = tab.trial.press_another(0, None, ME)
    assert "The serial of customer <strong>alder</strong>" in panels


def test_one_that_takes_too_long_is_given_up(tab: MintTab, tmp_path: Path) -> None:
    tab.visitors.limits = replace(tab.visitors.limits, seconds_per_student=0.0)
    shown = list(tab.mint(ordered(tab)))
    assert "takes longer than 0 seconds" in shown[-1][0] and len(shown) <= 3
    assert tab.visitors.waiting_for("me") is None and tab.visitors.made("me") == [] and files(tmp_path) == []
    assert ordered(tab, "fir")


def test_one_that_is_stopped_ends_at_the_next_step(tab: MintTab, tmp_path: Path) -> None:
    minting = tab.mint(ordered(tab))
    next(minting)
    next(minting)
    tab.press_stop(ME)
    assert MINT["stopped"] in next(minting)[0]
    assert list(minting) == [] and tab.visitors.made("me") == [] and files(tmp_path) == []


def test_a_page_that_goes_away_frees_the_queue(tab: MintTab) -> None:
    minting = tab.mint(ordered(tab))
    next(minting)
    minting.close()
    assert tab.visitors.waiting_for("me") is None


def test_an_old_ticket_mints_nothing(tab: MintTab) -> None:
    old = ordered(tab)
    tab.press_stop(ME)
    new = ordered(tab, "fir")
    assert MINT["stopped"] in list(tab.mint(old))[-1][0]
    assert MINT["stopped"] in list(tab.mint(None))[-1][0]
    waiting = tab.visitors.waiting_for("me")
    assert waiting is not None and waiting.number == new[1]


def test_a_full_disk_is_said_and_the_student_can_be_tried(tab: MintTab, tmp_path: Path) -> None:
    order = ordered(tab)
    with files_no_larger_than(10_000):
        live, *_ = list(tab.mint(order))[-1]
    assert "could not be written" in live and 'class="download"' not in live and str(tmp_path) not in live
    assert len(tab.visitors.made("me")) == 1 and files(tmp_path) == []
    assert "With its own serial" in tab.trial.press_random(0, ME)[0]


def test_a_student_that_has_gone_is_said(tab: MintTab) -> None:
    for press in (tab.trial.press_random, tab.trial.press_near, tab.trial.press_none):
        assert press(0, ME) == ("", press(0, ME)[1], None) and MINT["gone"] in press(0, ME)[1]


@pytest.mark.parametrize("name", ["<b>x</b>", "../up", "=1+1", "x" * 10_000, "a\x00b"])
def test_a_hostile_name_is_shown_as_text(tab: MintTab, name: str) -> None:
    note, *_ = tab.press_mint(name, ME)
    assert 'class="note error"' in note and "<b>" not in note and len(note) < 500
    assert tab.visitors.waiting_for("me") is None


def test_a_page_without_digits_mints_all_the_same(tmp_path: Path) -> None:
    with gr.Blocks():
        tab = MintTab(TEXTS, Collection({}, {}, {}, {}), Visitors(VisitorLimits(), tmp_path), TINY)
    assert "is ready" in list(tab.mint(ordered(tab)))[-1][0]
    assert "With the entered serial" in tab.trial.press_another(0, None, ME)[0]
