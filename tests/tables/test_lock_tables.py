"""The tables of both locks: what they say is what was recorded, and what was not is a dash."""

from typing import Any

import pytest

from dsn.applications.registry import BUILT_IN
from dsn.attacks.registry import ATTACKS
from dsn.tables import locks
from dsn.tables.chart import VICTIMS, chart


def test_the_chart_is_a_table_of_verdicts() -> None:
    table = locks.chart_table(BUILT_IN["digits"])
    rows = [line.split(" | ") for line in table.splitlines() if line.startswith("| ")]
    lines = chart(BUILT_IN["digits"])
    assert len(rows) == 2 + len(lines) and all(len(row) == 1 + len(VICTIMS) for row in rows)
    for row, line in zip(rows[2:], lines, strict=True):
        marks = [line.marks[victim.name] for victim in VICTIMS]
        assert [cell.rstrip(" |").startswith("**falls**") for cell in row[1:]] == [m.verdict == "falls" for m in marks]
        assert [cell.rstrip(" |") == "–" for cell in row[1:]] == [m.verdict == "unmeasured" for m in marks]


def test_every_attack_stands_in_the_table_of_sealed_students() -> None:
    table = locks.sealed_attacks_table()
    for attack in ATTACKS.values():
        assert attack.title.rstrip(".") in table or any(line.what in table for line in attack.lines), attack.name
        assert attack.needs.pointless.get("sealed", "") in table


def test_bars_say_figure_and_limit_and_what_misses_is_bold(monkeypatch: pytest.MonkeyPatch) -> None:
    made = {"seed": 0, "commit": "abc", "device": "Abacus", "date": "2026-11-30", "around": 0.0, "beside": {}}
    rows: dict[str, dict[str, Any]] = {
        "digits/a": {"task": "digits", "name": "a", "what": "one", "figure": 1.5, "limit": 1.0, "kind": "at most"},
        "digits/b": {"task": "digits", "name": "b", "what": "two", "figure": 9.0, "limit": 1.5, "kind": "within"},
        "signs/b": {"task": "signs", "name": "b", "what": "two", "figure": None, "limit": 0.95, "kind": "at least"},
    }
    units = {"digits/a": ("points", False), "digits/b": ("percent", True), "signs/b": ("times", True)}
    rows = {key: {**row, **made, "unit": units[key][0], "met": units[key][1]} for key, row in rows.items()}
    rows["digits/b"]["around"] = 10.0
    monkeypatch.setattr(locks, "read_results", lambda name: rows)
    table = locks.bars_table()
    assert "| one | **1.5 points** | ≤ 1 | – | – |" in table
    assert "| two | 9 percent | 10 ± 1.5 | never | ≥ 0.95 |" in table and "commit abc" in table
    monkeypatch.setattr(locks, "read_results", lambda name: {})
    assert locks.bars_table() == "Not measured yet."
