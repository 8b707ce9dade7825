"""Tracing a leak in a real Chromium: a sample is named, a hostile upload refused, nothing leaves the machine."""

import re
from pathlib import Path
from urllib.error import HTTPError
from urllib.parse import quote
from urllib.request import urlopen

import pytest
from app_process import PATIENCE, PROJECT
from playwright.sync_api import Page, expect

from dsn.applications.prepared import as_floats
from dsn.applications.registry import BUILT_IN
from dsn.owner.trace.changes import CHANGES
from dsn.owner.trace.suspect import Suspect, suspected_student
from dsn.student.collection import load_collection
from dsn.ui.texts import load_texts

LEAKED = "digits/alder"
A_PICTURE = 0.1  # percent of the held-out ones


def traced(page: Page) -> str:
    """Press the button and wait for the report."""
    page.locator("#trace-button").click()
    verdict = page.locator("#trace-report .verdict")
    expect(verdict).to_be_visible(timeout=PATIENCE)
    return verdict.inner_text()


@pytest.mark.parametrize(
    "place", ["build/teachers/digits.safetensors", "dsn/owner/keys.py", "README.md", "own/private-key.pem"]
)
def test_no_file_of_the_owner_is_served(address: str, tmp_path: Path, place: str) -> None:
    secret = tmp_path / "private-key.pem" if place.startswith("own/") else PROJECT / place
    if place.startswith("own/"):
        secret.write_text("PRIVATE KEY")
    for route in ("gradio_api/file=", "file=", "static/", "gradio_api/../", "assets/"):
        for spelling in (str(secret), f"../../../..{secret}", quote(str(secret), safe=""), place):
            try:
                with urlopen(f"{address}/{route}{spelling}", timeout=60) as answer:
                    assert answer.headers["Content-Type"].startswith("text/html")  # the page itself
                    assert b"PRIVATE KEY" not in answer.read()
            except HTTPError as error:
                assert error.code in (403, 404, 405, 422)


def test_a_sample_and_an_upload_are_traced(page: Page, tmp_path: Path) -> None:
    page.get_by_role("tab", name="Trace", exact=True).click()
    assert "digits/alder" in traced(page)
    expect(page.locator("#trace-report tr.named")).to_have_count(1)

    hostile = tmp_path / "leak.safetensors"
    hostile.write_bytes(b"\xff" * 8 + b"{}")
    page.locator("#trace-upload input[type=file]").set_input_files(hostile)
    expect(page.locator("#trace-sample input")).to_have_value("No sample: the file below", timeout=PATIENCE)
    page.locator("#trace-button").click()
    note = page.locator("#trace-report .note.error")
    expect(note).to_contain_text("can be read safely", timeout=PATIENCE)
    expect(note).not_to_contain_text("/tmp")


def test_each_customers_bar_is_as_long_as_their_serial_is_right(page: Page) -> None:
    collection = load_collection()
    tensors = CHANGES["pruned"](dict(collection.students[LEAKED].state_dict()))
    held = collection.held_out["digits"].split
    expected = {}
    for customer in collection.customers("digits"):
        serial = collection.valid_serial("digits", customer)
        leaked = suspected_student(Suspect(BUILT_IN["digits"], tensors, tensors), len(serial.bits))
        answers = leaked.predict(as_floats(held.images), serial=serial)
        silent = answers.amax(1) - answers.amin(1) < 1e-6
        right = (answers.argmax(1) == held.labels) & ~silent
        expected[load_texts("en").student(f"digits/{customer}")] = [
            100 * one.double().mean().item() for one in (right, silent)
        ]
    page.get_by_role("tab", name="Trace", exact=True).click()
    traced(page)
    rows = page.locator("#trace-report .whose .row")
    expect(rows).to_have_count(len(expected))
    for row in rows.all():
        name = row.locator(".title").inner_text()
        percent, without = expected.pop(name)
        said = float(row.locator(".figure").inner_text().removesuffix(" %"))
        width = row.locator(".plot").evaluate("one => one.clientWidth")
        drawn = 100 * row.locator(".bar").evaluate("one => one.getBoundingClientRect().width") / width
        assert abs(said - percent) <= A_PICTURE + 0.05 and abs(drawn - percent) <= 1, name
        assert ("valid" in str(row.get_attribute("class"))) == (name == LEAKED) == (percent > 90)
        gap = row.locator(".no-answer")
        unanswered = 100 * gap.evaluate("one => one.getBoundingClientRect().width") / width if gap.count() else 0
        assert abs(unanswered - without) <= 1, name


def test_a_mystery_copy_is_guessed_and_traced(page: Page) -> None:
    page.set_viewport_size({"width": 1280, "height": 720})
    page.get_by_role("tab", name="Trace", exact=True).click()
    button = page.locator("#trace-button").bounding_box()
    assert button and button["y"] + button["height"] <= 720, "the button is below the first screen"
    example = page.locator("#trace-report .trace-example")
    expect(example.locator(".row")).to_have_count(3)
    for width, height in ((1280, 720), (390, 844)):
        page.set_viewport_size({"width": width, "height": height})
        shown, card = page.locator("#trace-report").bounding_box(), example.bounding_box()
        assert shown and card and shown["height"] < card["height"] + 20, "nothing stands below the example"
    page.set_viewport_size({"width": 1280, "height": 720})
    guesses, questions = page.locator(".guesses [data-guess]"), page.locator(".guesses [data-says]")
    for question in (questions.nth(0), questions.nth(2)):
        expect(question).to_have_text("Ask")
        question.click()
        expect(question).to_have_text(re.compile("no answer|it says"))
    expect(questions.nth(1)).to_have_text("Ask")
    guesses.first.click()
    expect(example).to_be_hidden()
    expect(page.locator(".mystery-again")).to_contain_text("Questions asked: 2.")
    expect(guesses.last).to_have_attribute("aria-disabled", "true")
    page.locator("#trace-button").click()  # meanwhile
    guess, report = page.locator("#trace-guess"), page.locator("#trace-report")
    expect(guess.locator(".note.guessed")).to_contain_text("uessed", timeout=PATIENCE)
    expect(report.locator(".verdict")).to_contain_text("digits/alder", timeout=PATIENCE)
    expect(report.locator(".verdict")).to_be_in_viewport(ratio=1)
    expect(guess.locator(".chart .row")).not_to_have_count(0)
    expect(guess.locator("table")).to_be_hidden()
    for width, height in ((768, 1024), (390, 844)):
        page.set_viewport_size({"width": width, "height": height})
        assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.locator(".mystery [data-again]").click()
    expect(guesses.last).not_to_have_attribute("aria-disabled", "true")
    expect(guess.locator(".note")).to_have_count(0)
    guesses.first.click()
    expect(guess.locator(".chart")).to_be_visible(timeout=PATIENCE)
