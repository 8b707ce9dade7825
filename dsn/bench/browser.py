"""How soon the visitor's own browser answers, what that leaves for the server, and whether the page stands still."""

import os
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPException
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from dsn.bench.feel import PAUSE, WATCH
from dsn.bench.timing import Ratio, at_most

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

FLIPS = 100
FLIP_BARS = {"digits": 16.0, "signs": 60.0}  # milliseconds
MEASURING_BARS = {"digits": 4.0, "signs": 20.0}  # seconds
FROZEN_BAR = 50.0  # milliseconds
FLIPS_OF_ALL, ALL_BAR = 9, 1.0  # seconds
SHARE_BAR = 5.0  # percent of one core
VISITORS, IN_A_BROWSER = 200, 4
WATCHED = 20.0  # seconds
WAIT = 120_000  # milliseconds

# The longest task of the page, in milliseconds; the browser tells those of 50 and more.
FROZEN = """
() => {
  window.longest = 0;
  const note = (list) => list.getEntries().forEach((one) => (window.longest = Math.max(window.longest, one.duration)));
  new PerformanceObserver(note).observe({ type: "longtask" });
}
"""

# Milliseconds from the next press of "Flip every bit once" to the first frame with all answers; null until then.
WATCH_ALL = """
() => {
  const place = document.querySelector("#flips");
  window.allFlipped = null;
  document.querySelector("#flip-all").addEventListener("click", ({ timeStamp }) => {
    const seen = new MutationObserver(() => {
      if (!place.querySelector(".avalanche.whole")) return;
      seen.disconnect();
      requestAnimationFrame(() => (window.allFlipped = performance.now() - timeStamp));
    });
    seen.observe(place, { childList: true, subtree: true });
  }, { once: true });
}
"""


@contextmanager
def visited(browser: "Browser", address: str, task: str) -> Iterator["Page"]:
    """A page that shows the first student of an application, once its engine answers; it is closed afterwards."""
    with browser.new_context(viewport={"width": 1280, "height": 720}) as context:
        yield come(context.new_page(), address, task)


def come(page: "Page", address: str, task: str) -> "Page":
    """Open the page and wait until its engine answers."""
    page.set_default_timeout(WAIT)
    page.goto(f"{address}/?task={task}")
    page.locator(f'#panels[data-opened^="{task}/"]').wait_for()
    page.locator(f'#panels .panels[data-task="{task}"]').wait_for()
    page.wait_for_timeout(PAUSE)
    return page


def flips(page: "Page", count: int = FLIPS) -> tuple[list[float], int]:
    """Milliseconds from each press of a bit to the first frame with its panels; and the requests that were made."""
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.evaluate(WATCH)
    times = []
    for turn in range(count):
        page.evaluate("() => { window.seen = {}; }")
        page.locator("#bits button").nth(turn % 64).click()
        page.wait_for_function("() => window.seen.panels !== undefined")
        times.append(page.evaluate("() => window.seen.panels - window.seen.click"))
        page.wait_for_timeout(PAUSE / 3)
    return times, len(asked)


def flips_of_all(page: "Page", count: int = FLIPS_OF_ALL) -> list[float]:
    """Seconds from each press of "Flip every bit once" to the first frame with the answers to all of them."""
    times = []
    for _ in range(count):
        page.evaluate(WATCH_ALL)
        page.locator("#flip-all").click()
        page.wait_for_function("() => window.allFlipped !== null")
        times.append(page.evaluate("window.allFlipped") / 1000)
        page.wait_for_timeout(PAUSE)
    return times


def measuring(page: "Page") -> tuple[float, float]:
    """Seconds that measuring takes, and the longest time in milliseconds that the page stood still meanwhile."""
    page.evaluate(FROZEN)
    start = time.perf_counter()
    page.locator("#measure").click()
    page.locator('#measurement [aria-busy="false"]').wait_for()
    return time.perf_counter() - start, page.evaluate("window.longest")


