"""A visitor who mints, in a real browser."""

from pathlib import Path

from playwright.sync_api import Browser, Page


def visit(browser: Browser, address: str) -> Page:
    page = browser.new_context(viewport={"width": 1280, "height": 900}).new_page()
    page.goto(address)
    open_tab(page)
    return page


def open_tab(page: Page) -> None:
    page.get_by_role("tab", name="Mint", exact=True).click()


def mint(page: Page, name: str) -> None:
    page.locator("#mint-name").locator("input, textarea").fill(name)
    page.get_by_role("button", name="Sign and mint", exact=True).click()


def files_in(folder: Path) -> list[str]:
    return [path.name for path in folder.rglob("*") if path.is_file()]
