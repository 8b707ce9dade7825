"""The presenter mode in a real Chromium: by keyboard, in both languages, without scrolling."""

import re

import pytest
from lesson_on_page import action, at, now
from no_engine import page_without_engine
from playwright.sync_api import BrowserContext, Page, Route, expect
from waiting import still, until

from dsn.student.collection import load_collection
from dsn.ui.lesson.steps import STAGES, STEPS, step_serial
from dsn.ui.texts import languages, load_texts


@pytest.fixture
def talk(context: BrowserContext, address: str, request: pytest.FixtureRequest) -> Page:
    """The presenter mode in one language at 1280x720."""
    page = context.new_page()
    page.set_viewport_size({"width": 1280, "height": 720})
    language = getattr(request, "param", "en")
    page.goto(f"{address}/{'' if language == 'en' else language}?present=1")
    expect(page.locator("[data-cover=title]")).to_be_visible()
    page.keyboard.press("ArrowRight")
    at(page, 1)
    return page


LOWEST = """Math.max(...[...document.querySelectorAll('.gradio-container *')]
  .filter((one) => one.getClientRects().length && !one.closest('math, svg')
    && getComputedStyle(one).visibility !== 'hidden')
  .map((one) => one.getBoundingClientRect().bottom))"""


UNDER_THE_NOTE = """(() => {
  const note = document.querySelector('.lesson-step.open:not([hidden]) .lesson-explains').getBoundingClientRect();
  return [...document.querySelectorAll('.lesson-step:not([hidden]) *, #panels .panel *, #lesson-clouds *')]
    .filter((one) => one.getClientRects().length && !one.closest('.lesson-explains, .present-bar'))
    .filter((one) => !one.querySelector('.lesson-explains'))
    .map((one) => [one.getBoundingClientRect(), one.className])
    .filter(([box]) => box.bottom > note.top + 1 && box.top < note.bottom - 1)
    .map(([, name]) => name);
})()"""


def fits_on_the_screen(page: Page) -> None:
    assert page.evaluate("document.documentElement.scrollHeight") <= 720
    assert page.evaluate("document.documentElement.scrollWidth") <= 1280
    assert page.evaluate(LOWEST) <= 720, "something is cut off"


@pytest.mark.parametrize("talk", languages(), indirect=True)
def test_a_talk_needs_no_scrolling(talk: Page) -> None:
    for number, step in enumerate(STEPS, start=1):
        at(talk, number)
        drawn = {"panels": "#panels .panel", "clouds": "#lesson-clouds figure"}.get(step.shown)
        if drawn:
            expect(talk.locator(drawn)).to_have_count(3)
            expect(talk.locator(drawn).first).to_be_visible()
        fits_on_the_screen(talk)
        talk.keyboard.press("Enter" if number % 2 else "r")
        expect(now(talk).locator(".lesson-takeaway")).to_be_visible()
        fits_on_the_screen(talk)
        talk.keyboard.press("s")
        expect(now(talk).locator(".lesson-explains")).to_be_visible()
        fits_on_the_screen(talk)
        assert talk.evaluate(UNDER_THE_NOTE) == []
        talk.keyboard.press("s")
        talk.keyboard.press(("ArrowRight", "PageDown", "Space")[number % 3])
        for stage in range(2, len(STAGES) + 1) if step.shown == "training" else ():
            expect(talk.locator(f"[data-go-stage='{stage}']")).to_have_attribute("aria-pressed", "true")
            fits_on_the_screen(talk)
            talk.keyboard.press("ArrowRight")
    expect(talk.locator("[data-cover=end]")).to_be_visible()
    fits_on_the_screen(talk)
    talk.keyboard.press("ArrowRight")
    talk.keyboard.press("ArrowLeft")
    at(talk, len(STEPS))
    for hidden in (".page-head", "#tabs [role=tablist]", ".controls", "#measure", "footer", ".lesson-bar"):
        expect(talk.locator(hidden).first).to_be_hidden()


def test_a_rehearsed_talk_repeats_exactly(talk: Page) -> None:
    collection = load_collection()

    def rehearse() -> None:
        for number, step in enumerate(STEPS[:2], start=1):
            at(talk, number)
            for count in (1, 2, 3):
                talk.keyboard.press("n")
                serial = step_serial(collection, step, count)
                assert serial
                expect(talk.locator(".panel.entered .stamped-serial code")).to_have_text(serial.text)
            talk.keyboard.press("ArrowRight")

    rehearse()
    talk.goto(f"{talk.url.split('?')[0]}?present=1&step=1")
    expect(talk.locator("body.presenting")).to_have_count(1)
    rehearse()


