"""Files made for visitors: few of each, for as long as they stay, under names nobody guesses."""

import secrets
import shutil
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from dsn.allowance import Allowance, VisitorLimits
from dsn.files import write_in_place

SECONDS_CLOSED = 120.0  # what was asked for just before a tab was closed may be made after it; or the tab came back


class ExportError(Exception):
    """A file that cannot be made.

    Attributes:
        kind: why: "too_many" were made, or there is "no_room".
    """

    def __init__(self, kind: Literal["too_many", "no_room"]) -> None:
        super().__init__(kind)
        self.kind = kind


@dataclass
class _Files:
    folders: list[Path] = field(default_factory=list)
    latest: float = 0.0


class VisitorFiles:
    """Keeps what was made.

    Args:
        limits: how much is made, and kept how long.
        folder: for the files.
        seconds_closed: for which is kept what was made for a tab that had been closed.
    """

    def __init__(self, limits: VisitorLimits, folder: Path, seconds_closed: float = SECONDS_CLOSED) -> None:
        self.limits, self._folder, self._seconds_closed = limits, folder, seconds_closed
        share = limits.share_of_one_address
        self._allowance = Allowance(limits.exports_per_hour, limits.exports_per_hour_in_all, share)
        self._kept: dict[str, _Files] = {}
        self._left: dict[str, float] = {}  # tabs that were closed of late, and when
        self._lock = threading.Lock()

    def put(self, tab: str, address: str, name: str, make: Callable[[], bytes]) -> Path:
        """Make a file for a visitor; their oldest goes where they have too many.

        Args:
            tab: the visitor's.
            address: the visitor's, of which none uses up what there is for all.
            name: of the file.
            make: its content; called only within the limits.

        Raises:
            ExportError: a limit is reached, there is no room, or the tab was closed meanwhile.
        """
        if not self._allowance.take(tab, address):
            raise ExportError("too_many")
        begun = time.monotonic()
        content = make()
        path = self._folder / secrets.token_urlsafe(24) / name

        def write(beside: Path) -> None:
            beside.write_bytes(content)

        try:
            write_in_place(path, write)
        except OSError as error:
            shutil.rmtree(path.parent, ignore_errors=True)
            raise ExportError("no_room") from error
        with self._lock:
            self._drop_old()
            if self._left.get(tab, begun) > begun:  # it was closed meanwhile: nobody comes for the file
                shutil.rmtree(path.parent, ignore_errors=True)
                raise ExportError("no_room")
            mine = self._kept.setdefault(tab, _Files())
            mine.folders.append(path.parent)
            mine.latest = time.monotonic()
            most = self.limits.exports_per_tab
            old, mine.folders = mine.folders[:-most], mine.folders[-most:]
        for folder in old:
            shutil.rmtree(folder, ignore_errors=True)
        return path

    def leave(self, tab: str) -> None:
        """Forget a tab and its files. Again is the same as once."""
        with self._lock:
            self._drop_old()
            gone = self._kept.pop(tab, None)
            self._left[tab] = time.monotonic()
        for folder in gone.folders if gone else []:
            shutil.rmtree(folder, ignore_errors=True)

    def _drop_old(self) -> None:
        now = time.monotonic()
        seconds = 60 * self.limits.minutes_kept
        self._left = {tab: moment for tab, moment in self._left.items() if moment >= now - seconds}
        kept = {tab: self._seconds_closed if tab in self._left else seconds for tab in self._kept}
        for tab in [tab for tab, files in self._kept.items() if files.latest < now - kept[tab]]:
            for folder in self._kept.pop(tab).folders:
                shutil.rmtree(folder, ignore_errors=True)
