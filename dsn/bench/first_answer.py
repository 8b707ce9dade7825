"""How soon a visitor who was never here has a finished comparison, in a real Chromium.

From the start of the program, on a phone's slow line, and from the folder that needs no server.
"""

import os
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Thread
from typing import TYPE_CHECKING

from dsn.bench.feel import FLAGS, browser_path
from dsn.bench.timing import Ratio, at_most, medians_in_turn, seconds_of
from dsn.ui.static.build import build_static

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

SLOW = {"offline": False, "latency": 300, "downloadThroughput": 1.6e6 / 8, "uploadThroughput": 0.75e6 / 8}
SLOW_BAR, SERVER_BAR, FILES_BAR = 5.0, 1.0, 1.5  # seconds
START_BAR, LINK_BAR = 1.5, 1.5
STARTS, VISITS = 5, 5
PATIENCE = 180_000  # milliseconds
BARE_IMPORT = "import gradio"
HOST = "127.0.0.1"


@contextmanager
def chromium() -> "Iterator[Browser]":
    """A browser.

    Raises:
        RuntimeError: there is no Chromium.
    """
    from playwright.sync_api import sync_playwright  # the tests' dependency; the page does without

    with sync_playwright() as playwright:
        path = browser_path(playwright.chromium.executable_path)
        if path is None:
            raise RuntimeError("No Chromium found: run `python tests/kit/find_browser.py` first.")
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield browser
        browser.close()


def until_panels(page: "Page", address: str, panels: str = ".panel") -> None:
    """Open the served page, and wait for its three panels; `panels`: a selector of those that count."""
    page.goto(address, wait_until="commit")
    page.locator(f"{panels} .verdict").nth(2).wait_for(timeout=PATIENCE)


def until_folder(page: "Page", address: str) -> None:
    """Open a page of the folder, and wait until its first comparison stands."""
    page.goto(address, wait_until="commit")
    page.wait_for_function("window.dsnReady === true", timeout=PATIENCE)


def by_a_link(browser: "Browser", address: str, student: str, serial: str, *, visits: int = VISITS) -> Ratio:
    """From opening a link with a serial to its panels, over opening the page to its first; nothing is kept of a visit.

    Args:
        browser: a Chromium.
        address: of the page.
        student: whose serial it is, "task/customer".
        serial: that the link names.
        visits: of each.
    """
    task, customer = student.split("/")

    def visit(query: str, panels: str) -> float:
        with browser.new_context(viewport={"width": 1280, "height": 720}) as context:
            page = context.new_page()
            return seconds_of(lambda: until_panels(page, address + query, panels))

    link = f"/?task={task}&customer={customer}&serial={serial}"
    seconds = medians_in_turn(
        lambda: visit(link, f'#panels[data-answers="engine"] [data-serial="{serial}"] .panel'),
        lambda: visit("/", ".panel"),
        visits,
    )
    what = "in Chromium: opening a link with a serial to its panels, over opening the page to its first"
    return at_most("page-link", what, LINK_BAR, seconds)


def on_a_slow_line(browser: "Browser", address: str, *, visits: int = VISITS) -> Ratio:
    """Median seconds to the first comparison on a phone's 3G, each visit with nothing kept.

    Args:
        browser: a Chromium.
        address: of the page.
        visits: how many.
    """

    def visit() -> float:
        with browser.new_context(viewport={"width": 390, "height": 844}) as context:
            page = context.new_page()
            session = context.new_cdp_session(page)
            session.send("Network.enable")
            session.send("Network.emulateNetworkConditions", SLOW)
            return seconds_of(lambda: until_panels(page, address))

    visit()  # the answers are made, and pressed as small as they get
    seconds = statistics.median(visit() for _ in range(visits))
    what = "in Chromium on a phone's 3G (1.6 Mbit/s, 300 ms): opening the page to the first finished comparison"
    return at_most("page-3g", what, SLOW_BAR, (seconds, 1.0))


def is_listened_to(port: int) -> bool:
    """Whether a program of this machine answers there."""
    with socket.socket() as probe:
        return probe.connect_ex((HOST, port)) == 0


def from_the_start(browser: "Browser", folder: Path, port: int, *, starts: int = STARTS) -> Ratio:
    """From starting `python app.py` to a finished comparison in the browser, over importing Gradio alone.

    Args:
        browser: a Chromium.
        folder: where app.py is.
        port: nobody listens on it.
        starts: of each side.
    """
    command = [sys.executable, "app.py"]
    settings = {"GRADIO_SERVER_PORT": str(port), "GRADIO_SERVER_NAME": HOST}

    def to_comparison() -> float:
        begun = time.perf_counter()
        process = subprocess.Popen(command, cwd=folder, env={**os.environ, **settings}, stdout=subprocess.DEVNULL)
        try:
            while not is_listened_to(port):
                if process.poll() is not None:
                    raise RuntimeError("The app ended before it answered.")
                time.sleep(0.01)
            with browser.new_context() as context:
                until_panels(context.new_page(), f"http://{HOST}:{port}")
                return time.perf_counter() - begun
        finally:
            process.terminate()
            process.wait()

    def bare() -> float:
        return seconds_of(lambda: subprocess.run([sys.executable, "-c", BARE_IMPORT], check=True))

    seconds = medians_in_turn(to_comparison, bare, starts)
    what = f"`python app.py` to a finished comparison in Chromium over `{BARE_IMPORT}`"
    return at_most("page-start-to-comparison", what, START_BAR, seconds)


def of_the_folder(browser: "Browser", *, visits: int = VISITS) -> Iterator[Ratio]:
    """Median seconds to the folder's first comparison: from a plain file server here, and from files.

    Args:
        browser: a Chromium.
        visits: of each.
    """

    def visit(address: str) -> float:
        with browser.new_context() as context:
            page = context.new_page()
            return seconds_of(lambda: until_folder(page, address))

    with TemporaryDirectory() as name, ThreadingHTTPServer((HOST, 0), partial(Quiet, directory=name)) as server:
        build_static(Path(name))
        Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        for key, where, address, bar in (
            ("server", "a plain file server", f"http://{HOST}:{server.server_port}", SERVER_BAR),
            ("files", "`file://`", Path(name).as_uri(), FILES_BAR),
        ):
            visit(f"{address}/index.html")
            seconds = statistics.median(visit(f"{address}/index.html") for _ in range(visits))
            what = f"in Chromium: opening the folder from {where} to the first comparison"
            yield at_most(f"folder-{key}", what, bar, (seconds, 1.0))
        server.shutdown()


class Quiet(SimpleHTTPRequestHandler):
    """A file server that prints nothing."""

    def log_message(self, format: str, *arguments: object) -> None:
        """Print nothing."""
