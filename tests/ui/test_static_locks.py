"""The folder's student under both locks: one file of it, and the answers of each as Python gives them."""

from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect
from static_folder import PATIENT, file_server, opened

from dsn.applications.held_out import load_held_out
from dsn.applications.prepared import as_floats
from dsn.applications.registry import BUILT_IN
from dsn.places import CHECKPOINTS
from dsn.student.collection import demo_serials
from dsn.student.folder import load_folder

pytestmark = pytest.mark.browser
VALID = demo_serials()["digits/alder"]


def test_answers_of_the_sealed_copy_are_torchs(browser: Browser, static_folder: Path) -> None:
    student = load_folder(CHECKPOINTS / "digits/alder-sealed")
    images = as_floats(load_held_out(BUILT_IN["digits"]).split.images[:100])
    with opened(browser, f"{static_folder.as_uri()}/index.html?lock=sealed") as page:
        expect(page.locator("#panels .panels")).to_have_attribute("data-lock", "sealed")
        for serial in (VALID, VALID.flipped(2), None):
            found = page.evaluate(
                "([name, bits]) => ask('answers', { name, from: 'digits', start: 0, end: 100, bits })",
                ["digits/alder/sealed", list(serial.bits) if serial else None],
            )
            assert found["labels"] == student.predict(images, serial).argmax(1).tolist()


def test_the_lock_is_chosen_beside_the_customer_and_kept_in_the_link(browser: Browser, static_folder: Path) -> None:
    with file_server(static_folder) as server, opened(browser, f"{server}/zh.html") as page:
        page.set_default_timeout(PATIENT)
        choice, panels = page.locator("#lock"), page.locator("#panels .panels")
        expect(choice).to_be_visible()
        absent = page.locator('section[data-condition="absent"]')
        expect(absent).to_have_attribute("data-answer", "")  # the trained lock: silence
        choice.locator("label").nth(1).click()
        expect(panels).to_have_attribute("data-lock", "sealed")
        expect(absent).not_to_have_attribute("data-answer", "")  # a network of noise says something
        held = load_held_out(BUILT_IN["digits"])
        right = str(int(held.split.labels[held.first]))
        expect(page.locator('section[data-condition="valid"]')).to_have_attribute("data-answer", right)
        page.wait_for_function("() => new URLSearchParams(location.search).get('lock') === 'sealed'")
        page.locator("#customer label").nth(1).click()  # whose student stands under the trained lock alone
        expect(panels).to_have_attribute("data-lock", "stamped")
        expect(choice).to_be_hidden()
