"""A Hub in trouble: what comes cut off, slow, as a web page or without end costs one sentence, and nothing stays."""

import gzip
import hashlib
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from hub_programs import BUNDLED, ask
from tiny_students import answer, close_to, tiny_student

from dsn import StudentError, load_student
from dsn.checkpoints import CONFIG, LARGEST_FILES, WEIGHTS, save_student
from dsn.hub import Access

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
    """

    files: dict[str, bytes]
    address: list[str] = field(default_factory=list)
    sent: list[str] = field(default_factory=list)
    is_well: threading.Event = field(default_factory=threading.Event)
    is_over: threading.Event = field(default_factory=threading.Event)


class TroubledHub(BaseHTTPRequestHandler):
    """Says what a Hub says of a student's files; what it then sends is as the organisation is named."""

    protocol_version = "HTTP/1.1"
    trouble: Trouble

    def do_HEAD(self) -> None:
        """Size, hash and commit of the file."""
        self.send_response(200)
        content = self.trouble.files[self.path.rpartition("/")[2]]
        self.headers_of(10**12 if self.kind == "huge" and self.path.endswith(WEIGHTS) else len(content), content)

    def do_GET(self) -> None:
        """The file, or what comes in its place."""
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


def kept(home: Path) -> list[Path]:
    """Files that a later program would take for a repository's."""
    return [path for path in home.rglob("snapshots/*/*") if path.exists()]


def test_trouble_is_one_sentence_and_leaves_nothing(hub: Trouble, tmp_path: Path) -> None:
    reasons = {
        "cut": "cannot be reached",
        "slow": "cannot be reached",
        "page": "could not be kept whole",
        "bomb": "could not be kept whole",
        "huge": "has 1,000,000,000,000 bytes",
    }
    calls = [{"source": f"{kind}/alder"} for kind in reasons]
    outcomes = ask(hub.address[0], tmp_path / "home", calls, HF_HUB_DOWNLOAD_TIMEOUT="5")
    for (kind, reason), told in zip(reasons.items(), outcomes, strict=True):
        assert reason in told["error"] and f"{kind}/alder" in told["error"]
        assert told["error"].endswith(".") and told["error"].isprintable()
    assert kept(tmp_path / "home") == []
    assert not [path for path in hub.sent if path.startswith("/huge/")]
    hub.is_well.set()
    for told in ask(hub.address[0], tmp_path / "home", calls[:-1]):
        assert told["answer"] == close_to(answer(tiny_student("digits/alder", SEED)))


def test_a_student_that_takes_too_long_is_given_up(hub: Trouble, tmp_path: Path) -> None:
    (told,) = ask(hub.address[0], tmp_path, [{"source": "slow/alder", "longest": 0.5}])
    assert "did not give slow/alder within 0.5 seconds" in told["error"]
    assert kept(tmp_path) == []


@pytest.mark.parametrize("kind", ["cut", "slow"])
def test_trouble_does_not_hold_the_page_up(hub: Trouble, tmp_path: Path, checkpoints: Path, kind: str) -> None:
    call = {"checkpoints": str(checkpoints), "repositories": f"digits/alder={kind}/alder", "timeout": 1}
    (page,) = ask(hub.address[0], tmp_path, [call])
    assert page["digits/alder"]["answer"] == close_to(answer(tiny_student("digits/alder", BUNDLED)))
    assert "could not be reached within 1 seconds" in page["digits/alder"]["origin"]["note"]


@pytest.mark.parametrize(
    ("repository", "revision", "reason"),
    [
        ("../alder", None, "not a repository"),
        ("acme/..", None, "not a repository"),
        ("acme/a..b", None, "not a repository"),
        ("acme/alder/x", "main", "not a repository"),
        ("x" * 5000, "main", "not a repository"),
        ("acme/alder", "../../../x", "not a revision"),
        ("acme/alder", "/etc/passwd", "not a revision"),
        ("acme/alder", "main\n", "not a revision"),
        ("acme/alder", "v" * 300, "not a revision"),
    ],
)
def test_a_name_that_leads_elsewhere_is_refused(repository: str, revision: str | None, reason: str) -> None:
    with pytest.raises(StudentError, match=reason) as refused:
        load_student(repository, revision=revision, access=Access(local_files_only=True))
    assert str(refused.value).isprintable() and len(str(refused.value)) < 200
