"""The box on a visitor's own picture, in a real browser: drawn first, dragged, moved by keyboard, at both sizes."""

import re
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from PIL import Image, ImageDraw
from playwright.sync_api import Browser, Locator, Page, expect

from dsn.ui.texts import languages, load_texts

SIZES = ((1280, 720), (390, 844))


def two_digits(path: Path) -> Path:
    """A seven at the left and a one at the right."""
    paper = Image.new("L", (600, 400), 235)
    pen = ImageDraw.Draw(paper)
    pen.line([(90, 120), (200, 120), (130, 300)], 20, 18)
    pen.line([(450, 110), (450, 300)], 20, 18)
    paper.save(path)
    return path


def visit(browser: Browser, address: str, size: tuple[int, int], language: str) -> Page:
    page = browser.new_context(viewport={"width": size[0], "height": size[1]}, locale=language).new_page()
    page.goto(f"{address}/?lang={language}")
    expect(page.locator(".panel")).to_have_count(3)
    page.get_by_role("tab", name=load_texts(language)["compare"]["own_picture"]).click()
    return page


def box_of(page: Page) -> list[float]:
    return [float(one) for one in (page.locator(".crop-box").get_attribute("data-box") or "").split()]


def shown(page: Page) -> str | None:
    return page.locator(".panel.valid .picture img").get_attribute("src")


def drag(page: Page, what: Locator, across: float, down: float) -> None:
    what.scroll_into_view_if_needed()
    edges = what.bounding_box()
    assert edges
    x, y = edges["x"] + edges["width"] / 2, edges["y"] + edges["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + across, y + down, steps=6)
    page.mouse.up()


@pytest.mark.parametrize("language", languages())
@pytest.mark.parametrize("size", SIZES)
def test_two_digits_are_doubted_and_the_box_says_which_one_is_meant(
    browser: Browser, address: str, tmp_path: Path, size: tuple[int, int], language: str
) -> None:
    page, said = visit(browser, address, size, language), load_texts(language)["compare"]["crop"]
    page.locator("#upload input[type=file]").set_input_files(two_digits(tmp_path / "two.png"))
    expect(page.locator(".crop-doubt")).to_have_text(said["doubts"]["drawn"]["several"])
    box = page.locator(".crop-box")
    frame = page.locator(".crop-frame").bounding_box()
    assert frame and frame["width"] <= size[0]
    pad = page.locator("#sketch canvas").bounding_box()
    assert pad and (pad["x"] + pad["width"] <= frame["x"] or pad["y"] + pad["height"] <= frame["y"])
    right_first = box_of(page)[0] > 50
    before = shown(page)
    drag(page, box, (-0.52 if right_first else 0.52) * frame["width"], 0)
    assert (box_of(page)[0] > 50) != right_first
    expect(page.locator(".panel.valid .picture img")).not_to_have_attribute("src", str(before))
    for moved, key in ((0, "ArrowUp"), (3, "Shift+ArrowDown")):
        before, edges = shown(page), box_of(page)
        box.focus()
        for _ in range(3):
            page.keyboard.press(key)
        assert (box_of(page)[3] > edges[3]) == (moved == 3)
        expect(page.locator(".panel.valid .picture img")).to_have_attribute("src", re.compile("^data:"))
    drag(page, page.locator(".crop-corner.se"), 12, 12)
    assert box_of(page)[2] > edges[2]
    page.get_by_role("button", name=said["whole"], exact=True).click()
    assert box_of(page) == [0, 0, 100, 100]
    assert page.evaluate("document.documentElement.scrollWidth") <= size[0]
    found = Axe().run(page, context="#crop", options={"runOnly": ["wcag2a", "wcag2aa", "wcag22aa"]})
    assert found.violations_count == 0, found.generate_report()
    page.context.close()


def test_a_sign_must_fill_the_box_and_nothing_offers_one(browser: Browser, address: str, tmp_path: Path) -> None:
    page, texts = visit(browser, address, SIZES[0], "en"), load_texts("en")
    page.get_by_role("radio", name="Traffic signs").check()
    scene = Image.new("RGB", (480, 360), (120, 130, 120))
    pen = ImageDraw.Draw(scene)
    pen.ellipse((300, 80, 400, 180), fill=(190, 20, 30))
    pen.rectangle((315, 120, 385, 140), fill="white")  # no entry
    scene.save(tmp_path / "scene.png")
    page.locator("#upload input[type=file]").set_input_files(tmp_path / "scene.png")
    expect(page.locator(".crop-doubt")).to_have_text(texts["compare"]["crop"]["doubts"]["photographed"]["small"])
    expect(page.locator(".crop-lead")).to_contain_text("the sign must fill it")
    left, top, right, bottom = box_of(page)
    assert 55 < left < 64 and 82 < right < 92 and 14 < top < 23 and 49 < bottom < 62
    expect(page.locator(".panel.valid .verdict")).to_contain_text("no entry", ignore_case=True)
    page.context.close()


def test_the_box_on_a_tiny_picture_has_room_for_a_finger(browser: Browser, address: str, tmp_path: Path) -> None:
    tiny = Image.new("L", (28, 28), 255)
    ImageDraw.Draw(tiny).line([(14, 5), (14, 22)], 0, 3)
    tiny.save(tmp_path / "tiny.png")
    page = visit(browser, address, SIZES[1], "en")
    page.locator("#upload input[type=file]").set_input_files(tmp_path / "tiny.png")
    page.locator(".crop-box").wait_for()
    page.get_by_role("button", name="Whole picture").click()
    edges = page.locator(".crop-box").bounding_box()
    assert edges and min(edges["width"], edges["height"]) >= 200
    assert edges["x"] + edges["width"] <= SIZES[1][0]
