"""Minting in a real Chromium: from a name to a student in a zip file; nobody else gets at it; it goes with the tab."""

import hashlib
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path
from urllib.error import HTTPError
from urllib.parse import quote
from urllib.request import Request, urlopen

import pytest
from app_process import PATIENCE, PROJECT, running_app
from given_away import given_away
from mint_in_browser import files_in, mint, open_tab, visit
from mint_page import LIMITS
from PIL import Image
from playwright.sync_api import Browser, Page, expect

from dsn import Student
from dsn.applications.held_out import HeldOut
from dsn.applications.prepared import as_floats
from dsn.serials import Serial
from dsn.ui.serving.file_guard import TOO_MUCH
from dsn.ui.texts import languages, load_texts

SMOOTH = 800  # milliseconds in which a page that is moved smoothly has begun to


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the page keeps visitors' files."""
    return tmp_path_factory.mktemp("visitors").resolve()


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory, folder: Path) -> Iterator[str]:
    log = tmp_path_factory.mktemp("app") / "log.txt"
    with running_app(log, "tests/kit/mint_page.py", GRADIO_TEMP_DIR=str(folder)) as address:
        yield address


def upload(address: str, body: bytes, **headers: str) -> Request:
    kinds = {"Content-Type": "multipart/form-data; boundary=x", **headers}
    return Request(f"{address}/gradio_api/upload", body, kinds)


def status(address: str) -> int:
    try:
        with urlopen(address, timeout=60) as answer:
            return answer.status
    except HTTPError as error:
        return error.code


@pytest.mark.parametrize(
    "name",
    ["../../etc/passwd", "=cmd|' /C calc'!A0", "<img src=x onerror=alert(1)>", "a" * 10_000, "a\tb\\c\u202e", " "],
)
def test_a_hostile_name_is_refused_in_one_sentence(page: Page, name: str) -> None:
    open_tab(page)
    field = page.locator("#mint-name").locator("input, textarea")
    field.evaluate("field => field.removeAttribute('maxlength')")
    field.fill(name)
    page.get_by_role("button", name="Sign and mint", exact=True).click()
    note = page.locator("#mint-note .note.error")
    expect(note).to_be_visible()
    assert len(note.inner_text()) < 250
    assert page.locator("#mint-note img").count() == 0
    assert page.locator("#mint-order .order").count() == 0


def test_on_a_phone_what_a_press_leads_to_is_in_view(page: Page) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    open_tab(page)
    mint(page, " ")
    note = page.locator("#mint-note .note.error")
    expect(note).to_be_in_viewport(ratio=1)
    page.wait_for_timeout(SMOOTH)
    expect(note).to_be_in_viewport(ratio=1)  # nothing has moved
    mint(page, "Acme Ltd")
    stage = page.locator(".mint-bench .stage")
    page.wait_for_function("stage => Math.abs(stage.getBoundingClientRect().top) < 2", arg=stage.element_handle())
    page.locator("#mint-stop").click()


