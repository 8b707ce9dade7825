"""Take the README's screenshots again, of the real page: `PYTHONPATH=. python tests/kit/take_screenshots.py`."""

import io
import tempfile
from pathlib import Path

from app_process import PATIENCE, PROJECT, running_app
from find_browser import browser_path
from open_tab import open_tab
from PIL import Image
from playwright.sync_api import Browser, Page, expect, sync_playwright

from dsn.files import write_in_place
from dsn.ui.texts import Texts, languages, load_texts

FOLDER = PROJECT / "assets/screenshots"
COLOURS = 128  # enough for a page of flat colours, at a third of the size
LAPTOP, PHONE, PROJECTOR = (1280, 800), (390, 844), (1280, 720)
SETTLED = 800  # milliseconds
LEARNT = 0.3  # share of a minting after which its curves have bent


def keep(page: Page, name: str, *, whole: bool = True) -> None:
    """Write what a page shows as `name`.png."""
    page.wait_for_timeout(SETTLED)
    picture = Image.open(io.BytesIO(page.screenshot(full_page=whole))).convert("RGB").quantize(COLOURS)
    write_in_place(FOLDER / f"{name}.png", lambda path: picture.save(path, "PNG", optimize=True))
    print(name, flush=True)


def opened(browser: Browser, address: str, size: tuple[int, int], scheme: str = "light") -> Page:
    """A page that shows a finished comparison."""
    page = browser.new_context(viewport={"width": size[0], "height": size[1]}).new_page()
    page.goto(f"{address}{'&' if '?' in address else '?'}__theme={scheme}")
    expect(page.locator(".panel")).to_have_count(3, timeout=PATIENCE)
    page.wait_for_timeout(SETTLED)
    return page


def tabs(page: Page, texts: Texts) -> None:
    """Every tab on a laptop, each at work."""
    language, titles = texts.language, texts["page"]["tabs"]

    def choose(tab: str) -> None:
        open_tab(page, titles[tab])

    page.locator("#measure").click()
    expect(page.locator(".matrices svg")).to_have_count(3, timeout=PATIENCE)
    keep(page, f"compare-{language}")
    choose("attack")
    page.locator("#attack-run").click()
    over = page.locator("#attack-stage .progress-line").get_by_text(texts["attack"]["over"], exact=True)
    expect(over).to_be_visible(timeout=PATIENCE)
    keep(page, f"attack-{language}")
    choose("mint")
    page.locator("#mint-name").locator("input, textarea").fill("elm")
    page.locator("#mint-button").click()
    expect(page.locator("#mint-live .minting .curves")).to_be_visible(timeout=PATIENCE)
    bar = "document.querySelector('#mint-live progress')"
    page.wait_for_function(f"{bar} && {bar}.value > {LEARNT} * {bar}.max", timeout=PATIENCE)
    keep(page, f"mint-{language}")
    page.locator("#mint-stop").click()
    choose("trace")
    page.locator("#trace-button").click()
    expect(page.locator("#trace-report .trace")).to_be_visible(timeout=PATIENCE)
    keep(page, f"trace-{language}")
    for tab in ("figures", "method"):
        choose(tab)
        keep(page, f"{tab}-{language}")


def main() -> None:
    """All screenshots, in every language."""
    path = browser_path()
    with (
        tempfile.TemporaryDirectory() as folder,
        running_app(Path(folder) / "log") as address,
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        for language in languages():
            texts, start = load_texts(language), f"{address}/?lang={language}"
            for scheme in ("light", "dark"):
                keep(opened(browser, start, LAPTOP, scheme), f"first-{language}-{scheme}", whole=False)
                keep(opened(browser, start, PHONE, scheme), f"phone-{language}-{scheme}")
            keep(opened(browser, f"{start}&present=1", PROJECTOR), f"present-{language}", whole=False)
            lesson = opened(browser, f"{start}&step=3", LAPTOP)
            lesson.locator(".lesson-step:visible [data-do=reveal]").click()
            keep(lesson, f"lesson-{language}", whole=False)
            tabs(opened(browser, start, LAPTOP), texts)
        browser.close()


if __name__ == "__main__":
    main()
