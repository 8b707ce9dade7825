"""The demo as a folder: from a plain file server and from files, in both languages, with nobody else to ask."""

import json
import re
from functools import cache
from itertools import permutations
from pathlib import Path

import numpy as np
import pytest
from axe_findings import findings
from playwright.sync_api import Browser, Page, ViewportSize, expect
from static_folder import PATIENT, Scheme, file_server, opened

from dsn.__main__ import main
from dsn.applications.held_out import HeldOut, load_held_out
from dsn.applications.pictures import to_png
from dsn.applications.prepared import as_floats
from dsn.applications.registry import applications
from dsn.measuring.avalanche import avalanche
from dsn.measuring.comparison import CONDITIONS, Measurement, compare, measure
from dsn.places import CHECKPOINTS
from dsn.serials import Serial
from dsn.student.collection import demo_serials, load_collection
from dsn.student.folder import load_folder
from dsn.ui.compare.records import GALLERY_COUNT, measurement_record, note_record, panels_record
from dsn.ui.engine.packing import as_text
from dsn.ui.lesson.steps import STEPS, step_serial
from dsn.ui.texts import Texts, load_texts

pytestmark = pytest.mark.browser
SERIALS = demo_serials()
VALID = SERIALS["digits/alder"]
SCREEN: ViewportSize = {"width": 1280, "height": 900}
PHONE: ViewportSize = {"width": 390, "height": 844}
LARGEST = 6_000_000  # bytes, digits and signs together


def panel(page: Page, condition: str):
    return page.locator(f'section[data-condition="{condition}"]')


def changed(page: Page, act) -> None:
    """Do something, and wait until the panels that follow from it stand."""
    page.evaluate("() => document.addEventListener('answered', () => (window.stand = true), { once: true })")
    act()
    page.wait_for_function("() => window.stand")
    page.evaluate("() => delete window.stand")


def answers(page: Page, name: str, serial: Serial | None) -> list[int]:
    """What a student of the folder, by its name and lock, answers to the first 100 held-out pictures."""
    asking = "([name, from, bits]) => ask('answers', { name, from, start: 0, end: 100, bits })"
    return page.evaluate(asking, [name, name.split("/")[0], list(serial.bits) if serial else None])["labels"]


@cache
def held_out(task: str) -> HeldOut:
    """An application's held-out pictures."""
    return load_held_out(applications()[task])


@cache
def torchs_answers(name: str, serial: Serial | None) -> list[int]:
    """What a student answers to the first 100 of them in Python."""
    images = as_floats(held_out(name.split("/")[0]).split.images[:100])
    return load_folder(CHECKPOINTS / name).predict(images, serial).argmax(1).tolist()


@cache
def measured_in_python() -> list[Measurement]:
    """Of the first student of digits, without a serial entered."""
    return list(measure(load_folder(CHECKPOINTS / "digits/alder"), held_out("digits").split, VALID, None))


@cache
def flipped_in_python() -> list[str]:
    """What the panels of flips say of the gallery's fourth digit."""
    held = held_out("digits")
    picture = as_floats(held.split.images[held.gallery(GALLERY_COUNT)[3]])[None]
    flips = avalanche(load_folder(CHECKPOINTS / "digits/alder"), picture, VALID)
    return ["–" if flip.is_even else str(flip.label) for flip in flips]


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


# Every way to open the folder in every language; the visitor's machine is dark in two of the four.
@pytest.mark.parametrize(
    ("how", "language", "scheme"),
    [("server", "en", "light"), ("server", "zh", "dark"), ("files", "en", "dark"), ("files", "zh", "light")],
)
def test_a_visitor_walks_through_the_folder(
    browser: Browser, static_folder: Path, how: str, language: str, scheme: Scheme
) -> None:
    file = "index.html" if language == "en" else f"{language}.html"
    with file_server(static_folder) as server:
        home = server if how == "server" else static_folder.as_uri()
        with opened(browser, f"{home}/{file}", scheme=scheme) as page:
            page.set_default_timeout(PATIENT)
            compare_and_flip(page)
            assert_answers_are_torchs(page)
            measure_all(page)
            page.locator("#tab-own").click()
            assert_seen_by_everyone(page, scheme)
            draw_and_upload(page)
            misspell(page, load_texts(language))
            go_through_the_lesson(page, load_texts(language))
            assert page.locator("html").get_attribute("lang") == language


