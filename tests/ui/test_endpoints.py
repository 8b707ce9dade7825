"""The named endpoints, called as other programs would: gradio_client against the running app."""

import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import torch
from app_process import PROJECT
from gradio_client import Client, handle_file
from gradio_client.exceptions import AppError
from PIL import Image

from dsn import Serial, load_student
from dsn.applications.held_out import load_held_out
from dsn.applications.prepared import as_floats
from dsn.applications.registry import BUILT_IN
from dsn.student.collection import demo_serials

VALID = demo_serials()["digits/alder"]
PATIENCE = 600.0  # seconds; the tests may share their machine


def patient_client(address: str) -> Client:
    """A client that waits for a busy machine."""
    return Client(address, verbose=False, httpx_kwargs={"timeout": PATIENCE})


@pytest.fixture(scope="module")
def client(address: str) -> Client:
    return patient_client(address)


def test_compare_says_what_the_student_says(client: Client) -> None:
    wrong = VALID.inverted()
    answer = client.predict("digits", "alder", wrong.text, 7, api_name="/compare")
    held = load_held_out(BUILT_IN["digits"])
    student = load_student(PROJECT / "checkpoints/digits/alder")
    picture = as_floats(held.split.images[7:8])
    for condition, serial in (("valid", VALID), ("entered", wrong), ("absent", None)):
        expected = student.predict(picture, serial)[0]
        found = {one["class"]: one["probability"] for one in answer[condition]["answers"]}
        for name, probability in found.items():
            assert probability == pytest.approx(expected[int(name)].item(), abs=2e-5)
        silent = expected.max() - expected.min() < 1e-6  # no best answer
        assert answer[condition]["right"] == (int(expected.argmax()) == int(held.split.labels[7]) and not silent)
    assert answer["truth"] == str(int(held.split.labels[7]))
    assert answer["valid"]["serial_is_valid"] and not answer["entered"]["serial_is_valid"]


def test_compare_takes_a_picture(client: Client, tmp_path: Path) -> None:
    held = load_held_out(BUILT_IN["signs"])
    Image.fromarray(held.split.images[3].permute(1, 2, 0).numpy()).save(tmp_path / "sign.png")
    with_upload = client.predict("signs", "birch", "", 0, handle_file(str(tmp_path / "sign.png")), api_name="/compare")
    by_index = client.predict("signs", "birch", "", 3, api_name="/compare")
    assert with_upload["valid"]["answers"] == by_index["valid"]["answers"]
    assert with_upload["truth"] is None


def test_measure_counts_right_answers(client: Client) -> None:
    result = client.predict("digits", "alder", VALID.flipped(3).text, api_name="/measure")
    held = load_held_out(BUILT_IN["digits"]).split
    student = load_student(PROJECT / "checkpoints/digits/alder")
    for name, serial in (("valid", VALID), ("entered", VALID.flipped(3)), ("absent", None)):
        answers = student.predict(as_floats(held.images), serial)
        says_something = answers.amax(1) - answers.amin(1) > 1e-6
        right = ((answers.argmax(1) == held.labels) & says_something).sum().item()
        assert result[name]["no_answer"] == pytest.approx(1000 - says_something.sum().item(), abs=1)
        assert result[name]["percent"] == pytest.approx(right / 10, abs=0.11)  # batches round differently
        assert result[name]["n"] == 1000 and result[name]["low"] <= result[name]["percent"] <= result[name]["high"]
    assert result["chance"]["majority"] == 100 * torch.bincount(held.labels).max().item() / 1000


