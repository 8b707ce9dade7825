"""Playing the thief in a real Chromium: brute force finds the serial, a slider answers, Stop stops."""

import re

from app_process import PATIENCE
from playwright.sync_api import Page, expect

from dsn.ui.texts import load_texts

TEXTS = load_texts("en")
ATTACK = TEXTS["attack"]


def opened(page: Page, title: str) -> None:
    page.get_by_role("tab", name="Attack", exact=True).click()
    choose(page, title)


def choose(page: Page, title: str) -> None:
    """Choose an attack, and wait until the page has followed."""
    page.get_by_role("radio", name=title, exact=True).click()
    attack = next(name for name, shown in ATTACK["shown"].items() if shown == title)
    expect(page.locator("#attack-about")).to_have_text(ATTACK[f"about_{attack}"])


def test_brute_force_finds_the_one_serial(page: Page) -> None:
    opened(page, "Try every serial (9 bits)")
    page.locator("#attack-run").click()
    expect(page.locator("#attack-stage .said")).to_contain_text(
        re.compile(r"\b1 of 512 serials works\b"), timeout=PATIENCE
    )
    expect(page.locator("#attack-stage rect.works")).to_have_count(1)


def test_the_slider_prunes(page: Page) -> None:
    opened(page, "Prune the lock away")
    expect(page.locator("#attack-run")).to_be_hidden()
    page.locator("#attack-amount input[type=number]").fill("90")
    page.keyboard.press("Tab")
    expect(page.locator("#attack-stage .progress-line")).to_contain_text(re.compile(r"^90 % of the weights are zero"))
    for typed, taken in (("-5", 0), ("200", 95), ("", 0)):
        page.locator("#attack-amount input[type=number]").fill(typed)
        page.keyboard.press("Tab")
        line = page.locator("#attack-stage .progress-line")
        expect(line).to_contain_text(re.compile(rf"^{taken} % of the weights are zero"))
    expect(page.get_by_text("Error", exact=True)).to_have_count(0)
    page.set_viewport_size({"width": 390, "height": 844})
    slider = page.locator("#attack-amount input[type=range]")
    slider.scroll_into_view_if_needed()
    slider.click(position={"x": 100, "y": 5})
    expect(page.locator("#attack-stage .copy.absent .verdict")).to_be_in_viewport(ratio=1)  # below what was moved
    expect(slider).to_be_in_viewport(ratio=1)
    late = page.locator("#attack-stage .late")
    expect(late).to_have_count(0)
    assert slider.evaluate(
        "async (one) => { one.value = 80; one.dispatchEvent(new Event('input', { bubbles: true }));"
        "await new Promise((done) => setTimeout(done, 30)); return document.querySelector('#attack-stage .late'); }"
    ), "what the slider has left looks as if it were the answer"
    expect(late).to_have_count(0)


def test_the_last_gate_opens_while_one_watches(page: Page) -> None:
    opened(page, "Replace its last step")
    page.locator("#attack-run").click()
    expect(page.locator("#attack-stage .progress-line")).to_have_text("Finished.", timeout=PATIENCE)
    expect(page.locator("#attack-stage .said")).to_contain_text("the lock is open")
    expect(page.locator("#attack-stage .curve-legend li.absent b")).to_have_text(re.compile(r"^9\d\.\d"))


def test_a_prediction_is_held_against_what_the_thief_comes_to_read(page: Page) -> None:
    page.set_viewport_size({"width": 1280, "height": 720})
    opened(page, "Replace its last step")
    stage, run = page.locator("#attack-stage"), page.locator("#attack-run")
    expect(stage.locator(".copy.absent .verdict")).to_contain_text("No answer")
    expect(page.locator("#attack-recorded .attack")).to_be_hidden()
    place = run.bounding_box()
    assert place and place["y"] + place["height"] <= 720, "the button is below the first screen"
    page.get_by_role("button", name=ATTACK["predict"]["holds"], exact=True).click()
    run.click()
    expect(stage.locator(".outcome")).to_have_text(
        f"✗ {ATTACK['predict']['fell']} {TEXTS['lesson']['predicted_wrong']}", timeout=PATIENCE
    )
    expect(stage.locator(".copy.absent .verdict")).to_contain_text("Right")
    expect(stage.locator(".readings .right")).not_to_have_count(0)
    expect(page.locator(".predictions")).to_have_text("You predicted right 0 of 1.")
    expect(page.locator('#attack-choice label:has(input[value="opening"])')).to_have_attribute(
        "data-outcome", re.compile("falls")
    )
    page.locator("#attack-recorded summary").first.click()
    expect(page.locator("#attack-recorded .attack").first).to_be_visible()
    for width, height in ((768, 1024), (390, 844)):
        page.set_viewport_size({"width": width, "height": height})
        boxes = [one.bounding_box() for one in stage.locator(".copy").all()]
        assert all(box and box["x"] >= 0 and box["x"] + box["width"] <= width for box in boxes)


