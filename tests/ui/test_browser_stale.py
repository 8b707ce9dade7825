"""What no longer belongs to what is chosen is dimmed and says so; and drawing, presenting and leaving on a phone."""

import re
from collections.abc import Iterator

import pytest
from app_process import PATIENCE
from lesson_on_page import now
from open_tab import open_tab
from playwright.sync_api import Browser, Page, expect
from waiting import until

from dsn.ui.texts import load_texts

TEXTS = load_texts("en")


@pytest.fixture
def phone(browser: Browser, address: str) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 390, "height": 844}, has_touch=True)
    page = context.new_page()
    page.goto(address)
    expect(page.locator("#panels .panel")).to_have_count(3)
    expect(page.locator("#gallery button[aria-pressed=true]")).to_have_count(1)
    yield page
    context.close()


def test_flipping_every_bit_falls_silent_under_one_lock_and_says_something_under_the_other(page: Page) -> None:
    square = page.locator("#flips .asked-of")
    page.locator("#flip-all").click()
    expect(page.locator("#flips .avalanche.whole .flips .none")).to_have_count(64, timeout=PATIENCE)
    page.locator("#lock").get_by_role("radio", name="Sealed").check()
    expect(square).to_have_class(re.compile("stale"))
    page.locator("#flip-all").click()
    expect(page.locator("#flips .avalanche.whole .flips span:not(.none)")).to_have_count(64, timeout=PATIENCE)
    expect(square).not_to_have_class(re.compile("stale"))
    said = page.locator("#flips .flips span").all_inner_texts()
    assert len(set(said)) > 3, "each bit gives another network"
    page.locator("#gallery button").nth(4).click()
    expect(square).to_have_class(re.compile("stale"))


def test_a_serial_that_cannot_be_read_dims_the_middle_panel(page: Page) -> None:
    page.locator("#serial input, #serial textarea").fill("short")
    expect(page.locator("#serial-note .note.error")).to_be_visible()
    expect(page.locator(".panel.entered .verdict")).to_have_css("opacity", "0.4")
    expect(page.locator(".panel.valid .verdict")).to_have_css("opacity", "1")


def test_a_traced_copy_is_dimmed_once_another_is_chosen(page: Page) -> None:
    open_tab(page, TEXTS["page"]["tabs"]["trace"])
    page.locator("#trace-button").click()
    report = page.locator("#trace-report .trace")
    expect(report).to_be_visible(timeout=PATIENCE)
    expect(page.locator("#trace-report")).to_contain_text("Of digits/alder")
    page.locator("#trace-change").get_by_role("radio", name=TEXTS["trace"]["changes"]["foreign"]).check()
    expect(report).to_have_class(re.compile("stale"))


def test_drawing_on_a_phone_moves_nothing(phone: Page) -> None:
    phone.get_by_role("tab", name=TEXTS["compare"]["own_picture"]).click()
    pad = phone.locator("#sketch canvas")
    pad.scroll_into_view_if_needed()
    before, upload = pad.bounding_box(), phone.locator("#upload").bounding_box()
    assert before and upload and upload["y"] >= before["y"] + before["height"], "they overlap"
    x, y = before["x"] + before["width"] / 2, before["y"] + 30
    phone.mouse.move(x, y)
    phone.mouse.down()
    phone.mouse.move(x, y + 150, steps=4)
    phone.mouse.up()
    expect(phone.locator("#picture-note")).to_contain_text(TEXTS["compare"]["drawn"])
    assert pad.bounding_box() == before
    phone.locator("#sketch button").click()
    expect(phone.locator("#panels .panels")).to_have_class(re.compile("stale"))


def test_presenting_on_a_phone_goes_on_reveals_and_is_left(phone: Page) -> None:
    phone.locator(".lesson-closed [data-do=present]").click()
    expect(phone.locator("body.presenting")).to_have_count(1)
    bar = phone.locator(".present-bar")
    bar.locator("[data-do=forwards]").tap()  # from the title to the first step
    bar.locator("[data-do=show]").tap()
    expect(now(phone).locator(".lesson-takeaway")).to_be_visible()

    def are_stacked() -> bool:
        panels = [one.bounding_box() for one in phone.locator("#panels .panel").all()]
        return all(one and one["width"] > 300 for one in panels)

    until(phone, are_stacked)  # the step's own panels may take their place meanwhile
    assert are_stacked()
    bar.locator("[data-do=forwards]").tap()
    expect(phone.locator(".present-place")).to_have_text(re.compile("^2"))
    phone.go_back()
    expect(phone.locator("body.presenting")).to_have_count(0)


def test_a_link_to_a_talk_is_no_trap(page: Page, address: str) -> None:
    page.goto(f"{address}/?present=1")
    expect(page.locator("body.presenting")).to_have_count(1)
    page.locator(".present-bar [data-do=stop-presenting]").click()
    expect(page.locator("body.presenting")).to_have_count(0)
    assert "present" not in page.url


def test_a_list_that_opens_hides_what_lies_beneath(page: Page) -> None:
    open_tab(page, TEXTS["page"]["tabs"]["trace"])
    page.locator("#trace-sample input").click()
    options = page.locator(".options")
    expect(options).to_be_visible()
    for one in (options, options.locator(".item").nth(1)):
        assert re.fullmatch(r"rgb\(\d+, \d+, \d+\)", one.evaluate("one => getComputedStyle(one).backgroundColor"))


def test_the_attack_tab_takes_over_the_network_and_says_what_came_of_each(page: Page) -> None:
    page.get_by_role("radio", name="birch").check()
    page.locator("#lock").get_by_role("radio", name="Sealed").check()
    expect(page.locator("#panels .panels")).to_have_attribute("data-lock", "sealed")
    page.locator("[data-see]:visible").click()
    expect(page.locator("#attack-student input")).to_have_value("digits/birch, sealed")
    open_tab(page, TEXTS["page"]["tabs"]["compare"])
    page.locator("#lock").get_by_role("radio", name="Trained").check()
    expect(page.locator("#panels .panels")).to_have_attribute("data-lock", "stamped")
    open_tab(page, TEXTS["page"]["tabs"]["attack"])
    expect(page.locator("#attack-student input")).to_have_value("digits/birch")
    page.locator("#attack-outcomes .reveal").click()
    opening = page.locator('#attack-choice label:has(input[value="opening"])')
    expect(opening).to_have_attribute("data-outcome", re.compile(r"✗ falls 99\.\d %"))
