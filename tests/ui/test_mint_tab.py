"""The tab where a visitor is the owner: what goes wrong is said, and the queue goes on."""

import zipfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import gradio as gr
import pytest
from disk import files, files_no_larger_than
from gated_students import gated_student

from dsn.allowance import VisitorLimits
from dsn.applications.held_out import HeldOut
from dsn.applications.record import Application
from dsn.owner.mint.forecast import Pace
from dsn.owner.mint.progress import Progress, QuickMint
from dsn.owner.mint.quick import quick_mint
from dsn.owner.visitors import Visitors
from dsn.serials import Serial, random_serial
from dsn.student.collection import Collection
from dsn.student.hub import Origin
from dsn.ui.mint.tab import MintTab, Ticket
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
    assert made.download and files(tmp_path) == [made.download]
    assert "The network of elm is ready" in live and "Download digits-elm.zip" in live
    record, entered = tab.trial.press_none(0, ME)
    assert record["panels"][0]["serial"] == made.order.claim.serial.text and entered is None
    record, _ = tab.trial.press_another(0, None, ME)
    assert record["owner"] == "alder" and record["wrong"] > 0


def test_one_that_takes_far_too_long_is_given_up(tab: MintTab, tmp_path: Path) -> None:
    tab.visitors.limits = replace(tab.visitors.limits, seconds_at_most=0.0)
    shown = list(tab.mint(ordered(tab)))
    assert "Stopped after 0 seconds" in shown[-1][0] and len(shown) <= 3
    assert tab.visitors.waiting_for("me") is None and tab.visitors.made("me") == [] and files(tmp_path) == []
    assert ordered(tab, "fir")


Minting = Callable[[Application, str, Serial, QuickMint], Iterator[Progress]]


def at(step: float, *, slower: float | None = None) -> Minting:
    """A minting on a machine of another pace: forecast after 14 steps, at the last step but one, done.

    Args:
        step: seconds a step, to begin with.
        slower: seconds a step after the forecast; None for the same.
    """

    def minting(application: Application, customer: str, serial: Serial, how: QuickMint) -> Iterator[Progress]:
        now = step if slower is None else slower
        yield Progress(13, 558, 13 * step, ())
        yield Progress(14, 558, 14 * step, (), None, Pace(step, 0.0), 558 * step)
        spent = 14 * step + 543 * now
        yield Progress(557, 558, spent, (), None, Pace(now, 0.0), spent + now)
        yield Progress(558, 558, spent + now, (), gated_student(serial, customer))

    return minting


def on_machine(monkeypatch: pytest.MonkeyPatch, minting: Minting) -> None:
    monkeypatch.setattr("dsn.owner.mint.quick.quick_mint", minting)


def test_how_long_it_takes_in_all_is_said_after_the_first_steps(tab: MintTab, monkeypatch: pytest.MonkeyPatch) -> None:
    on_machine(monkeypatch, at(0.1))
    _, begun, forecast, *_, done = [live for live, *_ in tab.mint(ordered(tab))]
    assert "in all" not in begun and "about 55 seconds in all" in forecast and "busier" not in forecast
    assert "in all" not in done and "lower quality" not in done


def test_one_that_becomes_slower_than_its_forecast_goes_on(tab: MintTab, monkeypatch: pytest.MonkeyPatch) -> None:
    on_machine(monkeypatch, at(0.4, slower=1.2))
    _, _, fits, slower, done = [live for live, *_ in tab.mint(ordered(tab))]
    assert "about 4 minutes in all" in fits and "busier" not in fits
    assert "about 11 minutes in all, since the machine has become busier" in slower
    assert "The network of elm is ready" in done and len(tab.visitors.made("me")) == 1


def test_one_that_becomes_far_slower_ends_at_the_hard_bound(tab: MintTab, monkeypatch: pytest.MonkeyPatch) -> None:
    on_machine(monkeypatch, at(0.4, slower=1.4))
    *_, last = list(tab.mint(ordered(tab)))
    assert "Stopped after 720 seconds" in last[0] and tab.visitors.made("me") == []
    assert tab.visitors.waiting_for("me") is None


