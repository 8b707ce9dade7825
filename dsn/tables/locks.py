"""Both locks under the same attacks, as the README's tables: the chart, what came of a sealed student, and its bars."""

from typing import Any

from dsn.applications.record import Application
from dsn.applications.registry import applications
from dsn.attacks.registry import ATTACKS
from dsn.locks.registry import SEALED
from dsn.results.store import read_results
from dsn.results.text import made_by, made_over, markdown_table
from dsn.student.collection import SEALED_COPY
from dsn.tables.attacks import lines_of
from dsn.tables.chart import FALLS, HOLDS, NEEDLESS, POINTLESS, VICTIMS, Mark, chart

NOTHING = "nothing to try"
OPEN = "open already"
KINDS = {"at most": "≤ {limit:g}", "at least": "≥ {limit:g}", "within": "{around:g} ± {limit:g}"}


def chart_table(application: Application) -> str:
    """Whether it holds, attack by attack, under each lock."""
    lines = chart(application)
    head = ["attack", *(victim.what for victim in VICTIMS)]
    cells = [[line.what, *(_verdict(line.marks[victim.name]) for victim in VICTIMS)] for line in lines]
    whys = dict.fromkeys(mark.why for line in lines for mark in line.marks.values() if mark.why)
    notes = "".join(f"\n- {why}" for why in whys)
    return f"{markdown_table(head, cells)}" + (f"\n\nWhere there is no figure:\n{notes}" if notes else "")


def attacked(application: Application, customer: str) -> str:
    """A card's table of the attacks that were recorded on this customer's student; empty where none were."""
    victim = next((one.name for one in VICTIMS if one.customer == customer), None)
    marks = [(line.what, line.marks[victim]) for line in chart(application)] if victim else []
    lines = [[what, _verdict(mark)] for what, mark in marks if mark.figure is not None]
    return (
        markdown_table(["attack, without the serial", "percent right, or points over scratch"], lines) if lines else ""
    )


def _verdict(mark: Mark) -> str:
    words = {HOLDS: f"holds: {mark.text}", FALLS: f"**falls**: {mark.text}", POINTLESS: NOTHING, NEEDLESS: OPEN}
    return words.get(mark.verdict, "–")


def sealed_attacks_table() -> str:
    """What attacks came to on sealed students, every line of every attack; a sentence where there is nothing to try."""
    rows, known = read_results("attacks"), list(applications())
    lines = []
    for attack in ATTACKS.values():
        if SEALED in attack.needs.pointless:
            lines.append(
                [attack.title.rstrip("."), f"{NOTHING}: {attack.needs.pointless[SEALED]}", *[""] * (len(known) - 1)]
            )
            continue
        found = [(line, [cells[name].text for name in known]) for line, cells in lines_of(attack, rows, SEALED)]
        lines += [[line.what, *texts] for line, texts in found if any(text != "–" for text in texts)]
        if not any(text != "–" for _, texts in found for text in texts):
            alike = attack.needs.alike.get(SEALED)
            said = [f"not recorded: {alike.why}", *[""] * (len(known) - 1)] if alike else ["–"] * len(known)
            lines.append([attack.title.rstrip("."), *said])
    of_sealed = [row for row in rows.values() if row["customer"].endswith(SEALED_COPY)]
    table = markdown_table(["percent", *known], lines)
    return f"{table}\n\n{made_over(of_sealed)}" if of_sealed else table


def bars_table() -> str:
    """The bars of the sealed lock with what was measured, for every application; in bold what misses its bar."""
    rows = read_results("sealed")
    if not rows:
        return "Not measured yet."
    tasks = [name for name in applications() if any(row["task"] == name for row in rows.values())]
    names = dict.fromkeys(row["name"] for row in rows.values())
    lines = []
    for name in names:
        of_task = [rows.get(f"{task}/{name}") for task in tasks]
        what = next(row["what"] for row in of_task if row)
        lines.append([what, *(part for row in of_task for part in _figure(row))])
    head = ["bar", *(part for task in tasks for part in (task, "bar"))]
    return f"{markdown_table(head, lines)}\n\nMeasured with {made_by(*rows.values())}."


def _figure(row: dict[str, Any] | None) -> tuple[str, str]:
    if row is None:
        return "–", "–"
    text = "never" if row["figure"] is None else f"{row['figure']:.4g} {row['unit']}".rstrip()
    limit = KINDS[row["kind"]].format(limit=round(row["limit"], 3), around=round(row["around"], 2))
    return (text if row["met"] else f"**{text}**"), limit
