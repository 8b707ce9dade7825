"""What no longer belongs to what is chosen is dimmed and says so; and drawing, presenting and leaving on a phone."""

import re
from collections.abc import Iterator

import pytest
from app_process import PATIENCE
from engine_in_browser import Engine, packed_floats
from lesson_on_page import now
from no_engine import page_without_engine
from open_tab import open_tab
from playwright.sync_api import Browser, BrowserContext, Page, expect
from waiting import until

from dsn.applications.held_out import load_held_out
from dsn.applications.prepared import as_floats
from dsn.applications.registry import BUILT_IN
from dsn.measuring.avalanche import avalanche
from dsn.places import CHECKPOINTS
from dsn.student.collection import demo_serials
from dsn.student.folder import load_folder
from dsn.ui.texts import load_texts

TEXTS = load_texts("en")
VALID = demo_serials()["digits/alder"]


@pytest.fixture
def phone(browser: Browser, address: str) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 390, "height": 844}, has_touch=True)
    page = context.new_page()
    page.goto(address)
    expect(page.locator("#panels .panel")).to_have_count(3)
    expect(page.locator("#gallery button[aria-pressed=true]")).to_have_count(1)
    yield page
    context.close()


def flipped_by_torch(name: str, index: int) -> list[str]:
    """What a digits' student answers with each bit wrong, as the page writes it."""
    student, held = load_folder(CHECKPOINTS / name), load_held_out(BUILT_IN["digits"])
    answers = avalanche(student, as_floats(held.split.images[index : index + 1]), VALID)
    return ["–" if flip.is_even else student.config.classes[flip.label] for flip in answers]


def test_flipping_every_bit_falls_silent_under_one_lock_and_says_something_under_the_other(page: Page) -> None:
    square, squares = page.locator("#flips .asked-of"), page.locator("#flips .avalanche.whole .flips span")
    expect(page.locator("#panels")).to_have_attribute("data-opened", "digits/alder/stamped", timeout=PATIENCE)
    index = int(page.locator("#gallery .gallery").get_attribute("data-chosen") or "")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.locator("#flip-all").click()
    expect(squares).to_have_count(64, timeout=PATIENCE)
    assert squares.all_inner_texts() == flipped_by_torch("digits/alder", index) == ["–"] * 64
    assert asked == []
    page.locator("#lock").get_by_role("radio", name="Sealed").check()
    expect(square).to_have_class(re.compile("stale"))
    expect(page.locator("#panels .panels")).to_have_attribute("data-lock", "sealed")
    page.locator("#flip-all").click()
    expect(page.locator("#flips [role=status]")).to_be_visible()  # how far it is
    expect(squares).to_have_count(64, timeout=PATIENCE)
    expect(square).not_to_have_class(re.compile("stale"))
    said = squares.all_inner_texts()
    assert said == flipped_by_torch("digits/alder-sealed", index)
    assert len(set(said)) > 3, "each bit gives another network"
    assert not [url for url in asked if "/run/" in url or "/queue/" in url], "the server was asked"
    page.locator("#gallery button").nth(4).click()
    expect(square).to_have_class(re.compile("stale"))


@pytest.mark.parametrize("name", ["signs/alder", "digits/paper"])
def test_flips_of_each_bit_are_pythons(engine: Engine, name: str) -> None:
    task = name.split("/")[0]
    student, valid, images = (
        load_folder(CHECKPOINTS / name),
        demo_serials()[name],
        load_held_out(BUILT_IN[task]).split.images,
    )
    engine.open(CHECKPOINTS / name, name)
    for index in (0, 7):
        picture = as_floats(images[index : index + 1])
        script = "([name, picture, bits]) => students[name].flips(floatsIn(picture), bits, 0, bits.length)"
        found = engine.ask(script, name, packed_floats(picture), list(valid.bits))
        for one, flip in zip(found, avalanche(student, picture, valid), strict=True):
            assert one["is_even"] == flip.is_even
            assert one["label"] == flip.label or flip.is_even  # which of even ones is rounding
            assert one["probability"] == pytest.approx(flip.probability, abs=1e-5)


def test_flips_without_an_engine_are_the_servers(context: BrowserContext, address: str) -> None:
    page = page_without_engine(context, address)
    index = int(page.locator("#gallery .gallery").get_attribute("data-chosen") or "")
    page.locator("#flip-all").click()
    squares = page.locator("#flips .avalanche.whole .flips span")
    expect(squares).to_have_count(64, timeout=PATIENCE)
    assert squares.all_inner_texts() == flipped_by_torch("digits/alder", index)
    page.locator("#customer").get_by_role("radio", name="9-bit").check()
    page.locator("#flip-all").click()
    expect(squares).to_have_count(9, timeout=PATIENCE)


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


def swipe(page: Page, start: int, end: int) -> None:
    fingers = page.context.new_cdp_session(page)

    def touch(kind: str, *places: float) -> None:
        points = [{"x": place, "y": 400} for place in places]
        fingers.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    touch("touchStart", start)
    for part in range(1, 6):
        touch("touchMove", start + (end - start) * part / 5)
    touch("touchEnd")


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
    phone.keyboard.press("s")
    edge = bar.bounding_box()
    for one in (now(phone).locator(".lesson-explains"), *phone.locator("#panels .panel .verdict").all()):
        box = one.bounding_box()
        assert edge and box and box["y"] + box["height"] <= edge["y"], "it lies under the buttons"
    bar.locator("[data-do=forwards]").tap()
    expect(phone.locator(".present-place")).to_have_text(re.compile("^2"))
    expect(phone.locator("html")).to_have_css("overscroll-behavior-x", "none")  # else a swipe to the right leaves
    swipe(phone, 80, 320)
    expect(phone.locator(".present-place")).to_have_text(re.compile("^1"))
    swipe(phone, 320, 80)
    expect(phone.locator(".present-place")).to_have_text(re.compile("^2"))
    phone.go_back()
    expect(phone.locator("body.presenting")).to_have_count(0)
    expect(phone.locator(".lesson-closed")).to_be_visible()  # as it was before the talk


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
    page.evaluate("scrollTo(0, 200)")
    page.locator("[data-see]:visible").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#attack-student input")).to_have_value("digits/birch, sealed")
    expect(page.get_by_role("tab", name=TEXTS["page"]["tabs"]["attack"], exact=True)).to_be_focused()
    assert page.evaluate("scrollY") == 0, "the tab opens from its beginning"
    open_tab(page, TEXTS["page"]["tabs"]["compare"])
    page.locator("#lock").get_by_role("radio", name="Trained").check()
    expect(page.locator("#panels .panels")).to_have_attribute("data-lock", "stamped")
    open_tab(page, TEXTS["page"]["tabs"]["attack"])
    expect(page.locator("#attack-student input")).to_have_value("digits/birch")
    page.locator("#attack-outcomes .reveal").click()
    opening = page.locator('#attack-choice label:has(input[value="opening"])')
    expect(opening).to_have_attribute("data-outcome", re.compile(r"✗ falls 99\.\d %"))
    page.locator("#attack-student input").click()
    page.get_by_role("option", name="digits/alder, sealed", exact=True).click()
    expect(opening).to_have_attribute("data-outcome", re.compile(r"✓ holds"))
    came_of_each = page.locator("#attack-choice label[data-outcome]")
    said = came_of_each.evaluate_all("all => all.map(one => one.dataset.outcome)")
    assert len(said) > 5 and not [one for one in said if "(" in one], "no number of a reason that stands elsewhere"
