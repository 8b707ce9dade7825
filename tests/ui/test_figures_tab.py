"""The page's tables of attacks and ideas: the recorded lines, misses marked in words, in every language."""

import re
from typing import Any
from xml.etree import ElementTree

import pytest

from dsn.applications.own.making import OWN_PICTURES
from dsn.applications.registry import BUILT_IN
from dsn.attacks.kit.levels import LEVELS
from dsn.attacks.registry import ATTACKS, attack_named
from dsn.research.ideas import IDEAS
from dsn.results.store import provenance_of, read_results
from dsn.tables import readme as readme_tables
from dsn.tables.attacks import Cell, attack_lines, tally
from dsn.tables.chart import VICTIMS, chart
from dsn.tables.ideas import idea_lines
from dsn.ui.figures.rendering import render_attacks, render_charts, render_ideas
from dsn.ui.figures.tab import tables as every_table
from dsn.ui.rendering import render_template
from dsn.ui.texts import languages, load_texts

ENGLISH, CHINESE = load_texts("en"), load_texts("zh")
LINES = [line for attack in ATTACKS.values() for line in attack.lines]
BARRED = attack_named("nearness").lines[0]
MADE = {"seeds": 3, "seed": 0, "commit": "abc", "device": "x86_64 CPU, 1 thread", "date": "2026-11-24"}


def text_of(element: ElementTree.Element) -> str:
    """What is read there, small print left out."""
    for parent in element.iter():
        for small in parent.findall("small"):
            parent.remove(small)
    return " ".join("".join(element.itertext()).split())


def tables(html: str) -> list[list[tuple[bool, list[str]]]]:
    """The rows of every table's body: whether one is marked as a miss, and its cells."""
    return [
        [("data-missed" in row.attrib, [text_of(cell) for cell in row]) for row in table.findall("tbody/tr")]
        for table in ElementTree.fromstring(html).iter("table")
    ]


def heads(html: str) -> list[str]:
    """The heads of the first table's columns."""
    table = next(ElementTree.fromstring(html).iter("table"))
    return [text_of(cell) for cell in table.findall("thead/tr/th")]


def row(value: float | None, share: float = 0.1, attack: str = "nearness", **made: Any) -> dict[str, Any]:
    """A row of digits/alder in which every figure of an attack has one value."""
    figure = {"mean": value, "spread": 0.0, "lowest": value, "highest": value}
    names = {name for line in attack_named(attack).lines for name in line.figures}
    where = {"task": "digits", "customer": "alder", "attack": attack, "data_share": share, "settings": {}}
    return {**where, "figures": dict.fromkeys(names, figure), **MADE, **made}


def line_of(html: str, what: str) -> tuple[bool, list[str]]:
    """A line of the first table."""
    return next(found for found in tables(html)[0] if found[1][0] == what)


def test_the_page_shows_the_lines_of_the_readme() -> None:
    rows = read_results("attacks")
    found = tables(render_attacks(ENGLISH, rows))
    assert len(found) == len(BUILT_IN)
    for task, table in zip(BUILT_IN, found, strict=True):
        cells = [(line, by_task[task]) for line, by_task in attack_lines(rows)]
        for (line, cell), (marked, shown) in zip(cells, table, strict=True):
            verdict = {None: "", True: " ✓ met", False: " ✗ missed"}[cell.met]
            assert shown == [line.what, cell.text, cell.bar + verdict, cell.paper]
            assert marked == (cell.met is False)


def test_a_missed_bar_is_marked_in_words_and_a_met_one_too() -> None:
    bar = BARRED.bar(BUILT_IN["digits"])
    assert bar
    missed = line_of(render_attacks(ENGLISH, {"a": row(bar + 1)}), BARRED.what)
    assert missed == (True, [BARRED.what, f"{bar + 1:g}", f"≤ {bar:g} ✗ missed", "–"])
    met = line_of(render_attacks(ENGLISH, {"a": row(bar)}), BARRED.what)
    assert met == (False, [BARRED.what, f"{bar:g}", f"≤ {bar:g} ✓ met", "–"])
    chinese = line_of(render_attacks(CHINESE, {"a": row(bar + 1)}), CHINESE.of_line(BARRED.what))
    assert chinese[0] and chinese[1][2].endswith("✗ 未达标")