def test_a_name_becomes_a_student_in_a_zip_file_that_goes_with_its_tab(
    page: Page, browser: Browser, address: str, digits: HeldOut, folder: Path, tmp_path: Path
) -> None:
    open_tab(page)
    mint(page, "Acme Ltd")
    order = page.locator("#mint-order .order")
    expect(order.locator("dd").nth(1)).to_have_text("acme-ltd")
    signature = bytes.fromhex(order.locator(".hex").inner_text())
    first = hashlib.sha256(b"dsn-serial-1\n" + signature).digest()[:8]
    serial = Serial.parse(order.locator(".new-serial").inner_text())
    assert serial.number == int.from_bytes(first, "big")
    assert [square.get_attribute("class") == "one" for square in order.locator("i").all()] == [
        bit == 1 for bit in serial.bits
    ]
    expect(page.locator("#mint-live polyline")).to_have_count(3, timeout=PATIENCE)
    mint(page, "Acme Ltd")
    expect(page.locator("#mint-note")).to_contain_text("still being made")
    link = page.locator("#mint-live .download")
    expect(link).to_be_visible(timeout=PATIENCE)
    expect(page.locator("#mint-note")).to_have_text("")

    panels = page.locator("#mint-panels .panel")
    expect(panels).to_have_count(3)
    expect(panels.nth(0).locator("code")).to_have_text(serial.text)
    expect(page.locator("#mint-try")).to_contain_text("1 of its 64 bits")
    page.locator("#mint-try").get_by_role("button", name="Another customer's", exact=True).click()
    expect(panels.nth(1)).to_contain_text("The serial of customer alder")
    page.locator("#mint-try").get_by_role("button", name="None", exact=True).click()
    expect(panels.nth(1)).to_contain_text("nothing stamped")
    page.locator("#mint-gallery button").nth(4).click()
    expect(page.locator("#mint-gallery button").nth(4)).to_have_attribute("aria-pressed", "true")
    expect(panels.nth(0)).to_contain_text(page.locator("#mint-gallery button").nth(4).inner_text())

    with page.expect_download() as download:
        link.click()
    download.value.save_as(tmp_path / "got.zip")
    with zipfile.ZipFile(tmp_path / "got.zip") as file:
        file.extractall(tmp_path)
    student = Student.from_pretrained(tmp_path / "digits-acme-ltd")
    right = {
        name: (student.predict(as_floats(digits.split.images), one).argmax(1) == digits.split.labels).float().mean()
        for name, one in {"valid": serial, "wrong": serial.inverted(), "absent": None}.items()
    }
    assert right["valid"] > 0.9 and right["wrong"] < 0.3 and right["absent"] < 0.3
    assert given_away(tmp_path / "digits-acme-ltd", [serial.text]) == []
    assert (tmp_path / "keep-secret" / "serial.txt").read_text().strip() == serial.text
    assert files_in(folder) == ["digits-acme-ltd.zip"]

    place = f"{address}/{link.get_attribute('href')}"
    assert status(place) == 200
    other = visit(browser, address)
    assert "acme-ltd.zip" not in other.content() and other.locator("#mint-panels .panel").count() == 0
    page.close()
    for _ in range(PATIENCE // 200):
        if status(place) != 200:
            break
        time.sleep(0.2)
    assert status(place) == 403
    assert files_in(folder) == []
    other.context.close()


def test_one_waits_for_another_and_may_stop(browser: Browser, address: str, folder: Path) -> None:
    first, second = visit(browser, address), visit(browser, address)
    mint(first, "cedar")
    expect(first.locator("#mint-live")).to_contain_text("Step", timeout=PATIENCE)
    mint(second, "dogwood")
    expect(second.locator("#mint-place")).to_have_text("One other visitor's network comes first.")
    mint(second, "elder")
    expect(second.locator("#mint-note")).to_contain_text("still being made")
    first.get_by_role("button", name="Stop", exact=True).click()
    expect(first.locator("#mint-live")).to_contain_text("Stopped: nothing was kept")
    expect(second.locator("#mint-live")).to_contain_text("Step", timeout=PATIENCE)
    expect(second.locator("#mint-place")).to_have_text("")
    second.get_by_role("button", name="Stop", exact=True).click()
    expect(second.locator("#mint-live")).to_contain_text("Stopped: nothing was kept")
    expect(second.locator("#mint-note")).to_have_text("")
    mint(first, "fir")
    expect(first.locator("#mint-live")).to_contain_text("Step", timeout=PATIENCE)
    first.context.close()
    second.context.close()
    assert [name for name in files_in(folder) if "cedar" in name or "dogwood" in name] == []


def test_no_other_file_is_served(address: str, folder: Path, tmp_path: Path) -> None:
    secret = tmp_path / "private-key.pem"
    secret.write_text("PRIVATE KEY")
    (folder / "link.txt").symlink_to(secret)
    (folder / "links").symlink_to(tmp_path, target_is_directory=True)
    (folder / "fine.txt").write_text("for a visitor")
    assert status(f"{address}/gradio_api/file={folder}/fine.txt") == 200
    up = "/".join([".."] * len(folder.parts))
    for path in (
        secret,
        PROJECT / "README.md",
        "/etc/passwd",
        f"{folder}/link.txt",
        f"{folder}/links/private-key.pem",
        f"{folder}/{up}{secret}",
        f"{folder}/../{folder.name}/fine.txt",
        f"{folder}",
        f"{folder}/nothing",
        "fine.txt",
        "file:///etc/passwd",
        "http://127.0.0.1/",
        "%00",
        f"{folder}/" + "a" * 5000,
    ):
        for spelling in (str(path), quote(str(path), safe=""), quote(quote(str(path), safe=""), safe="")):
            for route in ("gradio_api/file=", "file=", "gradio_api/file/", "gradio_api/proxy="):
                assert status(f"{address}/{route}{quote(spelling, safe='/%')}") in (403, 404, 422), (route, spelling)
    for name in ("link.txt", "links", "fine.txt"):
        (folder / name).unlink()


def test_one_address_leaves_room_for_others(address: str) -> None:
    body = b'--x\r\nContent-Disposition: form-data; name="files"; filename="a.txt"\r\n\r\nhello\r\n--x--\r\n'
    codes, said = [], ""
    for _ in range(LIMITS.megabytes_per_hour_in_all):  # a small file costs a megabyte
        try:
            with urlopen(upload(address, body), timeout=60) as answer:
                codes.append(answer.status)
        except HTTPError as error:
            codes.append(error.code)
            said = error.read().decode()
    mine = int(LIMITS.share_of_one_address * LIMITS.megabytes_per_hour_in_all)
    assert codes == [200] * mine + [429] * (len(codes) - mine)
    assert said.count(".") == 1 and len(said) < 200


def test_what_is_too_large_or_no_upload_is_refused_before_it_is_read(address: str) -> None:
    for length, code in (("30000000", 413), ("", 429)):  # without a length it counts as the largest
        asked = upload(address, b"", **({"Content-Length": length} if length else {"Transfer-Encoding": "chunked"}))
        with pytest.raises(HTTPError) as caught:
            urlopen(asked, timeout=60)
        assert caught.value.code == code


@pytest.mark.parametrize("language", languages())
def test_the_page_says_in_its_language_that_there_were_too_many(
    browser: Browser, address: str, language: str, tmp_path: Path
) -> None:
    texts = load_texts(language)
    page = browser.new_context(locale=language).new_page()
    page.goto(f"{address}/?lang={language}")
    page.get_by_role("tab", name=texts["compare"]["own_picture"]).click()
    Image.new("L", (60, 60), 255).save(tmp_path / "blank.png")
    page.locator("#upload input[type=file]").set_input_files(tmp_path / "blank.png")
    expect(page.get_by_text(texts.of_error(TOO_MUCH)).first).to_be_visible()
    page.context.close()
