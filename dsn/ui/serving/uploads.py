"""Files that visitors bring: each stays as long as a tab that brought it.

Gradio keeps them under the hash of what is in them, so that several tabs may have brought the same one.
"""

import math
import re
import threading
import time
from contextlib import suppress
from pathlib import Path

import gradio as gr
from gradio.context import get_blocks_context
from gradio.data_classes import FileData, ListFiles

from dsn.ui.serving.asking import visitor

HASH = re.compile(r"[0-9a-f]{64}")
NEVER = -1  # when a file that is not there was written


def path_of(payload: FileData | ListFiles | None) -> str | None:
    """Where a field's file lies, and nothing besides: Gradio's own writes an empty file each time it is asked."""
    file = payload[0] if isinstance(payload, ListFiles) else payload
    return file.path if file else None


class Uploads:
    """Which tab brought which files.

    Args:
        folder: where they lie.
        seconds: after which a file that no tab has brought is nobody's: it was not received to its end, or its tab was
            closed too soon, or a program sent it.
    """

    def __init__(self, folder: Path, seconds: float) -> None:
        self._folder, self._seconds = folder, seconds
        self._brought: dict[str, dict[Path, int]] = {}  # by tab: each file, and when it was written
        self._left: dict[str, float] = {}  # tabs that were closed of late, and when
        self._lock = threading.Lock()

    def watch(self) -> None:
        """Hear of every file that the fields of the page being built receive."""
        blocks = get_blocks_context()
        assert blocks is not None

        def bring(path: str | None, request: gr.Request) -> None:
            if path:
                self.bring(visitor(request)[0], Path(path))

        for field in [one for one in blocks.blocks.values() if isinstance(one, gr.File)]:
            if field.preprocess is not path_of:
                field.preprocess = path_of  # type: ignore[method-assign]
                field.upload(bring, field, None, queue=False, show_progress="hidden", api_visibility="private")

    def bring(self, tab: str, path: Path) -> None:
        """A tab brought a file: nobody's, where the tab was closed before this was heard of."""
        with self._lock:
            if time.monotonic() > self._left.get(tab, -math.inf) + self._seconds:
                self._brought.setdefault(tab, {})[path] = written(path)

    def leave(self, tab: str) -> set[Path]:
        """Delete what only this tab brought and nobody has sent again since, and what is nobody's.

        Returns:
            What was deleted.
        """
        with self._lock:
            now = time.monotonic()
            self._left = {one: moment for one, moment in self._left.items() if moment > now - self._seconds}
            self._left[tab] = now
            mine = self._brought.pop(tab, {})
            others: set[Path] = set().union(*self._brought.values())
            gone = {path for path, moment in mine.items() if path not in others and written(path) == moment}
            gone |= {path for path in self._nobodys() if path not in others}
            for path in gone:
                path.unlink(missing_ok=True)
                if path.parent != self._folder:
                    with suppress(OSError):  # another file is in it
                        path.parent.rmdir()
        return gone

    def _nobodys(self) -> list[Path]:
        """Files that were sent long ago: those that are not received to their end lie in no folder of their own."""
        latest = time.time() - self._seconds
        found = [one for one in self._folder.glob("*") if one.is_file()]
        found += [one for folder in self._folder.glob("*") if HASH.fullmatch(folder.name) for one in folder.glob("*")]
        return [one for one in found if NEVER < written(one) < latest * 1e9]


def written(path: Path) -> int:
    """When a file was written, in nanoseconds; `NEVER` where it is not there."""
    try:
        return path.stat().st_mtime_ns
    except OSError:
        return NEVER
