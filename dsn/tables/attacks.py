"""What the attacks came to, beside their bars and the paper's figures: lines for README and page.

Only recorded figures are read; nothing is measured here.
"""

from dataclasses import dataclass
from typing import Any

from dsn.applications.record import Application
from dsn.applications.registry import applications
from dsn.attacks.kit.record import MEAN, Attack, Line, at_chance
from dsn.attacks.registry import ATTACKS
from dsn.locks.registry import STAMPED
from dsn.results.store import read_results

SHARES_APART = " / "  # between the figures for several shares of the data


@dataclass(frozen=True)
class Cell:
    """A line for one application.

    Attributes:
        text: the figures, one for each recorded share of the data; a dash where nothing was recorded.
        bar: as text, or a dash.
        paper: what the paper reports, or a dash.
        met: whether every share meets the bar; None without bar or figures.
        shares: of the training data, in percent.
    """

    text: str
    bar: str
    paper: str
    met: bool | None
    shares: tuple[int, ...] = ()

    @property
    def paper_is_by_share(self) -> bool:
        """Whether the paper has a figure for each of several shares of the data."""
        return SHARES_APART in self.paper

    @property
    def is_by_share(self) -> bool:
        """Whether it has to be said which shares of the data ours are for: they or the paper's are several."""
        return bool(self.shares) and (len(self.shares) > 1 or self.paper_is_by_share)


def cell(attack: Attack, line: Line, application: Application, rows: dict[str, Any], lock: str = "") -> Cell:
    """One line of an attack for one application, from the rows of `assets/results/attacks.json`.

    Args:
        attack: from the registry.
        line: of it.
        application: whose students are attacked.
        rows: of the results.
        lock: of the student; the first that the attack is tried on where it is empty.
    """
    bar, paper = line.bar(application), paper_text(line, application.name)
    bar_text = "–" if bar is None else f"{'≥' if line.at_least else '≤'} {bar:g}"
    found = sorted((row["data_share"], _worst(line, row)) for row in _rows_of(attack, application.name, rows, lock))
    if not found:
        return Cell("–", bar_text, paper, None)
    values = [value for _, (value, _) in found]
    met = None if bar is None else all(_meets(value, bar, line.at_least) for value in values)
    texts = (_text(value, spread, line.unit) for _, (value, spread) in found)
    return Cell(SHARES_APART.join(texts), bar_text, paper, met, tuple(round(100 * share) for share, _ in found))


def _rows_of(attack: Attack, task: str, rows: dict[str, Any], lock: str = "") -> list[dict[str, Any]]:
    """What was recorded of an attack on the student of an application that its figures are about."""
    wanted = task, attack.customer_under(lock) if lock else attack.customer, attack.name
    return [row for row in rows.values() if (row["task"], row["customer"], row["attack"]) == wanted]


def paper_text(line: Line, task: str) -> str:
    """The paper's figures for a line, one for each share of the data, or a dash."""
    published = read_results("published")["attacks"]
    if not line.paper:
        return "–"
    if any(task not in published[name] for name in line.paper):
        return "–"
    values = published[line.paper[0]][task]
    if len(line.paper) > 1:
        values = [one - other for one, other in zip(values, published[line.paper[1]][task], strict=True)]
    text = SHARES_APART.join(f"{value:.1f}" for value in values)
    deviation = published.get(f"{line.paper[0]}, deviation")
    return f"{text} ± {deviation[task][0]:.1f}" if deviation else text


def _worst(line: Line, row: dict[str, Any]) -> tuple[float | None, float | None]:
    """The value that counts and its spread over the seeds; None for what never happened in any of them."""
    there = [row["figures"][name] for name in line.figures]
    known = [one for one in there if one[line.over_seeds] is not None]
    if not known:
        return None, None
    chosen = (min if line.at_least else max)(known, key=lambda one: one[line.over_seeds])
    return chosen[line.over_seeds], chosen["spread"] if line.over_seeds == MEAN else None


def _meets(value: float | None, bar: float, at_least: bool) -> bool:
    """What never happened meets a bar: epochs that were never reached, for one."""
    return value is None or (value >= bar if at_least else value <= bar)


def _text(value: float | None, spread: float | None, unit: str) -> str:
    if value is None:
        return "never"
    return f"{round(value, 2):g}{unit}" if spread is None else f"{value:.2f} ± {spread:.2f}{unit}"


def attack_lines(rows: dict[str, Any] | None = None, lock: str = STAMPED) -> list[tuple[Line, dict[str, Cell]]]:
    """Every line of every attack that is tried on a lock, with its cells by application.

    Args:
        rows: of the results; None for the recorded ones.
        lock: of the students.
    """
    rows = read_results("attacks") if rows is None else rows
    tried = [attack for attack in ATTACKS.values() if lock in attack.needs.locks]
    return [found for attack in tried for found in lines_of(attack, rows, lock)]


def lines_of(attack: Attack, rows: dict[str, Any], lock: str = "") -> list[tuple[Line, dict[str, Cell]]]:
    """Every line of one attack with its cells by application.

    Args:
        attack: from the registry.
        rows: of the results.
        lock: of the students; the first that the attack is tried on where it is empty.
    """
    known = applications().items()
    return [(line, {name: cell(attack, line, one, rows, lock) for name, one in known}) for line in attack.lines]


def best_attack(task: str, lock: str = STAMPED) -> tuple[str, float] | None:
    """The figure that leads furthest without a serial, in words, and its percent; None where none is recorded.

    Of the lines that are held to guessing: accuracy on raw pictures, or with a pattern that was found.

    Args:
        task: name of the application.
        lock: of the student.
    """
    rows = read_results("attacks")
    found = [
        (line.what, value)
        for attack in ATTACKS.values()
        if lock in attack.needs.locks
        for line in attack.lines
        if line.bar is at_chance
        for row in _rows_of(attack, task, rows, lock)
        if (value := _worst(line, row)[0]) is not None
    ]
    return max(found, key=lambda pair: pair[1], default=None)


@dataclass(frozen=True)
class Tally:
    """How many lines with a bar meet it, miss it, or have no figures yet."""

    met: int
    missed: int
    unmeasured: int


def tally(cells: list[Cell]) -> Tally:
    """The tally of one application's cells."""
    barred = [one for one in cells if one.bar != "–"]
    found = [sum(one.met is met for one in barred) for met in (True, False, None)]
    return Tally(*found)


def paper_shares() -> tuple[int, ...]:
    """The shares of the training data that the paper's figures are for, in percent."""
    return tuple(read_results("published")["attacks"]["shares"])
