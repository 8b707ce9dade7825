"""What Gradio keeps of a tab, half a megabyte and what its visitor chose, goes some minutes after the tab."""

import datetime

import gradio as gr

SECONDS = 300.0  # in which a visitor whose connection broke may come back
JUST_NOW = datetime.timedelta(seconds=5)  # Gradio touches what it keeps when it says that a tab was closed


class ClosedTabs:
    """Forgets closed tabs; Gradio by itself keeps ten thousand.

    Args:
        page: whose tabs.
        seconds: after which one is forgotten.
    """

    def __init__(self, page: gr.Blocks, seconds: float = SECONDS) -> None:
        self._page, self._after = page, datetime.timedelta(seconds=seconds)
        self._left: dict[str, datetime.datetime] = {}

    def leave(self, tab: str) -> None:
        """A tab was closed; those that were closed a while ago are forgotten, but for any that came back."""
        now = datetime.datetime.now()
        self._left[tab] = now
        kept = self._page.state_holder
        for one, moment in [pair for pair in self._left.items() if now - pair[1] > self._after]:
            del self._left[one]
            if kept.time_last_used.get(one, moment) <= moment + JUST_NOW:
                kept.delete_state(one)
                kept.session_data.pop(one, None)
                kept.time_last_used.pop(one, None)
