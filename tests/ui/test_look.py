"""The look: the three conditions are told apart by every eye, by shape as well as by colour, and nothing jumps."""

import itertools
import re

import pytest
from app_process import PATIENCE
from coloraide import Color
from no_engine import page_without_engine
from open_tab import open_tab
from playwright.sync_api import Browser, BrowserContext, Page, Route, expect
from waiting import still, until

from dsn.ui.rendering import HERE
from dsn.ui.texts import load_texts

CONDITIONS = ("valid", "entered", "absent")
APART = 15.0  # CIEDE2000; about 2.3 is just noticeable
READABLE = 4.5  # WCAG 2.2, 1.4.3
SETTLED = 500  # milliseconds without a change after which nothing more is expected
ONCE = {"compare": 472, "attack": 412, "mint": 265, "trace": 206, "method": 570, "figures": 2720}  # words
STILL = 0.02  # cumulative layout shift; 0.1 is called good


def colours(scheme: str) -> dict[str, Color]:
    """The named colours of one mode, as styles/accents.css gives them."""
    light, dark = (HERE / "styles" / "accents.css").read_text("utf-8").split(".dark .gradio-container", 1)
    text = light if scheme == "light" else dark
    return {name: Color(value) for name, value in re.findall(r"--(\w+): (#[0-9a-f]{6});", text)}


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("sight", ["usual", "protan", "deutan", "tritan"])
def test_the_accents_stay_apart_for_every_eye(scheme: str, sight: str) -> None:
    seen = {name: colours(scheme)[name] for name in CONDITIONS}
    if sight != "usual":
        seen = {name: colour.filter(sight) for name, colour in seen.items()}
    for one, other in itertools.combinations(CONDITIONS, 2):
        assert seen[one].delta_e(seen[other], method="2000") > APART, f"{one} looks like {other}"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_is_readable_on_everything_it_stands_on(scheme: str) -> None:
    named = colours(scheme)
    for text, ground in itertools.product((*CONDITIONS, "ink", "quiet", "alarm"), ("paper", "ground", "sink")):
        assert named[text].contrast(named[ground], method="wcag21") >= READABLE, f"{text} on {ground}"
    for ground in ("paper", "ground"):
        assert named["edge"].contrast(named[ground], method="wcag21") >= 3, "the edge of a control"


def style(page: Page, selector: str, name: str, part: str = "") -> str:
    """A computed style of the first element that matches."""
    return page.locator(selector).first.evaluate(f"one => getComputedStyle(one, '{part}')['{name}']")


def open_page(context: BrowserContext, address: str, width: int, height: int, query: str = "") -> Page:
    page = context.new_page()
    page.set_viewport_size({"width": width, "height": height})
    page.add_init_script(
        "window.shifts = []; window.unasked = [];"
        "new PerformanceObserver(list => list.getEntries().forEach(one => {"
        " shifts.push(one.value); if (!one.hadRecentInput) unasked.push(one.value); }))"
        ".observe({type: 'layout-shift', buffered: true})"
    )
    page.goto(f"{address}/{query}")
    expect(page.locator(".panel")).to_have_count(3)
    still(page, SETTLED)
    return page


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_condition_looks_the_same_in_panels_charts_and_tables(
    context: BrowserContext, address: str, scheme: str
) -> None:
    page = open_page(context, address, 1280, 720, f"?__theme={scheme}")
    page.get_by_role("button", name="Measure on 1,000 pictures").click()
    expect(page.locator(".matrices figcaption")).to_have_count(3, timeout=PATIENCE)
    shapes, patterns = set(), set()
    for condition in CONDITIONS:
        red, green, blue = (round(255 * part) for part in colours(scheme)[condition].coords())
        accent = f"rgb({red}, {green}, {blue})"
        assert style(page, f".panel.{condition} h3", "color") == accent
        assert style(page, f".chart .{condition} .title", "color") == accent
        assert style(page, f".matrices .{condition} figcaption", "color") == accent
        assert style(page, f".matrices .{condition} .cell", "fill") == accent
        shape = {
            style(page, selector, "backgroundImage", "::before") + style(page, selector, "backgroundColor", "::before")
            for selector in (f".panel.{condition} h3", f".chart .{condition} .title")
        }
        pattern = {
            style(page, selector, "backgroundImage")
            for selector in (f".panel.{condition} .bar", f".chart .{condition} .bar")
        }
        assert len(shape) == len(pattern) == 1
        shapes |= shape
        patterns |= pattern
    assert len(shapes) == len(patterns) == 3


