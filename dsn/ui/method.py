"""The tab that says how it works, and whom the pictures are from."""

from functools import cache

from dsn.applications.record import Application
from dsn.student.collection import Collection
from dsn.ui.rendering import render_template
from dsn.ui.serving.opened import awaited, fill
from dsn.ui.texts import Texts


def render_method(texts: Texts, applications: list[Application]) -> str:
    """How it works, in words, and whom the pictures are from."""
    return render_template("method.html", t=texts, applications=applications)


def build_method_tab(texts: Texts, collection: Collection) -> None:
    """Lay its place out."""
    fill([awaited(texts)], cache(lambda: render_method(texts, collection.applications())))
