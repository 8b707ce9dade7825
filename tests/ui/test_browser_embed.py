"""The page inside another page, from another origin: in a frame and as an element."""

import threading
import urllib.request
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from app_process import PROJECT
from playwright.sync_api import Browser, FrameLocator, Locator, Page, expect

from dsn.student.collection import demo_serials

SAMPLE = PROJECT / "assets" / "embed" / "sample.html"
PUT_IN = "http://127.0.0.1:7860"
VALID = demo_serials()["digits/alder"]


class Quiet(SimpleHTTPRequestHandler):
    """Serves a folder and prints nothing."""

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture(scope="module")
def course(address: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Where the sample is served, with the address of the running page put in."""
    folder: Path = tmp_path_factory.mktemp("course")
    text = SAMPLE.read_text("utf-8")
    assert text.count(PUT_IN) >= 3
    (folder / "sample.html").write_text(text.replace(PUT_IN, address), "utf-8")
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()


@pytest.fixture
def sample(browser: Browser, address: str, course: str) -> Iterator[Page]:
    """The sample in a browser that reaches nothing but it and the running page."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    foreign: list[str] = []

    def only_these(route) -> None:
        if route.request.url.startswith((address, course, "data:", "blob:")):
            route.continue_()
        else:
            foreign.append(route.request.url)
            route.abort()

    context.route("**/*", only_these)
    page = context.new_page()
    page.goto(f"{course}/sample.html")
    yield page
    context.close()
    assert foreign == [], "another host was asked"


def check_compact(inside: FrameLocator | Locator) -> None:
    """Three panels and the serial, nothing else; a press is answered."""
    expect(inside.locator(".panel")).to_have_count(3)
    expect(inside.locator(".panel.valid .verdict")).to_contain_text("Right")
    for hidden in (".page-head", ".page-foot", "footer", "#tabs > .tab-wrapper", "#gallery", "#measure"):
        expect(inside.locator(hidden).first).to_be_hidden()
    expect(inside.get_by_role("radio", name="birch")).to_be_hidden()
    inside.get_by_role("button", name="Valid serial", exact=True).click()
    expect(inside.locator(".panel.entered code")).to_have_text(VALID.text)
    expect(inside.locator(".panel.entered .verdict")).to_contain_text("Right")
    inside.locator("#bits button").nth(10).click()
    expect(inside.locator("#serial input")).to_have_value(VALID.flipped(10).text)
    expect(inside.locator(".gradio-container").first).to_have_css("background-color", "rgba(0, 0, 0, 0)")


def test_in_a_frame(sample: Page) -> None:
    check_compact(sample.frame_locator("iframe"))
    frame = next(one for one in sample.frames if "embed=1" in one.url)
    assert frame.evaluate("getComputedStyle(document.body).backgroundColor") == "rgba(0, 0, 0, 0)"
    assert frame.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert frame.evaluate("document.documentElement.scrollHeight <= innerHeight"), "the frame has to scroll"


def test_as_an_element(sample: Page) -> None:
    title = sample.title()
    check_compact(sample.locator("gradio-app"))
    assert sample.title() == title
    assert sample.evaluate("getComputedStyle(document.querySelector('h1')).fontFamily").startswith("Georgia")
    assert sample.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 251, 233)"
    inside, around = (sample.locator(one).bounding_box() for one in ("gradio-app .panels", "body"))
    assert inside and around and inside["width"] <= around["width"]


@pytest.mark.parametrize("width", [360, 600, 640, 900, 960, 1280])
def test_the_compact_layout_fits_its_room(browser: Browser, address: str, width: int) -> None:
    page = browser.new_context(viewport={"width": width, "height": 600}).new_page()
    page.goto(f"{address}/?embed=1")
    expect(page.locator(".panel")).to_have_count(3)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    tops = {box["y"] for one in page.locator(".panel").all() if (box := one.bounding_box())}
    assert len(tops) == (3 if width < 560 else 1)
    cut = "all => all.filter((one) => one.scrollWidth > one.clientWidth).map((one) => one.textContent)"
    assert page.locator(".panel h3, .panel h3 button, .panel .verdict, .buttons button").evaluate_all(cut) == []
    pictures = {box["y"] for one in page.locator(".panel .picture").all() if (box := one.bounding_box())}
    assert len(pictures) == len(tops), "pictures stay level where a title wraps"
    bits, buttons = page.locator("#bits .bits").bounding_box(), page.locator("#press-licensed").bounding_box()
    assert bits and buttons
    assert bits["x"] + bits["width"] <= buttons["x"] or bits["y"] + bits["height"] <= buttons["y"], "they overlap"
    page.context.close()


def test_headers_let_other_pages_in(address: str, course: str) -> None:
    for path in ("/", "/?embed=1", "/config", "/gradio.js"):
        request = urllib.request.Request(address + path, headers={"Origin": course})
        with urllib.request.urlopen(request, timeout=60) as response:
            assert response.headers["Access-Control-Allow-Origin"] == course, path
            assert response.headers["X-Frame-Options"] is None
            assert "frame-ancestors" not in (response.headers["Content-Security-Policy"] or "")
