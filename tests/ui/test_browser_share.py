"""Links and files in a real browser: what a sender saw a receiver sees, and what is downloaded is right."""

import csv
import io
import json
import re
from pathlib import Path
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from app_process import PATIENCE
from PIL import Image
from playwright.sync_api import Browser, BrowserContext, Dialog, Page, expect
from pypdf import PdfReader
from waiting import still, until

from dsn.results.store import read_results
from dsn.student.collection import demo_serials

VALID = demo_serials()["digits/alder"]
EARLY = 400  # ms: what is to happen has, and what must not has had its time


def open_page(context: BrowserContext, address: str, script: str = "") -> Page:
    page = context.new_page()
    page.add_init_script(script)
    page.goto(address)
    expect(page.locator("#panels .panel")).to_have_count(3)
    expect(page.locator("#tabs input[type=radio]:checked")).not_to_have_count(0)
    expect(page.locator("#gallery button[aria-pressed=true]")).to_have_count(1)  # hidden where a link opens another tab
    return page


def serial_field(page: Page):
    return page.locator("#serial input, #serial textarea")


def press(page: Page, name: str) -> None:
    page.get_by_role("button", name=name, exact=True).click()


def query(page: Page) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(page.url).query).items()}


def entries(page: Page) -> int:
    return page.evaluate("history.length")


def seen(page: Page) -> dict:
    """What a visitor sees of the state, read off the page and not off its address."""
    return {
        "radios": [one.get_attribute("value") for one in page.locator("input[type=radio]:checked").all()[:2]],
        "serial": serial_field(page).input_value(),
        "panels": page.locator("#panels .panel").all_inner_texts(),
        "pictures": [one.get_attribute("src") for one in page.locator("#panels img").all()],
        "marked": page.locator('#panels [data-condition][aria-pressed="true"]').all_inner_texts(),
        "tab": page.locator('#tabs > .tab-wrapper [role=tab][aria-selected="true"]').first.inner_text(),
    }


@pytest.fixture(scope="module")
def untouched(desktop: BrowserContext, address: str) -> dict:
    """What a visitor sees who comes without a link."""
    page = open_page(desktop, address)
    still(page, EARLY)
    found = seen(page)
    page.close()
    return found


def wander(page: Page) -> None:
    """To the signs, another customer, a picture, a serial, a mark and a tab."""
    page.get_by_role("radio", name="Traffic signs").check()
    expect(page.locator("#gallery button").first).to_have_attribute("title", re.compile("Speed"))
    page.get_by_role("radio", name="cedar").first.check()
    page.locator("#gallery button").nth(7).click()
    press(page, "Flip one bit")
    expect(page.locator(".note").first).to_contain_text(re.compile(r"\b1 of its 64 bits"))
    page.locator("#panels .panel.absent header").click()
    page.get_by_role("tab", name="Figures", exact=True).click()
    page.wait_for_url(re.compile("tab=figures"))


def test_a_copied_link_opens_what_the_sender_saw(context: BrowserContext, browser: Browser, address: str) -> None:
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    page = open_page(context, address)
    assert urlsplit(page.url).query == ""  # a first visit's address stays plain
    wander(page)
    press(page, "Copy link")
    expect(page.locator(".share [role=status]")).to_have_text("The link is copied.")
    expect(page.locator(".share .said")).to_contain_text("A picture of your own is not in it.")
    link = page.evaluate("navigator.clipboard.readText()")
    assert query(page) == {name: values[0] for name, values in parse_qs(urlsplit(link).query).items()}
    assert set(query(page)) == {"task", "customer", "picture", "serial", "condition", "tab"}

    elsewhere = browser.new_context(viewport={"width": 1280, "height": 900})
    receiver = open_page(elsewhere, link)
    expect(receiver.get_by_role("tab", name="Figures", exact=True)).to_have_attribute("aria-selected", "true")
    expect(serial_field(receiver)).to_have_value(serial_field(page).input_value())
    until(receiver, lambda: seen(receiver) == seen(page))  # panels follow the controls
    assert seen(receiver) == seen(page)
    assert receiver.url == link
    elsewhere.close()


def test_a_link_can_be_taken_by_hand_where_the_clipboard_is_refused(context: BrowserContext, address: str) -> None:
    page = open_page(context, address, "Object.defineProperty(navigator, 'clipboard', {value: undefined})")  # no https
    press(page, "Copy link")
    field = page.get_by_label("Link to what is shown")
    expect(field).to_be_visible()
    expect(field).to_be_focused()
    link = field.input_value()
    assert page.evaluate("getSelection().toString() || document.activeElement.value") == link
    assert "task=digits" in link and f"serial={serial_field(page).input_value()}"[:12] in link


