"""The lesson and the presenter mode in a real Chromium: by keyboard, in both languages, without scrolling."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Locator, Page, Route, expect

from dsn.collection import load_collection
from dsn.lesson import STAGES, STEPS, step_serial
from dsn.ui.texts import languages, load_texts

SAID = load_texts("en")["lesson"]
COUNT = len(STEPS)


def now(page: Page) -> Locator:
    """The step that is shown."""
    return page.locator(".lesson-step:visible")


def action(page: Page, name: str) -> Locator:
    return page.locator(f"#lesson [data-do={name}]:visible")


def at(page: Page, number: int) -> None:
    expect(page.locator("#lesson [data-step]")).to_have_attribute("data-step", str(number))


def entered(page: Page) -> str:
    """The serial in the middle panel."""
    return page.locator(".panel.entered .stamped-serial").inner_text()


def test_closed_it_is_one_line(page: Page) -> None:
    at(page, 0)
    expect(now(page)).to_have_count(0)
    box = page.locator("#lesson .lesson").bounding_box()
    assert box and box["height"] < 80
    expect(page.locator(".panel.valid .verdict")).to_contain_text("Right")


def test_all_steps_by_keyboard_with_predictions_and_a_tally(page: Page) -> None:
    action(page, "start").focus()
    page.keyboard.press("Enter")
    expect(action(page, "next")).to_be_focused()
    right = 0
    for number, step in enumerate(STEPS, start=1):
        at(page, number)
        expect(page.locator(".lesson-place")).to_have_text(f"Step {number} of {COUNT}")
        expect(now(page).locator("h2")).to_have_text(SAID["steps"][step.name]["title"])
        expect(page.locator("#serial input, #serial textarea")).to_have_value(
            "" if step.serial == "none" else re.compile(".")
        )
        expect(now(page).locator(".lesson-takeaway")).to_be_hidden()
        verdicts = page.locator("#panels .verdict")
        if step.shown == "panels":
            expect(verdicts.first).to_be_hidden()
        choice = step.correct if number % 2 else (step.correct + 1) % step.choices
        right += choice == step.correct
        now(page).locator("[data-choice]").nth(choice).focus()
        page.keyboard.press("Space")
        expect(now(page).locator(".lesson-takeaway")).to_contain_text(SAID["steps"][step.name]["takeaway"])
        expect(now(page).locator(".is-correct")).to_have_count(1)
        expect(page.locator(".lesson-tally")).to_have_text(f"You predicted right {right} of {number}.")
        if step.shown == "panels":
            expect(verdicts.first).to_be_visible()
        if number < COUNT:
            action(page, "next").focus()
            page.keyboard.press("Enter")
    expect(action(page, "next")).to_have_attribute("aria-disabled", "true")
    action(page, "previous").press("Enter")
    at(page, COUNT - 1)
    expect(now(page).locator(".lesson-takeaway")).to_be_visible()  # as it was left
    now(page).locator("[data-choice]").first.click(force=True)
    expect(page.locator(".lesson-tally")).to_have_text(f"You predicted right {right} of {COUNT}.")  # the first counts
    action(page, "leave").press("Enter")
    at(page, 0)
    expect(page.locator("#panels .verdict").first).to_be_visible()
    page.wait_for_function("!location.search.includes('step=')")  # the address follows a moment later
    page.reload()
    action(page, "start").click()
    expect(page.locator(".lesson-tally")).to_have_text("")  # of this visit only


def test_reveal_is_no_prediction(page: Page) -> None:
    action(page, "start").click()
    action(page, "reveal").click()
    expect(now(page).locator(".lesson-takeaway")).to_be_visible()
    expect(page.locator(".panel.absent .verdict")).to_contain_text("equally likely")
    expect(page.locator(".lesson-tally")).to_have_text("")


def test_steps_set_the_page(page: Page) -> None:
    action(page, "start").click()
    expect(page.locator(".panel.entered .stamped-serial")).to_contain_text("nothing stamped")
    page.locator("#lesson [data-go='3']").click()
    expect(page.locator("#serial + *, .note").first).to_be_visible()
    expect(page.locator(".controls .note")).to_contain_text(re.compile(r"\b1 of its 64 bits"))
    page.locator("#lesson [data-go='4']").click()
    expect(page.locator("#bits button")).to_have_count(9)
    expect(page.get_by_role("radio", name="paper")).to_be_checked()
    page.locator("#lesson [data-go='5']").click()
    expect(page.locator("#lesson-clouds figure.valid circle")).to_have_count(300)
    expect(page.locator("#lesson-clouds figure.absent svg")).to_be_hidden()
    action(page, "reveal").click()
    expect(page.locator("#lesson-clouds figure.absent circle")).to_have_count(1)
    page.locator("#lesson [data-go='6']").click()
    expect(page.locator("#lesson-clouds")).to_be_hidden()


def test_another_script_can_lead_without_changing_the_page(page: Page) -> None:
    before = entered(page)
    page.evaluate("window.changes = 0; document.addEventListener('dsn:changed', () => window.changes++)")
    page.evaluate("document.dispatchEvent(new CustomEvent('dsn:step', {detail: {step: 5, keep: true}}))")
    at(page, 5)
    expect(page.locator("#lesson-clouds figure")).to_have_count(3)
    assert entered(page) == before
    page.evaluate("document.dispatchEvent(new CustomEvent('dsn:step', {detail: {step: 1, keep: false}}))")
    expect(page.locator(".panel.entered .stamped-serial")).to_contain_text("nothing stamped")
    assert page.evaluate("window.changes") == 2


def test_the_training_is_drawn_in_stages_with_equations(page: Page) -> None:
    action(page, "start").click()
    page.locator("#lesson [data-go='6']").click()
    action(page, "reveal").click()
    for number, (name, symbols) in enumerate(STAGES.items(), start=1):
        page.locator(f"[data-go-stage='{number}']").press("Enter")
        shown = page.locator(".training-said:visible")
        expect(shown).to_have_count(1)
        expect(shown.locator("dt math")).to_have_count(len(symbols))
        assert page.locator(".training-picture g.lit").count() > 0
        if name != "handed":
            box = shown.locator("math[display=block]").first.bounding_box()
            assert box and box["height"] > 15 and box["width"] > 60
            # drawn as mathematics: an index stands lower than its letter
            letter, index = shown.locator("math[display=block] msub").first.locator("> *").all()
            high, low = letter.bounding_box(), index.bounding_box()
            assert high and low and low["y"] + low["height"] > high["y"] + high["height"]


def test_attacks_lead_to_their_tab(page: Page) -> None:
    action(page, "start").click()
    page.locator("#lesson [data-go='7']").click()
    action(page, "reveal").click()
    attack = load_texts("en")["attack"]["shown"]["brute-force"]
    page.locator(f"[data-open-choice='{attack}']").click()
    expect(page.locator("#attack-run")).to_be_visible()
    expect(page.get_by_role("radio", name=attack, exact=True)).to_be_checked()


def test_terms_explain_themselves_by_keyboard_mouse_and_touch(page: Page) -> None:
    action(page, "start").click()
    page.locator("#lesson [data-go='2']").click()
    term = now(page).locator(".lesson-lead .term").first
    tip = term.get_by_role("tooltip")
    expect(tip).to_be_hidden()
    term.locator("button").focus()
    expect(tip).to_be_visible()
    expect(term.locator("button")).to_have_accessible_description(load_texts("en")["glossary"]["serial"])
    page.keyboard.press("Escape")
    expect(tip).to_be_hidden()
    at(page, 2)
    term.locator("button").hover()
    expect(tip).to_be_visible()
    tip.hover()
    expect(tip).to_be_visible()
    page.mouse.move(5, 5)
    now(page).locator("[data-choice]").first.focus()
    expect(tip).to_be_hidden()
    term.locator("button").dispatch_event("click")
    expect(tip).to_be_visible()
    box = tip.bounding_box()
    assert box and box["x"] >= 0 and box["x"] + box["width"] <= 1280


# Presenting


@pytest.fixture
def talk(browser: Browser, address: str, request: pytest.FixtureRequest) -> Iterator[Page]:
    """The presenter mode in one language at 1280x720; every other host is unreachable, and asking one fails."""
    context = browser.new_context(viewport={"width": 1280, "height": 720})
    foreign: list[str] = []

    def only_the_app(route) -> None:
        if route.request.url.startswith((address, "data:", "blob:")):
            route.continue_()
        else:
            foreign.append(route.request.url)
            route.abort()

    context.route("**/*", only_the_app)
    page = context.new_page()
    language = getattr(request, "param", "en")
    page.goto(f"{address}/{'' if language == 'en' else language}?present=1")
    expect(page.locator("body.presenting")).to_have_count(1)
    at(page, 1)
    yield page
    context.close()
    assert foreign == [], "the page asked another host"


LOWEST = """Math.max(...[...document.querySelectorAll('.gradio-container *')]
  .filter((one) => one.getClientRects().length && !one.closest('math, svg')
    && getComputedStyle(one).visibility !== 'hidden')
  .map((one) => one.getBoundingClientRect().bottom))"""


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
        talk.keyboard.press(("ArrowRight", "PageDown", "Space")[number % 3])
        for stage in range(2, len(STAGES) + 1) if step.shown == "training" else ():
            expect(talk.locator(f"[data-go-stage='{stage}']")).to_have_attribute("aria-pressed", "true")
            fits_on_the_screen(talk)
            talk.keyboard.press("ArrowRight")
    at(talk, COUNT)
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

    start = talk.url
    rehearse()
    talk.goto(start)
    expect(talk.locator("body.presenting")).to_have_count(1)
    rehearse()


def test_an_answer_that_comes_late_does_not_stay(talk: Page) -> None:
    held: list[Route] = []

    def hold_the_first(route: Route) -> None:
        if '"count":1' in (route.request.post_data or "") and not held:
            held.append(route)
        else:
            route.fallback()

    talk.route("**/gradio_api/**", hold_the_first)
    stamped = talk.locator(".panel.entered .stamped-serial code")
    for _ in range(2):
        talk.keyboard.press("n")
    second = step_serial(load_collection(), STEPS[0], 2)
    assert second
    expect(stamped).to_have_text(second.text)
    with talk.expect_request(lambda request: '"count":2' in (request.post_data or "")):
        held[0].fallback()
    expect(stamped).to_have_text(second.text)


def test_a_reloaded_talk_goes_on_where_it_was(talk: Page) -> None:
    collection = load_collection()
    stamped = talk.locator(".panel.entered .stamped-serial code")
    talk.keyboard.press("ArrowRight")
    talk.keyboard.press("n")
    serial = step_serial(collection, STEPS[1], 1)
    assert serial
    expect(stamped).to_have_text(serial.text)
    talk.wait_for_function("serial => new URLSearchParams(location.search).get('serial') === serial", arg=serial.text)
    talk.reload()
    at(talk, 2)
    expect(stamped).to_have_text(serial.text)
    talk.keyboard.press("ArrowLeft")
    at(talk, 1)


def test_keys_are_shown_and_escape_leaves(talk: Page) -> None:
    talk.keyboard.press("ArrowRight")
    at(talk, 2)
    talk.keyboard.press("ArrowLeft")
    at(talk, 1)
    talk.keyboard.press("PageUp")
    at(talk, 1)
    talk.keyboard.press("?")
    expect(talk.get_by_role("dialog")).to_be_visible()
    talk.keyboard.press("Escape")
    expect(talk.get_by_role("dialog")).to_be_hidden()
    expect(talk.locator("body.presenting")).to_have_count(1)
    talk.keyboard.press("Escape")
    expect(talk.locator("body.presenting")).to_have_count(0)
    expect(talk.locator(".page-head h1")).to_be_visible()
    at(talk, 1)
    action(talk, "present").click()
    expect(talk.locator("body.presenting")).to_have_count(1)
