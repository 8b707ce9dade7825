"""A machine that is too slow for the usual mint, in a real Chromium: it is said at once, and there is a way on."""

import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from app_process import PATIENCE, running_app
from mint_in_browser import files_in, mint, open_tab, visit
from playwright.sync_api import Browser, Page, expect
from slow_mint_page import LOWER_STEPS

from dsn.ui.texts import load_texts

OFFER = load_texts("en")["mint"]["offer"]
CHINESE = load_texts("zh")["mint"]
STEPS = 186  # of two passes over 6,000 pictures


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the page keeps visitors' files."""
    return tmp_path_factory.mktemp("visitors").resolve()


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory, folder: Path) -> Iterator[str]:
    log = tmp_path_factory.mktemp("app") / "log.txt"
    with running_app(
        log, "tests/kit/slow_mint_page.py", GRADIO_TEMP_DIR=str(folder), SECONDS_TO_CHOOSE="900"
    ) as address:
        yield address


def test_lower_quality_is_offered_and_made_of_the_same_order(page: Page, folder: Path, tmp_path: Path) -> None:
    open_tab(page)
    mint(page, "Acme Ltd")
    live = page.locator("#mint-live")
    expect(live).to_contain_text("On this machine it would take about", timeout=PATIENCE)
    share = f"{100 * LOWER_STEPS / STEPS:.0f} %"
    expect(live).to_contain_text(f"with {share} of the steps")
    signed = page.locator("#mint-order .order").inner_text()
    expect(page.get_by_role("button", name="Stop", exact=True)).to_be_enabled()
    page.get_by_role("button", name=OFFER["go_on"], exact=True).click()
    link = page.locator("#mint-live .download")
    expect(link).to_be_visible(timeout=PATIENCE)
    expect(live.locator(".lower")).to_have_text(f"It is of lower quality: it made {share} of the usual steps.")
    expect(page.locator("#mint-offer")).to_be_hidden()
    assert page.locator("#mint-order .order").inner_text() == signed
    expect(page.locator("#mint-panels .panel")).to_have_count(3)
    serial = page.locator("#mint-order .new-serial").inner_text()
    with page.expect_download() as download:
        link.click()
    download.value.save_as(tmp_path / "got.zip")
    with zipfile.ZipFile(tmp_path / "got.zip") as file:
        file.extractall(tmp_path)
    assert "of lower quality" in (tmp_path / "digits-acme-ltd" / "README.md").read_text("utf-8")
    assert (tmp_path / "keep-secret" / "serial.txt").read_text().strip() == serial


def test_an_offer_keeps_nobody_waiting_and_may_be_stopped(browser: Browser, address: str, folder: Path) -> None:
    first, second = visit(browser, address), visit(browser, address)
    mint(first, "cedar")
    expect(first.locator("#mint-go-on")).to_be_visible(timeout=PATIENCE)
    mint(second, "dogwood")
    expect(second.locator("#mint-go-on")).to_be_visible(timeout=PATIENCE)
    first.get_by_role("button", name="Stop", exact=True).click()
    expect(first.locator("#mint-live")).to_contain_text("Stopped: nothing was kept")
    expect(first.locator("#mint-offer")).to_be_hidden()
    second.get_by_role("button", name=OFFER["prepared"], exact=True).click()
    expect(second.get_by_role("tab", name="Compare", exact=True)).to_have_attribute("aria-selected", "true")
    expect(second.locator(".panel").first).to_be_visible()
    first.context.close()
    second.context.close()
    assert [name for name in files_in(folder) if "cedar" in name or "dogwood" in name] == []


def test_the_offer_is_made_in_chinese(browser: Browser, address: str) -> None:
    page = browser.new_context(viewport={"width": 390, "height": 844}).new_page()
    page.goto(f"{address}/zh")
    page.locator('[role="tab"]').nth(2).click()
    page.locator("#mint-name").locator("input, textarea").fill("elm")
    page.locator("#mint-button").click()
    expect(page.locator("#mint-live")).to_contain_text("在这台机器上需要约", timeout=PATIENCE)
    expect(page.locator("#mint-go-on")).to_have_text(CHINESE["offer"]["go_on"])
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.context.close()


def test_an_offer_that_nobody_answers_is_withdrawn(browser: Browser, tmp_path: Path) -> None:
    files = tmp_path / "files"
    with running_app(
        tmp_path / "log.txt", "tests/kit/slow_mint_page.py", GRADIO_TEMP_DIR=str(files), SECONDS_TO_CHOOSE="2"
    ) as address:
        page = visit(browser, address)
        mint(page, "elm")
        live = page.locator("#mint-live")
        expect(live).to_contain_text("Withdrawn, because nothing was chosen within 2 seconds", timeout=PATIENCE)
        expect(page.locator("#mint-offer")).to_be_hidden()
        expect(page.get_by_role("button", name="Stop", exact=True)).to_be_disabled()
        page.context.close()
