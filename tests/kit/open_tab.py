"""A tab of the page, opened as a visitor does who waits for its contents."""

import re

from playwright.sync_api import Page, expect


def open_tab(page: Page, title: str) -> None:
    """Click a tab of the page and wait until all is there that is sent when it is opened.

    Args:
        page: in the browser.
        title: of the tab, in the page's language.
    """
    page.get_by_role("tab", name=title, exact=True).click()
    panel = page.locator("#tabs > [role=tabpanel]:visible")
    expect(panel).to_have_text(re.compile(r"\S"))
    expect(panel.locator(".awaited")).to_have_count(0)