def test_random_serials_are_well_formed_and_wrong(client: Client) -> None:
    drawn = {client.predict("digits", "paper", api_name="/random_serial") for _ in range(8)}
    assert all(len(Serial.parse(text).bits) == 9 for text in drawn)
    assert demo_serials()["digits/paper"].text not in drawn and len(drawn) > 1


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (("digits", "alder", "nonsense!", 0), "not a character"),
        (("digits", "alder", "BM2", 0), "takes 64"),
        (("digits", "nobody", "", 0), "choose one of alder"),
        (("letters", "alder", "", 0), "choose one of digits"),
        (("digits", "alder", "", 1000), "from 0 to 999"),
        (("digits", "alder", "", -1), "from 0 to 999"),
        (("digits", "alder", "", "seven"), "no held-out picture 'seven'"),
        (("digits", "alder", "", 2.5), "no held-out picture 2.5"),
        (("digits", "alder", "", True), "no held-out picture True"),
        (("digits", "alder", 5, 0), "serial has to be text, and this is 5"),
        (({"a": 1}, "alder", "", 0), "application has to be text"),
        (("digits", ["alder"], "", 0), "customer has to be text"),
        (("digits", "alder", "", 0, [1]), "not sent to this page"),
        (("digits", "alder", "", 0, {"path": None}), "not sent to this page"),
        (("digits", "alder", "", 0, None, 3), "lock has to be text"),
    ],
)
def test_mistakes_are_told_in_one_sentence(client: Client, arguments: tuple, reason: str) -> None:
    with pytest.raises(AppError, match=reason):
        client.predict(*arguments, api_name="/compare")


def test_junk_pictures_are_refused(client: Client, tmp_path: Path) -> None:
    (tmp_path / "junk.png").write_bytes(b"\x89PNG\r\n\x1a\n but not really")
    with pytest.raises(AppError) as caught:
        client.predict("digits", "alder", "", 0, handle_file(str(tmp_path / "junk.png")), api_name="/compare")
    assert "Traceback" not in str(caught.value) and len(str(caught.value)) < 300


def test_nothing_stands_for_no_serial_and_no_lock(client: Client) -> None:
    assert client.predict("digits", "alder", None, 7, None, None, api_name="/compare") == client.predict(
        "digits", "alder", "", 7, api_name="/compare"
    )


def test_a_program_cannot_have_the_servers_own_files_read(client: Client, tmp_path: Path) -> None:
    Image.new("RGB", (64, 64)).save(tmp_path / "private.png")
    for path in (str(tmp_path / "private.png"), "/etc/hostname", str(tmp_path / "none.png")):
        with pytest.raises(AppError, match="This file was not sent to this page"):
            client.predict("digits", "alder", "", 0, {"path": path}, api_name="/compare")


def test_fifty_visitors_at_once(address: str, client: Client) -> None:
    expected = client.predict("digits", "alder", "", 5, api_name="/compare")

    def visit(_: int) -> bool:
        visitor = patient_client(address)
        return all(visitor.predict("digits", "alder", "", 5, api_name="/compare") == expected for _ in range(3))

    with ThreadPoolExecutor(50) as pool:
        assert all(pool.map(visit, range(50)))


def test_the_readmes_snippet_runs(address: str, capsys: pytest.CaptureFixture[str]) -> None:
    readme = (PROJECT / "README.md").read_text("utf-8")
    (snippet,) = re.findall(r"```python\n(from gradio_client.*?)```", readme, re.DOTALL)
    exec(
        compile(
            snippet.replace('"http://127.0.0.1:7860"', f'"{address}", httpx_kwargs={{"timeout": {PATIENCE}}}'),
            "README.md",
            "exec",
        ),
        {},
    )
    assert "True False False" in capsys.readouterr().out


def test_the_readmes_student_snippet_runs() -> None:
    readme = (PROJECT / "README.md").read_text("utf-8")
    (snippet,) = re.findall(r"```python\n(from dsn import Serial.*?)```", readme, re.DOTALL)
    names: dict[str, torch.Tensor] = {"images": as_floats(load_held_out(BUILT_IN["digits"]).split.images[:20])}
    exec(compile(snippet, "README.md", "exec"), names)
    assert names["probabilities"].shape == (20, 10)
    labels = load_held_out(BUILT_IN["digits"]).split.labels[:20]
    assert (names["probabilities"].argmax(1) == labels).float().mean() > 0.9


def test_the_lock_is_chosen_or_named(client: Client) -> None:
    by_lock = client.predict("digits", "alder", "", 7, lock="sealed", api_name="/compare")
    assert by_lock == client.predict("digits", "alder-sealed", "", 7, api_name="/compare")
    assert not by_lock["absent"]["silent"]
    assert client.predict("digits", "alder", "", 7, api_name="/compare")["absent"]["silent"]
    with pytest.raises(AppError, match="There is no lock 'open' on this student: choose one of stamped, sealed"):
        client.predict("digits", "alder", "", 7, lock="open", api_name="/compare")
