"""Starts the app where people run it and records what came of it: `PYTHONPATH=. python tests/kit/try_surroundings.py`.

Given other interpreters, which have what the app needs, it tries them and nothing else.
Each try is a process of its own; a read-only folder is a mount that only that process sees, which takes root.
"""

import os
import shlex
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.error import URLError

from app_process import PROJECT, free_port

from dsn.results.store import provenance, record

SECONDS = 900  # until the page answers, on a machine that is slow and busy
SPOKEN = ("", "zh", "config")  # addresses that must answer
READ_ONLY = "mount --bind {0} {0} && mount -o remount,ro,bind {0} && "
LEFT_OUT = shutil.ignore_patterns(".git", ".venv", ".*_cache", "__pycache__", ".hypothesis", "build", "data")


@dataclass(frozen=True)
class Try:
    """A place to run the app in.

    Attributes:
        what: in words.
        project: the checkout.
        folder: where it is started.
        environment: variables besides those of this process; None takes one away.
        read_only: folders that cannot be written to.
        copies: how many run at once.
        python: the interpreter.
    """

    what: str
    project: Path = PROJECT
    folder: Path | None = None
    environment: dict[str, str | None] = field(default_factory=dict)
    read_only: tuple[Path, ...] = ()
    copies: int = 1
    python: str = sys.executable

    @property
    def version(self) -> str:
        """Of the interpreter, such as "3.11.7"."""
        said = subprocess.run([self.python, "--version"], capture_output=True, text=True, check=True)
        return said.stdout.split()[1]


def tries(there: Path) -> list[Try]:
    """Every place; there: a folder for copies of the checkout and for homes."""
    strange = there / "a path with spaces – Серийные номера 序列号" / "dsn"
    shutil.copytree(PROJECT, strange, ignore=LEFT_OUT)
    home = there / "home"
    home.mkdir()
    return [
        Try("as it is"),
        Try("a path with spaces and non-Latin letters", project=strange),
        Try("a read-only checkout", project=strange, read_only=(strange,)),
        Try("a read-only home", environment={"HOME": str(home)}, read_only=(home,)),
        Try("no home at all", environment={"HOME": None, "XDG_CACHE_HOME": None, "XDG_CONFIG_HOME": None}),
        Try("a home that is not there", environment={"HOME": "/nonexistent"}),
        Try("another working directory", folder=Path("/")),
        Try("two copies at once", copies=2),
    ]


@contextmanager
def running(one: Try, log: Path) -> Iterator[tuple[subprocess.Popen, str]]:
    """The app as it is started there, and its address."""
    port = free_port()
    variables = {**os.environ, "GRADIO_SERVER_PORT": str(port), "GRADIO_SERVER_NAME": "127.0.0.1"}
    for name, value in one.environment.items():
        variables.pop(name, None)
        if value is not None:
            variables[name] = value
    mounts = "".join(READ_ONLY.format(shlex.quote(str(folder))) for folder in one.read_only)
    program = shlex.join([one.python, str(one.project / "app.py")])
    where = one.folder or one.project
    start = f"{mounts}cd {shlex.quote(str(where))} && exec {program}"
    with log.open("wb") as output:
        process = subprocess.Popen(
            ["unshare", "--mount", "sh", "-c", start], env=variables, stdout=output, stderr=subprocess.STDOUT
        )
        try:
            yield process, f"http://127.0.0.1:{port}"
        finally:
            process.terminate()
            process.wait(SECONDS)


def answers(process: subprocess.Popen, address: str) -> bool:
    """Whether the page comes to answer before its program ends."""
    end = time.monotonic() + SECONDS
    while time.monotonic() < end and process.poll() is None:
        try:
            return all(urllib.request.urlopen(f"{address}/{one}", timeout=60).status == 200 for one in SPOKEN)
        except (URLError, ConnectionError, TimeoutError):
            time.sleep(1)
    return False


def main(pythons: list[str]) -> None:
    """Try everything, or other interpreters, and write `assets/results/surroundings.json`."""
    with tempfile.TemporaryDirectory(prefix="dsn-surroundings-") as folder:
        others = [Try(f"as it is, with {Path(python).resolve().name}", python=python) for python in pythons]
        for one in others or tries(Path(folder)):
            log = Path(folder) / "log"
            with ExitStack() as stack:
                apps = [stack.enter_context(running(one, log.with_suffix(f".{at}"))) for at in range(one.copies)]
                works = all(answers(*app) for app in apps)
            said = "" if works else log.with_suffix(".0").read_text(errors="replace").strip().rpartition("\n")[2][:200]
            row = {"what": one.what, "python": one.version, "works": works, "said": said, **provenance(0, "cpu")}
            record("surroundings", one.what, row)
            print(f"{one.what}: {'works' if works else said}", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
