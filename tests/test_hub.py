"""Students from a Hub: a real Hub-compatible server (olah) over git repositories, and servers that are no Hub."""

import json
import os
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from time import sleep
from typing import Any

import pytest
from tiny_students import answer, close_to, tiny_student

from dsn import StudentError
from dsn.checkpoints import WEIGHTS, save_student
from dsn.hub import load_students

TESTS = Path(__file__).parent
SECRET = "hf_ThisTokenMustNotBeRepeated"
FIRST, SECOND, BUNDLED, BIRCH = 1, 2, 3, 4  # seeds of the students' weights


def ask(endpoint: str, home: Path, calls: list[dict[str, Any]], **environment: str) -> list[Any]:
    """What a program of its own gets from a Hub; see hub_client.py."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("HF_", "DSN_"))}
    run = subprocess.run(
        [sys.executable, TESTS / "hub_client.py", json.dumps(calls)],
        env={
            **inherited,
            "PYTHONPATH": str(TESTS.parent),
            "HF_ENDPOINT": endpoint,
            "HF_HOME": str(home),
            "NO_PROXY": "127.0.0.1",
            **environment,
        },
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert run.returncode == 0, run.stderr
    assert SECRET not in run.stdout + run.stderr
    return json.loads(run.stdout)


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


@dataclass(frozen=True)
class Told:
    """What a program got from the Hub while it ran and after it was stopped.

    Attributes:
        first: the repository's first commit, tagged v1.
        second: its second, on main.
        before: outcomes before there was a second commit, by the call's name.
        served: outcomes after it, with the cache that the former left.
        gone: outcomes without the server, with the cache that the former left.
        offline: the same with HF_HUB_OFFLINE set.
        home: huggingface_hub's folder.
    """

    first: str
    second: str
    before: dict[str, Any]
    served: dict[str, Any]
    gone: dict[str, Any]
    offline: dict[str, Any]
    home: Path


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory, checkpoints: Path) -> Told:
    """One Hub with four repositories, asked by four programs, one after another."""
    folder = tmp_path_factory.mktemp("hub")
    models, home = folder / "mirrors" / "models" / "acme", folder / "home"
    first = publish(models / "alder", "digits/alder", FIRST)
    git(models / "alder", "tag", "v1")
    publish(models / "birch", "digits/birch", BIRCH)
    publish(models / "damaged", "digits/birch", BIRCH)
    whole = (models / "damaged" / WEIGHTS).read_bytes()
    (models / "damaged" / WEIGHTS).write_bytes(whole[:-100])
    git(models / "damaged", "commit", "--all", "--message", "Cut short")
    publish(models / "text", "digits/birch", BIRCH)
    git(models / "text", "rm", "config.json", WEIGHTS)
    git(models / "text", "commit", "--message", "No student")
    publish(models / "pickled", "digits/birch", BIRCH)
    git(models / "pickled", "mv", WEIGHTS, "pytorch_model.bin")
    git(models / "pickled", "commit", "--message", "Pickled")

    pinned = f"digits/alder=acme/alder@{first}"
    served: dict[str, dict[str, Any]] = {
        "main": {"source": "acme/alder"},
        "first": {"source": "acme/alder", "revision": first},
        "tag": {"source": "acme/alder", "revision": "v1"},
        "no revision": {"source": "acme/alder", "revision": "v9"},
        "no repository": {"source": "acme/nobody"},
        "no student": {"source": "acme/text"},
        "damaged": {"source": "acme/damaged"},
        "pretrained": {"pretrained": "acme/alder", "revision": "v1"},
        "pretrained elsewhere": {"pretrained": "acme/birch", "cache_dir": str(folder / "another")},
        "pickled": {"pretrained": "acme/pickled"},
        "page": {"checkpoints": str(checkpoints), "repositories": pinned, "timeout": 60},
        "wrong name": {"checkpoints": str(checkpoints), "repositories": "digits/birch=acme/alder", "timeout": 60},
        "absent": {"checkpoints": str(checkpoints), "repositories": "digits/birch=acme/nobody", "timeout": 60},
    }
    gone: dict[str, dict[str, Any]] = {
        "main": {"source": "acme/alder"},
        "first": {"source": "acme/alder", "revision": first},
        "never asked for": {"source": "acme/birch"},
        "pretrained": {"pretrained": "acme/alder", "local_files_only": True},
        "pretrained, never asked for": {"pretrained": "acme/birch", "local_files_only": True},
        "pretrained elsewhere": {"pretrained": "acme/birch", "cache_dir": str(folder / "another")},
        "page": {
            "checkpoints": str(checkpoints),
            "repositories": "digits/alder=acme/alder, digits/birch=acme/birch",
            "timeout": 60,
        },
        "page without bundled": {
            "checkpoints": str(folder),
            "repositories": "digits/birch=acme/birch",
            "timeout": 60,
        },
    }

    def outcomes(calls: dict[str, dict[str, Any]], **environment: str) -> dict[str, Any]:
        return dict(zip(calls, ask(endpoint, home, list(calls.values()), **environment), strict=True))

    with olah(folder / "mirrors", folder / "server") as endpoint:
        before = outcomes({"main": served["main"]})
        second = publish(models / "alder", "digits/alder", SECOND)
        was_served = outcomes(served)
    return Told(first, second, before, was_served, outcomes(gone), outcomes(gone, HF_HUB_OFFLINE="1"), home)


def test_a_student_is_the_newest_of_its_repository(told: Told) -> None:
    assert told.before["main"]["answer"] == close_to(answer(tiny_student("digits/alder", FIRST)))
    assert told.served["main"]["answer"] == close_to(answer(tiny_student("digits/alder", SECOND)))


def test_a_revision_is_a_commit_or_a_tag(told: Told) -> None:
    expected = close_to(answer(tiny_student("digits/alder", FIRST)))
    assert told.served["first"]["answer"] == expected
    assert told.served["tag"]["answer"] == expected
    assert told.served["main"]["answer"] != expected


def test_from_pretrained_takes_a_revision_and_a_cache_of_ones_own(told: Told) -> None:
    assert told.served["pretrained"]["answer"] == close_to(answer(tiny_student("digits/alder", FIRST)))
    birch = close_to(answer(tiny_student("digits/birch", BIRCH)))
    assert told.served["pretrained elsewhere"]["answer"] == birch
    assert told.gone["pretrained elsewhere"]["answer"] == birch
    assert told.gone["pretrained"]["answer"] == close_to(answer(tiny_student("digits/alder", SECOND)))
    assert "no copy of repository acme/birch" in told.gone["pretrained, never asked for"]["error"]


def test_a_pickle_in_place_of_the_weights_is_not_even_downloaded(told: Told) -> None:
    assert "it does not hold a student" in told.served["pickled"]["error"]
    assert list(told.home.rglob("*pytorch_model*")) == []


def test_only_the_students_two_files_are_downloaded(told: Told) -> None:
    snapshots = told.home / "hub" / "models--acme--alder" / "snapshots"
    assert {str(path.relative_to(snapshots)) for path in snapshots.glob("*/*")} == {
        f"{commit}/{file}" for commit in (told.first, told.second) for file in ("config.json", "model.safetensors")
    }


@pytest.mark.parametrize(
    ("call", "place"),
    [
        ("no revision", "acme/alder at revision v9"),
        ("no repository", "acme/nobody at revision main"),
        ("no student", "acme/text at revision main"),
    ],
)
def test_what_the_hub_does_not_have_is_named(told: Told, call: str, place: str) -> None:
    assert told.served[call]["error"].startswith(f"There is no repository {place}")


def test_a_damaged_file_on_the_hub_is_named_with_its_repository(told: Told) -> None:
    message = told.served["damaged"]["error"]
    assert message.startswith("acme/damaged@")
    assert f"/{WEIGHTS} is cut short or damaged" in message


def test_the_page_takes_the_named_students_from_the_hub(told: Told) -> None:
    page = told.served["page"]
    assert page["digits/alder"]["answer"] == close_to(answer(tiny_student("digits/alder", FIRST)))
    assert page["digits/alder"]["origin"] == {
        "kind": "hub",
        "where": "acme/alder",
        "revision": told.first,
        "note": None,
    }
    assert page["digits/birch"]["answer"] == close_to(answer(tiny_student("digits/birch", BUNDLED)))
    assert page["digits/birch"]["origin"]["kind"] == "bundled"


def test_a_wrong_name_is_an_error_and_not_the_bundled_student(told: Told) -> None:
    assert "acme/alder holds the student digits/alder, not digits/birch" in told.served["wrong name"]["error"]
    assert told.served["absent"]["error"].startswith("There is no repository acme/nobody")


@pytest.mark.parametrize("state", ["gone", "offline"])
def test_a_student_downloaded_before_loads_without_the_hub(told: Told, state: str) -> None:
    outcomes = getattr(told, state)
    assert outcomes["main"]["answer"] == close_to(answer(tiny_student("digits/alder", SECOND)))
    assert outcomes["first"]["answer"] == close_to(answer(tiny_student("digits/alder", FIRST)))
    assert outcomes["page"]["digits/alder"]["origin"]["revision"] == told.second


@pytest.mark.parametrize(("state", "advice"), [("gone", "check the network"), ("offline", "HF_HUB_OFFLINE")])
def test_a_student_never_downloaded_cannot_be_had_without_the_hub(told: Told, state: str, advice: str) -> None:
    message = getattr(told, state)["never asked for"]["error"]
    assert "acme/birch at revision main" in message
    assert advice in message


@pytest.mark.parametrize("state", ["gone", "offline"])
def test_without_the_hub_the_page_has_the_bundled_student_and_says_so(told: Told, state: str) -> None:
    birch = getattr(told, state)["page"]["digits/birch"]
    assert birch["answer"] == close_to(answer(tiny_student("digits/birch", BUNDLED)))
    assert birch["origin"]["kind"] == "bundled"
    assert "could not be reached within 60 seconds" in birch["origin"]["note"]


def test_without_the_hub_and_a_bundled_student_it_is_an_error(told: Told) -> None:
    assert "there is no digits/birch in" in told.gone["page without bundled"]["error"]


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
        ("letters/alder=acme/alder", "no such task: use one of digits, signs"),
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
        "import sys; sys.modules |= {'gradio': None, 'huggingface_hub': None}; import dsn, dsn.distill, dsn.rebuild; "
        "from tiny_students import tiny_student; tiny_student()"
    )
    run = subprocess.run(
        [sys.executable, "-c", code],
        cwd=TESTS,
        env={**os.environ, "PYTHONPATH": str(TESTS.parent)},
        capture_output=True,
        text=True,
    )
    assert run.stderr.strip() == ""