@pytest.mark.parametrize(("width", "height"), [(1280, 720), (1920, 1080)])
def test_the_comparison_and_its_controls_need_no_scrolling(
    context: BrowserContext, address: str, width: int, height: int
) -> None:
    page = open_page(context, address, width, height)
    for selector in (".panel.valid", ".panel.entered", ".panel.absent", "#serial input", "#bits"):
        box = page.locator(selector).bounding_box()
        assert box and box["y"] + box["height"] <= height, f"{selector} is below the first screen"
    expect(page.get_by_text("Home", exact=True)).to_be_hidden()
    for name in ("Valid serial", "Randomise", "Flip one bit", "Another customer's", "None"):
        button = page.get_by_role("button", name=name, exact=True).bounding_box()
        assert button and button["y"] + button["height"] <= height, f"{name} is below the first screen"


def test_type_grows_with_the_projector(context: BrowserContext, address: str) -> None:
    sizes = []
    for width, height in ((1280, 720), (1920, 1080)):
        page = open_page(context, address, width, height)
        sizes.append([float(style(page, one, "fontSize")[:-2]) for one in (".panel h3", "#measure", "#serial input")])
        page.close()
    assert all(large >= 1.4 * small for small, large in zip(*sizes, strict=True))


def test_tiles_of_the_gallery_stand_in_line(context: BrowserContext, address: str) -> None:
    page = open_page(context, address, 1280, 720)
    boxes = [one.bounding_box() for one in page.locator("#gallery button").all()]
    assert len({(round(box["y"]), round(box["height"])) for box in boxes[12:] if box}) == 1


def test_a_box_to_tick_has_the_edge_of_a_control(context: BrowserContext, address: str) -> None:
    page = open_page(context, address, 1280, 720)
    assert style(page, "input[type=checkbox]", "borderColor") == style(page, "#flip-all", "borderColor")


@pytest.mark.parametrize(("width", "height"), [(1280, 720), (390, 844)])
def test_nothing_jumps_while_loading_and_comparing(browser: Browser, address: str, width: int, height: int) -> None:
    first_visit = browser.new_context()  # nothing is in its cache
    page = open_page(first_visit, address, width, height)
    assert page.evaluate("shifts.reduce((sum, one) => sum + one, 0)") < STILL
    page.evaluate("shifts.length = 0")
    entered = page.locator(".panel.entered")
    for name, seen in (
        ("Valid serial", "This is the valid serial"),
        ("Randomise", "not this network's serial"),
        ("Another customer's", "birch"),
        ("None", "same as the panel"),
    ):
        page.get_by_role("button", name=name, exact=True).click()
        expect(entered.locator(".remark")).to_contain_text(seen)
    page.locator("#gallery button").nth(3).click()
    expect(page.locator("#gallery button").nth(3)).to_have_attribute("aria-pressed", "true")
    expect(page.locator("#panels")).to_have_attribute("aria-busy", "false")
    assert page.evaluate("shifts.reduce((sum, one) => sum + one, 0)") < STILL
    first_visit.close()


