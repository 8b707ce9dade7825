"""The real page in a real Chromium: what a visitor does, and what is rendered."""

import io
import re
from collections import Counter
from pathlib import Path

import pytest
from app_process import PATIENCE
from no_engine import page_without_engine
from open_tab import open_tab
from PIL import Image
from playwright.sync_api import Browser, BrowserContext, Page, Request, expect
from waiting import until

from dsn.serials import Serial
from dsn.student.collection import demo_serials
from dsn.ui.texts import languages, load_texts

VALID = demo_serials()["digits/alder"]


def panel(page: Page, condition: str):
    return page.locator(f".panel.{condition}")


def serial_field(page: Page):
    return page.locator("#serial input, #serial textarea")


def press(page: Page, name: str) -> None:
    page.get_by_role("button", name=name, exact=True).click()


def pressed_bits(page: Page) -> str:
    buttons = page.locator("#bits button").all()
    return "".join("1" if button.get_attribute("aria-pressed") == "true" else "0" for button in buttons)


def is_vivid(page: Page, selector: str) -> bool:
    """Whether what is rendered there has more than a few colours: a picture, not an empty box."""
    shot = Image.open(io.BytesIO(page.locator(selector).first.screenshot()))
    return len(shot.convert("RGB").getcolors(1 << 24) or []) > 8


def test_first_visit_shows_a_finished_comparison(page: Page) -> None:
    expect(panel(page, "valid").locator(".verdict")).to_contain_text("Right")
    expect(panel(page, "entered").locator(".verdict")).to_contain_text("No answer")
    expect(panel(page, "absent").locator(".verdict")).to_contain_text("No answer")
    assert is_vivid(page, ".panel.valid .picture")
    expect(page.locator(".origin")).to_contain_text("public on purpose")
    outline = panel(page, "valid").locator(".stamp-outline").bounding_box()
    picture = panel(page, "valid").locator(".picture").bounding_box()
    assert outline and picture
    assert outline["x"] + outline["width"] / 2 > picture["x"] + picture["width"] * 0.75
    assert outline["y"] + outline["height"] / 2 > picture["y"] + picture["height"] * 0.75
    assert panel(page, "absent").locator(".stamp-outline").count() == 0


def test_buttons_fill_the_field_the_bits_and_the_panel(page: Page) -> None:
    press(page, "Valid serial")
    expect(serial_field(page)).to_have_value(VALID.text)
    expect(panel(page, "entered").locator(".remark")).to_contain_text("This is the valid serial")
    expect(panel(page, "entered").locator(".verdict")).to_contain_text("Right")
    assert pressed_bits(page) == "".join(map(str, VALID.bits))

    press(page, "Randomise")
    expect(serial_field(page)).not_to_have_value(VALID.text)
    random = Serial.parse(serial_field(page).input_value())
    expect(panel(page, "entered").locator("code")).to_have_text(random.text)
    assert pressed_bits(page) == "".join(map(str, random.bits))

    press(page, "Flip one bit")
    expect(page.locator(".note").first).to_contain_text(re.compile(r"\b1 of its 64 bits"))
    expect(panel(page, "entered").locator("code")).not_to_have_text(random.text)
    assert Serial.parse(serial_field(page).input_value()).distance(VALID) == 1

    press(page, "Another customer's")
    expect(panel(page, "entered").locator(".remark")).to_contain_text("birch")

    press(page, "None")
    expect(serial_field(page)).to_have_value("")
    expect(panel(page, "entered").locator(".stamped-serial")).to_contain_text("nothing stamped")
    assert panel(page, "entered").locator(".stamp-outline").count() == 0


def test_a_bit_flips_by_mouse_and_by_keyboard(page: Page) -> None:
    press(page, "Valid serial")
    expect(serial_field(page)).to_have_value(VALID.text)
    page.locator("#bits button").nth(10).click()
    expect(serial_field(page)).to_have_value(VALID.flipped(10).text)
    page.locator("#bits button").nth(10).press("ArrowRight")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Space")
    expect(serial_field(page)).to_have_value(VALID.flipped(10, 19).text)
    expect(panel(page, "entered").locator("code")).to_have_text(VALID.flipped(10, 19).text)
    expect(page.locator("#bits button").nth(19)).to_be_focused()


