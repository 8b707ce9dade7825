"""The link to what is shown: copied by a button, kept in the address, and followed when a visitor comes with one."""

from typing import Any

import gradio as gr

from dsn.student.collection import Collection
from dsn.ui.compare.tab import CompareTab
from dsn.ui.rendering import render_template, script
from dsn.ui.serving.page_state import Name, from_query
from dsn.ui.texts import Texts


class Sharing:
    """The button, and what follows a link. The script beside it keeps the address.

    Args:
        texts: of the page.
        collection: what a link may name.
    """

    def __init__(self, texts: Texts, collection: Collection) -> None:
        self.texts, self.collection = texts, collection
        self.link = gr.HTML(
            render_template("share.html", t=texts), js_on_load=script("share.js"), elem_id="share", answer=None
        )

    def wire(self, compare: CompareTab) -> None:
        """Let links set this tab."""

        def follow(event: gr.EventData) -> tuple:
            query = getattr(event, "query", None)
            state, ignored = from_query(query if isinstance(query, str) else "", self.collection)
            answer = {
                "number": getattr(event, "number", None),
                "condition": state.condition,
                "step": state.step,
                "tab": state.tab,
                "ignored": self.sentence(ignored),
            }
            shown = compare.show(state.task, state.customer, state.picture, state.serial, state.lock)
            return shown, gr.HTML(answer=answer)

        self.link.follow(
            follow,
            None,
            [compare.panels, self.link],
            queue=False,
            show_progress="hidden",
            api_visibility="private",
            trigger_mode="multiple",
        )

    def sentence(self, ignored: tuple[Name, ...]) -> str:
        """What of a link was left out, in one sentence; nothing where all was understood."""
        said: dict[str, Any] = self.texts["share"]
        names = said["separator"].join(said["names"][name] for name in ignored)
        return said["ignored"].format(names=names) if ignored else ""
