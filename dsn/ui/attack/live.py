"""Attacks that run while one watches: one at a time, in the background, each in its visitor's turn."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Generator
from contextlib import aclosing
from typing import Protocol, TypeVar

from dsn.ui import rendering
from dsn.ui.serving.background import Background, OutOfTimeError
from dsn.ui.serving.waiting_line import FullError, Turn, WaitingLine
from dsn.ui.texts import Texts

LOOK_EVERY = 0.5  # seconds between looks at one's place in the line
SECONDS = 120.0  # that an attack may take


class Shown(Protocol):
    """A moment of an attack."""

    @property
    def is_over(self) -> bool:
        """Whether it is the last."""


Moment = TypeVar("Moment", bound=Shown)
Steps = Callable[[], Generator[Moment, None, None]]
Note = Callable[[str], str]


class Live:
    """What a stage shows of an attack.

    Args:
        texts: of the page.
        background: where it runs.
        waiting_line: the line before it.
        seconds: that an attack may take.
    """

    def __init__(
        self, texts: Texts, background: Background, waiting_line: WaitingLine, seconds: float = SECONDS
    ) -> None:
        self.said, self.background, self.waiting_line = texts["attack"], background, waiting_line
        self.seconds = seconds

    async def stages(
        self,
        tab: str,
        what: str,
        steps: Steps[Moment],
        drawn: Callable[[Moment], str],
        noted: Callable[[], Note] = lambda: rendering.render_note,
    ) -> AsyncGenerator[tuple[str | None, bool | None], None]:
        """The stage's HTML, and whether the attack is under way; None for as it is.

        Args:
            tab: of the visitor's browser; what it had under way is given up.
            what: the attack, in words of the program.
            steps: makes the attack.
            drawn: gives the HTML of each of its steps.
            noted: gives what a note is drawn with before the first of them.
        """
        try:
            turn = self.waiting_line.take(tab, what)
        except FullError:
            yield rendering.render_note(self.said["full"], "error"), None
            return
        if turn is None:  # pressed twice
            yield None, None
            return
        try:
            async with aclosing(self._in_turn(turn, steps, drawn, noted)) as stages:
                async for stage in stages:
                    if not turn.wanted:
                        break
                    yield stage, True
            if self.waiting_line.is_latest(turn):
                yield turn.instead or None, False
        finally:
            self.waiting_line.over(turn)

    async def _in_turn(
        self, turn: Turn, steps: Steps[Moment], drawn: Callable[[Moment], str], noted: Callable[[], Note]
    ) -> AsyncGenerator[str, None]:
        """What the stage shows, from the place in the line to the end of the attack."""
        note = await asyncio.to_thread(noted)
        while before := self.waiting_line.before(turn):
            yield note(self.said["place_one" if before == 1 else "place_more"].format(count=before))
            await asyncio.sleep(LOOK_EVERY)
        if not turn.wanted:
            return
        yield note(self.said["begun"])
        stage, is_over = "", False
        try:
            async with aclosing(self.background.steps(steps(), self.seconds)) as moments:
                async for moment in moments:
                    stage, is_over = drawn(moment), moment.is_over
                    turn.shown = stage
                    yield stage
        except OutOfTimeError:
            if is_over:  # it ended just at its limit
                return
            yield stage + rendering.render_note(self.said["too_slow"].format(seconds=f"{self.seconds:.0f}"), "error")
