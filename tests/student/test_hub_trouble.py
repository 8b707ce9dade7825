"""A Hub in trouble: what comes cut off, slow, as a web page or without end costs one sentence, and nothing stays."""

from pathlib import Path
from typing import Any

import pytest
from hub_programs import BUNDLED, SECRET, ask
from tiny_students import answer, close_to, tiny_student
from troubled_hub import SEED, Trouble

from dsn import StudentError, load_student
from dsn.student.hub import Access


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
    outcomes = ask(hub.address[0], tmp_path / "home", calls, HF_HUB_DOWNLOAD_TIMEOUT="2")
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


def test_a_busy_hub_is_waited_for(hub: Trouble, tmp_path: Path) -> None:
    hub.is_well.set()
    (told,) = ask(hub.address[0], tmp_path, [{"source": "busy/alder"}])
    assert told["answer"] == close_to(answer(tiny_student("digits/alder", SEED)))
    assert len(hub.busy) >= 2  # both files were refused at first


def test_a_private_repository_opens_with_the_environments_token(hub: Trouble, tmp_path: Path) -> None:
    hub.is_well.set()
    (told,) = ask(hub.address[0], tmp_path / "without", [{"source": "private/alder"}])
    assert "set HF_TOKEN if it is private" in told["error"] and hub.sent == []
    calls: list[dict[str, Any]] = [
        {"source": "private/alder"},
        {"pretrained": "private/alder", "token": False, "force_download": True},
    ]
    allowed, refused = ask(hub.address[0], tmp_path / "with", calls, HF_TOKEN=SECRET)
    assert allowed["answer"] == close_to(answer(tiny_student("digits/alder", SEED)))
    assert "set HF_TOKEN if it is private" in refused["error"]