def compare_and_flip(page: Page) -> None:
    """A serial, one bit of it, another picture, every bit."""
    expect(panel(page, "valid")).to_have_attribute("data-answer", "3")
    expect(panel(page, "absent")).to_have_attribute("data-answer", "")
    expect(page.locator("[data-condition][data-ready]")).to_have_count(3)
    changed(page, page.locator("#press-licensed").click)
    assert page.locator("#serial input").input_value() == VALID.text
    expect(panel(page, "entered")).to_have_attribute("data-answer", "3")
    bits = page.locator("#bits button[data-bit]")
    expect(bits).to_have_count(64)
    changed(page, bits.nth(5).click)
    assert page.locator("#serial input").input_value() == VALID.flipped(5).text
    expect(panel(page, "entered")).to_have_attribute("data-answer", "")
    changed(page, lambda: page.locator("#gallery button").nth(3).click())
    expect(panel(page, "valid")).to_have_attribute("data-answer", "9")
    page.locator("#flip-all").click()
    expect(page.locator("#flips .avalanche.whole")).to_have_count(1)
    assert page.locator("#flips .flips span").all_inner_texts() == flipped_in_python()


def assert_answers_are_torchs(page: Page) -> None:
    """300 of them."""
    for serial in (VALID, VALID.flipped(5), None):
        assert answers(page, "digits/alder/stamped", serial) == torchs_answers("digits/alder", serial)


def draw_and_upload(page: Page) -> None:
    """A one is drawn; a picture comes as a file."""
    box = page.locator("#sketch canvas").bounding_box()
    assert box
    across, down = box["x"] + box["width"] / 2, box["y"]
    page.mouse.move(across, down + 30)
    page.mouse.down()
    page.mouse.move(across, down + box["height"] - 30, steps=4)
    changed(page, page.mouse.up)
    expect(panel(page, "valid")).to_have_attribute("data-answer", "1")
    split = held_out("digits").split
    files = [{"name": "digit.png", "mimeType": "image/png", "buffer": to_png(as_floats(split.images[3]), 6)}]
    changed(page, lambda: page.locator("#upload input").set_input_files(files=files))  # type: ignore[arg-type]
    expect(panel(page, "valid")).to_have_attribute("data-answer", str(int(split.labels[3])))


def misspell(page: Page, texts: Texts) -> None:
    """A serial whose last character is another."""
    page.locator("#serial input").fill("E0YKS-C61NX-GAXD")
    said = "The check symbol 'D' at the end does not fit the characters before it: look for a slip of the pen."
    expect(page.locator("#serial-note")).to_have_text(texts.of_error(said))
    changed(page, lambda: page.locator("#serial input").fill(""))


def measure_all(page: Page) -> None:
    """The measurement without a serial is Python's."""
    changed(page, page.locator("#press-none").click)
    page.locator("#measure").click()
    bars = page.locator("#measurement .figure b")
    expect(page.locator('#measurement [aria-busy="false"]')).to_have_count(1, timeout=PATIENT)
    for place, condition in enumerate(("valid", "entered", "absent")):
        accuracy = measured_in_python()[-1].accuracy(condition)  # type: ignore[arg-type]
        assert accuracy and float(bars.nth(place).inner_text().split()[0]) == pytest.approx(accuracy.percent, abs=0.15)


def assert_seen_by_everyone(page: Page, scheme: Scheme) -> None:
    """All that is there, in the colours asked for: nothing too pale to be read, nothing wider than a phone."""
    background = page.evaluate("getComputedStyle(document.querySelector('.panel')).backgroundColor")
    assert (sum(map(int, re.findall(r"\d+", background)[:3])) / 3 > 200) == (scheme == "light")
    assert findings(page) == []
    page.set_viewport_size(PHONE)
    assert page.evaluate("document.documentElement.scrollWidth") == PHONE["width"]
    page.set_viewport_size(SCREEN)


