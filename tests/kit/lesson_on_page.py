"""What tests do with the lesson on the page, presented or not."""

from playwright.sync_api import Locator, Page, expect


def now(page: Page) -> Locator:
    """The step that is shown."""
    return page.locator(".lesson-step:visible")


def action(page: Page, name: str) -> Locator:
    return page.locator(f"#lesson [data-do={name}]:visible")


def at(page: Page, number: int) -> None:
    expect(page.locator("#lesson [data-step]")).to_have_attribute("data-step", str(number))


def entered(page: Page) -> str:
    """The serial in the middle panel."""
    return page.locator(".panel.entered .stamped-serial").inner_text()