def test_an_attack_is_stopped_and_another_can_begin(page: Page) -> None:
    opened(page, "Train it further")
    page.locator("#attack-run").click()
    expect(page.locator("#attack-stage progress")).to_be_visible(timeout=PATIENCE)
    page.locator("#attack-stop").click()
    expect(page.locator("#attack-stage .note")).to_have_text(ATTACK["stopped_here"])
    expect(page.locator("#attack-stop")).to_be_disabled()
    choose(page, "How near is near enough?")
    page.locator("#attack-run").click()
    expect(page.locator("#attack-stage .said")).to_contain_text(
        re.compile(r"\bA cliff, not a slope\b"), timeout=PATIENCE
    )
    expect(page.locator("#attack-stage table tbody tr")).not_to_have_count(0)


def test_the_slider_leaves_the_next_attack_alone(page: Page) -> None:
    opened(page, "Prune the lock away")
    page.locator("#attack-amount input[type=number]").fill("40")
    page.keyboard.press("Tab")
    expect(page.locator("#attack-stage .progress-line")).to_contain_text(re.compile(r"^40 % of the weights are zero"))
    choose(page, "Replace its last step")
    page.wait_for_timeout(1500)  # for a late answer of the slider
    expect(page.locator("#attack-stage")).to_contain_text(ATTACK["hint"])
    expect(page.locator("#attack-stage")).not_to_contain_text("of the weights are zero")


def test_another_network_ends_an_attack(page: Page) -> None:
    opened(page, "How near is near enough?")
    page.locator("#attack-run").click()
    expect(page.locator("#attack-stage progress")).to_be_visible(timeout=PATIENCE)
    page.locator("#attack-student input").click()
    page.get_by_role("option", name="digits/birch", exact=True).click()
    expect(page.locator("#attack-stage")).to_contain_text(ATTACK["hint"])
    expect(page.locator("#attack-stop")).to_be_disabled()
    page.wait_for_timeout(1500)  # for a late step of the attack
    expect(page.locator("#attack-stage progress")).to_have_count(0)
    expect(page.locator("#attack-recorded")).to_contain_text("--student digits/birch")


def test_who_comes_second_sees_the_place_and_can_leave_it(page: Page, address: str) -> None:
    opened(page, "Train it further")
    page.locator("#attack-run").click()
    expect(page.locator("#attack-stage progress")).to_be_visible(timeout=PATIENCE)
    second = page.context.new_page()
    second.goto(f"{address}/?lang=zh")
    chinese = load_texts("zh")
    second.get_by_role("tab", name=chinese["page"]["tabs"]["attack"], exact=True).click()
    stage, run, stop = (second.locator(f"#attack-{name}") for name in ("stage", "run", "stop"))
    run.click()
    place = stage.locator(".note")
    expect(place).to_have_text(chinese["attack"]["place_one"], timeout=PATIENCE)
    box = place.bounding_box()
    assert box and box["height"] > 10, "it is there to be read"
    stop.click()
    expect(place).to_have_text(chinese["attack"]["stopped"])
    run.click()
    expect(place).to_have_text(chinese["attack"]["place_one"], timeout=PATIENCE)
    page.locator("#attack-stop").click()
    expect(stage.locator(".said")).to_be_visible(timeout=PATIENCE)
    expect(page.locator("#attack-stage .note")).to_have_text(ATTACK["stopped_here"])


def test_who_closes_the_page_makes_room(page: Page, address: str) -> None:
    leaving = page.context.new_page()
    leaving.goto(address)
    opened(leaving, "Train it further")
    leaving.locator("#attack-run").click()
    expect(leaving.locator("#attack-stage progress")).to_be_visible(timeout=PATIENCE)
    opened(page, "Replace its last step")
    page.locator("#attack-run").click()
    expect(page.locator("#attack-stage .note")).to_have_text(ATTACK["place_one"], timeout=PATIENCE)
    leaving.close()
    expect(page.locator("#attack-stage .note")).to_have_count(0, timeout=20_000)
    expect(page.locator("#attack-stage .progress-line")).to_have_text("Finished.", timeout=PATIENCE)


