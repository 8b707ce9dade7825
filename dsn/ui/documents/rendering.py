"""A page under three conditions as HTML, boxes drawn over it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from dsn.applications.pictures import to_data_uri
from dsn.measuring.comparison import Condition
from dsn.ui.rendering import render_template
from dsn.ui.texts import Texts

if TYPE_CHECKING:
    from dsn.measuring.page_comparison import PagePanel


def render_pages(texts: Texts, panels: tuple[PagePanel, ...], read: Mapping[Condition, str] | None = None) -> str:
    """The three panels: page, boxes, and how many lines were found.

    Args:
        texts: the language.
        panels: of one page.
        read: the text that was read in each panel's boxes, by condition; None where nobody asked.
    """
    shown = [
        {
            "panel": one,
            "image": to_data_uri(one.page, 1),
            "boxes": [tuple(box) for box in one.boxes.tolist()],
            "read": read and read[one.condition],
        }
        for one in panels
    ]
    _, height, width = panels[0].page.shape
    return render_template("documents.html", t=texts, shown=shown, width=width, height=height)
