"""Attacks too long to be watched: their recorded curves and figures, and the command that makes them."""

from dataclasses import dataclass

from dsn.applications.registry import applications
from dsn.attacks.kit.record import Attack, Line
from dsn.attacks.kit.scene import Outcome
from dsn.attacks.registry import ATTACKS
from dsn.results.store import read_results
from dsn.statistics import chance
from dsn.student.collection import Collection
from dsn.tables.attacks import Cell, lines_of
from dsn.ui.attack.rendering import table_of
from dsn.ui.attack.views import View, Watching
from dsn.ui.attack.words import AttackWords, in_order
from dsn.ui.rendering import render_template
from dsn.ui.texts import Texts

SHARE = 10  # percent of the training data, of the curves


@dataclass(frozen=True)
class Longer:
    """One attack as it was recorded.

    Attributes:
        attack: from the registry.
        words: about it.
        shown: title of the application, curves, what guessing evenly reaches in percent, and the curves' table.
        lines: its figures, a cell for each application.
    """

    attack: Attack
    words: AttackWords
    shown: list[tuple[str, View, float, list]]
    lines: list[tuple[Line, list[Cell]]]


def longer(texts: Texts, collection: Collection, attack: Attack) -> Longer:
    """What was recorded of an attack, on the students that the page's own attacks are recorded on."""
    rows, shown = read_results("attacks"), []
    for application in collection.applications():
        row = rows.get(f"{application.name}/{attack.customer}/{attack.name}/{SHARE}")
        if row is None or not attack.curves:
            continue
        view = Watching(attack).outcome(Outcome({}, row["curves"]), None)
        held = collection.held_out[application.name]
        even = chance(held.split.labels, len(held.class_names)).uniform
        shown.append((texts.title(application), view, even, table_of(view)))
    lines = [(line, list(cells.values())) for line, cells in lines_of(attack, rows)]
    return Longer(attack, AttackWords(texts, attack), shown, lines)


def render_longer_attacks(texts: Texts, collection: Collection) -> str:
    """All of them, each to be opened."""
    unwatched = [attack for attack in ATTACKS.values() if attack.watched is None]
    attacks = [longer(texts, collection, attack) for attack in in_order(texts, unwatched)]
    titles = [texts.title(application) for application in applications().values()]
    return render_template("longer.html", t=texts, attacks=attacks, titles=titles)
