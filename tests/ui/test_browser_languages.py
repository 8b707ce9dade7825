"""The languages of the page in a real browser: which one opens, that nothing is left in another, and the switch."""

import re

import pytest
from open_tab import open_tab
from playwright.sync_api import Browser, Page, Route, expect

from dsn.student.collection import demo_serials
from dsn.ui.texts import load_texts

CUSTOMERS = {name.split("/")[1] for name in demo_serials()}
ENGLISH = re.compile(r"[A-Za-z]+(?:[ \n][A-Za-z]+){2,}")
# What is read, without code, names in another language, and the link to the other language.
READ = """() => {
  const page = document.body.cloneNode(true);
  const hidden = [...document.body.querySelectorAll("*")].map((one) => !one.checkVisibility());
  [...page.querySelectorAll("*")].forEach((one, index) => {
    if (hidden[index] || one.matches("code, script, style, [lang=en]")) one.textContent = "";
  });
  return page.innerText;
}"""


def visit(browser: Browser, address: str, locale: str) -> Page:
    page = browser.new_context(locale=locale).new_page()
    page.goto(address)
    expect(page.locator(".panel")).to_have_count(3)
    return page


def test_the_chinese_page_has_no_english_sentence(browser: Browser, address: str) -> None:
    page = visit(browser, f"{address}/zh", "zh-CN")
    for title in load_texts("zh")["page"]["tabs"].values():
        open_tab(page, title)
        text = page.evaluate(READ)
        for name in CUSTOMERS:
            text = re.sub(rf"\b{name}\b", "", text)
        assert title in text and ENGLISH.findall(text) == [], title
    boxes = page.locator(".upload-container").evaluate_all("boxes => boxes.map((one) => one.ariaLabel)")
    assert boxes and not ENGLISH.search("; ".join(boxes))
    page.context.close()


@pytest.mark.parametrize(("locale", "language"), [("en-GB", "en"), ("zh-CN", "zh"), ("fr-FR", "en")])
def test_the_browsers_language_opens(browser: Browser, address: str, locale: str, language: str) -> None:
    page = visit(browser, address, locale)
    expect(page.locator("html")).to_have_attribute("lang", language)
    expect(page.locator("h1")).to_have_text(load_texts(language)["page"]["heading"])
    page.context.close()


def test_the_switch_works_both_ways_and_keeps_the_rest_of_the_address(browser: Browser, address: str) -> None:
    page = visit(browser, f"{address}/?__theme=dark", "en-GB")
    for name, heading in (("中文", "深度序列号"), ("English", "Deep Serial Numbers")):
        page.locator(".languages").get_by_role("link", name=name).click()
        expect(page.locator("h1")).to_have_text(heading)
        assert "__theme=dark" in page.url
    page.context.close()


@pytest.mark.parametrize(("path", "language"), [("/", "en"), ("/zh", "zh")])
def test_the_title_is_there_before_any_script(page: Page, address: str, path: str, language: str) -> None:
    held: list[Route] = []
    page.route(re.compile(r"\.(js|json)(\?|$)"), lambda route: held.append(route))
    page.goto(f"{address}{path}", wait_until="commit")
    skeleton = page.locator(".arriving")
    expect(skeleton.get_by_text(load_texts(language)["page"]["heading"], exact=True)).to_be_visible()
    expect(page.locator(".panel")).to_have_count(0)
    page.unroute_all()  # what was held goes on
    expect(page.locator(".panel")).to_have_count(3)
    expect(skeleton).to_be_hidden()
