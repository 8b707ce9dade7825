"""Students from a Hub: a real Hub-compatible server (olah) over git repositories."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from hub_programs import BIRCH, BUNDLED, FIRST, SECOND, ask, git, olah, publish
from tiny_students import answer, close_to, tiny_student

from dsn.student.folder import WEIGHTS


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