def test_one_beyond_the_limit_is_said_at_once_and_made_at_lower_quality(
    tab: MintTab, monkeypatch: pytest.MonkeyPatch
) -> None:
    on_machine(monkeypatch, at(1.0))
    ticket = ordered(tab)
    order = tab.visitors.waiting_for("me")
    *_, (live, stop, *_, row, go_on, clock) = list(tab.mint(ticket))
    assert "it would take about 9 minutes, longer than the 240 seconds there are" in live
    assert "with 39 % of the steps, in about 4 minutes" in live and "90 seconds" in live
    assert row.visible and go_on.visible and clock.active
    assert order is not None and tab.visitors.waiting_for("me") == order  # it is not given up
    live, again, stop, *_, row, _, clock = tab.press_go_on(ME)
    agreed = tab.visitors.waiting_for("me")
    assert agreed is not None and agreed == replace(order, lower=agreed.lower) and agreed.lower is not None
    assert again != ticket and stop.interactive and not row.visible and not clock.active
    assert MINT["stopped"] in list(tab.mint(ticket))[-1][0]  # the old ticket is used up

    minted_with: list[QuickMint] = []

    def real(application: Application, customer: str, serial: Serial, how: QuickMint) -> Iterator[Progress]:
        minted_with.append(how)
        return quick_mint(application, customer, serial, TINY)

    on_machine(monkeypatch, real)
    live, *_ = list(tab.mint(again))[-1]
    (made,) = tab.visitors.made("me")
    assert minted_with == [agreed.lower.how] and made.order.claim == order.claim
    assert "lower quality" in live and "39 % of the usual steps" in live
    assert made.download is not None
    with zipfile.ZipFile(made.download) as download:
        (card,) = [
            download.read(name).decode() for name in download.namelist() if name.endswith("digits-elm/README.md")
        ]
    assert "It is of lower quality: it made 39% of the usual steps." in card


def test_nobody_who_chooses_nothing_is_left_hanging(tab: MintTab, monkeypatch: pytest.MonkeyPatch) -> None:
    on_machine(monkeypatch, at(1.0))
    list(tab.mint(ordered(tab)))
    live, stop, row, _, clock = tab.offer.run_out(ME)
    assert "Withdrawn" in live and "90 seconds" in live
    assert not stop.interactive and not row.visible and not clock.active
    assert tab.visitors.waiting_for("me") is None and tab.visitors.made("me") == []
    live, ticket, *_ = tab.press_go_on(ME)
    assert "This offer has ended: mint again." in live and not isinstance(ticket, tuple)


def test_the_time_to_choose_does_not_end_what_was_chosen(tab: MintTab, monkeypatch: pytest.MonkeyPatch) -> None:
    on_machine(monkeypatch, at(1.0))
    list(tab.mint(ordered(tab)))
    tab.press_go_on(ME)
    tab.offer.run_out(ME)
    assert tab.visitors.waiting_for("me") is not None


def test_an_offer_may_be_stopped(tab: MintTab, monkeypatch: pytest.MonkeyPatch) -> None:
    on_machine(monkeypatch, at(1.0))
    list(tab.mint(ordered(tab)))
    live, stop, row, _, clock = tab.press_stop(ME)
    assert MINT["stopped"] in live and not stop.interactive and not row.visible and not clock.active
    assert tab.visitors.waiting_for("me") is None


def test_a_machine_that_is_too_slow_for_any_mint_leads_to_the_prepared_networks(
    tab: MintTab, monkeypatch: pytest.MonkeyPatch
) -> None:
    on_machine(monkeypatch, at(10.0))
    live, stop, *_, row, go_on, _ = list(tab.mint(ordered(tab)))[-1]
    assert "too slow" in live and "about 93 minutes" in live and "prepared networks" in live
    assert not stop.interactive and row.visible and not go_on.visible
    assert tab.visitors.waiting_for("me") is None


def test_lower_quality_is_offered_once(tab: MintTab, monkeypatch: pytest.MonkeyPatch) -> None:
    on_machine(monkeypatch, at(1.0))
    list(tab.mint(ordered(tab)))
    ticket = tab.press_go_on(ME)[1]
    on_machine(monkeypatch, at(1.2))  # a little slower than was offered, within the hard bound
    assert "is ready" in list(tab.mint(ticket))[-1][0]
    on_machine(monkeypatch, at(1.0))
    list(tab.mint(ordered(tab, "fir")))
    ticket = tab.press_go_on(ME)[1]
    on_machine(monkeypatch, at(2.0))
    assert "too slow" in list(tab.mint(ticket))[-1][0]


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
    assert len(tab.trial.press_random(0, ME)[0]["panels"]) == 3


def test_a_student_that_has_gone_is_said(tab: MintTab) -> None:
    for press in (tab.trial.press_random, tab.trial.press_near, tab.trial.press_none):
        said, entered = press(0, ME)
        assert MINT["gone"] in said["note"] and entered is None


@pytest.mark.parametrize("name", ["<b>x</b>", "../up", "=1+1", "x" * 10_000, "a\x00b"])
def test_a_hostile_name_is_shown_as_text(tab: MintTab, name: str) -> None:
    note, *_ = tab.press_mint(name, ME)
    assert 'class="note error"' in note and "<b>" not in note and len(note) < 500
    assert tab.visitors.waiting_for("me") is None


def test_a_page_without_digits_mints_all_the_same(tmp_path: Path) -> None:
    with gr.Blocks():
        tab = MintTab(TEXTS, Collection({}, {}, {}, {}), Visitors(VisitorLimits(), tmp_path), TINY)
    assert "is ready" in list(tab.mint(ordered(tab)))[-1][0]
    assert tab.trial.press_another(0, None, ME)[0]["panels"][1]["condition"] == "entered"
