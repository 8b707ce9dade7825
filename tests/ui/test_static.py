"""The demo as a folder: from a plain file server and from files, in both languages, with nobody else to ask."""

import html as html_marks
import json
import re
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Browser, Page, expect
from static_folder import PATIENT, file_server, opened

from dsn.applications.held_out import load_held_out
from dsn.applications.pictures import to_png
from dsn.applications.prepared import as_floats
from dsn.applications.registry import applications
from dsn.measuring.comparison import compare, measure
from dsn.places import CHECKPOINTS
from dsn.statistics import Accuracy, Chance
from dsn.student.collection import demo_serials
from dsn.student.folder import load_folder
from dsn.ui.compare.rendering import render_measurement, render_panels
from dsn.ui.static.packing import as_text
from dsn.ui.texts import load_texts

pytestmark = pytest.mark.browser
SERIALS = demo_serials()
LARGEST = 6_000_000  # bytes, digits and signs together


def panel(page: Page, condition: str):
    return page.locator(f'section[data-condition="{condition}"]')


def changed(page: Page, act) -> None:
    """Do something, and wait until the panels that follow from it stand."""
    page.evaluate("() => (document.getElementById('panels-shown').firstElementChild.dataset.old = '1')")
    act()
    page.wait_for_function("() => !document.getElementById('panels-shown').firstElementChild.dataset.old")


def test_the_folder_is_small_and_says_what_it_is(static_folder: Path) -> None:
    files = [path for path in static_folder.rglob("*") if path.is_file()]
    assert sum(path.stat().st_size for path in files) < LARGEST
    assert "sdk: static" in (static_folder / "README.md").read_text("utf-8")
    kept = json.loads(re.search(r"FILES = (\[.*?\]);", (static_folder / "offline.js").read_text("utf-8"))[1])  # type: ignore[index]
    there = {path.relative_to(static_folder).as_posix() for path in files}
    assert set(kept) == (there - {"offline.js", "README.md"}) | {"./"}


def test_bytes_become_characters_and_back() -> None:
    for length in (0, 1, 2, 15, 16, 1001):
        content = np.random.default_rng(length).bytes(length)
        bits = "".join(f"{ord(one) - 0x3400:015b}" for one in as_text(content))
        assert bytes(int(bits[8 * at : 8 * at + 8], 2) for at in range(length)) == content


@pytest.mark.parametrize(("how", "file", "language"), [("server", "index.html", "en"), ("files", "zh.html", "zh")])
def test_a_visitor_walks_through_the_folder(
    browser: Browser, static_folder: Path, how: str, file: str, language: str
) -> None:
    texts = load_texts(language)
    with file_server(static_folder) as server:
        home = server if how == "server" else static_folder.as_uri()
        with opened(browser, f"{home}/{file}") as page:
            page.set_default_timeout(PATIENT)
            valid = SERIALS["digits/alder"]
            expect(panel(page, "valid")).to_have_attribute("data-answer", "0")
            expect(panel(page, "absent")).to_have_attribute("data-answer", "")
            expect(page.locator("[data-condition][data-ready]")).to_have_count(3)

            changed(page, page.locator("#press-licensed").click)
            assert page.locator("#serial input").input_value() == valid.text
            expect(panel(page, "entered")).to_have_attribute("data-answer", "0")
            bits = page.locator("#bits button[data-bit]")
            expect(bits).to_have_count(64)
            changed(page, bits.nth(5).click)
            assert page.locator("#serial input").input_value() == valid.flipped(5).text
            expect(panel(page, "entered")).to_have_attribute("data-answer", "")
            changed(page, lambda: page.locator("#gallery button").nth(3).click())
            expect(panel(page, "valid")).to_have_attribute("data-answer", "9")

            page.locator("#tab-own").click()
            pad = page.locator("#sketch canvas")
            box = pad.bounding_box()
            assert box
            across, down = box["x"] + box["width"] / 2, box["y"]
            page.mouse.move(across, down + 30)
            page.mouse.down()
            page.mouse.move(across, down + box["height"] - 30, steps=4)
            changed(page, page.mouse.up)
            expect(panel(page, "valid")).to_have_attribute("data-answer", "1")
            digit = to_png(as_floats(load_held_out(applications()["digits"]).split.images[3]), 6)
            files = [{"name": "digit.png", "mimeType": "image/png", "buffer": digit}]
            changed(page, lambda: page.locator("#upload input").set_input_files(files=files))  # type: ignore[arg-type]
            label = int(load_held_out(applications()["digits"]).split.labels[3])
            expect(panel(page, "valid")).to_have_attribute("data-answer", str(label))

            page.locator("#serial input").fill("E0YKS-C61NX-GAXD")
            said = texts.of_error(
                "The check symbol 'D' at the end does not fit the characters before it: look for a slip of the pen."
            )
            expect(page.locator("#serial-note")).to_have_text(said)
            changed(page, lambda: page.locator("#serial input").fill(""))

            page.locator("#measure").click()
            bars = page.locator("#measurement .figure b")
            expect(page.locator('#measurement [aria-busy="false"]')).to_have_count(1, timeout=PATIENT)
            split = load_held_out(applications()["digits"]).split
            *_, whole = measure(load_folder(CHECKPOINTS / "digits/alder"), split, valid, None)
            for place, condition in enumerate(("valid", "entered", "absent")):
                accuracy = whole.accuracy(condition)  # type: ignore[arg-type]
                assert accuracy and float(bars.nth(place).inner_text().split()[0]) == pytest.approx(
                    accuracy.percent, abs=0.15
                )

            page.locator("#lesson [data-do=start]").click()
            expect(page.locator(".lesson-step:not([hidden]) h2")).to_have_text(
                texts["lesson"]["steps"]["theft"]["title"]
            )
            for step in (2, 3, 4):
                changed(page, page.locator("#lesson [data-do=next]").click)
                expect(page.locator("#lesson .lesson")).to_have_attribute("data-step", str(step))
            expect(page.locator("#bits button[data-bit]")).to_have_count(9)
            page.locator("#lesson [data-do=leave]").click()
            assert page.locator("html").get_attribute("lang") == language