def test_back_and_forward_go_through_what_the_visitor_did(context: BrowserContext, address: str) -> None:
    page = open_page(context, address)
    first, before = seen(page), entries(page)
    press(page, "Valid serial")
    expect(serial_field(page)).to_have_value(VALID.text)
    page.wait_for_url(re.compile("serial="))
    second = seen(page)
    page.locator("#gallery button").nth(5).click()
    page.wait_for_url(lambda url: "picture=6&" not in url)
    third = seen(page)
    page.get_by_role("tab", name="Trace", exact=True).click()
    page.wait_for_url(re.compile("tab=trace"))
    page.wait_for_timeout(EARLY)
    assert entries(page) == before + 3

    page.go_back()
    expect(page.get_by_role("tab", name="Compare", exact=True)).to_have_attribute("aria-selected", "true")
    page.go_back()
    expect(page.locator("#gallery button").nth(5)).to_have_attribute("aria-pressed", "false")
    until(page, lambda: seen(page) == second)
    assert seen(page) == second
    page.go_back()
    expect(serial_field(page)).not_to_have_value(VALID.text)
    until(page, lambda: seen(page) == first)
    assert seen(page) == first
    page.go_forward()
    expect(serial_field(page)).to_have_value(VALID.text)
    page.go_forward()
    expect(page.locator("#gallery button").nth(5)).to_have_attribute("aria-pressed", "true")
    page.wait_for_timeout(EARLY)
    until(page, lambda: seen(page) == third)
    assert seen(page) == third
    assert entries(page) == before + 3  # going back and forth adds nothing


LATE = "window.setTimeout = ((later) => (done, time) => later(done, time || 300))(setTimeout)"
STILL_KEEPING = "document.dispatchEvent(new Event('answered')); history.back()"


def test_who_goes_back_while_something_is_being_kept_gets_back(context: BrowserContext, address: str) -> None:
    page = open_page(context, address)
    press(page, "Valid serial")
    page.wait_for_url(re.compile("serial="))
    page.locator("#gallery button").nth(5).click()
    page.wait_for_url(lambda url: "picture=6&" not in url)
    page.evaluate(LATE)
    page.evaluate(STILL_KEEPING)
    expect(page.locator("#gallery button").nth(5)).to_have_attribute("aria-pressed", "false")


def test_typing_rewrites_one_entry(context: BrowserContext, address: str) -> None:
    page = open_page(context, address)
    press(page, "Randomise")
    page.wait_for_url(re.compile("serial="))
    before = entries(page)
    serial_field(page).focus()
    for text in (VALID.text, VALID.flipped(3).text, VALID.flipped(4).text):
        serial_field(page).select_text()
        page.keyboard.type(text)
        page.wait_for_function("text => location.search.includes(text)", arg=urlencode({"serial": text}))
    assert entries(page) == before
    page.keyboard.press("Backspace")
    expect(page.locator(".note.error")).to_be_visible()
    page.wait_for_timeout(EARLY)
    assert query(page)["serial"] == VALID.flipped(4).text  # what is shown, not what cannot be read


HOSTILE = {
    "unknown": {"task": "letters", "customer": "mallory", "picture": "1000", "tab": "admin", "step": "99"},
    "scripts": {"serial": "<script>window.bad=1</script>", "customer": "<img src=x onerror=window.bad=1>"},
    "addresses": {
        "picture": "http://example.org/a.png",
        "task": "javascript:window.bad=1",
        "serial": "data:text/html,x",
    },
    "long": {"serial": "A" * 10_000},
    "repeated": {"customer": ["birch", "cedar"], "picture": ["1", "2"]},
    "paths": {"task": "../../etc/passwd", "customer": "%00", "condition": "__proto__", "step": "-1"},
}


