"""The real app as a process of its own, for the browser and for clients."""

import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.error import URLError

PROJECT = Path(__file__).parents[2]
START_SECONDS = 600
PATIENCE = 600_000  # milliseconds until something that is computed is there, on a machine that is slow and busy


def free_port() -> int:
    """A port nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextmanager
def running_app(log: Path, program: str = "app.py", **environment: str) -> Iterator[str]:
    """Start a program that serves the page, wait for its first answer, give its address, stop it afterwards.

    Args:
        log: file for what it prints.
        program: its path in the project.
        environment: variables besides those of this process.
    """
    port = free_port()
    variables = {**os.environ, "GRADIO_SERVER_PORT": str(port), "GRADIO_SERVER_NAME": "127.0.0.1", **environment}
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, program], cwd=PROJECT, env=variables, stdout=output, stderr=subprocess.STDOUT
        )
        try:
            address = f"http://127.0.0.1:{port}"
            for _ in range(START_SECONDS * 5):
                try:
                    urllib.request.urlopen(address, timeout=5)
                    break
                except (URLError, ConnectionError, TimeoutError):
                    if process.poll() is not None:
                        raise RuntimeError(f"the app ended:\n{log.read_text()}") from None
                    time.sleep(0.2)
            else:
                raise RuntimeError(f"the app did not answer:\n{log.read_text()}")
            yield address
        finally:
            process.terminate()
            process.wait(timeout=START_SECONDS)