def test_an_answer_of_the_server_that_comes_late_does_not_stay(context: BrowserContext, address: str) -> None:
    talk = page_without_engine(context, f"{address}/?step=1")
    first, second = (step_serial(load_collection(), STEPS[0], count) for count in (1, 2))
    assert first and second
    expect(talk.locator(".panel.entered .stamped-serial")).to_contain_text("nothing stamped")
    action(talk, "present").click()
    expect(talk.locator("body.presenting")).to_have_count(1)
    held: list[Route] = []
    talk.route(
        re.compile("component_server"),
        lambda route: held.append(route) if first.text in (route.request.post_data or "") else route.fallback(),
    )
    stamped = talk.locator(".panel.entered .stamped-serial code")
    talk.keyboard.press("n")
    until(talk, lambda: bool(held))  # else the second press may come before the first is asked
    talk.keyboard.press("n")
    expect(stamped).to_have_text(second.text)
    with talk.expect_response(re.compile("component_server")):
        held[0].fallback()
    still(talk, 400)
    expect(stamped).to_have_text(second.text)


def test_a_reloaded_talk_goes_on_where_it_was_and_back_leaves_it(talk: Page, address: str) -> None:
    collection = load_collection()
    talk.goto(f"{address}/?step=1")
    action(talk, "present").click()
    stamped = talk.locator(".panel.entered .stamped-serial code")
    talk.keyboard.press("ArrowRight")
    talk.keyboard.press("n")
    serial = step_serial(collection, STEPS[1], 1)
    assert serial
    expect(stamped).to_have_text(serial.text)
    talk.keyboard.press("r")
    talk.wait_for_function("serial => new URLSearchParams(location.search).get('serial') === serial", arg=serial.text)
    talk.reload()
    expect(talk.locator("body.presenting")).to_have_count(1)
    at(talk, 2)
    expect(stamped).to_have_text(serial.text)
    expect(now(talk).locator(".lesson-takeaway")).to_be_visible()
    talk.keyboard.press("ArrowLeft")
    at(talk, 1)
    talk.go_back()
    expect(talk.locator("body.presenting")).to_have_count(0)
    talk.reload()
    expect(action(talk, "next")).to_be_visible()
    expect(talk.locator("body.presenting")).to_have_count(0)


@pytest.mark.parametrize("step", ["zzz", "99"])
def test_a_link_to_no_step_is_a_talk_all_the_same(talk: Page, address: str, step: str) -> None:
    talk.goto(f"{address}/?present=1&step={step}")
    expect(talk.locator("#share .ignored")).not_to_be_empty()  # the link was followed
    expect(talk.locator(".lesson-step:visible, [data-cover=title]:visible")).to_have_count(1)


def test_keys_are_shown_and_escape_leaves(talk: Page) -> None:
    talk.keyboard.press("ArrowRight")
    at(talk, 2)
    talk.keyboard.press("ArrowLeft")
    at(talk, 1)
    talk.keyboard.press("PageUp")
    expect(talk.locator("[data-cover=title]")).to_be_visible()
    expect(now(talk)).to_be_hidden()
    talk.keyboard.press("Space")
    at(talk, 1)
    talk.keyboard.press("?")
    expect(talk.get_by_role("dialog")).to_be_visible()
    talk.keyboard.press("Escape")
    expect(talk.get_by_role("dialog")).to_be_hidden()
    expect(talk.locator("body.presenting")).to_have_count(1)
    talk.keyboard.press("Escape")
    expect(talk.locator("body.presenting")).to_have_count(0)
    expect(talk.get_by_role("tablist").first).to_be_visible()
    at(talk, 1)
    action(talk, "present").click()
    expect(talk.locator("body.presenting")).to_have_count(1)


LABELS = """[...document.querySelectorAll('.gradio-container *')]
  .filter((one) => one.getClientRects().length && getComputedStyle(one).visibility !== 'hidden')
  .filter((one) => !one.closest('math, .meta-text, .meta-text-center'))
  .filter((one) => [...one.childNodes].some((child) => child.nodeType === 3 && child.textContent.trim()))
  .map((one) => [parseFloat(getComputedStyle(one).fontSize) * (one.getCTM?.()?.a ?? 1), one.textContent.trim()])
  .filter(([size]) => size < 19.9)"""


def test_everything_is_large_enough_to_be_read_from_the_last_row(talk: Page) -> None:
    for number, step in enumerate(STEPS, start=1):
        at(talk, number)
        assert talk.evaluate(LABELS) == []
        talk.keyboard.press("r")
        assert talk.evaluate(LABELS) == []
        for _ in range(len(STAGES) if step.shown == "training" else 1):
            talk.keyboard.press("ArrowRight")
            assert talk.evaluate(LABELS) == []


def test_its_keys_can_be_read_from_the_last_row(talk: Page) -> None:
    talk.keyboard.press("?")
    expect(talk.get_by_role("dialog")).to_be_visible()
    assert talk.evaluate(LABELS) == []


