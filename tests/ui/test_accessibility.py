"""For everyone: axe-core's rules for WCAG 2.2 AA, and the keyboard alone."""

import json
from collections.abc import Callable, Iterator

import pytest
from app_process import PATIENCE
from axe_findings import findings
from open_tab import open_tab
from playwright.sync_api import Browser, BrowserContext, Page, expect
from waiting import still

from dsn.ui.texts import Texts, load_texts

DARK = "(is) => void document.body.classList.toggle('dark', is)"  # as Gradio does
INK = "getComputedStyle(document.querySelector('.gradio-container')).color"
FOCUS = """() => {
  const one = document.activeElement;
  if (!one || one === document.body) return null;
  const around = [one, one.closest("label"), one.parentElement, one.closest(".block")].filter(Boolean);
  const seen = around.some((part) => {
    const style = getComputedStyle(part);
    return (style.outlineStyle !== "none" && parseFloat(style.outlineWidth) > 0) || style.boxShadow !== "none";
  });
  const near = one.closest("[id]:not(input)");
  const name = one.ariaLabel || one.innerText || one.value || one.tagName;
  return { name: name.trim(), near: near ? near.id : "", kind: one.type || one.tagName, seen };
}"""


# What is wrong with the ring round what has the focus: its colour, or what cuts it off; nothing where all is well.
RING = """() => {
  const one = document.activeElement;
  const drawn = (part) => {
    const { outlineStyle, opacity } = part ? getComputedStyle(part) : { outlineStyle: "none" };
    return outlineStyle !== "none" && opacity !== "0";
  };
  const ringed = [one, one.closest("label")].find(drawn);
  if (!ringed) return "no ring";
  ringed.getAnimations().forEach((moving) => moving.finish());
  const style = getComputedStyle(ringed);
  const page = one.closest(".gradio-container");
  if (page && style.outlineColor !== getComputedStyle(page).color) return `not ink: ${style.outlineColor}`;
  const room = parseFloat(style.outlineWidth) + parseFloat(style.outlineOffset);
  const ring = ringed.getBoundingClientRect();
  for (let around = ringed.parentElement; around && around !== document.body; around = around.parentElement) {
    const { overflowX, overflowY } = getComputedStyle(around);
    const edge = around.getBoundingClientRect();
    for (const [side, out, clips] of [
      ["left", -1, overflowX], ["right", 1, overflowX], ["top", -1, overflowY], ["bottom", 1, overflowY],
    ]) {
      const over = out * (ring[side] - edge[side]); // what lies outside is scrolled away, and no ring is cut
      if (clips !== "visible" && over <= 0 && over + room > 0.5) return `cut at its ${side} by ${around.className}`;
    }
  }
  return "";
}"""


def open_page(context: BrowserContext, address: str, language: str, scheme: str = "light", width: int = 1280) -> Page:
    page = context.new_page()
    page.set_viewport_size({"width": width, "height": 900})
    page.goto(f"{address}/{'' if language == 'en' else language}?__theme={scheme}")
    expect(page.locator(".panel")).to_have_count(3)
    expect(page.locator(".languages")).to_be_visible()
    return page


def walk(page: Page, texts: Texts) -> Iterator[str]:
    """Through the whole page, at rest and with its attack, mint and trace at work: each place that it stands at."""

    def choose(tab: str) -> None:
        open_tab(page, texts["page"]["tabs"][tab])

    yield "compare"
    page.locator("#lesson [data-do=start]").click()
    expect(page.locator("#lesson [data-step='1']")).to_be_visible()
    yield "lesson"
    page.keyboard.press("Escape")
    for tab in ("attack", "mint", "trace", "documents", "figures", "method"):
        choose(tab)
        yield tab
    choose("compare")
    yield from walk_at_work(page, texts, choose)


