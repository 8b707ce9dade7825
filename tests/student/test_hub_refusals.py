"""What is no Hub, and what no Hub has: each is told in a sentence, without the token."""

import os
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest
from hub_programs import BUNDLED, KIT, SECRET, ask
from tiny_students import answer, close_to, tiny_student

from dsn import StudentError
from dsn.places import ROOT
from dsn.student.hub import load_students


def test_a_server_that_never_answers_does_not_hold_the_page_up(checkpoints: Path, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:  # the system accepts for it; nobody reads
        call = {
            "checkpoints": str(checkpoints),
            "repositories": "digits/alder=acme/alder,digits/birch=acme/birch@v1",
            "timeout": 0.5,
        }
        endpoint = f"http://127.0.0.1:{silent.getsockname()[1]}"
        page, alone = ask(endpoint, tmp_path, [call, {"source": "acme/alder"}], HF_HUB_ETAG_TIMEOUT="1")
    assert "The Hub cannot be reached" in alone["error"]
    for name, student in page.items():
        assert student["answer"] == close_to(answer(tiny_student(name, BUNDLED)))
        assert student["origin"]["kind"] == "bundled"
        assert "could not be reached within 0.5 seconds" in student["origin"]["note"]


ANSWERS: dict[str, Callable[[str], tuple[int, dict[str, str]]]] = {
    "refused": lambda token: (403, {"X-Error-Message": f"not with {token}"}),
    "expired": lambda token: (401, {"X-Error-Message": "Invalid credentials in Authorization header"}),
    "private": lambda token: (401, {"X-Error-Code": "RepoNotFound", "X-Error-Message": f"not with {token}"}),
    "gated": lambda token: (403, {"X-Error-Code": "GatedRepo"}),
    "revision": lambda token: (404, {"X-Error-Code": "RevisionNotFound"}),
    "entry": lambda token: (404, {"X-Error-Code": "EntryNotFound"}),
    "busy": lambda token: (503, {}),
    "limited": lambda token: (429, {}),
    "page": lambda token: (200, {"ETag": '"1"'}),
    "elsewhere": lambda token: (404, {}),
    "commit": lambda token: (200, {"ETag": '"1"', "X-Repo-Commit": "../../elsewhere"}),
}


class NotAHub(BaseHTTPRequestHandler):
    """Answers as the Hub documents its refusals, and as things that are not a Hub do."""

    def do_HEAD(self) -> None:
        """Answer by the name of the organisation asked for."""
        status, headers = ANSWERS[self.path.split("/")[1]](self.headers["Authorization"] or "")
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *arguments: object) -> None:
        """Keep the tests' output quiet."""


@pytest.fixture(scope="module")
def web_server() -> Iterator[str]:
    """The address of a server that answers every way but the right one."""
    with ThreadingHTTPServer(("127.0.0.1", 0), NotAHub) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def test_every_refusal_is_told_in_a_sentence_without_the_token(web_server: str, tmp_path: Path) -> None:
    expected = {
        "refused": "set HF_TOKEN to a token that may read it",
        "expired": "set HF_TOKEN to a token that may read it",
        "private": "set HF_TOKEN if it is private",
        "gated": "set HF_TOKEN if it is private",
        "revision": "check the name of the branch or tag",
        "entry": "it does not hold a student",
        "busy": "try again later",
        "limited": "try again later",
        "page": "check HF_ENDPOINT",
        "elsewhere": "check HF_ENDPOINT",
        "commit": "check HF_ENDPOINT",
    }
    calls = [{"source": f"{kind}/alder"} for kind in ANSWERS]
    told = dict(zip(ANSWERS, ask(web_server, tmp_path, calls, HF_TOKEN=SECRET), strict=True))
    for kind, advice in expected.items():
        assert advice in told[kind]["error"], kind
        assert f"{kind}/alder" in told[kind]["error"], kind


def test_a_token_that_cannot_be_sent_is_not_repeated(web_server: str, tmp_path: Path) -> None:
    for token in (f"{SECRET}\vnext line", f"{SECRET}é"):
        (outcome,) = ask(web_server, tmp_path, [{"source": "busy/alder"}], HF_TOKEN=token)
        assert outcome["error"].startswith("HF_TOKEN is not a token")


@pytest.mark.parametrize(
    ("repositories", "reason"),
    [
        ("acme/alder", "Entry 1 "),
        ("digits/alder=acme/alder,", "Entry 2 "),
        ("digits/alder=acme", "Entry 1 "),
        ("digits/alder=acme/alder@", "Entry 1 "),
        ("alder=acme/alder", "Entry 1 "),
        ("digits/alder=acme/alder digits/birch=acme/birch", "Entry 1 "),
        (f"digits/alder=https://me:{SECRET}@huggingface.co/acme/alder", "Entry 1 "),
        ("letters/alder=acme/alder", "no such task: use one of digits, signs, faces"),
        ("digits/alder=acme/alder, digits/alder=acme/birch", "names digits/alder twice"),
    ],
)
def test_a_malformed_list_of_repositories_is_explained(checkpoints: Path, repositories: str, reason: str) -> None:
    with pytest.raises(StudentError, match=reason) as raised:
        load_students(checkpoints, repositories)
    assert SECRET not in str(raised.value)


def test_an_empty_list_of_repositories_is_no_list(checkpoints: Path) -> None:
    _, origins = load_students(checkpoints, " ")
    assert {origin.kind for origin in origins.values()} == {"bundled"}


def test_the_package_works_without_gradio_and_huggingface_hub() -> None:
    code = (
        "import sys; sys.modules |= {'gradio': None, 'huggingface_hub': None}; import dsn; "
        "import dsn.distilling.distil, dsn.distilling.rebuild; "
        "from tiny_students import tiny_student; tiny_student()"
    )
    run = subprocess.run(
        [sys.executable, "-c", code],
        cwd=KIT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
    )
    assert run.stderr.strip() == ""