def test_a_slip_in_a_typed_serial_is_one_sentence_and_runs_nothing(page: Page) -> None:
    before = panel(page, "entered").locator("code").inner_text()
    serial_field(page).fill(VALID.text[:-1] + ("0" if VALID.text[-1] != "0" else "1"))
    expect(page.locator(".note.error")).to_contain_text("check symbol")
    assert panel(page, "entered").locator("code").inner_text() == before
    serial_field(page).fill("short")
    expect(page.locator(".note.error")).to_contain_text("14 characters")
    serial_field(page).fill("<script>alert(1)</script>")
    expect(page.locator(".note.error")).to_contain_text("not a character")
    serial_field(page).fill(VALID.text.lower().replace("-", " ").replace("0", "o"))
    expect(panel(page, "entered").locator(".remark")).to_contain_text("This is the valid serial")
    expect(page.locator(".note.error")).to_have_count(0)


def test_signs_and_the_short_serial(page: Page) -> None:
    page.get_by_role("radio", name="Traffic signs").check()
    expect(page.locator("#gallery button").first).to_have_attribute("title", re.compile("Speed"))
    expect(panel(page, "valid").locator(".verdict")).to_contain_text("Right")
    expect(panel(page, "absent").locator(".verdict")).to_contain_text("No answer")
    page.get_by_role("radio", name="9-bit").check()
    expect(page.locator("#bits button")).to_have_count(9)
    expect(serial_field(page)).to_have_value(re.compile(r"^.{3}$"))
    assert len(Serial.parse(serial_field(page).input_value()).bits) == 9
    label = page.locator("#gallery button").nth(5).inner_text()
    page.locator("#gallery button").nth(5).click()
    expect(panel(page, "valid").locator(".verdict")).to_contain_text(label)


@pytest.mark.parametrize("then", ["paper", "Randomise"])
def test_a_click_that_overtakes_another_leaves_the_page_in_step(
    context: BrowserContext, address: str, then: str
) -> None:
    page = page_without_engine(context, address)  # else the browser answers, in turn
    asked: list = []
    answered: list = []

    def slowly(route) -> None:
        """The second question is answered first, and its answer comes last."""
        if route.request.post_data_json["fn_name"] != "answer":
            return route.continue_()
        asked.append(route)
        if len(asked) == 2:
            answer = route.fetch()
            asked[0].fulfill(response=asked[0].fetch())
            page.wait_for_timeout(500)
            route.fulfill(response=answer)
            answered.append(route)
        elif len(asked) > 2:
            route.continue_()

    page.route("**/gradio_api/component_server/**", slowly)
    page.get_by_role("radio", name="Traffic signs").click()
    if then == "paper":
        page.get_by_role("radio", name="9-bit").click()
    else:
        press(page, then)
    until(page, lambda: bool(answered))
    expect(page.locator("#gallery button").first).to_have_attribute("title", re.compile("Speed"))
    expect(panel(page, "valid").locator(".verdict")).to_contain_text("Right")
    customer = page.locator("input[type=radio]:checked").nth(1)
    expect(page.locator("#bits button")).to_have_count(9 if customer.get_attribute("value") == "paper" else 64)
    expect(page.get_by_text("Error", exact=True)).to_have_count(0)


def own_picture(page: Page) -> None:
    page.get_by_role("tab", name="Your own picture").click()


def upload(page: Page, path: Path) -> None:
    page.locator("#upload input[type=file]").set_input_files(path)


def test_uploads(page: Page, tmp_path: Path) -> None:
    own_picture(page)
    paper = Image.new("L", (600, 400), 235)
    for y in range(80, 320):  # a tall stroke: a one
        for x in range(290, 315):
            paper.putpixel((x, y), 20)
    paper.save(tmp_path / "one.png")
    upload(page, tmp_path / "one.png")
    expect(panel(page, "valid").locator(".verdict")).to_contain_text("It says 1")
    expect(page.get_by_text("as the network sees it")).to_be_visible()

    (tmp_path / "junk.png").write_bytes(b"this is no picture")
    page.locator("#upload").get_by_label(re.compile("clear|remove", re.I)).first.click()
    upload(page, tmp_path / "junk.png")
    expect(page.locator(".note.error")).to_be_visible()
    assert "Traceback" not in page.content()


def test_drawing(page: Page) -> None:
    own_picture(page)
    canvas = page.locator("#sketch canvas")
    canvas.scroll_into_view_if_needed()
    box = canvas.bounding_box()
    assert box
    page.mouse.move(box["x"] + box["width"] * 0.5, box["y"] + box["height"] * 0.2)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.5, box["y"] + box["height"] * 0.8, steps=12)
    page.mouse.up()
    expect(panel(page, "valid").locator(".verdict")).to_contain_text("It says 1")