def test_the_figure_stands_out_and_the_note_is_the_speakers(talk: Page) -> None:
    note = now(talk).locator(".lesson-explains")
    talk.keyboard.press("s")
    expect(note).to_be_hidden()  # before the answer it would tell it
    talk.keyboard.press("r")
    expect(note).to_be_visible()
    talk.keyboard.press("s")
    expect(note).to_be_hidden()
    size = "one => parseFloat(getComputedStyle(one).fontSize)"
    figure, *others = now(talk).locator(".lesson-hero b, h2, .lesson-takeaway, .lesson-question").all()
    expect(now(talk).locator(".lesson-hero b")).to_contain_text("%")
    sizes = {one.text_content(): one.evaluate(size) for one in (figure, *others)}
    assert max(sizes, key=lambda text: sizes[text]) == now(talk).locator(".lesson-hero b").text_content()


@pytest.mark.parametrize("language", languages())
def test_the_title_slide_says_what_the_talk_is_about(context: BrowserContext, address: str, language: str) -> None:
    texts = load_texts(language)
    talk = context.new_page()
    talk.set_viewport_size({"width": 1280, "height": 720})
    talk.goto(f"{address}/?lang={language}&present=1")
    heading, lead, credit = (talk.locator(f"[data-cover=title] {one}") for one in ("h2", "p:not(.quiet)", ".quiet"))
    expect(heading).to_have_text(texts["page"]["heading"])
    expect(lead).to_have_text(re.sub("<[^>]+>", "", texts["page"]["lead"]))
    expect(credit).to_have_text(texts["present"]["credit"])
    expect(credit).to_contain_text("Tang")
    sizes = [one.evaluate("one => parseFloat(getComputedStyle(one).fontSize)") for one in (heading, lead, credit)]
    assert sizes[0] > 2 * sizes[1] > 2 * sizes[2] >= 40
    assert talk.evaluate(LABELS) == []
    fits_on_the_screen(talk)
    expect(talk.locator(".lesson-step:visible, #panels:visible")).to_have_count(0)
    for width, height in ((390, 844), (768, 1024)):
        talk.set_viewport_size({"width": width, "height": height})
        assert talk.evaluate("document.documentElement.scrollWidth") <= width
        for one in (heading, lead, credit, talk.locator(".present-bar [data-do=forwards]")):
            expect(one).to_be_in_viewport(ratio=1)
    talk.locator(".present-bar [data-do=forwards]").click()
    at(talk, 1)
    talk.keyboard.press("r")
    title, bar = (talk.locator(one).bounding_box() for one in (".lesson-step:visible h2", ".present-bar"))
    assert title and bar and bar["y"] + bar["height"] <= title["y"]
    for panel in talk.locator("#panels .panel").all():
        whole = panel.bounding_box()
        for part in (panel.locator(".picture"), panel.locator(".verdict")):
            box = part.bounding_box()
            assert whole and box and box["x"] + box["width"] <= whole["x"] + whole["width"], "a panel is cut off"
    takeaway = talk.locator(".lesson-takeaway:visible").bounding_box()
    assert takeaway and takeaway["width"] > 600


@pytest.mark.parametrize("language", languages())
def test_on_a_phone_on_its_side_nothing_lies_over_the_title_and_the_answers_are_seen(
    context: BrowserContext, address: str, language: str
) -> None:
    talk = context.new_page()
    talk.set_viewport_size({"width": 844, "height": 390})
    talk.goto(f"{address}/{'' if language == 'en' else language}?present=1")
    expect(talk.locator("[data-cover=title]")).to_be_visible()
    talk.keyboard.press("ArrowRight")
    at(talk, 1)
    title = now(talk).locator("h2").bounding_box()
    for over in (".present-bar", ".present-hint"):
        box = talk.locator(over).bounding_box()
        assert title and box and box["y"] + box["height"] <= title["y"], over
    talk.keyboard.press("r")
    expect(now(talk).locator(".lesson-takeaway")).to_be_in_viewport(ratio=1)
    for verdict in talk.locator("#panels .panel .verdict").all():
        expect(verdict).to_be_in_viewport(ratio=1)
    for number, shown in enumerate(("#lesson-clouds p", ".training-picture", "tr", "#panels .verdict", "tr"), start=5):
        while talk.locator(f"#lesson [data-step='{number}']").count() == 0:
            talk.keyboard.press("ArrowRight")
        for choice in now(talk).locator("[data-choice]").all():
            expect(choice).to_be_in_viewport(ratio=1)
        talk.keyboard.press("r")
        for one in talk.locator(f"{shown}:visible").all():
            expect(one).to_be_in_viewport(ratio=1)
        if number == 7:
            size = "getComputedStyle(document.querySelector('.lesson-step:not([hidden]) .lesson-table')).fontSize"
            before = talk.evaluate(size)
            talk.keyboard.press("s")
            assert talk.evaluate(size) == before, "a note makes what it is about larger"
            talk.keyboard.press("s")
    talk.keyboard.press("ArrowRight")
    for line in talk.locator("[data-cover=end] li").all():
        expect(line).to_be_in_viewport(ratio=1)
