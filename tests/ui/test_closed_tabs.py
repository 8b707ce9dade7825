"""What is kept of closed tabs: it goes after a while, with all that a visitor chose, but for a tab that came back."""

import datetime
import time

import gradio as gr
import pytest
from gradio.state_holder import StateHolder

from dsn.ui.serving import closed_tabs
from dsn.ui.serving.closed_tabs import ClosedTabs


def test_closed_tabs_are_forgotten_after_a_while_and_open_ones_are_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(closed_tabs, "JUST_NOW", datetime.timedelta(seconds=0.05))
    deleted: list[str] = []
    with gr.Blocks() as page:
        state = gr.State("nothing", delete_callback=deleted.append)
    kept = StateHolder()
    kept.set_blocks(page)
    for tab in ("open", "closed", "back"):
        kept[tab][state._id] = f"chosen in {tab}"
    tabs = ClosedTabs(page, 0.2)
    tabs.leave("closed")
    tabs.leave("back")
    tabs.leave("never-seen")
    assert set(kept.session_data) == {"open", "closed", "back"}
    time.sleep(0.1)
    assert kept["back"][state._id] == "chosen in back"
    time.sleep(0.2)
    tabs.leave("another")
    assert set(kept.session_data) == {"open", "back"} == set(kept.time_last_used)
    assert deleted == ["chosen in closed"]
