"""A server that says what a Hub says of a student's files, and then sends what it should not, or not at once."""

import gzip
import hashlib
import threading
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from hub_programs import SECRET
from tiny_students import tiny_student

from dsn.student.folder import CONFIG, LARGEST_FILES, WEIGHTS, save_student

COMMIT = "0123456789abcdef0123456789abcdef01234567"
HTML = b"<!DOCTYPE html><html><body>Sign in to this network</body></html>"
SEED = 5


@dataclass(frozen=True)
class Trouble:
    """What the server has and does.

    Attributes:
        files: a student's, by name.
        address: where it answers.
        sent: paths of the files that were asked for.
        is_well: whether it sends them as a Hub does.
        is_over: whether whoever still waits for it may go.
        busy: how often it said so, by method and path.
    """

    files: dict[str, bytes]
    address: list[str] = field(default_factory=list)
    sent: list[str] = field(default_factory=list)
    is_well: threading.Event = field(default_factory=threading.Event)
    is_over: threading.Event = field(default_factory=threading.Event)
    busy: Counter[str] = field(default_factory=Counter)


class TroubledHub(BaseHTTPRequestHandler):
    """Says what a Hub says of a student's files; what it then sends is as the organisation is named."""

    protocol_version = "HTTP/1.1"
    trouble: Trouble

    def do_HEAD(self) -> None:
        """Size, hash and commit of the file."""
        if self.refused():
            return
        self.send_response(200)
        content = self.trouble.files[self.path.rpartition("/")[2]]
        self.headers_of(10**12 if self.kind == "huge" and self.path.endswith(WEIGHTS) else len(content), content)

    def do_GET(self) -> None:
        """The file, or what comes in its place."""
        if self.refused():
            return
        content = self.trouble.files[self.path.rpartition("/")[2]]
        self.trouble.sent.append(self.path)
        self.send_response(200)
        if self.trouble.is_well.is_set():
            self.headers_of(len(content), content)
            self.wfile.write(content)
        elif self.kind == "page":
            self.headers_of(len(HTML), content)
            self.wfile.write(HTML)
        elif self.kind == "bomb":
            self.send_header("Content-Encoding", "gzip")
            bomb = gzip.compress(bytes(3 * LARGEST_FILES[WEIGHTS]))
            self.headers_of(len(bomb), content)
            self.wfile.write(bomb)
        else:
            self.headers_of(len(content), content)
            self.wfile.write(content[: len(content) // 2])
            self.wfile.flush()
            if self.kind == "slow":
                self.trouble.is_over.wait()
            self.close_connection = True

    @property
    def kind(self) -> str:
        """What is wrong."""
        return self.path.split("/")[1]

    def refused(self) -> bool:
        """Answer 429 once to everything asked of `busy`, and 401 to whoever has no token for `private`."""
        asked = f"{self.command} {self.path}"
        is_busy = self.kind == "busy" and not self.trouble.busy[asked]
        is_private = self.kind == "private" and self.headers["Authorization"] != f"Bearer {SECRET}"
        if is_busy:
            self.trouble.busy[asked] += 1
            self.send_response(429)
            self.send_header("Retry-After", "0")
        elif is_private:
            self.send_response(401)
            self.send_header("X-Error-Code", "RepoNotFound")
        else:
            return False
        self.send_header("Content-Length", "0")
        self.end_headers()
        return True

    def headers_of(self, size: int, content: bytes) -> None:
        """What the Hub says of a file."""
        self.send_header("Content-Length", str(size))
        self.send_header("ETag", f'"{hashlib.sha256(content).hexdigest()}"')
        self.send_header("X-Repo-Commit", COMMIT)
        self.end_headers()

    def log_message(self, *arguments: object) -> None:
        """Keep the tests' output quiet."""


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[Trouble]:
    folder = tmp_path / "published"
    save_student(tiny_student("digits/alder", SEED), folder)
    trouble = Trouble({name: (folder / name).read_bytes() for name in (CONFIG, WEIGHTS)})
    handler = type("Handler", (TroubledHub,), {"trouble": trouble})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        server.daemon_threads = True
        trouble.address.append(f"http://127.0.0.1:{server.server_port}")
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield trouble
        trouble.is_over.set()
        server.shutdown()
