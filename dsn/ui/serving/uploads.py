"""Files that visitors bring: each stays as long as a tab that brought it."""

import threading
import time
from contextlib import suppress
from pathlib import Path

import gradio as gr
from gradio.context import get_blocks_context
from gradio.data_classes import FileData, ListFiles

from dsn.ui.serving.asking import visitor

NEVER = -1  # when a file that is not there was written


def path_of(payload: FileData | ListFiles | None) -> str | None:
    """Where a field's file lies, and nothing besides: Gradio's own writes an empty file each time it is asked."""
    file = payload[0] if isinstance(payload, ListFiles) else payload
    return file.path if file else None


class Uploads:
    """Which tab brought which files."""

    def __init__(self) -> None:
        self._brought: dict[str, dict[Path, int]] = {}  # by tab: each file, and when it was written
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
        """A tab brought a file."""
        with self._lock:
            self._brought.setdefault(tab, {})[path] = written(path)

    def leave(self, tab: str) -> list[Path]:
        """Delete what only this tab brought and nobody has sent again since. Again is the same as once.

        Returns:
            What was deleted.
        """
        with self._lock:
            mine = self._brought.pop(tab, {})
            others: set[Path] = set().union(*self._brought.values())
            gone = [path for path, moment in mine.items() if path not in others and written(path) == moment]
            for path in gone:
                path.unlink(missing_ok=True)
                with suppress(OSError):  # another file is in it
                    path.parent.rmdir()
        return gone


def clear_unfinished(folder: Path, seconds: float) -> None:
    """Delete what was not received to its end and lies there for so long: whatever is finished has a folder of its own.

    Args:
        folder: for visitors' files.
        seconds: that a file may take to arrive.
    """
    now = time.time()
    if folder.is_dir():
        for one in folder.iterdir():
            if one.is_file() and now - one.stat().st_mtime > seconds:
                one.unlink(missing_ok=True)


def written(path: Path) -> int:
    """When a file was written, in nanoseconds; `NEVER` where it is not there."""
    try:
        return path.stat().st_mtime_ns
    except OSError:
        return NEVER
