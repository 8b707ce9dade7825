"""The break-in: four stolen networks to open, one after another; what was won stays in the visitor's browser."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from functools import cached_property
from typing import TYPE_CHECKING

import gradio as gr

from dsn.attacks.kit.levels import LEVELS, TASK, Level, are_there
from dsn.results.store import read_results
from dsn.student.collection import Collection
from dsn.ui.attack.live import Live
from dsn.ui.attack.rendering import PACE, render_copy, shown_copy, span_in_words
from dsn.ui.rendering import render_note, render_template, script
from dsn.ui.texts import Texts

if TYPE_CHECKING:
    from dsn.attacks.break_in import Moment


COUNTED = ("pictures", "serials", "silent", "working")  # figures that are no shares


class BreakIn:
    """Its card, its stage, and what happens when a way in is tried.

    Args:
        texts: of the page.
        collection: the page's.
        live: where attacks run.
    """

    def __init__(self, texts: Texts, collection: Collection, live: Live) -> None:
        self.texts, self.said, self.live = texts, texts["break_in"], live
        self.page, self.fits = collection, are_there(collection)
        self.build()

    @cached_property
    def collection(self) -> Collection | None:
        """With every level's network; None where one is not there."""
        from dsn.attacks.break_in import with_literal

        return with_literal(self.page)

    def render(self) -> str:
        """The card, closed; nothing where a network is missing."""
        recorded = read_results("recipes").get(f"{TASK}/paper")
        literal = f"{recorded['absent']['percent']:.1f}" if recorded else "–"
        return render_template("break_in.html", t=self.texts, levels=LEVELS, literal=literal) if self.fits else ""

    async def press(self, event: gr.EventData, request: gr.Request) -> AsyncGenerator[str, None]:
        """The stage: a level's network as it was stolen, or what a way in comes to."""
        # Whoever else asks need not wait while torch is imported.
        collection = await asyncio.to_thread(lambda: self.collection)
        from dsn.attacks.break_in import breaking_in

        level = next((one for one in LEVELS if one.name == event.level), None)
        if level is None or collection is None:
            return
        if event.way not in level.ways:
            yield self.stolen(collection, level, self.said["choose"])
            return
        way, found = event.way, collection
        running = self.live.stages(
            request.session_hash or "",
            f"{level.name} {way}",
            lambda: breaking_in(found, level, way),
            lambda moment: self.drawn(found, level, way, moment),
            lambda: self.noted(found, level),
        )
        async with aclosing(running) as stages:
            async for stage, _ in stages:
                yield gr.skip() if stage is None else stage

    def stolen(self, collection: Collection, level: Level, note: str = "") -> str:
        """What a level's network answers as it was stolen, and a sentence under it."""
        from dsn.attacks.watched import copy_of

        copy = shown_copy(self.texts, collection, level.victim, copy_of(collection, level.victim))
        return render_copy(self.texts, copy, note)

    def noted(self, collection: Collection, level: Level) -> Callable[[str], str]:
        """Any note, above the same."""
        stolen = self.stolen(collection, level)
        return lambda note: render_note(note) + stolen

    def drawn(self, collection: Collection, level: Level, way: str, moment: "Moment") -> str:
        """The stage at one moment."""
        copy = shown_copy(self.texts, collection, level.victim, moment.copy)
        return render_template(
            "breaking.html",
            t=self.texts,
            level=level,
            way=way,
            moment=moment,
            copy=copy,
            said=self.came_to(way, moment),
        )

    def came_to(self, way: str, moment: "Moment") -> str:
        """What a finished way in came to, in a sentence."""
        from dsn.attacks.brute_force import years_for

        if moment.fell is None:
            return ""
        figures = moment.figures
        written = {name: f"{value:,.0f}" if name in COUNTED else f"{value:.1f}" for name, value in figures.items()}
        if PACE in figures:
            written["time"] = span_in_words(self.texts, years_for(64, figures[PACE]))
        silent = 2 * figures.get("silent", 0) > figures["pictures"]
        came_to = "fell" if moment.fell else "silent" if silent else "held"
        return str(self.said["came_to"][way][came_to]).format(**written)

    # Layout and wiring

    def build(self) -> None:
        """Lay it out, empty: what is in it is sent when its tab is first opened."""
        with gr.Row(elem_classes="workbench break-in-bench", visible=self.fits):
            with gr.Column(elem_classes="controls", min_width=300, scale=2):
                self.card = gr.HTML("", js_on_load=script("break_in.js"), elem_id="break-in", padding=False)
            with gr.Column(elem_classes="stage", min_width=300, scale=5):
                self.stage = gr.HTML("", js_on_load=None, elem_id="break-in-stage", padding=False)

        async def press(event: gr.EventData, request: gr.Request) -> AsyncGenerator[str, None]:
            async with aclosing(self.press(event, request)) as stages:
                async for stage in stages:
                    yield stage

        self.card.click(
            press,
            None,
            self.stage,
            concurrency_limit=None,  # they wait for their turns, and say so
            trigger_mode="multiple",
            show_progress="hidden",
            api_visibility="private",
        )