def test_on_a_phone_the_attack_appears_under_its_button(page: Page) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    opened(page, "Replace its last step")
    stage = page.locator("#attack-stage")
    page.locator("#attack-run").click()
    expect(stage.locator(".progress-line")).to_have_text("Finished.", timeout=PATIENCE)
    button, shown = page.evaluate(  # both at one moment: it may be scrolling yet
        "['#attack-run', '#attack-stage'].map((one) => document.querySelector(one).getBoundingClientRect().top)"
    )
    assert 0 < shown - button < 844 / 3
    expect(stage.locator(".progress-line")).to_be_in_viewport()


def test_the_break_in_is_played_by_keyboard_and_kept_in_the_browser(page: Page, address: str) -> None:
    said = TEXTS["break_in"]
    page.set_viewport_size({"width": 390, "height": 844})
    page.get_by_role("tab", name="Attack", exact=True).click()
    page.get_by_role("button", name=said["begin"], exact=True).press("Enter")
    level = page.locator(".break-in article:not([hidden])")
    expect(level.locator("h3")).to_contain_text(said["of"]["literal"]["title"])
    expect(page.locator("#break-in-stage .copy")).to_have_count(3)
    stage, copy = (page.locator(one).bounding_box() for one in ("#break-in-stage", "#break-in-stage .attack"))
    assert stage and copy and stage["height"] < copy["height"] + 20, "nothing stands below the stage"
    level.get_by_role("button", name=said["hint"], exact=True).press("Enter")
    expect(level).to_contain_text(said["of"]["literal"]["hint"])
    as_it_is = level.get_by_role("button", name=said["ways"]["run"], exact=True)
    as_it_is.click()
    page.locator("#break-in-stage").get_by_role("button", name=said["others"]).click()
    expect(as_it_is).to_be_focused()
    expect(as_it_is).to_be_in_viewport(ratio=1)
    level.get_by_role("button", name=said["ways"]["brute-force"]).press("Enter")
    for shown in (level.locator(".won"), page.locator("#break-in-stage .outcome")):
        expect(shown).to_be_in_viewport(ratio=1, timeout=PATIENCE)
    expect(page.locator("#break-in-stage .copy.entered .verdict")).to_contain_text("Right")
    for width, height in ((390, 844), (768, 1024), (1280, 720)):
        page.set_viewport_size({"width": width, "height": height})
        assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.goto(f"{address}/?tab=attack")
    below = "document.querySelector('#attack-longer').getBoundingClientRect().top"
    at_once = page.get_by_role("button", name=said["begin"], exact=True).evaluate(f"one => (one.click(), {below})")
    expect(page.locator("#break-in-stage .copy")).to_have_count(3)
    assert 0 <= page.evaluate(below) - at_once < 40, "what stands below jumps"
    expect(level.locator("h3")).to_contain_text(said["of"]["short"]["title"])  # the first that is not won yet
    expect(level.locator(".won")).to_be_hidden()
    page.locator(".break-in [data-go='1']").click()
    expect(level.locator(".won")).to_contain_text(said["of"]["literal"]["won"]["brute-force"][:40])
    level.get_by_role("button", name=said["next"], exact=True).click()
    page.set_viewport_size({"width": 768, "height": 1024})
    expect(page.locator("#break-in-stage .copy")).to_have_count(3)
    as_it_is.click()
    expect(page.locator("#break-in-stage .said")).to_have_text(
        said["came_to"]["run"]["silent"].format(silent="1,000", pictures="1,000"), timeout=PATIENCE
    )
    expect(as_it_is).to_be_in_viewport(ratio=1)  # nothing moves where both are seen
    level.get_by_role("button", name=said["ways"]["opening"], exact=True).click()
    expect(level.locator(".won")).to_contain_text(said["of"]["short"]["won"]["opening"], timeout=PATIENCE)
    expect(level.locator(".won")).not_to_contain_text(said["of"]["short"]["won"]["brute-force"], use_inner_text=True)
    page.evaluate("localStorage.clear()")