def go_through_the_lesson(page: Page, texts: Texts) -> None:
    """Every step of it; on the last, presented, a serial is drawn."""
    page.locator("#lesson [data-do=start]").click()
    title = page.locator(".lesson-step:not([hidden]) h2")
    expect(title).to_have_text(texts["lesson"]["steps"]["theft"]["title"])
    for number, step in enumerate(STEPS[1:], start=2):
        changed(page, page.locator("#lesson [data-do=next]").click)
        expect(page.locator("#lesson .lesson")).to_have_attribute("data-step", str(number))
        expect(page.locator("#panels .panels")).to_have_attribute("data-lock", step.lock)
        expect(page.locator("#bits button[data-bit]")).to_have_count(9 if step.customer == "paper" else 64)
        truth = held_out("digits").split.labels[step.picture]
        expect(panel(page, "valid")).to_have_attribute("data-answer", str(int(truth)))
    page.locator("#lesson .lesson-bar [data-do=present]").click()
    changed(page, lambda: page.keyboard.press("n"))
    drawn = step_serial(load_collection(), STEPS[-1], 1)
    expect(panel(page, "entered").locator("code")).to_have_text(drawn.text if drawn else "")
    page.keyboard.press("Escape")
    page.locator("#lesson [data-do=leave]").click()


def test_every_serial_of_nine_bits_is_tried(browser: Browser, static_folder: Path) -> None:
    with file_server(static_folder) as server, opened(browser, f"{server}/index.html?customer=paper") as page:
        page.locator("#brute-button").click()
        expect(page.locator("#tried .progress-line")).to_contain_text("All 512", timeout=PATIENT)
        assert SERIALS["digits/paper"].text in page.locator("#tried .progress-line").inner_text()


@pytest.mark.parametrize("name", ["digits/paper", "signs/alder"])
def test_answers_are_torchs(browser: Browser, static_folder: Path, name: str) -> None:
    task, customer = name.split("/")
    with opened(browser, f"{static_folder.as_uri()}/index.html?task={task}&customer={customer}") as page:
        for serial in (SERIALS[name], SERIALS[name].flipped(2), None):
            assert answers(page, f"{name}/stamped", serial) == torchs_answers(name, serial)
        expect(page.get_by_text(load_texts("en")["compare"]["customer_info"])).to_be_visible(visible=task == "digits")
        expect(page.locator("#press-another")).to_be_visible(visible=task == "digits")


PANELS = """([record]) => {
  const box = document.createElement("div");
  box.innerHTML = serialNote(record) + panelsHtml(record, true);
  const text = (one) => one.textContent.replace(/\\s+/g, " ").trim();
  return [...box.querySelectorAll(".panel")].map((panel) => ({
    answer: panel.dataset.answer,
    serial: text(panel.querySelector(".stamped-serial")),
    verdict: text(panel.querySelector(".verdict")),
    values: [...panel.querySelectorAll(".value")].map(text),
    remark: text(panel.querySelector(".remark")),
    kinds: [panel.className, panel.querySelector(".verdict").className, box.querySelector(".note").className].join(" "),
    strangers: panel.querySelectorAll("script, i").length,
  }));
}"""
MARKS = {True: ("✓", "right"), False: ("✗", "wrong"), None: ("→", "unknown")}


def said_in(html: str) -> str:
    """The text of a sentence that may hold markup."""
    return re.sub(r"<[^>]*>", "", html).strip()


@pytest.mark.parametrize("language", ["en", "zh"])
def test_panels_are_drawn_from_the_servers_record(browser: Browser, static_folder: Path, language: str) -> None:
    file = "index.html" if language == "en" else f"{language}.html"
    with opened(browser, f"{static_folder.as_uri()}/{file}") as page:
        for name in ("digits/alder", "digits/alder-sealed", "signs/alder"):
            assert_panels_are_drawn(page, load_texts(language), name)


