"""The tables of attacks: the worst for the owner counts, shares stand in order, bars are compared the right way."""

from dsn.attacks.registry import ATTACKS
from dsn.tables.attack_lines import LINES, Line
from dsn.tables.attacks import attack_lines, cell, paper_text


def row(share: float, **figures: list[float | None]) -> dict:
    """A row as the suite records it, of digits/alder under an attack called "one"."""
    summed = {}
    for name, values in figures.items():
        there = [value for value in values if value is not None]
        summed[name] = {
            "mean": sum(there) / len(there) if there else None,
            "spread": 0.25 if there else None,
            "lowest": min(there, default=None),
            "highest": max(there, default=None),
        }
    return {"task": "digits", "customer": "alder", "attack": "one", "data_share": share, "figures": summed}


def test_the_worst_figure_counts_and_shares_stand_in_order() -> None:
    rows = {"b": row(0.2, x=[3.0, 5.0], y=[1.0, 1.0]), "a": row(0.1, x=[0.0, 1.0], y=[2.0, 2.0])}
    line = Line("one", "what", ("x", "y"), bars={"digits": 4.0})
    found = cell(line, "digits", rows)
    assert found.text == "2.00 ± 0.25 / 4.00 ± 0.25"
    assert found.shares == (10, 20) and found.met is True and found.bar == "≤ 4"
    assert cell(Line("one", "what", ("x",), "highest", bars={"digits": 4.0}), "digits", rows).met is False


def test_a_least_bar_is_a_least_bar_and_what_never_happened_meets_it() -> None:
    rows = {"a": row(0.1, bits=[20.0, 15.0], epochs=[None, None])}
    bits = Line("one", "what", ("bits",), "lowest", bars={"digits": 16.0}, at_least=True, unit=" bits")
    assert cell(bits, "digits", rows).text == "15 bits"
    assert cell(bits, "digits", rows).met is False
    epochs = Line("one", "what", ("epochs",), bars={"digits": 1.0}, at_least=True)
    assert cell(epochs, "digits", rows).text == "never" and cell(epochs, "digits", rows).met is True


def test_what_was_not_recorded_is_a_dash_and_meets_nothing() -> None:
    found = cell(Line("one", "what", ("x",), bars={"signs": 4.0}), "signs", {"a": row(0.1, x=[0.0])})
    assert found.text == "–" and found.met is None


def test_every_line_is_about_an_attack_there_is_and_a_published_figure() -> None:
    assert {line.attack for line in LINES} == set(ATTACKS)
    assert all(paper_text(line, task) for line in LINES for task in ("digits", "signs"))
    scratch = next(line for line in LINES if line.what == "fine-tuning minus scratch")
    assert paper_text(scratch, "digits") == "-0.4 / -0.1 / -0.3 / -1.2"
    assert len(attack_lines({})) == len(LINES)
