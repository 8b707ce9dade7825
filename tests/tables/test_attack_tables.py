"""The tables of attacks: the worst for the owner counts, shares stand in order, bars are compared the right way."""

from dsn.applications.registry import BUILT_IN
from dsn.attacks.kit.record import Attack, Bar, Line
from dsn.attacks.kit.scene import Outcome, Running, Scene
from dsn.attacks.registry import ATTACKS
from dsn.locks.registry import LOCKS
from dsn.tables.attacks import attack_lines, cell, paper_text

DIGITS = BUILT_IN["digits"]


def nothing(scene: Scene, settings: None, share: float, seed: int) -> Running:
    """An attack that does nothing."""
    yield from ()
    return Outcome({})


ONE = Attack("one", "One.", nothing, None, None)


def bar(value: float) -> Bar:
    return lambda application: value


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
    line = Line("what", ("x", "y"), bar=bar(4.0))
    found = cell(ONE, line, DIGITS, rows)
    assert found.text == "2.00 ± 0.25 / 4.00 ± 0.25"
    assert found.shares == (10, 20) and found.met is True and found.bar == "≤ 4"
    assert cell(ONE, Line("what", ("x",), "highest", bar=bar(4.0)), DIGITS, rows).met is False


def test_a_least_bar_is_a_least_bar_and_what_never_happened_meets_it() -> None:
    rows = {"a": row(0.1, bits=[20.0, 15.0], epochs=[None, None])}
    bits = Line("what", ("bits",), "lowest", bar=bar(16.0), at_least=True, unit=" bits")
    assert cell(ONE, bits, DIGITS, rows).text == "15 bits"
    assert cell(ONE, bits, DIGITS, rows).met is False
    epochs = Line("what", ("epochs",), bar=bar(1.0), at_least=True)
    assert cell(ONE, epochs, DIGITS, rows).text == "never" and cell(ONE, epochs, DIGITS, rows).met is True


def test_what_was_not_recorded_is_a_dash_and_meets_nothing() -> None:
    found = cell(ONE, Line("what", ("x",), bar=bar(4.0)), BUILT_IN["signs"], {"a": row(0.1, x=[0.0])})
    assert found.text == "–" and found.met is None


def test_every_attack_has_its_lines_and_each_a_published_figure_or_a_dash() -> None:
    lines = [line for attack in ATTACKS.values() for line in attack.lines]
    assert all(attack.lines for attack in ATTACKS.values())
    assert all(paper_text(line, task) for line in lines for task in ("digits", "signs"))
    scratch = next(line for line in lines if line.what == "fine-tuning minus scratch")
    assert paper_text(scratch, "digits") == "-0.4 / -0.1 / -0.3 / -1.2"
    shown = {lock: [line for line, _ in attack_lines({}, lock)] for lock in LOCKS}
    assert all(line in shown["stamped"] or line in shown["sealed"] for line in lines)
    assert shown["sealed"] != shown["stamped"], "some attacks are pointless on one of the locks"
