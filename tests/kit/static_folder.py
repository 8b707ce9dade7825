"""The demo as a folder, made once, and how a test opens it: from a plain file server, or as files."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Literal

import pytest
from playwright.sync_api import Browser, Page, ViewportSize

from dsn.ui.static.build import build_static

Scheme = Literal["light", "dark"]
PATIENT = 120_000  # milliseconds


class Quiet(SimpleHTTPRequestHandler):
    """A file server that says nothing; other pages may ask it, as they may ask the Hub."""

    def end_headers(self) -> None:
        self.send_header("Access-Control-Allow-Origin", "*")
        super().end_headers()

    def log_message(self, format: str, *arguments: object) -> None:
        """Keep the tests' output quiet."""


@contextmanager
def file_server(folder: Path) -> Iterator[str]:
    """A plain server of this folder's files; its address."""
    handler = partial(Quiet, directory=str(folder))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.fixture(scope="session")
def static_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of `python -m dsn static`."""
    folder = tmp_path_factory.mktemp("static") / "demo"
    build_static(folder)
    return folder


@contextmanager
def opened(browser: Browser, address: str, *allowed: str, scheme: Scheme = "light") -> Iterator[Page]:
    """A page of the folder once it is ready; it may ask nobody but those allowed, and no script of it may fail."""
    screen: ViewportSize = {"width": 1280, "height": 900}
    context = browser.new_context(viewport=screen, color_scheme=scheme, service_workers="block")
    context.set_default_timeout(PATIENT)
    foreign: list[str] = []
    errors: list[str] = []
    home = address.split("?")[0].rsplit("/", 1)[0]

    def only_home(route) -> None:
        if route.request.url.startswith((home, "data:", "blob:", *allowed)):
            route.continue_()
        else:
            foreign.append(route.request.url)
            route.abort()

    context.route("**/*", only_home)
    page = context.new_page()
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto(address)
    page.wait_for_function("window.dsnReady === true")
    yield page
    context.close()
    assert foreign == [], "the folder asked another host"
    assert errors == [], "a script failed"
