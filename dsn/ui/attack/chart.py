"""Does it hold? Every attack against every lock as a table, and the rungs of protection, each with what it stops."""

from dsn.student.collection import Collection
from dsn.tables.chart import PERCENT, POINTS, SECONDS, VICTIMS, Mark, chart
from dsn.ui.attack.rendering import span_in_words
from dsn.ui.rendering import render_template
from dsn.ui.texts import Texts

SIGNS = {"holds": "✓", "falls": "✗", "pointless": "–", "needless": "✗", "unmeasured": "…"}


def figure_in_words(texts: Texts, mark: Mark) -> str:
    """What was measured, short enough for a cell; nothing where nothing was."""
    said = texts["attack"]["chart"]
    if mark.figure is None:
        return ""
    if mark.unit == PERCENT:
        return f"{mark.figure:.1f} %"
    if mark.unit == POINTS:
        return said["points"].format(points=f"{mark.figure:+.1f}".replace("-", "−"))
    if mark.unit == SECONDS:
        return said["seconds"].format(seconds=f"{mark.figure:,.0f}")
    return span_in_words(texts, mark.figure)


def render_chart(texts: Texts, collection: Collection) -> str:
    """The charts of the page's applications, the first one open, and the ladder."""
    said = texts["attack"]["chart"]
    shown, reasons = [], []
    for application in collection.applications():
        lines = {line.name: line for line in chart(application)}
        reasons += [mark.why for line in lines.values() for mark in line.marks.values() if mark.why]
        known = {name for _, names in said["groups"] for name in names}
        groups = [*said["groups"], [said["others"], [name for name in lines if name not in known]]]
        rows = [
            (title, [(lines[name], said["lines"].get(name, lines[name].what)) for name in names if name in lines])
            for title, names in groups
        ]
        shown.append((application.name, texts.title(application), [row for row in rows if row[1]]))
    return render_template(
        "chart.html",
        t=texts,
        shown=shown,
        victims=[victim.name for victim in VICTIMS],
        signs=SIGNS,
        reasons=list(dict.fromkeys(reasons)),
        in_words=lambda mark: figure_in_words(texts, mark),
    )
