"""The served page answers in the visitor's browser: nothing is asked of the server, and torch says the same."""

import itertools
import json
import re
from pathlib import Path

import pytest
import torch
from app_process import PATIENCE
from lesson_on_page import action, at
from no_engine import page_without_engine
from playwright.sync_api import BrowserContext, Page, expect
from waiting import until

from dsn.applications.held_out import load_held_out
from dsn.applications.prepared import as_floats
from dsn.applications.registry import BUILT_IN
from dsn.measuring.comparison import CONDITIONS, compare, measure
from dsn.places import CHECKPOINTS
from dsn.serials import Serial
from dsn.student.collection import Collection, demo_serials, load_collection
from dsn.student.folder import load_folder
from dsn.ui.compare.chosen_picture import NO_SERIAL, Shown, from_gallery, read_measured
from dsn.ui.compare.records import measurement_record
from dsn.ui.lesson.steps import STEPS, step_serial
from dsn.ui.serving.handed_out import handed_out

SERIALS = demo_serials()
FLIPS = 100


@pytest.fixture(scope="module")
def collection() -> Collection:
    return load_collection()


def opened(page: Page, name: str) -> None:
    """Wait until the engine has this student."""
    expect(page.locator("#panels")).to_have_attribute("data-opened", name, timeout=PATIENCE)


def shares(page: Page, condition: str) -> dict[str, float]:
    """The classes named under one condition, and how likely each is, in percent."""
    panel = page.locator(f".panel.{condition}")
    values = [float(one.rstrip(" %")) for one in panel.locator(".value").all_inner_texts()]
    return dict(zip(panel.locator(".name").all_inner_texts(), values, strict=True))


def agree(page: Page, folder: str) -> None:
    """The panels say what torch says of the chosen picture and of the serial in the field."""
    expect(page.locator("#panels")).to_have_attribute("aria-busy", "false")
    index = int(page.locator("#gallery .gallery").get_attribute("data-chosen") or "")
    task, customer = folder.removesuffix("-sealed").split("/")
    student, held = load_folder(CHECKPOINTS / folder), load_held_out(BUILT_IN[task])
    entered = Serial.parse(page.locator("#serial input").input_value())
    picture = as_floats(held.split.images[index : index + 1])
    for panel in compare(student, picture, SERIALS[f"{task}/{customer}"], entered):
        best = {answer.name: 100 * answer.probability for answer in panel.answers}
        found = shares(page, panel.condition)
        assert next(iter(found)) == next(iter(best))  # behind it some are as likely as others but for rounding
        assert list(found.values()) == pytest.approx(list(best.values()), abs=0.06)


def test_a_hundred_flips_ask_nothing_and_are_torchs(page: Page) -> None:
    opened(page, "digits/alder/stamped")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.locator("#press-licensed").click()
    for turn in range(FLIPS):
        page.locator("#bits button").nth(turn * 7 % 64).click()
        expected = page.locator("#serial input").input_value()
        expect(page.locator(".panel.entered code")).to_have_text(expected)
    agree(page, "digits/alder")
    for name in ("licensed", "random", "near", "another", "none", "random"):
        page.locator(f"#press-{name}").click()
        expect(page.locator("#panels")).to_have_attribute("aria-busy", "false")
    page.locator("#gallery button").nth(3).click()
    agree(page, "digits/alder")
    page.locator("#serial input").fill(SERIALS["digits/birch"].text)
    expect(page.locator(".panel.entered .remark")).to_contain_text("birch")
    assert page.locator("#panels").get_attribute("data-answers") == "engine"
    assert asked == []


# Whether the panels are there before the browser can draw anything after a press.
AT_ONCE = """async (place) => {
  document.querySelector(`#bits [data-bit="${place}"]`).click();
  for (let turn = 0; turn < 100; turn += 1) await null;
  return document.querySelector(".panel.entered code").textContent === document.querySelector("#serial input").value;
}"""


def test_a_quick_student_answers_in_the_frame_after_the_press(page: Page) -> None:
    opened(page, "digits/alder/stamped")
    places = itertools.cycle(range(64))
    until(page, lambda: page.evaluate(AT_ONCE, next(places)))
    assert all(page.evaluate(AT_ONCE, next(places)) for _ in range(64))
    agree(page, "digits/alder")
    page.locator("#customer").get_by_role("radio", name="birch").check()
    agree(page, "digits/birch")
    page.locator("#press-random").click()
    agree(page, "digits/birch")
    assert page.locator("#panels").get_attribute("data-answers") == "engine"


def noted(page: Page) -> list[str]:
    """What the page asks the server to do from now on."""
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if request.method == "POST" else None)
    return asked