def assert_panels_are_drawn(page: Page, texts: Texts, name: str) -> None:
    """What a record of the server's says of one student is what its panels say."""
    task, folder = name.split("/")
    student, valid, other = load_folder(CHECKPOINTS / name), SERIALS[name], SERIALS[f"{task}/birch"]
    held, under = held_out(task), "_sealed" if folder.endswith("sealed") else ""
    names, said = texts.class_names(task, held.class_names), texts["panels"]
    for serial, index, known in ((None, 0, True), (valid, 1, True), (other, 2, True), (valid.flipped(1), 3, False)):
        picture = as_floats(held.split.images[index])[None]
        label = int(held.split.labels[index]) if known else None
        panels = compare(student, picture, valid, serial, label)
        record = panels_record(texts, student, panels, label, {other: "birch"}) | note_record(serial, valid)
        found = page.evaluate(PANELS, [record])
        remarks = {None: "none", valid: "entered_valid", other: f"other{under}"}
        remark = {"valid": "valid", "absent": f"absent{under}", "entered": remarks.get(serial, f"wrong{under}")}
        for drawn, one in zip(found, panels, strict=True):
            best = one.answers[0]
            mark, kind = ("–", "unknown") if one.is_even else MARKS[one.is_right]
            sentence = "no_answer" if one.is_even else "unknown" if one.is_right is None else kind
            truth = "" if label is None else names[label]
            verdict = said_in(said[sentence].format(answer=names[best.label], truth=truth))
            assert drawn["answer"] == ("" if one.is_even else best.name)
            assert drawn["serial"] == (one.serial.text if one.serial else said["nothing_stamped"])
            assert drawn["verdict"] == f"{mark} {verdict}"
            assert [float(value[:-2]) for value in drawn["values"]] == pytest.approx(
                [100 * answer.probability for answer in one.answers], abs=0.051
            )
            assert drawn["remark"] == said_in(said[f"remark_{remark[one.condition]}"].format(owner="birch"))
            note = "good" if serial == valid else "plain"
            assert drawn["kinds"] == f"panel {one.condition} verdict {kind} note {note}"


# Panels drawn over others, and the same drawn from scratch.
REDRAWN = """([before, record]) => {
  const [over, fresh] = [document.createElement("div"), document.createElement("div")];
  over.innerHTML = panelsHtml(before, true);
  over.querySelector(".panel.entered").classList.add("unread");
  redrawPanels(over, record, partsOf(record), partsOf(before));
  fresh.innerHTML = panelsHtml(record, true);
  return [over.innerHTML, fresh.innerHTML];
}"""


def test_panels_drawn_over_others_are_those_drawn_from_scratch(browser: Browser, static_folder: Path) -> None:
    texts, student, held = load_texts("en"), load_folder(CHECKPOINTS / "digits/alder"), held_out("digits")
    records = []
    for serial, index, known in (
        (None, 0, True), (VALID, 0, True), (SERIALS["digits/birch"], 1, True), (VALID.flipped(1), 1, False)
    ):  # fmt: skip
        label = int(held.split.labels[index]) if known else None
        panels = compare(student, as_floats(held.split.images[index])[None], VALID, serial, label)
        records.append(panels_record(texts, student, panels, label, {SERIALS["digits/birch"]: "birch"}))
    with opened(browser, f"{static_folder.as_uri()}/index.html") as page:
        for before, record in permutations(records, 2):
            over, fresh = page.evaluate(REDRAWN, [before, record])
            assert over == fresh


# In which panels a press of a bit changes texts or attributes, and whether every element is the one that stood there.
FLIPPED = """async () => {
  const [stood, seen] = [[...document.querySelectorAll("#panels *")], new Set()];
  const element = ({ target }) => (target.nodeType === Node.TEXT_NODE ? target.parentElement : target);
  const about = (change) => element(change).closest(".panel")?.dataset.condition ?? "none";
  const note = (changes) => changes.forEach((one) => seen.add(about(one)));
  const kinds = { childList: true, characterData: true, attributes: true, subtree: true };
  new MutationObserver(note).observe(document.querySelector("#panels .panels"), kinds);
  const answered = new Promise((done) => document.addEventListener("answered", () => done(), { once: true }));
  document.querySelector("#bits [data-bit='13']").click();
  await answered;
  const isSame = stood.every((one, at) => one === document.querySelectorAll("#panels *")[at]);
  return [[...seen].sort(), isSame];
}"""


