"""The tab of recorded figures: what was measured on the whole test splits, beside the paper's."""

from functools import cache

import gradio as gr

from dsn.applications.registry import applications
from dsn.results.store import read_results
from dsn.student.collection import SEALED_COPY
from dsn.ui.serving.opened import awaited, fill
from dsn.ui.texts import Texts


def tables(texts: Texts) -> list[str]:
    """The charts, then the tables of each application, of attacks and of ideas; nothing in them is computed here."""
    from dsn.ui.figures.rendering import render_attacks, render_charts, render_figures, render_ideas

    shown = [render_charts(texts)]
    for application in applications().values():
        rows = {
            name: row
            for name, row in read_results("students").items()
            if row["task"] == application.name and not name.endswith(SEALED_COPY)
        }
        shown.append(
            render_figures(
                texts, application, read_results("teachers").get(application.name), rows, read_results("published")
            )
        )
    return [*shown, render_attacks(texts, read_results("attacks")), render_ideas(texts, read_results("ideas"))]


def build_figures_tab(texts: Texts) -> None:
    """Lay the tables' places out."""
    places = [awaited(texts), *(gr.HTML("", js_on_load=None) for _ in range(len(applications()) + 2))]
    fill(places, cache(lambda: tables(texts)))