def test_measuring(page: Page) -> None:
    press(page, "Measure on 1,000 pictures")
    rows = page.locator(".chart .row")
    expect(page.locator(".progress-line")).to_contain_text("Measured just now", timeout=PATIENCE)
    shares = [float(rows.nth(index).locator(".figure b").inner_text().rstrip(" %")) for index in range(3)]
    assert shares[0] > 97 and shares[1] < 20 and shares[2] < 20
    expect(rows.nth(0).locator("small").first).to_contain_text("N = 1,000")
    expect(rows.nth(2).locator("small").last).to_contain_text(re.compile(r"no answer to [\d,]+ of them"))
    expect(page.locator(".matrices svg")).to_have_count(3)
    diagonal = page.locator(".matrices figure.valid text.strong").all_text_contents()
    assert sum(map(int, diagonal)) == round(shares[0] * 10)
    assert is_vivid(page, ".matrices figure.valid")


@pytest.mark.parametrize("language", languages())
def test_what_a_tab_holds_is_sent_when_it_is_first_opened(context: BrowserContext, address: str, language: str) -> None:
    page, texts = context.new_page(), load_texts(language)
    page.goto(f"{address}/?lang={language}")
    expect(page.locator(".panel")).to_have_count(3)
    asked: Counter[int] = Counter()  # by the handler that is asked

    def count(request: Request) -> None:
        if "/run/predict" in request.url:
            asked[(request.post_data_json or {})["fn_index"]] += 1

    page.on("request", count)
    titles = texts["page"]["tabs"]
    for tab, held in (
        ("attack", "#attack-stage .attack"),
        ("attack", "#attack-longer details"),
        ("figures", ".figures table"),
        ("method", ".method h2"),
        ("attack", "#attack-stage .attack"),
    ):
        open_tab(page, titles[tab])
        expect(page.locator(held).first).to_be_attached()
    # What tabs hold is sent once each; which network Compare shows is asked whenever the attacks come into view.
    assert sorted(asked.values()) == [1, 1, 1, 2]