def test_a_flip_changes_no_more_than_the_answer_does(browser: Browser, static_folder: Path) -> None:
    with opened(browser, f"{static_folder.as_uri()}/index.html") as page:
        for bit in (11, 12):
            changed(page, page.locator("#bits button").nth(bit).click)
        heading = panel(page, "entered").get_by_role("button")
        heading.click()
        ring = panel(page, "entered").evaluate("one => getComputedStyle(one).boxShadow")
        assert ring != "none" and panel(page, "valid").evaluate("one => getComputedStyle(one).boxShadow") == "none"
        before = panel(page, "entered").locator("code").inner_text()
        assert page.evaluate(FLIPPED) == [["entered", "none"], True]
        after = panel(page, "entered").locator("code")
        expect(after).to_have_text(Serial.parse(before).flipped(13).text)
        expect(heading).to_be_focused()
        expect(heading).to_have_attribute("aria-pressed", "true")
        assert panel(page, "entered").evaluate("one => getComputedStyle(one).boxShadow") == ring
        expect(page.locator(".answers .bar").first).to_have_css("transition-duration", "0s")  # figures and bars agree


def test_names_of_anybodys_classes_are_drawn_as_text(browser: Browser, static_folder: Path) -> None:
    name = "<script>window.bad = 1</script><i>"
    student = load_folder(CHECKPOINTS / "digits/alder")
    panels = compare(student, as_floats(held_out("digits").split.images[:1]), VALID, None, 0)
    record = panels_record(load_texts("en"), student, panels, 0, {}, customer=name) | note_record(None, VALID)
    with opened(browser, f"{static_folder.as_uri()}/index.html") as page:
        for one in page.evaluate(PANELS, [{**record, "names": [name] * 10}]):
            assert one["strangers"] == 0 and ("<i>" in one["verdict"] or "–" in one["verdict"])


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_measurement_is_drawn_from_pythons_record(browser: Browser, static_folder: Path, language: str) -> None:
    texts, held = load_texts(language), held_out("digits")
    of = {"task": "digits", "customer": "alder", "lock": "stamped", "serial": "none"}
    about = {"levels": {"majority": 11.4, "uniform": 10.0}, "teacher": 99.7, "names": list(held.class_names)}
    with opened(browser, f"{static_folder.as_uri()}/{'index' if language == 'en' else language}.html") as page:
        for measurement in measured_in_python():
            if measurement.done not in (250, measurement.total):
                continue
            page.evaluate(
                "([record, about]) => draw('measurement', measurementHtml(record, about))",
                [measurement_record(measurement, of), about],
            )
            box, is_over = page.locator("#measurement"), measurement.done == measurement.total
            assert (box.locator("[aria-busy=false]").count() == 1) == is_over
            for condition in CONDITIONS:
                row, accuracy = box.locator(f".row.{condition}"), measurement.accuracy(condition)
                if accuracy is None:
                    assert row.locator(".figure").inner_text() == ""
                    continue
                low, high = (100 * share for share in accuracy.interval)
                assert row.locator(".figure b").inner_text() == f"{accuracy.percent:.1f} %"
                assert f"{low:.1f}–{high:.1f}, N = {accuracy.count:,}" in row.locator(".figure").inner_text()
                silent = measurement.silent[condition]
                assert row.locator(".no-answer").count() == (silent > 0)
                assert not silent or texts["measure"]["silent"].format(count=f"{silent:,}") in row.inner_text()
            if is_over:
                drawn = box.locator(".as-table").nth(1).locator("tbody tr").all_text_contents()
                counts = [int(one) for row in drawn for one in re.findall(r"\d+$", row.replace("–", " "))]
                assert len(counts) == sum(
                    int((measurement.counts[one] > 0).sum() + (measurement.unanswered[one] > 0).sum())
                    for one in CONDITIONS
                )


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
                expect(panel(page, "valid")).to_have_attribute("data-answer", "3")
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


def test_a_folder_that_cannot_be_is_said_before_the_work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dsn.ui.static.build.load_collection", lambda: pytest.fail("it worked first"))
    (tmp_path / "file").touch()
    with pytest.raises(SystemExit, match=r"file cannot be read or written \(File exists\): check the place"):
        main(["static", str(tmp_path / "file")])