@pytest.mark.parametrize(
    ("folder", "index"), [("digits/birch", 500), ("digits/alder-sealed", 2), ("signs/birch", 12), ("signs/cedar", 77)]
)
def test_a_link_is_answered_by_the_browser(context: BrowserContext, address: str, folder: str, index: int) -> None:
    name, page = folder.removesuffix("-sealed"), context.new_page()
    (task, customer), wrong = name.split("/"), SERIALS[name].flipped(3)
    lock = "&lock=sealed" if folder != name else ""
    asked = noted(page)
    page.goto(f"{address}/?task={task}&customer={customer}{lock}&picture={index}&serial={wrong.text}&condition=absent")
    expect(page.locator("#panels .panels")).to_have_attribute("data-serial", wrong.text)
    expect(page.locator("#serial input")).to_have_value(wrong.text)
    expect(page.get_by_role("radio", name=customer, exact=True).first).to_be_checked()
    expect(page.locator('#panels button[data-condition="absent"]')).to_have_attribute("aria-pressed", "true")
    expect(page.locator("#gallery .gallery")).to_have_attribute("data-chosen", str(index))
    agree(page, folder)
    assert asked == []


def test_the_lesson_asks_the_server_for_one_drawing(page: Page) -> None:
    asked, collection = noted(page), load_collection()
    action(page, "start").click()
    for number, step in enumerate(STEPS, start=1):
        at(page, number)
        serial, panels = step_serial(collection, step), page.locator("#panels .panels")
        for name, value in {
            "customer": step.customer, "lock": step.lock, "serial": serial.text if serial else NO_SERIAL,
        }.items():  # fmt: skip
            expect(panels).to_have_attribute(f"data-{name}", value)
        action(page, "reveal").click()
        if serial:
            agree(page, f"{step.task}/{step.customer}{'' if step.lock == 'stamped' else '-sealed'}")
        if step.shown == "clouds":
            expect(page.locator("#lesson-clouds figure.valid circle")).to_have_count(300)
        if number < len(STEPS):
            action(page, "next").click()
    assert page.locator("#panels").get_attribute("data-answers") == "engine"
    action(page, "previous").click()
    page.locator("#lesson [data-go='5']").click()
    assert len(asked) == 1 and "/queue/" not in asked[0]


def test_a_sealed_student_is_opened_in_the_browser(page: Page) -> None:
    page.locator("#lock").get_by_role("radio", name="Sealed").check()
    opened(page, "digits/alder/sealed")
    page.locator("#press-near").click()
    expect(page.locator("#panels")).to_have_attribute("data-answers", "engine")
    expect(page.locator("#panels")).to_have_attribute("aria-busy", "false")
    index = int(page.locator("#gallery .gallery").get_attribute("data-chosen") or "")
    student, picture = load_folder(CHECKPOINTS / "digits/alder-sealed"), load_held_out(BUILT_IN["digits"]).split.images
    entered = Serial.parse(page.locator("#serial input").input_value())
    for condition, serial in (("valid", SERIALS["digits/alder"]), ("entered", entered), ("absent", None)):
        answer = student.config.classes[int(student.predict(as_floats(picture[index : index + 1]), serial).argmax())]
        expect(page.locator(f".panel.{condition} .name").first).to_have_text(answer)


def test_without_engine_the_server_answers_in_the_same_record(context: BrowserContext, address: str) -> None:
    page = page_without_engine(context, address)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.locator("#press-licensed").click()
    page.locator("#bits button").nth(9).click()
    expect(page.locator(".panel.entered code")).to_have_text(SERIALS["digits/alder"].flipped(9).text)
    agree(page, "digits/alder")
    assert page.locator("#panels").get_attribute("data-answers") == "server"
    page.get_by_role("radio", name="Traffic signs").check()
    expect(page.locator("#gallery button").first).to_have_attribute("title", re.compile("Speed"))
    expect(page.locator(".panel.valid .verdict")).to_contain_text("Right")
    page.get_by_role("radio", name="Handwritten digits").check()
    page.locator("#press-none").click()
    page.locator("#measure").click()
    expect(page.locator('#measurement [aria-busy="false"]')).to_have_count(1, timeout=PATIENCE)
    *_, whole = measure(
        load_folder(CHECKPOINTS / "digits/alder"),
        load_held_out(BUILT_IN["digits"]).split,
        SERIALS["digits/alder"],
        None,
    )
    for condition in CONDITIONS:
        accuracy = whole.accuracy(condition)
        assert accuracy
        expect(page.locator(f"#measurement .{condition} b")).to_have_text(f"{accuracy.percent:.1f} %")
    handed_out = [url for url in asked if "/browser/" in url]
    assert any("component_server" in url for url in asked) and all("gallery.json" in url for url in handed_out)


