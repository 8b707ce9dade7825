"""Attacks too long to be watched: their recorded curves and figures, and the command that makes them."""

from dataclasses import dataclass

from dsn.applications.registry import applications
from dsn.attacks.kit.scene import Outcome
from dsn.results.store import read_results
from dsn.statistics import chance
from dsn.student.collection import Collection
from dsn.tables.attack_lines import CUSTOMER, Line
from dsn.tables.attacks import Cell, attack_lines
from dsn.ui.attack.rendering import table_of
from dsn.ui.attack.views import DRAWN, View, Watching
from dsn.ui.rendering import render_template
from dsn.ui.texts import Texts

SHARE = 10  # percent of the training data, of the curves


@dataclass(frozen=True)
class Longer:
    """One attack as it was recorded.

    Attributes:
        name: in the registry.
        shown: title of the application, curves, what guessing evenly reaches in percent, and the curves' table.
        lines: its figures, a cell for each application.
    """

    name: str
    shown: list[tuple[str, View, float, list]]
    lines: list[tuple[Line, list[Cell]]]


def longer(texts: Texts, collection: Collection, name: str) -> Longer:
    """What was recorded of an attack, on the students that the page's own attacks are recorded on."""
    rows, shown = read_results("attacks"), []
    for application in collection.applications():
        row = rows.get(f"{application.name}/{CUSTOMER}/{name}/{SHARE}")
        if row is None or name not in DRAWN:
            continue
        view = Watching(name).outcome(Outcome({}, row["curves"]), None)
        held = collection.held_out[application.name]
        even = chance(held.split.labels, len(held.class_names)).uniform
        shown.append((texts.title(application), view, even, table_of(view)))
    lines = [(line, list(cells.values())) for line, cells in attack_lines(rows) if line.attack == name]
    return Longer(name, shown, lines)


def render_longer_attacks(texts: Texts, collection: Collection) -> str:
    """All of them, each to be opened."""
    attacks = [longer(texts, collection, name) for name in texts["attack"]["recorded_only"]]
    titles = [texts.title(application) for application in applications().values()]
    return render_template("longer.html", t=texts, attacks=attacks, titles=titles)
