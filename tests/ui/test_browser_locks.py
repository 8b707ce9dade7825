"""The lock beside the customer in a real browser: what it changes, what the address keeps, where its line leads."""

import re
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Page, expect

from dsn import Serial, load_student
from dsn.applications.held_out import load_held_out
from dsn.applications.prepared import as_floats
from dsn.applications.registry import BUILT_IN
from dsn.places import CHECKPOINTS
from dsn.results.store import read_results
from dsn.student.collection import load_collection
from dsn.ui.texts import load_texts


def choose(page: Page, lock: str) -> None:
    page.locator("#lock").get_by_role("radio", name=lock).check()
    expect(page.locator("#panels .panels")).to_have_attribute(
        "data-lock", {"Sealed": "sealed", "Trained": "stamped"}[lock]
    )


def test_a_sealed_copy_is_found_by_its_customer_and_lock() -> None:
    collection = load_collection()
    assert collection.locks("digits", "alder") == ["stamped", "sealed"]
    assert collection.student("digits", "alder", "sealed") is collection.students["digits/alder-sealed"]
    assert collection.student("digits", "alder", "stamped") is collection.student("digits", "alder")
    assert collection.student("digits", "alder-sealed", "stamped").config.lock == "sealed"


def test_the_sealed_lock_answers_as_its_student_does(page: Page) -> None:
    expect(page.locator(".panel.entered .verdict")).to_contain_text("No answer")
    choose(page, "Sealed")
    student, held = load_student(CHECKPOINTS / "digits/alder-sealed"), load_held_out(BUILT_IN["digits"])
    index = int(page.locator("#gallery .gallery").get_attribute("data-chosen") or "")
    picture = as_floats(held.split.images[index : index + 1])
    entered = Serial.parse(page.locator("#serial input, #serial textarea").input_value())
    for condition, serial in (("entered", entered), ("absent", None)):
        answer = student.config.classes[int(student.predict(picture, serial).argmax())]
        expect(page.locator(f".panel.{condition} .answers .name").first).to_have_text(answer)
    expect(page.locator(".panel.valid .verdict")).to_contain_text("Right")
    expect(page.locator(".panel.absent .remark")).to_contain_text("noise")


def test_the_address_keeps_the_lock(page: Page, address: str) -> None:
    choose(page, "Sealed")
    page.wait_for_url(re.compile("lock=sealed"))
    shown = page.locator("#panels .panels").inner_html()
    page.goto(page.url)
    expect(page.locator("#panels .panels")).to_have_attribute("data-lock", "sealed")
    expect(page.locator("#lock input").nth(1)).to_be_checked()
    assert page.locator("#panels .panels").inner_html() == shown
    page.goto(f"{address}/?lock=none")
    expect(page.locator(".ignored")).to_contain_text("lock")
    page.wait_for_url(lambda url: "lock" not in parse_qs(urlsplit(url).query))


@pytest.mark.parametrize("task", ["digits", "signs"])
def test_the_line_says_the_recorded_figure_and_leads_to_the_attack(page: Page, address: str, task: str) -> None:
    page.goto(f"{address}/?task={task}")
    row = read_results("attacks")[f"{task}/alder/opening/10"]
    expect(page.locator(".honest")).to_contain_text(f"{row['figures']['best']['mean']:.1f} % right")
    page.get_by_role("button", name="See it happen").click()
    expect(page.locator('#attack-choice input[value="opening"]')).to_be_checked()
    expect(page.locator("#attack-about")).to_contain_text(load_texts("en")["attack"]["about_opening"])
