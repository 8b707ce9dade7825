"""What is not in view when the page comes: it is sent when its tab is first opened, not with the page."""

from collections.abc import Callable, Sequence

import gradio as gr

from dsn.ui.rendering import render_template, script
from dsn.ui.texts import Texts


def awaited(texts: Texts, elem_id: str | None = None, scripts: Sequence[str] = ()) -> gr.HTML:
    """A place that says that its contents are on their way, and has an event `open` for when it is first in view.

    Args:
        texts: of the page.
        elem_id: of the place.
        scripts: beside the templates, that its contents need.
    """
    html = render_template("awaited.html", t=texts)
    return gr.HTML(html, js_on_load="\n".join(map(script, ("opened.js", *scripts))), elem_id=elem_id)


def fill(
    places: Sequence[gr.components.Component], make: Callable, inputs: Sequence[gr.components.Component] = ()
) -> None:
    """Put into places of one tab what is made for them, when it is first in view.

    Args:
        places: the first is made by `awaited`.
        make: gives their values, in a list where there are several; takes the values of the inputs.
        inputs: what it depends on.
    """
    assert isinstance(places[0], gr.HTML)
    places[0].open(make, list(inputs), list(places), queue=False, show_progress="hidden", api_visibility="private")
