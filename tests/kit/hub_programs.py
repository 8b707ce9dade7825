"""Programs around a Hub: a real Hub-compatible server (olah) over git repositories, and clients of their own."""

import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from time import sleep
from typing import Any

import pytest
from tiny_students import tiny_student

from dsn.places import ROOT
from dsn.student.folder import save_student

KIT = Path(__file__).parent
SECRET = "hf_ThisTokenMustNotBeRepeated"
FIRST, SECOND, BUNDLED, BIRCH = 1, 2, 3, 4  # seeds of the students' weights


@cache
def programs() -> subprocess.Popen[str]:
    """What forks the programs of `ask`; it ends with this process, whose end of the pipe is closed then."""
    return subprocess.Popen(
        [sys.executable, KIT / "hub_forks.py"],
        env={**inherited(), "PYTHONPATH": str(ROOT)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def inherited() -> dict[str, str]:
    """This process's environment without what a Hub's clients and this project read."""
    return {name: value for name, value in os.environ.items() if not name.startswith(("HF_", "DSN_"))}


def ask(endpoint: str, home: Path, calls: list[dict[str, Any]], **environment: str) -> list[Any]:
    """What a program of its own gets from a Hub; see hub_forks.py."""
    settings = {"HF_ENDPOINT": endpoint, "HF_HOME": str(home), "NO_PROXY": "127.0.0.1"}
    with TemporaryDirectory() as folder:
        output, errors = Path(folder, "output"), Path(folder, "errors")
        told = {
            "calls": calls,
            "environment": {**inherited(), **settings, **environment},
            "output": str(output),
            "errors": str(errors),
        }
        forking = programs()
        assert forking.stdin and forking.stdout
        print(json.dumps(told), file=forking.stdin, flush=True)
        assert forking.stdout.readline() == "0\n", errors.read_text()
        assert SECRET not in output.read_text() + errors.read_text()
        return json.loads(output.read_text())


def git(repository: Path, *arguments: str) -> str:
    """Run git in a repository, as an author of its own."""
    identity = ["-c", "user.name=Owner", "-c", "user.email=owner@example.org", "-c", "commit.gpgsign=false"]
    command = ["git", "-C", str(repository), *identity, *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def publish(repository: Path, name: str, seed: int) -> str:
    """Commit a student and a model card to a git repository, made where it is missing; the commit."""
    if not repository.exists():
        repository.mkdir(parents=True)
        git(repository, "init", "--initial-branch=main")
    save_student(tiny_student(name, seed), repository)
    (repository / "README.md").write_text(f"---\nlicense: mit\n---\nSeed {seed}.\n", "utf-8")
    git(repository, "add", ".")
    git(repository, "commit", "--message", f"Seed {seed}")
    return git(repository, "rev-parse", "HEAD")


def free_port() -> int:
    """A port nothing listens on."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


@contextmanager
def olah(mirrors: Path, folder: Path) -> Iterator[str]:
    """The address of a Hub over the git repositories in `mirrors/models/<organisation>/<name>`."""
    port = free_port()
    settings = {"host": "127.0.0.1", "port": port, "repos-path": str(folder / "kept"), "mirrors-path": [str(mirrors)]}
    text = "[basic]\n" + "\n".join(f"{key} = {json.dumps(value)}" for key, value in settings.items())
    folder.mkdir()
    (folder / "olah.toml").write_text(text + "\n[accessibility]\noffline = true\n", "utf-8")
    log = folder / "output.txt"
    with log.open("w") as output:
        server = subprocess.Popen(
            [sys.executable, "-m", "olah.server", "--config", "olah.toml", "--log-path", "logs"],
            cwd=folder,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        while True:
            assert server.poll() is None, log.read_text()
            try:
                socket.create_connection(("127.0.0.1", port)).close()
                break
            except ConnectionRefusedError:
                sleep(0.1)
        yield f"http://127.0.0.1:{port}"
    finally:
        server.terminate()
        server.wait()


@pytest.fixture(scope="module")
def checkpoints(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Bundled students: digits/alder and digits/birch."""
    folder = tmp_path_factory.mktemp("bundled") / "checkpoints"
    for name in ("digits/alder", "digits/birch"):
        save_student(tiny_student(name, BUNDLED), folder / name)
    return folder