def held_connection(address: str, number: int, ended: threading.Event) -> None:
    """What a page that is open asks of the server for as long as it is: one connection."""
    request = urllib.request.Request(f"{address}/gradio_api/heartbeat/bench{number}")
    with urllib.request.urlopen(request, timeout=60) as response:
        while not ended.is_set():
            response.read1(1000)


def processor_seconds(process: int) -> float:
    """Processor time a process has used, as Linux counts it."""
    fields = Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def together(
    browser: "Browser", address: str, process: int, *, visitors: int = VISITORS, seconds: float = WATCHED
) -> Ratio:
    """The server's share of one core while many visitors flip bits at once.

    Args:
        browser: a Chromium.
        address: of the page.
        process: its number.
        visitors: some in a Chromium; of each of the others, the one connection that an open page holds.
        seconds: how long.
    """
    ended, failed = threading.Event(), []

    def hold(number: int) -> None:
        try:
            held_connection(address, number, ended)
        except (OSError, ValueError, HTTPException) as error:  # it is cut where it stands
            if not ended.is_set():
                failed.append(error)

    with visited(browser, address, "digits") as page:
        pages = [page, *(come(page.context.new_page(), address, "digits") for _ in range(IN_A_BROWSER - 1))]
        for number in range(visitors - len(pages)):
            threading.Thread(target=hold, args=(number,), daemon=True).start()
        page.wait_for_timeout(3000)  # all are there
        before, start, turn = processor_seconds(process), time.perf_counter(), 0
        while time.perf_counter() - start < seconds:
            for one in pages:
                one.locator("#bits button").nth(turn % 64).click()
            turn += 1
        used, passed = processor_seconds(process) - before, time.perf_counter() - start
        ended.set()
    share = 100 * used / passed
    what = (
        f"{visitors} visitors flip bits at once, {IN_A_BROWSER} of them in a Chromium, {len(failed)} with an error: "
        "the server's share of one core over all of it, percent"
    )
    return Ratio("page-together", what, f"≤ {SHARE_BAR:g}", share, 1.0, "%", share <= SHARE_BAR and not failed)


def in_the_browser(browser: "Browser", address: str, process: int, tasks: list[str]) -> Iterator[Ratio]:
    """Every row about what the visitor's browser does by itself.

    Args:
        browser: a Chromium.
        address: of the page.
        process: its number.
        tasks: applications that have bars.
    """
    for task in tasks:
        with visited(browser, address, task) as page:
            times, asked = flips(page)
            all_flipped = float(np.median(flips_of_all(page)))
            seconds, frozen = measuring(page)
        p95, bar = float(np.percentile(times, 95)), FLIP_BARS[task]
        what = f"flip of a bit to the frame with its panels, {task}, 95th percentile of {len(times)}, ms, over one"
        yield Ratio(f"page-flip-{task}", what, f"≤ {bar:g}", p95, 1.0, "ms", p95 <= bar)
        what = f"requests to the server over {len(times)} flips of a bit, {task}"
        yield Ratio(f"page-requests-{task}", what, "≤ 0", asked, len(times), "requests", asked == 0)
        what = f"flipping every bit of a serial once to the frame with all answers, {task}, s, over one"
        yield at_most(f"page-flip-all-{task}", what, ALL_BAR, (all_flipped, 1.0))
        what, bar = f"measuring 1,000 {task} under 3 conditions in the browser, s, over one", MEASURING_BARS[task]
        yield Ratio(f"page-measuring-there-{task}", what, f"≤ {bar:g}", seconds, 1.0, "s", seconds <= bar)
        what = f"the longest that the page stands still meanwhile, {task}, ms, over one"
        yield Ratio(f"page-frozen-{task}", what, f"≤ {FROZEN_BAR:g}", frozen, 1.0, "ms", frozen <= FROZEN_BAR)
    if Path("/proc/self/stat").exists():
        yield together(browser, address, process)
