"""The tab of recorded figures: what was measured on the whole test splits, beside the paper's."""

import gradio as gr

from dsn.results import read_results
from dsn.tasks import TASKS
from dsn.ui.figures_rendering import render_attacks, render_ideas
from dsn.ui.rendering import render_figures
from dsn.ui.texts import Texts


def build_figures_tab(texts: Texts) -> None:
    """Lay the tables out; nothing in them is computed here."""
    for task in TASKS.values():
        rows = {name: row for name, row in read_results("students").items() if row["task"] == task.name}
        gr.HTML(
            render_figures(texts, task, read_results("teachers").get(task.name), rows, read_results("published")),
            js_on_load=None,
        )
    gr.HTML(render_attacks(texts, read_results("attacks")), js_on_load=None)
    gr.HTML(render_ideas(texts, read_results("ideas")), js_on_load=None)
