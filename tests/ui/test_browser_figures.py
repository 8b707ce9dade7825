"""The tab of figures in a real Chromium: its headings say what stands under them, larger ones over smaller ones."""

import pytest
from open_tab import open_tab
from playwright.sync_api import BrowserContext

from dsn.applications.registry import applications
from dsn.ui.texts import languages, load_texts

SIZES = (
    """(ones) => ones.map((one) => [one.tagName, one.textContent.trim(), parseFloat(getComputedStyle(one).fontSize)])"""
)


@pytest.mark.parametrize(("width", "height"), [(1280, 720), (390, 844)])
@pytest.mark.parametrize("language", languages())
def test_headings_say_what_follows(
    context: BrowserContext, address: str, language: str, width: int, height: int
) -> None:
    page, texts = context.new_page(), load_texts(language)
    page.set_viewport_size({"width": width, "height": height})
    page.goto(f"{address}/?lang={language}")
    open_tab(page, texts["page"]["tabs"]["figures"])
    said, titles = texts["figures"], [texts.title(one) for one in applications().values()]
    found = page.locator("#tabs > [role=tabpanel]:visible :is(h1, h2, h3, h4)").evaluate_all(SIZES)
    assert [(tag, text) for tag, text, _ in found] == [
        ("H2", said["charts"]["beside"]["title"]),
        ("H2", said["charts"]["cliff"]["title"]),
        ("H2", texts["attack"]["chart"]["title"]),
        *(("H2", said["table_label"].format(task=title)) for title in titles),
        ("H2", said["attacks"]["title"]),
        *(("H3", title) for title in titles),
        ("H2", said["ideas"]["title"]),
    ]
    sizes = {tag: {size for one, _, size in found if one == tag} for tag in ("H2", "H3")}
    assert len(sizes["H2"]) == len(sizes["H3"]) == 1 and min(sizes["H2"]) > max(sizes["H3"])
