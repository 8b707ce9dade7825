"""The tab of documents in a real browser: found with the serial, nothing with another, a PDF of one's own, junk."""

from pathlib import Path

import pytest
from open_tab import open_tab
from playwright.sync_api import Page, expect

from dsn.applications.pages.drawn import draw_page
from dsn.applications.pages.read_text import can_read
from dsn.ui.texts import load_texts


def found(page: Page, condition: str) -> int:
    return int(page.locator(f"[data-page-condition={condition}]").get_attribute("data-found") or "-1")


@pytest.mark.parametrize(("language", "size"), [("en", (1280, 720)), ("zh", (390, 844))])
def test_text_is_found_with_the_serial_alone(
    page: Page, address: str, tmp_path: Path, language: str, size: tuple[int, int]
) -> None:
    from PIL import Image

    texts = load_texts(language)
    said = texts["documents"]
    page.set_viewport_size({"width": size[0], "height": size[1]})
    page.goto(address if language == "en" else f"{address}/{language}")
    open_tab(page, texts["page"]["tabs"]["documents"])
    expect(page.locator(".page-panel")).to_have_count(3)
    assert found(page, "valid") > 5 and found(page, "entered") == found(page, "absent") == 0
    for condition in ("valid", "entered", "absent"):
        title = page.locator(f"[data-page-condition={condition}] h3")
        colour, shape = title.evaluate(
            "one => [getComputedStyle(one).color, getComputedStyle(one, '::before').borderColor]"
        )
        assert (
            colour == shape != page.locator(".page-panel .found").first.evaluate("one => getComputedStyle(one).color")
        )
    for kind, word in (("random", "random"), ("near", "near"), ("valid", "licensed")):
        expect(page.locator(f"#documents-{kind}")).to_have_text(texts["compare"][word])
    entered = page.locator("[data-page-condition=entered]")
    page.locator("#documents-valid").click()
    expect(entered.locator("code")).to_be_visible()
    assert found(page, "entered") == found(page, "valid")
    valid = page.locator("#documents-serial").locator("input, textarea").input_value()
    page.locator("#documents-near").click()
    expect(entered.locator("code")).not_to_have_text(valid)
    assert found(page, "entered") == 0 < found(page, "valid")

    drawn = Image.fromarray(draw_page(9, 4).picture)
    drawn.save(tmp_path / "mine.pdf", "PDF", resolution=72)
    before = page.locator("[data-page-condition=absent] image").get_attribute("href")
    page.locator("#documents-upload input[type=file]").set_input_files(tmp_path / "mine.pdf")
    expect(page.locator("[data-page-condition=absent] image")).not_to_have_attribute("href", before or "")
    assert found(page, "valid") > 5 and found(page, "absent") == 0

    page.locator("#documents-serial").locator("input, textarea").fill("nonsense!")
    page.locator("#documents-serial").locator("input, textarea").press("Enter")
    expect(page.locator("#documents-note .error")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= size[0]
    page.set_viewport_size({"width": 768, "height": 1024})
    places = [one.bounding_box() for one in page.locator(".page-with-boxes").all()]
    assert len({round(box["y"]) for box in places if box}) == 1, "the pages are not level"
    assert said["lead"][:10] in page.locator("#tabs > [role=tabpanel]:visible").inner_text()


def test_nothing_moves_on_a_phone_when_the_panels_arrive_late(page: Page, address: str) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(address)
    page.evaluate(
        """() => { window.moved = 0; new PerformanceObserver(list => {
            for (const one of list.getEntries()) if (!one.hadRecentInput) window.moved += one.value;
        }).observe({ type: 'layout-shift', buffered: true }); }"""
    )
    network = page.context.new_cdp_session(page)
    network.send("Network.enable")
    slow = {"offline": False, "latency": 1500, "downloadThroughput": -1, "uploadThroughput": -1}
    network.send("Network.emulateNetworkConditions", slow)
    page.get_by_role("tab", name=load_texts("en")["page"]["tabs"]["documents"], exact=True).click()
    expect(page.locator("#documents-panels .awaited")).to_be_visible()
    expect(page.locator(".page-panel")).to_have_count(3)
    expect(page.locator("#documents-valid")).to_be_visible()
    page.wait_for_timeout(300)
    assert page.evaluate("window.moved") < 0.02


def test_on_a_phone_the_controls_are_there_though_the_panels_never_come(page: Page, address: str) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(address)
    expect(page.locator(".panel")).to_have_count(3)
    page.context.set_offline(True)
    page.get_by_role("tab", name=load_texts("en")["page"]["tabs"]["documents"], exact=True).click()
    expect(page.locator("#documents-panels .awaited")).to_be_visible()
    expect(page.locator("#documents-valid")).to_be_visible()
    page.context.set_offline(False)


def test_what_reads_the_boxes_starves_without_them(page: Page, address: str) -> None:
    if not can_read():
        pytest.skip("Tesseract is not installed: nothing reads here")
    texts = load_texts("en")
    page.goto(address)
    open_tab(page, texts["page"]["tabs"]["documents"])
    expect(page.locator(".page-panel")).to_have_count(3)
    assert not page.locator(".page-text").count()
    page.locator("#documents-read").click()
    expect(page.locator(".page-text")).to_have_count(3)
    valid, *others = page.locator(".page-text").all_inner_texts()
    assert len(valid.split()) > 10 and others == [texts["documents"]["nothing_read"]] * 2
