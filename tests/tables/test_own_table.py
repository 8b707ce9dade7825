"""The table of applications made from folders."""

import pytest

from dsn.tables import own


def test_the_table_of_what_was_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    assert own_table_of({}, monkeypatch) == "Not measured yet."
    accuracy = {"percent": 97.5, "low": 93.0, "high": 99.1, "n": 120}
    group = {"serials": 3, "mean": 17.0, "worst": accuracy, "worst_is": "1 bit wrong"}
    made = {"seed": 0, "commit": "abc", "device": "CPU", "date": "2026-01-01", "arithmetic": "bf16"}
    times = {
        "application": {"seconds": 10, "processor_seconds": 4},
        "rebuild": {"seconds": 100, "processor_seconds": 90},
    }
    rows = {
        "six/teacher": {"test": accuracy, "times": times | {"customers": 1}, **made},
        "six/alder": {
            "valid": accuracy, "absent": accuracy, "random_wrong": group, "one_bit_wrong": group,
            "chance": {"majority": 16.67}, **made,
        },
    }  # fmt: skip
    table = own_table_of(rows, monkeypatch)
    assert "| six/alder | 97.50 (93.00–99.10) |" in table and "17.00 / 97.50 | 16.67 |" in table
    assert "six, 1 customer: 110 s by the clock, 94 s of processors, bf16" in table and "seed 0, commit abc" in table


def own_table_of(rows: dict, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setattr(own, "read_results", lambda name: rows)
    return own.own_table()