def test_every_serial_of_nine_bits_is_tried(browser: Browser, static_folder: Path) -> None:
    with file_server(static_folder) as server, opened(browser, f"{server}/index.html?customer=paper") as page:
        page.locator("#brute-button").click()
        expect(page.locator("#tried .progress-line")).to_contain_text("All 512", timeout=PATIENT)
        assert SERIALS["digits/paper"].text in page.locator("#tried .progress-line").inner_text()


@pytest.mark.parametrize("name", ["digits/alder", "digits/paper", "signs/alder"])
def test_answers_are_torchs(browser: Browser, static_folder: Path, name: str) -> None:
    student, valid = load_folder(CHECKPOINTS / name), SERIALS[name]
    task, customer = name.split("/")
    images = as_floats(load_held_out(applications()[task]).split.images[:100])
    with opened(browser, f"{static_folder.as_uri()}/index.html?task={task}&customer={customer}") as page:
        for serial in (valid, valid.flipped(2), None):
            found = page.evaluate(
                "([name, from, bits]) => ask('answers', { name, from, start: 0, end: 100, bits })",
                [name, task, list(serial.bits) if serial else None],
            )
            assert found["labels"] == student.predict(images, serial).argmax(1).tolist()


def plain(html: str) -> str:
    """HTML without escapes and what may differ: blanks between marks, pictures, the folder's own attributes."""
    html = re.sub(r'src="[^"]*"|data-(?:answer|ready)="[^"]*"', "", html)
    html = re.sub(r'(<section class="panel [a-z]+") data-condition="[a-z]+"', r"\1", html)
    html = re.sub(r"\s+", " ", re.sub(r"\s*([<>])\s*", r"\1", html)).replace('" >', '">')
    return html_marks.unescape(html)


