"""What goes to the Hub, and what does not: the official client against a server that follows the Hub's HTTP API."""

import socket
from collections.abc import Iterator
from pathlib import Path

import huggingface_hub
import pytest
import torch
from gated_students import gated_student
from hub_server import Kept, hub_server
from safetensors.torch import load
from tiny_students import answer, close_to, tiny_student

from dsn import Student, StudentError
from dsn.__main__ import main
from dsn.owner.errors import OwnerError
from dsn.owner.keys import create_owner
from dsn.owner.ledger.ledger import Ledger
from dsn.owner.publishing import pack, publish
from dsn.owner.weights import weights_hash
from dsn.student.folder import load_folder, save_student
from dsn.student.patience import wait_asked

TOKEN = "hf_ThisTokenMustNotBeRepeated"
THREE = {"config.json", "model.safetensors", "README.md"}


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[Kept]:
    monkeypatch.setenv("HF_TOKEN", TOKEN)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_DISABLE_XET", True)  # a protocol of its own servers
    with hub_server(TOKEN) as kept:
        monkeypatch.setattr(huggingface_hub.constants, "ENDPOINT", kept.address)
        yield kept


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A student's folder, with more in it than is to be published; and no owner on this machine."""
    monkeypatch.setenv("DSN_OWNER", str(tmp_path / "nobody"))
    monkeypatch.delenv("DSN_LEDGER", raising=False)
    save_student(tiny_student(), tmp_path / "alder")
    for name in ("serial.txt", "private-key.pem", "pytorch_model.bin", ".env"):
        (tmp_path / "alder" / name).write_text("secret")
    return tmp_path / "alder"


def told(*arguments: str) -> str:
    """The sentence that a command ends with."""
    with pytest.raises(SystemExit) as end:
        main(list(arguments))
    message = str(end.value)
    assert message.endswith(".") and "\n" not in message and TOKEN not in message
    return message


