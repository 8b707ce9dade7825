"""The page in a browser whose engine cannot run: neither WebAssembly nor Workers."""

from playwright.sync_api import BrowserContext, Page, expect

GONE = "delete window.Worker; delete window.WebAssembly;"


def page_without_engine(context: BrowserContext, address: str) -> Page:
    """The page once its panels stand."""
    page = context.new_page()
    page.add_init_script(GONE)
    page.goto(address)
    expect(page.locator(".panel")).to_have_count(3)
    return page