def test_what_was_not_recorded_is_a_dash_without_a_verdict() -> None:
    digits, signs, faces = tables(render_attacks(ENGLISH, {"a": row(1.0)}))
    for marked, (what, measured, bar, _) in signs + faces + [one for one in digits if one[1][0] != BARRED.what]:
        assert measured == "–" and not marked and "met" not in bar and "missed" not in bar, what
    nothing = render_attacks(ENGLISH, {})
    assert tables(nothing) == [] and "python -m dsn attack" in nothing
    assert tables(render_ideas(ENGLISH, {})) == [] and "python -m dsn ideas" in render_ideas(ENGLISH, {})


def test_shares_of_the_data_are_said_where_there_are_several() -> None:
    rows = {"a": row(1.0, 0.1, "fine-tuning"), "b": row(None, 0.35, "fine-tuning"), "c": row(1.0)}
    html = render_attacks(ENGLISH, rows)
    whats = [line.what for line in attack_named("fine-tuning").lines]
    assert [line_of(html, what)[1][1] for what in whats] == ["1.00 ± 0.00 / never"] * len(whats)
    assert html.count("with 10 / 35 % of the data") == len(whats)
    assert "with 10 % of the data" not in html, "nearness has one share and the paper none"
    assert "1.00 ± 0.00 / 从未达到" in line_of(render_attacks(CHINESE, rows), CHINESE.of_line(whats[0]))[1]


def test_every_row_counts_in_when_and_how_often_it_was_recorded() -> None:
    later = row(1.0, attack="pruning", date="2026-12-01", commit="def", seeds=1, device="Abacus")
    origin = provenance_of([later, row(1.0)])
    assert (origin.first, origin.last, origin.fewest, origin.most) == ("2026-11-24", "2026-12-01", 1, 3)
    assert set(origin.commits) == {"abc", "def"} and len(origin.devices) == 2
    html = render_attacks(ENGLISH, {"a": row(1.0), "b": later})
    assert "over 1 to 3 seeds" in html
    assert "2026-11-24 to 2026-12-01 at 2 commits, x86_64 CPU, 1 thread / Abacus" in html
    assert "2026-11-24 at commit abc" in render_attacks(ENGLISH, {"a": row(1.0)})


def test_how_much_a_thief_trains_on_is_said_where_it_is_recorded_alike_for_all() -> None:
    trained = row(1.0, attack="fine-tuning", settings={"schedule": {"pictures": 5_000, "epochs": 8}})
    patient = row(1.0, attack="patient-tuning", settings={"schedule": {"pictures": None, "epochs": 30}})
    digits, signs, _ = render_attacks(ENGLISH, {"a": trained, "b": patient}).split("<h3>")[1:]
    assert "about 5,000 pictures" in digits and "30 passes" in digits and "passes" not in signs
    other = row(1.0, attack="transfer", settings={"schedule": {"pictures": 6_000, "epochs": 8}})
    assert "passes" not in render_attacks(ENGLISH, {"a": trained, "b": patient, "c": other})


def test_bars_are_counted() -> None:
    cells = [Cell("1", "≤ 2", "–", True), Cell("3", "≤ 2", "–", False), Cell("–", "≤ 2", "–", None)]
    found = tally([*cells, cells[2], Cell("3", "–", "–", None)])
    assert (found.met, found.missed, found.unmeasured) == (1, 1, 2)
    html = render_attacks(ENGLISH, {"a": row(99.0)})
    assert "<b>1 missed</b>, 0 met, " in html and "none missed, 0 met, " in html and "not measured yet" in html


def test_the_page_shows_every_idea_and_the_shipped_recipe_first() -> None:
    rows = read_results("ideas")
    (found,) = tables(render_ideas(ENGLISH, rows))
    for line, (_, shown) in zip(idea_lines(rows), found, strict=True):
        assert shown[:5] == [line.what, line.valid, line.one_bit, line.stolen, line.minus_scratch]
        assert shown[-1] == ("✓ yes" if line.kept else "no")
    kept = [line.kept for line in idea_lines(rows)]
    assert len(found) == len(rows) and kept == sorted(kept, reverse=True)
    for name, one in rows.items():
        line = next(line for line in idea_lines(rows) if line.name == name)
        assert float(line.minus_scratch) == pytest.approx(one["fine_tuning"]["best_minus_scratch"]["mean"], abs=0.006)