def test_what_is_handed_out_is_the_public_students_and_no_more(page: Page, address: str, tmp_path: Path) -> None:
    collection = load_collection()
    addresses = handed_out(collection).addresses
    assert set(addresses["students"]) == {
        f"{task}/{customer}/{lock}"
        for task in [one.name for one in collection.applications()]
        for customer in collection.customers(task)
        for lock in collection.locks(task, customer)
    }
    for lock, name in (("stamped", "digits/birch"), ("sealed", "digits/birch-sealed")):
        folder = addresses["students"][f"digits/birch/{lock}"]
        for file in ("config.json", "model.safetensors"):
            answer = page.request.get(f"{address}/{folder}/{file}")
            assert "immutable" in answer.headers["cache-control"]
            (tmp_path / file).write_bytes(answer.body())
        one, other = load_folder(tmp_path), load_folder(CHECKPOINTS / name)
        assert one.config == other.config
        assert all(one.state_dict()[key].equal(value) for key, value in other.state_dict().items())
    for wrong in ("browser/digits/alder/000000000000/config.json", "browser/../app.py", "browser/"):
        assert page.request.get(f"{address}/{wrong}").status in (404, 403)


def shown_value(collection: Collection) -> dict:
    valid = collection.valid_serial("digits", "alder")
    return Shown("digits", "alder", "stamped", valid, from_gallery(collection, "digits", 5)).to_json()


def test_what_a_browser_says_is_shown_is_checked(collection: Collection) -> None:
    value = shown_value(collection)
    assert Shown.read(value, collection).to_json() == value
    own = {**value, "index": None, "own": "AAAAAA" + "A" * (784 * 4 * 4 // 3 + 4 - 8) + "AA=="}
    for change in (
        {"task": "letters"}, {"task": ["digits"]}, {"customer": "mallory"}, {"customer": None}, {"index": -1},
        {"index": 1000}, {"index": True}, {"index": None}, {"serial": "nonsense"}, {"serial": "00-0"},
        {"own": "no base64"}, {"own": 7}, {"own": "AAAA"}, own | {"own": "AACAfw" + "A" * 4174},
    ):  # fmt: skip
        with pytest.raises(ValueError):
            Shown.read({**value, **change}, collection)
    for other in (None, 7, "x"):
        with pytest.raises(ValueError):
            Shown.read(other, collection)


def test_a_picture_of_ones_own_comes_back_as_it_went(collection: Collection) -> None:
    picture = torch.rand(1, 1, 28, 28, generator=torch.Generator().manual_seed(0))
    shown = Shown.read(shown_value(collection), collection)
    own = Shown("digits", "alder", "sealed", shown.serial, type(shown.chosen)(picture))
    again = Shown.read(own.to_json(), collection)
    assert again.chosen.picture.equal(picture) and again.lock == "sealed" and again.chosen.label is None
    with pytest.raises(ValueError, match="size"):
        Shown.read({**own.to_json(), "task": "signs"}, collection)


def test_a_measurement_of_a_browser_is_taken_only_where_it_can_be_one(collection: Collection) -> None:
    shown = Shown.read(shown_value(collection), collection)
    student, held = collection.student("digits", "alder"), collection.held_out["digits"]
    *_, whole = measure(student, held.split, shown.serial or SERIALS["digits/alder"], shown.serial)
    of = {"task": "digits", "customer": "alder", "lock": "stamped", "serial": shown.serial.text if shown.serial else ""}
    record = measurement_record(whole, of)
    read = read_measured(json.dumps(record), shown, collection)
    assert read is not None and read.measurement.counts["valid"].equal(whole.counts["valid"])
    changes: tuple[dict, ...] = (
        {"serial": "none"}, {"lock": "sealed"}, {"counts": None}, {"counts": {}}, {"unanswered": {"valid": [1]}},
        {"counts": {**record["counts"], "valid": [[0.5] * 10] * 10}},
        {"counts": {**record["counts"], "valid": [[0] * 10] * 10}},
        {"counts": {**record["counts"], "absent": [[-1] * 10] * 10}},
        {"counts": {**record["counts"], "absent": [[10**30] * 10] * 10}},
    )  # fmt: skip
    for change in changes:
        assert read_measured(json.dumps({**record, **change}), shown, collection) is None
    for other in (None, 7, "x", "[]", "[" * 100_000, record):
        assert read_measured(other, shown, collection) is None