@pytest.mark.parametrize(("language", "width", "height"), [("en", 1280, 720), ("zh", 390, 844)])
def test_nothing_jumps_on_a_walk_and_what_was_asked_for_is_in_view(
    context: BrowserContext, address: str, language: str, width: int, height: int
) -> None:
    page, texts = open_page(context, address, width, height, f"?lang={language}"), load_texts(language)
    tabs = texts["page"]["tabs"]
    page.locator("#measure").evaluate(
        "one => scrollTo(0, scrollY + one.getBoundingClientRect().bottom - innerHeight + 64)"
    )
    page.locator("#measure").click()
    expect(page.locator(".matrices figcaption")).to_have_count(3, timeout=PATIENCE)
    still(page, SETTLED)
    bar = page.locator("#measurement .chart .row.absent .plot")
    assert bar.evaluate("""one => {
        const { left, top } = one.getBoundingClientRect();
        return one.contains(document.elementFromPoint(left + 9, top + 9));
    }"""), "the result is out of view or under the chips"
    expect(page.locator("#measure")).to_be_in_viewport()
    for tab in ("figures", "method", "mint"):
        page.evaluate("scrollTo(0, 0)")
        open_tab(page, tabs[tab])
        still(page, SETTLED)
    open_tab(page, tabs["trace"])
    page.locator("#trace-button").click()
    expect(page.locator("#trace-report .trace .verdict")).to_be_in_viewport(timeout=PATIENCE)
    page.evaluate("scrollTo(0, 0)")
    open_tab(page, tabs["attack"])
    page.locator("#attack-run").click()
    expect(page.locator("#attack-stage .outcome")).to_be_in_viewport(timeout=PATIENCE)
    still(page, SETTLED)
    assert max(page.evaluate("unasked"), default=0) <= STILL


def test_a_control_answers_before_the_network_does(context: BrowserContext, address: str) -> None:
    page = page_without_engine(context, address)  # else the network answers at once
    held: list[Route] = []
    panels = page.locator("#panels")
    pass_on = True
    page.route("**/gradio_api/**", lambda route: route.continue_() if pass_on else held.append(route))
    for press in (
        lambda: page.get_by_role("button", name="Randomise", exact=True).click(),
        lambda: page.get_by_role("radio", name="birch").check(),
        lambda: page.get_by_role("radio", name="Traffic signs").check(),
        lambda: page.locator("#gallery button").nth(4).click(),
        lambda: page.locator("#bits button").nth(4).click(),
    ):
        expect(panels).to_have_attribute("aria-busy", "false")
        still(page, SETTLED)
        pass_on = False
        press()
        expect(panels).to_have_attribute("aria-busy", "true")
        expect(page.locator(".panels")).not_to_have_css("opacity", "1")
        until(page, lambda: bool(held))  # the request is on its way
        assert held, "nothing was asked"
        asked, pass_on = held[:], True
        held.clear()
        for one in asked:
            one.continue_()
        expect(panels).to_have_attribute("aria-busy", "false")
        expect(page.locator(".panels")).to_have_css("opacity", "1")


def test_no_rule_makes_a_flip_cost_the_styles_of_all_around_it() -> None:
    files = [one for kind in ("css", "html") for one in HERE.rglob(f"*.{kind}")]
    around = [rule for file in files for rule in re.findall(r":has\([^{]*", file.read_text("utf-8"))]
    assert len(around) > 20
    changing = re.compile(r"\[(aria-pressed|aria-busy|src|data-serial|data-answer)|\.(pressed|unread|stale)\b")
    assert [rule for rule in around if changing.search(rule)] == []


@pytest.mark.parametrize("language", ["", "zh"])
def test_the_page_stands_in_the_middle(context: BrowserContext, address: str, language: str) -> None:
    page = open_page(context, address, 1280, 800, language)
    edges = page.locator("main").evaluate(
        "one => [one.getBoundingClientRect().left, one.getBoundingClientRect().right]"
    )
    assert edges[0] == pytest.approx(1280 - edges[1], abs=1)


def test_no_tab_says_more_than_two_thirds_of_what_it_once_said(context: BrowserContext, address: str) -> None:
    page, tabs = open_page(context, address, 1280, 720), load_texts("en")["page"]["tabs"]
    said = {}
    for tab in ONCE:
        open_tab(page, tabs[tab])
        text = page.locator("#tabs > [role=tabpanel]:visible").inner_text()
        said[tab] = len([word for word in text.split() if re.search(r"[A-Za-z]", word)])
    assert all(count <= ONCE[tab] * 2 / 3 for tab, count in said.items()), said
