"""The tab that says how it works, and whom the pictures are from."""

from functools import cache

from dsn.applications.record import Application
from dsn.student.collection import Collection
from dsn.ui.lesson.steps import STAGES, quoted
from dsn.ui.rendering import render_template
from dsn.ui.serving.opened import awaited, fill
from dsn.ui.texts import Texts

LITERAL = "literal"  # the one recorded figure that the diagram's stages quote, in percent


def render_method(texts: Texts, applications: list[Application]) -> str:
    """How it works, drawn and in words, and whom the pictures are from."""
    known = quoted()
    said = {LITERAL: f"{known[LITERAL]:.2f}" if LITERAL in known else "–"}
    return render_template("method.html", t=texts, applications=applications, stages=STAGES, quoted=said)


def build_method_tab(texts: Texts, collection: Collection) -> None:
    """Lay its place out."""
    place = awaited(texts, scripts=("training.js", "method.js"))
    fill([place], cache(lambda: render_method(texts, collection.applications())))
