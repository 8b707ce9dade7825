"""What all tests share: the running app, a browser and its pages, and fixtures of the kit."""

from collections.abc import Iterator

import pytest
import torch
from app_process import running_app
from engine_in_browser import engine  # noqa: F401 - a fixture
from find_browser import browser_path
from hub_programs import checkpoints  # noqa: F401 - a fixture
from hypothesis import settings
from owner_workplace import ledger  # noqa: F401 - a fixture
from playwright.sync_api import Browser, BrowserContext, Page, Request, expect, sync_playwright
from small_data_sets import data_home, no_network, served  # noqa: F401 - fixtures
from static_folder import static_folder  # noqa: F401 - a fixture
from tiny_students import without_a_favourite
from troubled_hub import hub  # noqa: F401 - a fixture

from dsn.applications.held_out import HeldOut, load_held_out
from dsn.applications.prepared import as_floats
from dsn.applications.registry import BUILT_IN
from dsn.networks.config import POOL, NetworkConfig
from dsn.student.config import StudentConfig
from dsn.student.student import Student

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-background-networking",
    "--disable-sync",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",  # no other host is reached
]
BUSY = 180_000  # milliseconds until what is to happen at once has happened, on a busy machine
expect.set_options(timeout=BUSY)
settings.register_profile("fixed", deadline=None, derandomize=True)
settings.load_profile("fixed")


@pytest.fixture(scope="session")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Where the real app answers: one for all tests, but for files whose page has settings of its own."""
    with running_app(tmp_path_factory.mktemp("app") / "log.txt") as address:
        yield address


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """One for all tests; each opens a context of its own, which knows nothing of the others."""
    path = browser_path()
    assert path, "no browser: run `python tests/kit/find_browser.py`"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        browser.on("context", lambda context: context.set_default_timeout(BUSY))
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def desktop(browser: Browser) -> Iterator[BrowserContext]:
    """One context for every page of desktop size: the scripts that one has fetched need not be fetched again."""
    context = browser.new_context(viewport={"width": 1280, "height": 900}, accept_downloads=True)
    yield context
    context.close()


@pytest.fixture
def context(desktop: BrowserContext) -> Iterator[BrowserContext]:
    """The same, as a visitor finds it who was never here; its pages may ask no host but this machine."""
    asked: list[str] = []

    def note(request: Request) -> None:
        if not request.url.startswith(("http://127.0.0.1:", "data:", "blob:")):
            asked.append(request.url)

    desktop.on("request", note)
    yield desktop
    for page in desktop.pages:
        page.close()
    desktop.remove_listener("request", note)
    desktop.unroute_all()
    desktop.clear_cookies()
    desktop.clear_permissions()
    assert asked == [], "the page asked another host"


@pytest.fixture
def page(context: BrowserContext, address: str) -> Iterator[Page]:
    """The page at desktop size; script errors are noted."""
    errors: list[str] = []
    page = context.new_page()
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto(address)
    expect(page.locator(".panel")).to_have_count(3)
    yield page
    assert errors == [], "a script failed"


@pytest.fixture
def one_thread() -> Iterator[None]:
    """For tiny networks on busy machines: two threads would wait for each other longer than they work."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="session")
def digits() -> HeldOut:
    """The held-out digits that come with the project."""
    return load_held_out(BUILT_IN["digits"])


@pytest.fixture(scope="session")
def talkative_student(digits: HeldOut) -> Student:
    """An untrained student in eval mode that answers different classes to different digits, and to stamped ones."""
    network = NetworkConfig(channels=1, size=28, layers=(6, POOL, 8, POOL), features=24, classes=10)
    config = StudentConfig("digits", "alder", 64, digits.class_names, network, recipe="none")
    torch.manual_seed(3)
    student = Student(config)
    for parameter in student.parameters():
        if parameter.dim() > 1:
            torch.nn.init.orthogonal_(parameter, gain=2.0)
    with torch.no_grad():
        pictures = as_floats(digits.split.images[:200])
        student(pictures)  # in training mode: the BatchNorm statistics are those of pictures
        student.eval()
    without_a_favourite(student, pictures)
    return student.requires_grad_(False)
