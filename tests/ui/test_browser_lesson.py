"""The lesson in a real Chromium: by keyboard, without scrolling."""

import re

import pytest
from lesson_on_page import action, at, entered, now
from playwright.sync_api import Page, expect

from dsn.ui.lesson.steps import STAGES, STEPS
from dsn.ui.texts import load_texts

SAID = load_texts("en")["lesson"]
COUNT = len(STEPS)
ON_ONE_SCREEN = [number for number, step in enumerate(STEPS, start=1) if step.shown == "panels"]


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
    action(page, "reveal").press("Enter")
    expect(action(page, "next")).to_be_focused()  # what was pressed is away, and the keyboard goes on from there
    expect(now(page).locator(".lesson-takeaway")).to_be_visible()
    expect(page.locator(".panel.absent .verdict")).to_contain_text("No answer")
    expect(page.locator(".lesson-tally")).to_have_text("")


def test_steps_set_the_page(page: Page) -> None:
    action(page, "start").click()
    expect(page.locator(".panel.entered .stamped-serial")).to_contain_text("nothing stamped")
    page.locator("#lesson [data-go='3']").click()
    expect(page.locator("#serial + *, .note").first).to_be_visible()
    expect(page.locator(".controls .note")).to_contain_text(re.compile(r"\b1 of its 64 bits"))
    page.locator("#lesson [data-go='4']").click()
    expect(page.locator("#bits button")).to_have_count(9)
    expect(page.get_by_role("radio", name="9-bit", include_hidden=True)).to_be_checked()
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
    page.locator("#lesson [data-see='brute-force']").click()
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


def test_the_last_step_leads_on(page: Page) -> None:
    texts = load_texts("en")
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    action(page, "start").click()
    page.locator(f"#lesson [data-go='{COUNT}']").click()
    ends = page.locator(".lesson-ends")
    expect(ends).to_be_hidden()
    action(page, "reveal").click()
    ends.get_by_role("button", name=SAID["ends"]["link"]).click()
    expect(page.locator("#share .said [role=status]")).to_have_text(texts["share"]["copied"])
    ends.get_by_role("button", name=SAID["ends"]["mint"]).click()
    expect(page.locator("#mint-button")).to_be_visible()
    page.get_by_role("tab", name=texts["page"]["tabs"]["compare"], exact=True).click()
    ends.get_by_role("button", name=SAID["ends"]["play"]).click()
    expect(page.locator(".break-in article:not([hidden]) h3")).to_contain_text(
        texts["break_in"]["of"]["literal"]["title"]
    )


@pytest.mark.parametrize(("width", "height"), [(390, 844), (768, 1024), (1280, 720)])
@pytest.mark.parametrize("language", ["en", "zh"])
def test_question_answer_and_panels_are_on_one_screen(
    page: Page, address: str, language: str, width: int, height: int
) -> None:
    page.set_viewport_size({"width": width, "height": height})
    page.goto(f"{address}/?lang={language}")
    expect(page.locator(".panel")).to_have_count(3)
    action(page, "start").click()
    for number in ON_ONE_SCREEN:
        page.locator(f"#lesson [data-go='{number}']").click()
        at(page, number)
        action(page, "reveal").click()
        expect(now(page).locator(".lesson-explains")).to_be_visible()
        expect(page.locator("#panels")).to_have_attribute("aria-busy", "false")
        step = now(page)
        parts = [step.locator(".lesson-question"), step.locator(".is-correct"), step.locator(".lesson-explains")]
        whole = page.locator("#panels .panel" if width > 900 else "#panels .panel .verdict").all()
        for part in (*parts, *whole):
            expect(part).to_be_in_viewport(ratio=1)
        expect(page.locator("#panels .panel h3").last).to_be_in_viewport(ratio=1)
        if width > 900:
            tops = "pictures => pictures.map((one) => one.getBoundingClientRect().top)"
            assert len(set(page.locator("#panels .picture").evaluate_all(tops))) == 1
        elif width == 390:  # and with the phone on its side
            page.set_viewport_size({"width": height, "height": width})
            page.locator("#lesson").evaluate("one => one.scrollIntoView()")
            for verdict in whole:
                expect(verdict).to_be_in_viewport(ratio=1)
            page.set_viewport_size({"width": width, "height": height})


@pytest.mark.parametrize("language", ["en", "zh"])
def test_on_a_phone_nothing_of_the_lesson_is_wider_than_the_screen(page: Page, address: str, language: str) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(f"{address}/?lang={language}")
    expect(page.locator(".panel")).to_have_count(3)
    action(page, "start").click()
    for number in range(1, COUNT + 1):
        page.locator(f"#lesson [data-go='{number}']").click()
        action(page, "reveal").click()
        wide = now(page).evaluate(
            "step => [...step.querySelectorAll('*')].filter(one => getComputedStyle(one).overflowX === 'auto')"
            ".filter(one => one.scrollWidth > one.clientWidth + 1).map(one => one.className)"
        )
        assert not wide, f"step {number} scrolls sideways"