@pytest.mark.parametrize("language", languages())
def test_the_charts_draw_what_was_recorded(language: str) -> None:
    page = ElementTree.fromstring(render_charts(load_texts(language)))
    dots, steps = ([svg for svg in page.iter("svg") if svg.get("class") == kind] for kind in ("dots", "steps"))
    attacks = read_results("attacks")
    for task, dot in zip(BUILT_IN, dots, strict=True):
        rows = [row for row in read_results("students").values() if row["task"] == task]
        for condition in ("valid", "absent"):
            drawn = [float(one.attrib["cx"]) for one in dot.iter("circle") if one.get("class") == condition]
            assert [(x - 130) / 2.9 for x in drawn] == pytest.approx(
                [row[condition]["percent"] for row in rows], abs=0.02
            )
            assert all(f"{row[condition]['percent']:.1f} %" in dot.attrib["aria-label"] for row in rows)
    cliffs = [row["curves"]["mean"] for task in BUILT_IN if (row := attacks.get(f"{task}/alder/nearness/10"))]
    for recorded, step in zip(cliffs, steps, strict=True):
        heights = [float(one.attrib["height"]) / 1.25 for one in step.iter("rect")]
        assert heights == pytest.approx(recorded[: len(heights)], abs=0.01) and len(heights) > 2
    marks = [text_of(cell) for table in page.iter("table") for cell in table.findall("tbody/tr/td")]
    expected = [mark for task in BUILT_IN.values() for line in chart(task) for mark in line.marks.values()]
    said = load_texts(language)["attack"]["chart"]["verdicts"]
    assert [one[1:] for one in marks] == [said[mark.verdict] for mark in expected]


def test_colluders_have_a_column_once_they_were_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    without = {
        name: {key: value for key, value in one.items() if key != "collusion_absent"}
        for name, one in read_results("ideas").items()
    }
    first = idea_lines(without)[0].name
    tried = {**without, first: {**without[first], "collusion_absent": 87.654}}
    title = ENGLISH["figures"]["ideas"]["colluded"]
    assert title not in heads(render_ideas(ENGLISH, without))
    column = heads(render_ideas(ENGLISH, tried)).index(title)
    (found,) = tables(render_ideas(ENGLISH, tried))
    assert [cells[column] for _, cells in found] == ["87.65"] + ["–"] * (len(without) - 1)

    def table(rows: dict) -> list[list[str]]:
        monkeypatch.setattr(readme_tables, "read_results", lambda name: rows)
        lines = [line for line in readme_tables.ideas_table().splitlines() if line.startswith("|")]
        return [line.strip("| ").split(" | ") for line in lines]

    assert [len(line) for line in table(without)] == [7] * (2 + len(without))
    assert [len(line) for line in table(tried)] == [8] * (2 + len(tried))
    assert [line[6] for line in table(tried)[2:]] == ["87.65"] + ["–"] * (len(tried) - 1)


def test_a_grey_pattern_is_shown_where_it_was_searched_for() -> None:
    rows = read_results("ideas")
    first = idea_lines(rows)[0].name
    tried = {**rows, first: {**rows[first], "grey_worst": 96.543}}
    column = heads(render_ideas(ENGLISH, tried)).index(ENGLISH["figures"]["ideas"]["grey"])
    (found,) = tables(render_ideas(ENGLISH, tried))
    assert next(cells[column] for _, cells in found) == "96.54"


@pytest.mark.parametrize("language", languages()[1:])
def test_every_line_and_every_idea_is_said_in_the_language(language: str) -> None:
    texts = load_texts(language)
    said = {line.what for line in LINES} | {idea.what for idea in IDEAS.values()}
    said |= {OWN_PICTURES}
    said |= {sentence for attack in ATTACKS.values() for sentence in attack.needs.pointless.values()}
    said |= {alike.why for attack in ATTACKS.values() for alike in attack.needs.alike.values()}
    said |= {victim.needless for victim in VICTIMS if victim.needless}
    figures = {f"12.3{line.unit}" for line in LINES if line.unit} | {"never"}
    assert sorted(text for text in said | figures if texts.of_line(text) == text) == []
    assert len({texts.of_line(text) for text in said}) == len(said), "two lines cannot be told apart"
    patterns = {text for text in texts["lines"] if "{" in text or text == "never"}
    assert set(texts["lines"]) - said - patterns == set(), "said of nothing any more"


def test_no_latin_mark_stands_beside_a_chinese_character() -> None:
    texts = load_texts("zh")
    level = render_template("break_in.html", t=texts, levels=LEVELS, literal="9.8")
    for html in (*every_table(texts), level):
        said = [*re.findall(r'(?:label|title|alt)="([^"]*)"', html), *re.sub(r"<[^>]+>", "\n", html).splitlines()]
        assert [one for one in said if re.search(r"[\u4e00-\u9fff]\s?[,:;]|[,:;]\s?[\u4e00-\u9fff]", one)] == []