def walk_at_work(page: Page, texts: Texts, choose: Callable[[str], None]) -> Iterator[str]:
    """What the page shows once it has been asked for something."""
    page.locator("#measure").click()
    expect(page.locator(".matrices svg")).to_have_count(3, timeout=PATIENCE)
    page.get_by_role("tab", name=texts["compare"]["own_picture"]).click()
    yield "compare, measured, with a picture of one's own"
    choose("attack")
    page.locator("#attack-run").click()
    expect(page.locator("#attack-stage .said")).to_be_visible(timeout=PATIENCE)
    yield "attack, finished"
    choose("mint")
    page.locator("#mint-name").locator("input, textarea").fill("elm")
    page.locator("#mint-button").click()
    expect(page.locator("#mint-order .order")).to_be_visible()
    expect(page.locator("#mint-live .minting")).to_be_visible(timeout=PATIENCE)
    yield "mint, ordered"
    page.locator("#mint-stop").click()
    choose("trace")
    page.locator("#trace-button").click()
    expect(page.locator("#trace-report .trace")).to_be_visible(timeout=PATIENCE)
    yield "trace, reported"


@pytest.mark.parametrize("language", ["en", "zh"])
def test_axe_finds_nothing_serious(context: BrowserContext, address: str, language: str) -> None:
    page, found = open_page(context, address, language), {}
    for place in walk(page, load_texts(language)):
        found[place] = findings(page)
        inks = [page.evaluate(INK), page.evaluate(DARK, True), page.evaluate(INK)]
        assert inks[0] != inks[2]
        found[f"{place}, dark"] = findings(page, of_colour=True)  # nothing else is otherwise there
        page.evaluate(DARK, False)
    assert len(found) == 24 and not any(found.values()), json.dumps(found, indent=1, ensure_ascii=False)


def test_axe_would_find_something(context: BrowserContext, address: str) -> None:
    page = open_page(context, address, "en")
    page.locator("#measure").evaluate("one => { one.style.background = '#999'; one.style.color = '#aaa'; }")
    for of_colour in (False, True):
        assert [one for one in findings(page, of_colour=of_colour) if "color-contrast at #measure" in one]


def test_the_keyboard_alone_reaches_everything_and_is_seen_there(context: BrowserContext, address: str) -> None:
    page = open_page(context, address, "en")
    still(page, 500)  # what is still being put in place would have the first key pass it by
    reached: list[dict] = []
    for _ in range(80):
        page.keyboard.press("Tab")
        focus = page.evaluate(FOCUS)
        if focus is None:
            break
        reached.append(focus)
        if focus["name"] == "Your own picture":  # a row of tabs is one stop; arrow keys or Enter choose
            page.keyboard.press("Enter")
    else:
        pytest.fail("the focus never leaves the page")
    names, places = {one["name"] for one in reached}, {one["near"] for one in reached}
    said = load_texts("en")["compare"]
    assert {said[name] for name in ("licensed", "random", "near", "another", "none", "clear")} <= names
    assert {"Compare", "Attack", "Mint", "Trace", "Figures", "How it works", "中文"} <= names
    assert {"serial", "upload", "measure"} <= places
    assert "row 1, column 1" in names and {"digits", "signs", "alder"} <= names
    assert [one for one in reached if not one["seen"]] == []


@pytest.mark.parametrize("width", [1280, 390])
def test_the_ring_round_what_has_the_focus_is_ink_and_whole(context: BrowserContext, address: str, width: int) -> None:
    page = open_page(context, address, "en", width=width)
    wrong: dict[str, str] = {}
    for tab in ("Compare", "Attack", "Mint", "Trace", "Documents", "How it works"):
        open_tab(page, tab)
        still(page, 300)
        page.get_by_role("tab", name=tab, exact=True).focus()
        for _ in range(80):
            page.keyboard.press("Tab")
            focus = page.evaluate(FOCUS)
            if focus is None:
                break
            found = page.evaluate(RING)
            if found:
                wrong[f"{tab}: {focus['name'][:30]} in {focus['near']}"] = found
    assert wrong == {}, json.dumps(wrong, indent=1)


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_first_stop_leads_past_the_head(context: BrowserContext, address: str, language: str) -> None:
    page, texts = open_page(context, address, language), load_texts(language)
    still(page, 500)
    skip, before = page.locator(".skip"), page.url
    page.keyboard.press("Tab")
    expect(skip).to_be_focused()
    expect(skip).to_have_text(texts["page"]["skip"])
    page.wait_for_function("() => document.activeElement.offsetWidth > 60 && document.activeElement.offsetHeight > 24")
    page.keyboard.press("Enter")
    expect(page.locator("#panels")).to_be_focused()
    assert page.url == before
    page.keyboard.press("Tab")
    expect(page.locator(".panel.valid h3 button")).to_be_focused()
    open_tab(page, texts["page"]["tabs"]["trace"])
    skip.focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    expect(page.locator("#trace-sample input")).to_be_focused()
    options = page.locator("#trace-sample [role=listbox]")
    page.set_viewport_size({"width": 1280, "height": 500})
    page.wait_for_function("list => list.scrollHeight > list.clientHeight", arg=options.element_handle())
    page.keyboard.press("Tab")
    expect(page.locator("#trace-change input").first).to_be_focused()