@pytest.mark.parametrize("values", HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_link_is_said_to_be_ignored_and_runs_nothing(
    context: BrowserContext, address: str, untouched: dict, values: dict
) -> None:
    page = context.new_page()
    dialogs: list[str] = []

    def dismissed(dialog: Dialog) -> None:
        dialogs.append(dialog.message)
        dialog.dismiss()

    page.on("dialog", dismissed)
    page.goto(f"{address}/?{urlencode(values, doseq=True)}&other=1")
    expect(page.locator(".share .ignored")).to_contain_text("Left out of this link")
    expect(page.locator(".share .ignored")).to_have_count(1)
    page.wait_for_timeout(EARLY)
    until(page, lambda: seen(page) == untouched)
    assert seen(page) == untouched
    assert query(page)["other"] == "1"  # another's parameter is left alone
    assert "script" not in page.url and len(page.url) < 400
    assert page.evaluate("window.bad === undefined")
    assert dialogs == []  # and no other host is asked, which `context` holds
    press(page, "Valid serial")
    expect(page.locator(".share .ignored")).to_be_hidden()


@pytest.mark.parametrize("tab", ["figures", "method"])
def test_on_a_phone_the_tab_that_a_link_opens_is_in_view(browser: Browser, address: str, tab: str) -> None:
    with browser.new_context(viewport={"width": 390, "height": 844}) as context:
        page = context.new_page()
        page.goto(f"{address}/?tab={tab}")
        chosen = page.locator(f'#tabs [role="tab"][data-tab-id="{tab}"]')
        expect(chosen).to_have_attribute("aria-selected", "true")
        expect(chosen).to_be_in_viewport(ratio=1)


def test_the_language_keeps_the_state(context: BrowserContext, address: str) -> None:
    page = open_page(context, address)
    press(page, "Valid serial")
    page.wait_for_url(re.compile(f"serial={VALID.text}"))
    page.get_by_role("link", name="中文").click()
    page.wait_for_url(re.compile("/zh"))
    expect(serial_field(page)).to_have_value(VALID.text)
    expect(page.locator(".copy-link")).to_have_text("复制链接")


def download(page: Page, name: str, folder: Path) -> bytes:
    with page.expect_download() as waiting:
        press(page, name)
    waiting.value.save_as(folder / waiting.value.suggested_filename)
    expect(page.locator(".exported a")).to_have_text(waiting.value.suggested_filename)
    return (folder / waiting.value.suggested_filename).read_bytes()


def test_files_are_downloaded_and_hide_the_serial_until_it_is_asked_for(
    context: BrowserContext, address: str, tmp_path: Path
) -> None:
    page = open_page(context, address)
    press(page, "Measure on 1,000 pictures")
    expect(page.locator(".progress-line")).to_contain_text("Measured just now", timeout=PATIENCE)
    entered = serial_field(page).input_value()

    picture = Image.open(io.BytesIO(download(page, "Picture (PNG)", tmp_path)))
    assert picture.format == "PNG" and picture.width > 1500
    hidden = PdfReader(io.BytesIO(download(page, "Page (PDF)", tmp_path)))
    assert len(hidden.pages) == 1
    assert entered not in hidden.pages[0].extract_text() and VALID.text not in hidden.pages[0].extract_text()
    figures = json.loads(download(page, "Figures (JSON)", tmp_path))
    assert figures["recorded"]["students"] == read_results("students")["digits/alder"]
    assert entered not in json.dumps(figures)
    shown = float(page.locator(".chart .row .figure b").first.inner_text().rstrip(" %"))
    assert figures["measured"]["valid"]["percent"] == pytest.approx(shown, abs=0.06)

    page.get_by_label("Show the serials").check()
    open_pdf = PdfReader(io.BytesIO(download(page, "Page (PDF)", tmp_path)))
    assert entered in open_pdf.pages[0].extract_text() and VALID.text in open_pdf.pages[0].extract_text()
    lines = list(csv.DictReader(io.StringIO(download(page, "Figures (CSV)", tmp_path).decode("utf-8-sig"))))
    assert any(line["measure"] == "valid" and line["source"] == "students.json" for line in lines)

    serial_field(page).fill("nonsense")
    press(page, "Page (PDF)")
    expect(page.locator("#export-file .note.error")).to_contain_text("has 8")
    press(page, "Page (PDF)")  # and again: the button waits for nothing
    expect(page.locator("#export [aria-busy]")).to_have_count(0)
    expect(page.locator("#export-file .note.error")).to_be_visible()


def test_measured_charts_can_be_read_as_tables(context: BrowserContext, address: str) -> None:
    page = open_page(context, address)
    press(page, "Measure on 1,000 pictures")
    expect(page.locator(".progress-line")).to_contain_text("Measured just now", timeout=PATIENCE)
    tables = page.locator("#measurement details.as-table")
    expect(tables).to_have_count(2)
    tables.nth(0).locator("summary").click()
    shown = page.locator(".chart .row .figure b").all_inner_texts()
    assert tables.nth(0).locator("tbody td:nth-child(2)").all_inner_texts() == shown
    tables.nth(1).locator("summary").click()
    rows = tables.nth(1).locator("tbody tr").all_inner_texts()
    for condition in range(3):
        counts = page.locator(".matrices figure").nth(condition).locator("svg text:not(.axis)").all_text_contents()
        title = page.locator(".matrices figcaption").nth(condition).inner_text()
        of_condition = [int(row.split("\t")[-1]) for row in rows if row.startswith(title)]
        assert of_condition == [int(count) for count in counts] and sum(of_condition) == 1000
