"""Applications that are files: what is read from an `application.json`, and what is refused."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dsn.applications import registry
from dsn.applications.described import (
    DESCRIPTION,
    LONGEST_NAME,
    DescriptionError,
    described,
    plain_text,
    write_description,
)
from dsn.applications.held_out import held_out_path, load_held_out, write_held_out
from dsn.applications.prepared import DataError, Split, load_data_set
from dsn.applications.record import Application, Augmentation
from dsn.applications.registry import UnknownApplicationError, application_named, applications, damaged_applications
from dsn.files import write_tensors
from dsn.networks.config import POOL, NetworkConfig
from dsn.student.card import credit

NAMES = ("oak", "<b>beech</b> | [x](javascript:1)", "枫树")


def leaves(home: Path | None = None) -> Application:
    return Application(
        name="leaves",
        title="Leaves",
        noun="picture",
        data_file="own/leaves",
        classes=NAMES,
        network=NetworkConfig(channels=3, size=32, layers=(8, POOL, 8, POOL), features=16, classes=3, first_kernel=5),
        augmentation=Augmentation(rotation=10, scale=0.1, shift=2, mirrored=True),
        teacher_epochs=3,
        student_epochs=2,
        student_batch=64,
        data_set="leaves",
        attribution="Pictures from somebody's folder.",
        licence="",
        source_url="",
        teacher_batch=32,
        home=home,
        pictures="0123456789ab",
    )


@pytest.fixture
def shelf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder in place of `checkpoints/`."""
    monkeypatch.setattr(registry, "CHECKPOINTS", tmp_path)
    yield tmp_path


def test_what_was_written_is_read_again(shelf: Path) -> None:
    write_description(leaves(), shelf / "leaves")
    assert list(applications()) == [*registry.BUILT_IN, "leaves"]
    assert application_named("leaves") == leaves(shelf / "leaves")
    write_description(replace(leaves(), title="Autumn"), shelf / "leaves")
    assert application_named("leaves").title == "Autumn", "a changed file is read anew"


def test_a_built_in_name_is_never_taken_over(shelf: Path) -> None:
    write_description(replace(leaves(), name="digits"), shelf / "digits")
    write_description(leaves(), shelf / "Not a word")
    assert applications() == registry.BUILT_IN


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"format": 2}, "format 1"),
        ({"name": "oaks"}, "another name"),
        ({"classes": ["oak", "oak", "elm"]}, "one name"),
        ({"classes": ["oak", "\u202e", "elm"]}, "1 to 60 characters"),
        ({"classes": ["oak"] * 201}, "2 to 200"),
        ({"teacher_epochs": 0}, "teacher_epochs"),
        ({"student_batch": True}, "student_batch"),
        ({"source_url": "javascript:alert(1)"}, "https://"),
        ({"augmentation": {"rotation": float("nan")}}, "rotation"),
        ({"augmentation": {"spin": 1}}, "augmentation"),
        ({"pictures": "../../etc"}, "hexadecimal"),
        ({"network": {"channels": 2, "size": 32, "layers": [8], "features": 16, "classes": 3}}, "1 or 3 channels"),
        ({"network": {"channels": 3, "size": 32, "layers": [10**9], "features": 16, "classes": 3}}, "layer is"),
        ({"network": None}, "application"),
    ],
)
def test_a_file_that_cannot_be_is_one_sentence(shelf: Path, changed: dict, said: str) -> None:
    path = write_description(leaves(), shelf / "leaves")
    path.write_text(json.dumps(json.loads(path.read_text("utf-8")) | changed), "utf-8")
    assert list(applications()) == list(registry.BUILT_IN), "the others stay"
    (sentence,) = damaged_applications()
    assert said in sentence and "\n" not in sentence
    with pytest.raises(UnknownApplicationError, match="make it again"):
        application_named("leaves")


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=200)
@given(content=st.binary(max_size=60) | st.sampled_from([b"[" * 5000, b"{}", b"null", b'{"kind": "dsn-application"}']))
def test_any_other_content_is_one_sentence(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "leaves").mkdir(exist_ok=True)
    (tmp_path / "leaves" / DESCRIPTION).write_bytes(content)
    with pytest.raises(DescriptionError):
        described(tmp_path / "leaves")


@given(text=st.text(max_size=200))
def test_a_plain_text_is_one_short_line_that_can_be_seen(text: str) -> None:
    plain = plain_text(text, LONGEST_NAME)
    assert len(plain) <= LONGEST_NAME and plain == plain.strip() and plain_text(plain, LONGEST_NAME) == plain
    assert plain.isprintable()


def test_marks_of_direction_are_gone() -> None:
    assert plain_text("oak\u202egpj.\u2066exe\x1b[31m \n\tleaf", 60) == "oakgpj.exe[31m leaf"
    assert plain_text("x" * 300, 60) == "x" * 59 + "…"


def test_a_card_shows_names_as_they_are() -> None:
    said = credit(replace(leaves(Path()), data_set="<script>x</script>", attribution="[a](https://example.org)"))
    assert not set("<>[]()") & set(said)


def test_its_held_out_pictures_lie_beside_it(shelf: Path) -> None:
    write_description(leaves(), shelf / "leaves")
    application = application_named("leaves")
    with pytest.raises(DataError, match="does not hold pictures of leaves"):
        load_held_out(application)
    split = Split(torch.randint(0, 256, (30, 3, 32, 32), dtype=torch.uint8), torch.arange(30) % 3)
    assert write_held_out(application, split) == held_out_path(application) == shelf / "leaves/held_out.safetensors"
    held = load_held_out(application)
    assert torch.equal(held.split.images, split.images) and torch.equal(held.split.labels, split.labels)
    assert held.class_names == NAMES
    for images, labels in (
        (split.images[:, :1], split.labels),
        (split.images.float(), split.labels),
        (split.images, split.labels + 1),
        (split.images[:0], split.labels[:0]),
        (split.images, split.labels[:9]),
    ):
        write_tensors(held_out_path(application), {"images": images, "labels": labels})
        with pytest.raises(DataError, match="make it again"):
            load_held_out(application)


def test_prepared_pictures_that_are_missing_say_how_to_make_them(shelf: Path, data_home: Path) -> None:
    write_description(leaves(), shelf / "leaves")
    with pytest.raises(DataError, match="python -m dsn application leaves"):
        load_data_set(application_named("leaves"))
