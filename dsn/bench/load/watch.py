"""The app in a process of its own, and what it takes: memory, threads, files."""

import asyncio
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from dsn.bench.arrivals import resident_megabytes
from dsn.bench.page import HOST, PROJECT, free_port, wait_for_answer

EVERY = 1.0  # seconds between looks


@dataclass(frozen=True)
class RunningApp:
    """The app, running.

    Attributes:
        address: of its page.
        process: its number.
        folder: for all that it writes while it runs.
    """

    address: str
    process: int
    folder: Path

    @property
    def megabytes(self) -> float:
        """Memory that it holds now."""
        return resident_megabytes(self.process)

    @property
    def peak_megabytes(self) -> float:
        """The most memory that it ever held."""
        status = Path(f"/proc/{self.process}/status").read_text()
        (line,) = [line for line in status.splitlines() if line.startswith("VmHWM")]
        return int(line.split()[1]) * 1024 / 1e6

    @property
    def processor_seconds(self) -> float:
        """How long it has worked, on all cores together."""
        fields = Path(f"/proc/{self.process}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    @property
    def threads(self) -> int:
        """How many it has now."""
        return len(list(Path(f"/proc/{self.process}/task").iterdir()))

    @property
    def files(self) -> set[Path]:
        """What it has written and not taken away."""
        return {path for path in self.folder.rglob("*") if path.is_file()}


@contextmanager
def running_app(
    program: str | list[str] = "app.py", folder: Path | None = None, **environment: str
) -> Iterator[RunningApp]:
    """A program that serves the page, until the end of the context.

    Args:
        program: its path in the project, or a whole command.
        folder: for all that it writes while it runs; None for a new one.
        environment: variables besides those of this process.

    Raises:
        RuntimeError: it ended, or did not answer in time.
    """
    with TemporaryDirectory(prefix="dsn-load-") as new:
        folder, port = folder or Path(new), free_port()
        settings = {"GRADIO_SERVER_PORT": str(port), "GRADIO_SERVER_NAME": HOST, "TMPDIR": str(folder)}
        settings["GRADIO_ANALYTICS_ENABLED"] = "False"
        command = [sys.executable, program] if isinstance(program, str) else program
        variables = {**os.environ, **settings, **environment}
        process = subprocess.Popen(command, cwd=PROJECT, env=variables, stdout=subprocess.DEVNULL)
        try:
            address = f"http://{HOST}:{port}"
            wait_for_answer(address, lambda: process.poll() is not None)
            yield RunningApp(address, process.pid, folder)
        finally:
            process.terminate()
            process.wait()


class Watch:
    """Looks at the app's memory once a second.

    Args:
        app: the app.
    """

    def __init__(self, app: RunningApp) -> None:
        self.app = app
        self.seen: list[tuple[float, float]] = []  # seconds since the first look, and megabytes

    async def keep_looking(self) -> None:
        """Look until this is cancelled."""
        begun = time.monotonic()
        while True:
            self.seen.append((time.monotonic() - begun, self.app.megabytes))
            await asyncio.sleep(EVERY)

    def megabytes(self, moment: float, within: float) -> float:
        """The median of what it held in the seconds before a moment; `within` says how many."""
        return statistics.median(
            [held for seconds, held in self.seen if moment - within <= seconds <= moment] or [self.seen[-1][1]]
        )