def test_pictures_are_chosen_by_keyboard(context: BrowserContext, address: str) -> None:
    page = open_page(context, address, "en")
    second = page.locator("#gallery button").nth(1)
    page.locator("#gallery button").first.focus()
    page.keyboard.press("Tab")
    expect(second).to_be_focused()
    page.keyboard.press("Enter")
    expect(second).to_have_attribute("aria-pressed", "true")
    expect(page.locator(".panel.valid .verdict")).to_contain_text(second.inner_text())


def test_there_is_one_main_part_and_one_head(context: BrowserContext, address: str) -> None:
    page = open_page(context, address, "en")
    expect(page.locator("main, [role=main]")).to_have_count(1)
    expect(page.locator("header.page-head h1")).to_have_count(1)
    expect(page.locator("html")).to_have_attribute("lang", "en")


def test_at_400_percent_nothing_is_read_by_scrolling_sideways(context: BrowserContext, address: str) -> None:
    page = open_page(context, address, "en", width=320)
    for tab in ("Attack", "Mint", "Trace", "Figures", "How it works", "Compare"):
        open_tab(page, tab)
        still(page, 300)
        assert page.evaluate("document.documentElement.scrollWidth") <= 320, tab


def test_a_finger_finds_what_it_presses(browser: Browser, address: str) -> None:
    """WCAG 2.2, 2.5.8. Where there is a mouse the bits are smaller: the field above them does the same."""
    phone = browser.new_context(has_touch=True, is_mobile=True)
    page = open_page(phone, address, "en", width=390)
    small = page.evaluate(
        """() => [...document.querySelectorAll("button, a, summary, [role=tab]")].filter((one) => {
          const box = one.getBoundingClientRect();
          return box.width > 1 && box.height > 1 && (box.width < 23.9 || box.height < 23.9);
        }).map((one) => `${one.tagName} ${one.ariaLabel || one.innerText}`)"""
    )
    assert small == []
    phone.close()


def test_nothing_moves_for_those_who_want_less_motion(context: BrowserContext, address: str) -> None:
    moving = """() => [...document.querySelectorAll("body *")].filter((one) => {
      const style = getComputedStyle(one);
      return [style.transitionDuration, style.animationName === "none" ? "0s" : style.animationDuration]
        .some((list) => list.split(",").some((each) => parseFloat(each) > 0.01));
    }).length"""
    page = open_page(context, address, "en")
    assert page.evaluate(moving) > 0
    page.emulate_media(reduced_motion="reduce")
    page.reload()
    expect(page.locator(".panel")).to_have_count(3)
    assert page.evaluate(moving) == 0


def test_the_panels_answers_are_told_once_a_change(context: BrowserContext, address: str) -> None:
    page = open_page(context, address, "en")
    told = page.locator(".told[role=status]")
    expect(told).to_have_text("")
    page.get_by_role("button", name="Valid serial", exact=True).click()
    expect(told).to_have_text(
        "With the valid serial: Right: 3. With the entered serial: Right: 3. "
        "With no serial: No answer: nothing stands out."
    )