CUT_OFF = """[...document.querySelectorAll('table')]
  .filter((one) => one.getClientRects().length && !one.closest('.scroll'))
  .filter((one) => one.scrollWidth > one.parentElement.clientWidth + 1)
  .map((one) => one.className)"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 768, 1280])
def test_every_width_in_light_and_dark(context: BrowserContext, address: str, width: int, scheme: str) -> None:
    page = context.new_page()
    page.set_viewport_size({"width": width, "height": 844})
    page.goto(f"{address}/?__theme={scheme}")
    expect(page.locator(".panel")).to_have_count(3)
    if width > 760:  # beside each other
        pictures = [one.bounding_box() for one in page.locator(".panel .picture").all()]
        assert len({round(box["y"]) for box in pictures if box}) == 1, "the pictures are not level"
    for tab in ("Compare", "Mint", "Trace", "Figures", "How it works"):
        open_tab(page, tab)
        assert page.evaluate("document.documentElement.scrollWidth") <= width, f"{tab} is wider than the screen"
        assert page.evaluate(CUT_OFF) == [], f"tables of {tab} are cut off"
    background = page.evaluate("getComputedStyle(document.querySelector('.panel')).backgroundColor")
    brightness = sum(map(int, re.findall(r"\d+", background)[:3])) / 3
    assert (brightness > 200) == (scheme == "light")


@pytest.mark.parametrize("language", languages())
def test_a_phone_shows_whether_attacks_missed_their_bars_without_scrolling_sideways(
    context: BrowserContext, address: str, language: str
) -> None:
    page = context.new_page()
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(f"{address}/?lang={language}")
    expect(page.locator(".panel")).to_have_count(3)
    page.get_by_role("tab", name=load_texts(language)["page"]["tabs"]["figures"], exact=True).click()
    expect(page.locator(".came-to summary")).not_to_have_count(0)
    for summary in page.locator(".came-to summary").all():
        summary.click()
    verdicts = page.locator(".came-to td b")
    expect(verdicts.first).to_be_visible()
    edges = page.locator(".came-to .scroll").first.bounding_box()
    boxes = [one.bounding_box() for one in verdicts.all()]
    assert edges and all(box and box["x"] + box["width"] <= edges["x"] + edges["width"] for box in boxes)


def test_on_a_phone_the_answers_stay_in_view(page: Page, address: str) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(address)
    expect(page.locator(".panel")).to_have_count(3)
    chips = page.locator(".chips")
    expect(chips).to_be_hidden()
    press(page, "Valid serial")
    expect(chips).to_be_in_viewport(ratio=1)
    expect(chips.locator(".chip.entered")).to_contain_text("3")
    assert [text.split()[-1] for text in chips.locator(".chip").all_inner_texts()] == ["3", "3", "answer"]
    page.locator("[data-bit='0']").click()
    expect(chips.locator(".chip.entered")).to_contain_text("no answer")
    expect(chips).to_be_in_viewport(ratio=1)
    page.evaluate("scrollTo(0, 0)")
    expect(chips).to_be_hidden()


@pytest.mark.parametrize("language", languages())
def test_whoever_draws_on_a_phone_sees_what_the_networks_answer(page: Page, address: str, language: str) -> None:
    texts = load_texts(language)["compare"]
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(f"{address}/?lang={language}")
    expect(page.locator(".panel")).to_have_count(3)
    for verdict in page.locator("#panels .verdict").all():
        expect(verdict).to_be_in_viewport(ratio=1)  # the first screen tells all three
    page.get_by_role("tab", name=texts["own_picture"], exact=True).click()
    page.locator(".sketch canvas").wait_for()
    page.evaluate("scrollBy(0, document.querySelector('.honest').getBoundingClientRect().top)")
    expect(page.locator(".honest")).to_be_in_viewport()
    expect(page.locator(".sketch canvas")).to_be_in_viewport()
    expect(page.locator(".chips")).to_be_in_viewport(ratio=1)


def test_a_phone_on_its_side_shows_the_answers_and_has_buttons_for_fingers(browser: Browser, address: str) -> None:
    phone = browser.new_context(viewport={"width": 844, "height": 390}, has_touch=True, is_mobile=True)
    try:
        page = phone.new_page()
        page.goto(address)
        expect(page.locator(".panel")).to_have_count(3)
        expect(page.locator(".chips")).to_be_in_viewport(ratio=1)
        page.locator("#press-licensed").tap()
        expect(page.locator(".chip.entered")).to_contain_text("3")
        expect(page.locator(".chips")).to_be_in_viewport(ratio=1)
        for press in page.locator(".bits-and-buttons button.sm").all():
            box = press.bounding_box()
            assert box and box["height"] >= 38
        bit = page.locator("[data-bit='0']").bounding_box()
        assert bit and min(bit["width"], bit["height"]) >= 24
        page.get_by_role("button", name="Start the lesson").tap()
        page.locator(".lesson-step:visible [data-choice]").first.tap()
        for condition in ("valid", "entered", "absent"):
            expect(panel(page, condition).locator(".verdict b, .verdict strong").first).to_be_in_viewport(ratio=1)
    finally:
        phone.close()


def test_at_a_phones_end_nothing_is_hidden_by_the_answers(context: BrowserContext, address: str) -> None:
    page = context.new_page()
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(address)
    expect(page.locator(".panel")).to_have_count(3)
    page.evaluate("scrollTo(0, document.documentElement.scrollHeight)")
    chips = page.locator(".chips")
    expect(chips).to_be_in_viewport(ratio=1)
    page.get_by_role("button", name="Copy link", exact=True).click()
    expect(page.locator(".share .said")).to_be_visible()
    edge = chips.bounding_box()
    for above in (".share .said", ".page-foot button"):
        box = page.locator(above).bounding_box()
        assert edge and box and box["y"] >= 0 and box["y"] + box["height"] <= edge["y"], above


def test_the_gallery_is_one_stop_of_the_keyboard(page: Page, address: str) -> None:
    page.goto(address)
    expect(page.locator("#gallery [data-index]").nth(1)).to_be_visible()
    reached = page.locator("#gallery [data-index][tabindex='0']")
    expect(reached).to_have_attribute("aria-pressed", "true")
    reached.focus()
    before = reached.get_attribute("data-index")
    page.keyboard.press("ArrowRight")
    expect(reached).to_be_focused()
    assert reached.get_attribute("data-index") != before
    page.keyboard.press("Enter")
    expect(reached).to_have_attribute("aria-pressed", "true")
    expect(page.locator("#gallery [aria-pressed=true]")).to_have_count(1)
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.closest('#gallery')") is None