@pytest.mark.parametrize("language", ["en", "zh"])
def test_panels_and_measurement_are_drawn_as_the_server_draws_them(
    browser: Browser, static_folder: Path, language: str
) -> None:
    texts = load_texts(language)
    student, valid = load_folder(CHECKPOINTS / "digits/alder"), SERIALS["digits/alder"]
    other = SERIALS["digits/birch"]
    held = load_held_out(applications()["digits"])
    file = "index.html" if language == "en" else f"{language}.html"
    with opened(browser, f"{static_folder.as_uri()}/{file}") as page:
        for serial, index in ((None, 0), (valid, 1), (other, 2), (valid.flipped(1), 3)):
            picture, label = as_floats(held.split.images[index])[None], int(held.split.labels[index])
            panels = compare(student, picture, valid, serial, label)
            expected = render_panels(texts, student, panels, label, {other: "birch"}, marks=True)
            records = [
                {
                    "condition": one.condition,
                    "serial": list(one.serial.bits) if one.serial else None,
                    "picture": one.picture.flatten().tolist(),
                    "answers": [vars(answer) for answer in one.answers],
                    "is_right": one.is_right,
                    "is_even": one.is_even,
                    "serial_is_valid": one.serial_is_valid,
                }
                for one in panels
            ]
            found = page.evaluate(
                """([records, truth, owners]) => {
                    const config = { classes: [..."0123456789"], network: { channels: 1, size: 28 } };
                    const stamp = { left: STAMP, top: STAMP, size: SIZE };
                    const about = { task: "digits", customer: "alder", config, stamp, truth, owners };
                    return panelsHtml(records, about);
                }""".replace("STAMP", "100 * 20 / 28").replace("SIZE", "100 * 8 / 28"),
                [records, label, {other.text: "birch"}],
            )
            assert plain(found) == plain(expected)
        levels, entered = Chance(10.0, 11.4), texts["measure"]["entered_none"]
        for measurement in measure(student, held.split, valid, None):
            if measurement.done not in (250, measurement.total):
                continue
            teacher = Accuracy(997, 1000)
            expected = render_measurement(texts, measurement, levels, teacher, held.class_names, entered)
            values = {
                "done": measurement.done,
                "total": measurement.total,
                "counts": {name: one.tolist() for name, one in measurement.counts.items()},
                "unanswered": {name: one.tolist() for name, one in measurement.unanswered.items()},
                "levels": {"majority": 11.4, "uniform": 10.0},
                "teacher": teacher.percent,
                "classes": list(held.class_names),
                "entered": entered,
            }
            assert plain(page.evaluate("(values) => measurementHtml(values)", values)) == plain(expected)


def test_a_link_is_followed_and_what_it_cannot_mean_is_said(browser: Browser, static_folder: Path) -> None:
    wrong = SERIALS["signs/alder"].flipped(0)
    query = f"task=signs&customer=alder&picture=12&serial={wrong.text}&condition=entered&step=99"
    with file_server(static_folder) as server, opened(browser, f"{server}/index.html?{query}") as page:
        assert page.locator("#serial input").input_value() == wrong.text
        expect(page.locator(".share .ignored")).to_contain_text(load_texts("en")["share"]["names"]["step"])
        expect(page.locator('#panels button[data-condition="entered"]')).to_have_attribute("aria-pressed", "true")
        changed(page, page.locator("#press-none").click)
        page.wait_for_function("() => new URLSearchParams(location.search).get('serial') === 'none'")


def test_a_student_of_the_hub_is_loaded_or_refused(browser: Browser, static_folder: Path, tmp_path: Path) -> None:
    """The Hub's addresses are organisation/name/resolve/revision/file; here a plain server has such a folder."""
    for name, source in (("house/dsn-birch", "digits/birch"), ("house/dsn-sealed", "digits/alder-sealed")):
        there = tmp_path / name / "resolve" / "v1"
        there.mkdir(parents=True)
        for file in ("config.json", "model.safetensors"):
            (there / file).write_bytes((CHECKPOINTS / source / file).read_bytes())
    with file_server(tmp_path) as hub, file_server(static_folder) as server:
        page_of_it = (static_folder / "index.html").read_text("utf-8")
        address = json.loads(re.search(r'"hub": ("[^"]*")', page_of_it)[1])  # type: ignore[index]
        (static_folder / "other_hub.html").write_text(page_of_it.replace(address, hub), "utf-8")
        for name, customer in (("house/dsn-birch", "digits/birch"), ("house/dsn-sealed", "digits/alder-sealed")):
            with opened(browser, f"{server}/other_hub.html?student={name}@v1", hub) as page:
                assert page.locator("#panels .panels").get_attribute("data-customer") == name
                expect(panel(page, "valid").locator("code")).to_have_text(SERIALS[customer].text)
                expect(panel(page, "valid")).to_have_attribute("data-answer", "0")
        for name, said in (
            ("house/nobody@v1", "is not to be had at v1 (404)"),
            ("../secret", "is called like organisation/name"),
        ):
            with opened(browser, f"{server}/other_hub.html?student={name}", hub) as page:
                expect(page.locator("#picture-note .error")).to_contain_text(said)
        (static_folder / "other_hub.html").unlink()


def test_once_opened_the_folder_works_without_its_server(browser: Browser, static_folder: Path) -> None:
    context = browser.new_context()
    page = context.new_page()
    page.set_default_timeout(PATIENT)
    with file_server(static_folder) as server:
        page.goto(f"{server}/index.html")
        page.wait_for_function("() => navigator.serviceWorker.controller")
    page.goto(f"{server}/zh.html?task=signs&customer=alder")
    page.wait_for_function("window.dsnReady === true")
    expect(page.locator("#panels .panels")).to_have_attribute("data-task", "signs")
    context.close()