def test_the_three_files_are_sent_and_nothing_else(hub: Kept, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(["publish", str(folder), "--repo", "acme/alder", "--private"])
    assert hub.repositories == {"acme/alder": "private"}
    assert set(hub.files["acme/alder"]) == THREE
    assert hub.titles == ["Student digits/alder"]
    sent = hub.files["acme/alder"]
    assert sent["config.json"] == (folder / "config.json").read_bytes()
    assert set(load(sent["model.safetensors"])) == set(tiny_student().state_dict())
    card = sent["README.md"].decode()
    assert card.startswith("---\n") and 'load_student("acme/alder")' in card
    assert TOKEN not in capsys.readouterr().out
    main(["publish", str(folder), "--repo", "acme/alder"])  # again: the repository is there, and stays private
    assert hub.repositories == {"acme/alder": "private"}


def test_a_dry_run_sends_nothing(hub: Kept, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(["publish", str(folder), "--repo", "acme/alder", "--dry-run"])
    printed = capsys.readouterr().out
    assert hub.requests == []
    assert "acme/alder (public)" in printed and all(name in printed for name in THREE)
    assert "private-key.pem" not in printed


def test_a_collection_is_one_command(hub: Kept, folder: Path, tmp_path: Path) -> None:
    save_student(tiny_student("signs/fir"), tmp_path / "fir")
    main(["publish", str(folder), str(tmp_path / "fir"), "--organisation", "acme"])
    assert set(hub.files) == {"acme/digits-alder", "acme/signs-fir"}
    assert "would both go" in told("publish", str(folder), str(folder), "--organisation", "acme")
    assert "--organisation" in told("publish", str(folder), str(folder), "--repo", "acme/alder")


def test_a_busy_hub_is_waited_for(hub: Kept, folder: Path) -> None:
    busy = (429, {"Retry-After": "0"}, b"")
    hub.refusals = [
        ("/api/repos/create", *busy),
        ("/api/repos/create", *busy),
        ("/api/models/acme/alder/commit", *busy),
    ]
    main(["publish", str(folder), "--repo", "acme/alder"])
    assert set(hub.files["acme/alder"]) == THREE and hub.refusals == []
    assert len(hub.titles) == 1


@pytest.mark.parametrize(
    ("path", "answer", "advice"),
    [
        ("/api/repos/create", (401, {}, b""), "HF_TOKEN"),
        ("/api/repos/create", (403, {"X-Error-Message": f"not with {TOKEN}"}, b""), "HF_TOKEN"),
        ("/api/repos/create", (404, {}, b""), "organisation"),
        ("/api/repos/create", (429, {"Retry-After": "3600"}, b""), "try again in some minutes"),
        ("/api/repos/create", (200, {}, b"<html>Sign in</html>"), "what answers is not a Hub"),
        ("/api/repos/create", (200, {"X-Cut-Off": "yes"}, b'{"url": "'), "cannot be reached"),
        ("/api/validate-yaml", (400, {}, b'{"errors": [{"message": "bad"}]}'), "card is refused"),
        ("/api/models/acme/alder/commit", (200, {}, b"{}"), "what answers is not a Hub"),
        ("/api/models/acme/alder/commit", (500, {}, b"no"), "try again later"),
    ],
)
def test_every_refusal_is_one_sentence(
    hub: Kept, folder: Path, path: str, answer: tuple[int, dict[str, str], bytes], advice: str
) -> None:
    hub.refusals = [(path, *answer)]
    assert advice in told("publish", str(folder), "--repo", "acme/alder")
    assert hub.files == {}


def test_no_token_and_no_hub_are_told(folder: Path, monkeypatch: pytest.MonkeyPatch, hub: Kept) -> None:
    monkeypatch.setenv("HF_TOKEN", "hf_another")
    assert "set HF_TOKEN" in told("publish", str(folder), "--repo", "acme/alder")
    monkeypatch.setenv("HF_TOKEN", f"{TOKEN}\vx")
    assert "HF_TOKEN is not a token" in told("publish", str(folder), "--repo", "acme/alder")
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        with pytest.raises(OwnerError, match="cannot be reached"):
            publish(pack(folder, "acme/alder"), endpoint=f"http://127.0.0.1:{unused.getsockname()[1]}")


@pytest.mark.parametrize(
    "name", ["alder", "acme/alder/x", "../alder", "acme/..", "acme/a b", "https://x/y", "acme/a--b"]
)
def test_a_name_that_cannot_be_is_refused(folder: Path, name: str) -> None:
    with pytest.raises(OwnerError, match="organisation/name"):
        pack(folder, name)


def test_what_is_no_student_is_not_published(folder: Path) -> None:
    (folder / "model.safetensors").write_bytes(b"PK\x03\x04")
    with pytest.raises(StudentError, match="cut short or damaged"):
        pack(folder, "acme/alder")


def test_a_revoked_student_and_a_serial_in_a_card_are_refused(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DSN_OWNER", str(tmp_path / "own"))
    ledger = Ledger(create_owner(tmp_path / "own", "Acme"))
    entry = ledger.enter_student(
        ledger.next_verifier("alder", "digits"), weights_hash(load_folder(folder).state_dict())
    )
    publishing = ("publish", str(folder), "--repo", "acme/alder", "--dry-run")
    main(list(publishing))
    (folder / "README.md").write_text(f"---\nlicense: mit\n---\nTry {ledger.serial(entry).text.lower()}!\n")
    assert "holds the serial of digits/alder" in told(*publishing)
    (folder / "README.md").unlink()
    ledger.revoke("alder", "did not pay")
    assert "was revoked on" in told(*publishing)


def test_how_long_a_hub_asks_to_wait() -> None:
    assert wait_asked({"Retry-After": "7"}) == 7
    assert wait_asked({"ratelimit": '"api";r=0;t=55'}) == 55
    assert wait_asked({"ratelimit": '"api";r=3;t=55'}) is None
    assert wait_asked({}) is None and wait_asked({"Retry-After": "soon"}) is None


def test_a_student_answers_to_what_hub_users_expect(hub: Kept, tmp_path: Path) -> None:
    student = Student.of(tiny_student())
    assert isinstance(student, huggingface_hub.PyTorchModelHubMixin)
    student.save_pretrained(tmp_path / "saved")
    assert {path.name for path in (tmp_path / "saved").iterdir()} == THREE
    again = Student.from_pretrained(tmp_path / "saved")
    assert again.config == student.config and not again.training
    assert answer(again) == close_to(answer(student))
    student.push_to_hub("acme/pushed", private=True)
    assert set(hub.files["acme/pushed"]) == THREE and hub.repositories["acme/pushed"] == "private"
    assert set(load(hub.files["acme/pushed"]["model.safetensors"])) == set(student.state_dict())
    with pytest.raises(TypeError, match="strict"):
        Student.from_pretrained(tmp_path / "saved", strict=False)


def test_no_way_of_the_mixin_reads_a_pickle(tmp_path: Path) -> None:
    folder = tmp_path / "pickled"
    save_student(gated_student(None), folder)
    (folder / "model.safetensors").rename(folder / "pytorch_model.bin")
    torch.save(gated_student(None).state_dict(), folder / "pytorch_model.bin")
    for load_it in (
        lambda: Student.from_pretrained(folder),
        lambda: Student._from_pretrained(model_id=str(folder), revision=None, map_location="cpu", strict=False),
        lambda: Student._load_as_pickle(None, str(folder / "pytorch_model.bin"), "cpu", False),
    ):
        with pytest.raises(StudentError, match=r"model\.safetensors"):
            load_it()
