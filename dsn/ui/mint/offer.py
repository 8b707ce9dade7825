"""What a visitor is asked where the machine is too slow for the usual quick mint."""

from typing import TYPE_CHECKING

import gradio as gr

from dsn.owner.visitors import Visitors
from dsn.ui.mint.rendering import duration
from dsn.ui.rendering import render_note
from dsn.ui.texts import Texts

if TYPE_CHECKING:
    from dsn.owner.mint.lower_quality import LowerQuality


class MintOffer:
    """Two buttons under the sentence that says how long it would take, and the time there is to choose."""

    def __init__(self, texts: Texts, visitors: Visitors) -> None:
        self.texts, self.said, self.visitors = texts, texts["mint"]["offer"], visitors

    def build(self) -> None:
        """Lay it out, unseen."""
        with gr.Row(visible=False, elem_id="mint-offer", elem_classes="buttons") as self.row:
            self.go_on = gr.Button(self.said["go_on"], variant="primary", elem_id="mint-go-on")
            self.prepared = gr.Button(self.said["prepared"], elem_id="mint-prepared")
        self.clock = gr.Timer(self.visitors.limits.seconds_to_choose, active=False)

    def leads_to(self, tabs: gr.Tabs, tab: str) -> None:
        """Wire the second button: it opens the tab with the prepared networks."""
        self.prepared.click(
            lambda: gr.Tabs(selected=tab), None, tabs, queue=False, show_progress="hidden", api_visibility="private"
        )

    @property
    def parts(self) -> list:
        """Its components, in the order of the values below."""
        return [self.row, self.go_on, self.clock]

    @staticmethod
    def kept() -> tuple:
        """As it is."""
        return gr.skip(), gr.skip(), gr.skip()

    @staticmethod
    def closed() -> tuple:
        """Nothing is asked."""
        return gr.Row(visible=False), gr.skip(), gr.Timer(active=False)

    @staticmethod
    def asked() -> tuple:
        """A choice between lower quality and a prepared network, for a while."""
        return gr.Row(visible=True), gr.Button(visible=True), gr.Timer(active=True)

    @staticmethod
    def only_prepared() -> tuple:
        """The prepared networks are all there is."""
        return gr.Row(visible=True), gr.Button(visible=False), gr.Timer(active=False)

    def question(self, seconds: float, lower: "LowerQuality") -> str:
        """What the usual mint would take, what one of lower quality would, and how long there is to choose.

        Args:
            seconds: that the usual one takes in all, by the forecast.
            lower: what is offered.
        """
        limits = self.visitors.limits
        asked = self.said["question"].format(
            forecast=duration(self.texts, seconds),
            limit=f"{limits.seconds_per_student:.0f}",
            share=f"{100 * lower.share:.0f} %",
            lower=duration(self.texts, lower.seconds),
        )
        wait = self.said["wait"].format(seconds=f"{limits.seconds_to_choose:.0f}")
        return render_note(asked, "question") + render_note(wait)

    def too_slow(self, seconds: float) -> str:
        """That no mint is any use here; `seconds` as above."""
        return render_note(self.said["too_slow"].format(forecast=duration(self.texts, seconds)), "error")

    def run_out(self, request: gr.Request) -> tuple:
        """Nobody chose: the order is withdrawn. The live part, Stop, and the values of the parts."""
        tab = request.session_hash or ""
        if not self.visitors.is_offered(tab):
            return gr.skip(), gr.skip(), *self.closed()
        self.visitors.withdraw(tab)
        text = self.said["run_out"].format(seconds=f"{self.visitors.limits.seconds_to_choose:.0f}")
        return render_note(text), gr.Button(interactive=False), *self.closed()
