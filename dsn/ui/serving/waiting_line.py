"""Whose turn it is: one attack at a time, and whoever comes later sees how many come first."""

import threading
from dataclasses import dataclass

LONGEST = 20  # attacks under way and waiting


class FullError(RuntimeError):
    """As many wait as may."""


@dataclass(eq=False)
class Turn:
    """A visitor's place in the line.

    Attributes:
        tab: of the visitor's browser.
        what: the attack and its network, in words of the program.
        wanted: whether its visitor still waits for what comes of it.
        shown: what it has come to so far.
        instead: what the visitor has been shown since it is not; nothing for what comes of it.
    """

    tab: str
    what: str
    wanted: bool = True
    shown: str = ""
    instead: str = ""


class WaitingLine:
    """The line before the back row. A tab has one place in it at most.

    Args:
        longest: how many places there are.
    """

    def __init__(self, longest: int = LONGEST) -> None:
        self._longest = longest
        self._line: list[Turn] = []
        self._latest: dict[str, Turn] = {}
        self._lock = threading.Lock()

    def take(self, tab: str, what: str) -> Turn | None:
        """A place at the end, in exchange for the tab's other one; None where it has one for the same already.

        Raises:
            FullError: as many wait as may.
        """
        with self._lock:
            known = self._latest.get(tab)
            if known and known.wanted and known.what == what:
                return None
            if known:
                self._leave(known)
            if len(self._line) >= self._longest:
                raise FullError
            turn = Turn(tab, what)
            self._line.append(turn)
            self._latest[tab] = turn
            return turn

    def has(self, tab: str) -> bool:
        """Whether something is under way for a tab."""
        with self._lock:
            return tab in self._latest

    def latest(self, tab: str) -> Turn | None:
        """A tab's turn, under way or given up and not over yet."""
        with self._lock:
            return self._latest.get(tab)

    def before(self, turn: Turn) -> int:
        """How many come first."""
        with self._lock:
            return self._line.index(turn) if turn in self._line else 0

    def give_up(self, tab: str, instead: str = "") -> None:
        """The tab wants nothing more of its turn, if it has one: it shows something else by now."""
        with self._lock:
            turn = self._latest.get(tab)
            if turn:
                turn.instead = instead
                self._leave(turn)

    def is_latest(self, turn: Turn) -> bool:
        """Whether the tab has taken no other turn since."""
        with self._lock:
            return self._latest.get(turn.tab) is turn

    def over(self, turn: Turn) -> None:
        """Nothing more comes of a turn."""
        with self._lock:
            self._leave(turn)
            if self._latest.get(turn.tab) is turn:
                del self._latest[turn.tab]

    def _leave(self, turn: Turn) -> None:
        turn.wanted = False
        if turn in self._line:
            self._line.remove(turn)
