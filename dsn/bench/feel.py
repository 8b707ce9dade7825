"""How soon the page answers a click, seen from inside a real Chromium: the first sign, and the rendered comparison."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from dsn.bench.timing import Ratio

if TYPE_CHECKING:
    from playwright.sync_api import Page

CLICKS = 40  # of each control
PAUSE = 300  # milliseconds between clicks, in which a visitor looks
SIGN_BAR, PANELS_BAR = 100.0, 300.0  # milliseconds
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chromium-headless-shell")  # those with a window first
FLAGS = ["--no-sandbox", "--disable-gpu"]

# Times are the browser's: from the click event's own time to the first frame after a change of the page.
WATCH = """
() => {
  const panels = document.querySelector("#panels");
  const shown = () => panels.querySelector(".panels")?.innerHTML;
  window.seen = {};
  const atNextFrame = (name) => requestAnimationFrame(() => { window.seen[name] ??= performance.now(); });
  document.addEventListener("click", (event) => { window.seen = { click: event.timeStamp, before: shown() }; }, true);
  new MutationObserver(() => {
    if (window.seen.click === undefined) return;
    if (panels.getAttribute("aria-busy") === "true") atNextFrame("sign");
    if (shown() !== undefined && shown() !== window.seen.before) {
      atNextFrame("sign");
      atNextFrame("panels");
    }
  }).observe(panels, { attributes: true, attributeFilter: ["aria-busy"], childList: true,
    characterData: true, subtree: true });
}
"""


def browser_path(own: str) -> str | None:
    """A Chromium: Playwright's own, else the system's; None where there is none."""
    return own if Path(own).exists() else next(filter(None, map(shutil.which, BROWSERS)), None)


def presses(page: "Page") -> dict[str, Callable[[int], None]]:
    """What is pressed, by name; each press changes what the panels show. Takes the number of the press."""

    def button(name: str) -> Callable[[int], None]:
        return lambda turn: page.locator(".bits-and-buttons button.sm").nth(BUTTONS.index(name)).click()

    def licensed_or_none(turn: int) -> None:
        button("licensed" if turn % 2 == 0 else "none")(turn)

    return {
        "Randomise": button("random"),
        "a bit": lambda turn: page.locator("#bits button").nth(turn % 64).click(),
        "licensed and none": licensed_or_none,
        "another customer's": button("another"),
        "a picture": lambda turn: page.locator("#gallery button:not([aria-pressed=true])").nth(turn % 20).click(),
        "a customer": lambda turn: _segment(page, 1, (turn + 1) % 3),
        "an application": lambda turn: _segment(page, 0, (turn + 1) % 2),
    }


BUTTONS = ("licensed", "random", "near", "another", "none")


def _segment(page: "Page", bar: int, place: int) -> None:
    page.locator(".segmented").nth(bar).locator("label").nth(place).click()


def milliseconds(address: str, *, clicks: int = CLICKS) -> dict[str, list[tuple[float, float]]]:
    """For each control: from click to first sign, and from click to rendered panels, of every click.

    Args:
        address: of the page.
        clicks: of each control.

    Raises:
        RuntimeError: there is no Chromium.
    """
    from playwright.sync_api import sync_playwright  # the tests' dependency; the page does without

    found: dict[str, list[tuple[float, float]]] = {}
    with sync_playwright() as playwright:
        path = browser_path(playwright.chromium.executable_path)
        if path is None:
            raise RuntimeError("No Chromium found: run `python tests/kit/find_browser.py` first.")
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        page = browser.new_page(viewport={"width": 1280, "height": 720})
        page.goto(address)
        page.locator(".panel").nth(2).wait_for()
        page.wait_for_timeout(PAUSE)
        page.evaluate(WATCH)
        for name, press in presses(page).items():
            found[name] = []
            for turn in range(clicks):
                page.evaluate("() => { window.seen = {}; }")
                press(turn)
                page.wait_for_function("() => window.seen.panels !== undefined")
                seen = page.evaluate("() => ({ ...window.seen, before: null })")
                found[name].append((seen["sign"] - seen["click"], seen["panels"] - seen["click"]))
                page.wait_for_timeout(PAUSE)
        browser.close()
    return found


def feel(address: str, *, clicks: int = CLICKS) -> Iterator[Ratio]:
    """The two rows: 95th percentiles over the clicks of all controls, in milliseconds over one.

    Args:
        address: of the page.
        clicks: of each control.
    """
    times = np.array([pair for pairs in milliseconds(address, clicks=clicks).values() for pair in pairs])
    sign, panels = np.percentile(times, 95, axis=0).tolist()
    said = f"in Chromium, 95th percentile of {len(times)} clicks, ms"
    yield Ratio(
        "page-sign", f"click to first visible answer {said}", f"≤ {SIGN_BAR:g}", sign, 1.0, "ms", sign <= SIGN_BAR
    )
    yield Ratio(
        "page-panels",
        f"click to rendered comparison {said}",
        f"≤ {PANELS_BAR:g}",
        panels,
        1.0,
        "ms",
        panels <= PANELS_BAR,
    )
