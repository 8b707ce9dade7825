"""Recorded figures as HTML: students, attacks and ideas, the last two in the lines of the READMEs' tables."""

from typing import Any

from markupsafe import Markup

from dsn.applications.record import Application
from dsn.applications.registry import applications
from dsn.attacks.kit.record import CUSTOMER, SHORT_CUSTOMER
from dsn.results.store import provenance_of
from dsn.tables.attacks import SHARES_APART, attack_lines, paper_shares, tally
from dsn.tables.chart import VICTIMS, chart
from dsn.tables.glance import beside, cliff
from dsn.tables.ideas import any_colluded, idea_lines
from dsn.tables.splits import has_student, over, rows_of
from dsn.ui.attack.chart import SIGNS
from dsn.ui.rendering import fill, render_template
from dsn.ui.texts import Texts

PATIENT = "patient-tuning"


def between(texts: Texts, first: object, last: object) -> Markup | str:
    """Two ends in words; one of them where they are the same."""
    return str(first) if first == last else fill(texts["figures"]["between"], first=first, last=last)


def provenance(texts: Texts, rows: dict[str, Any]) -> dict[str, Markup | str]:
    """Seeds, dates, commits and devices of all rows, in words."""
    measured, said = provenance_of(rows.values()), texts["figures"]
    count = len(measured.commits)
    return {
        "seeds": between(texts, measured.fewest, measured.most),
        "dates": between(texts, measured.first, measured.last),
        "commits": fill(said["commit" if count == 1 else "commits"], commit=measured.commits[0], count=count),
        "devices": " / ".join(map(texts.of_error, measured.devices)),
    }


def budget(texts: Texts, rows: dict[str, Any], task: str) -> Markup | str:
    """How much an adversary who trains may train on, in words; nothing where that is not recorded."""
    ours = [row for row in rows.values() if row["task"] == task and row["customer"] in (CUSTOMER, SHORT_CUSTOMER)]
    recorded = [(row["attack"], row["settings"].get("schedule")) for row in ours]
    pictures = {schedule["pictures"] for _, schedule in recorded if schedule and schedule["pictures"]}
    passes = {schedule["epochs"] for attack, schedule in recorded if attack == PATIENT}
    if len(pictures) != 1 or len(passes) != 1:
        return ""
    return fill(texts["figures"]["attacks"]["budget"], pictures=f"{pictures.pop():,}", passes=passes.pop())


def render_charts(texts: Texts) -> str:
    """Recorded figures drawn: with its serial beside without, over wrong bits, and every attack against every lock."""
    charts = []
    for name, application in applications().items():
        found = beside(name)
        if found:
            one = {"title": texts.title(application), "beside": found, "even": found[0].even}
            charts.append({**one, "cliff": cliff(name), "lines": chart(application)})
    victims = [victim.name for victim in VICTIMS]
    return (
        render_template("figures_charts.html", t=texts, charts=charts, victims=victims, signs=SIGNS) if charts else ""
    )


def render_figures(
    texts: Texts, application: Application, teacher: dict | None, rows: dict[str, dict], published: dict
) -> str:
    """One application's recorded figures, beside the paper's and the bars set for them."""
    splits = rows_of(application)
    return render_template(
        "figures.html",
        t=texts,
        application=application,
        title=texts.title(application),
        teacher=teacher,
        rows=rows,
        published=published.get(application.name, {}),
        splits={
            "count": len(splits),
            "pictures": splits[0]["valid"]["n"],
            **{name: figure.text for name, figure in over(splits).items()},
        }
        if splits and all(map(has_student, splits))
        else None,
    )


def render_attacks(texts: Texts, rows: dict[str, Any]) -> str:
    """What attacks came to, a table for each application.

    Args:
        texts: of the page.
        rows: of the results.
    """
    lines = attack_lines(rows)
    tables = [
        {
            "title": texts.title(application),
            "lines": [(line, cells[name]) for line, cells in lines],
            "budget": budget(texts, rows, name),
            "tally": tally([cells[name] for _, cells in lines]),
        }
        for name, application in applications().items()
    ]
    return render_template(
        "figures_attacks.html",
        t=texts,
        tables=tables if rows else [],
        apart=SHARES_APART,
        customer=texts.customer(CUSTOMER),
        short=texts.customer(SHORT_CUSTOMER),
        paper_shares=SHARES_APART.join(map(str, paper_shares())),
        made=provenance(texts, rows) if rows else {},
    )


def render_ideas(texts: Texts, rows: dict[str, Any]) -> str:
    """What was tried against training further, and what it came to.

    Args:
        texts: of the page.
        rows: of the results.
    """
    lines = idea_lines(rows)
    return render_template(
        "figures_ideas.html",
        t=texts,
        lines=lines,
        colluded=any_colluded(lines),
        first=next(iter(rows.values()), None),
        made=provenance(texts, rows) if rows else {},
    )
