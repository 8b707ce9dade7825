"""An application from a folder of pictures: what is found, chosen and written; bad folders are one sentence each."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from hostile_files import png_claiming
from picture_folders import coloured_squares, write_pictures
from PIL import Image

from dsn.applications import registry
from dsn.applications.held_out import load_held_out
from dsn.applications.own.choices import Impression, channels_for, course_for, mirroring, network_for, size_for
from dsn.applications.own.making import Wishes, prepare, write
from dsn.applications.own.reading import read
from dsn.applications.own.survey import FolderError, survey
from dsn.applications.prepared import DataError, Split, load_data_set
from dsn.applications.reading import open_picture
from dsn.applications.registry import application_named
from dsn.distilling.own_command import customers_of, duration, lines_of
from dsn.networks.classifier import Classifier

USUAL = Wishes()
HUES = ("red", "green", "blue")


@pytest.fixture
def shelf(tmp_path: Path, data_home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder in place of `checkpoints/`, and another in place of the data folder."""
    shelf = tmp_path / "checkpoints"
    shelf.mkdir()
    monkeypatch.setattr(registry, "CHECKPOINTS", shelf)
    return shelf


@pytest.fixture
def squares(tmp_path: Path) -> Path:
    """Thirty squares in three classes."""
    images, labels = coloured_squares(30, 0)
    write_pictures(tmp_path / "squares", images, [HUES[label] for label in labels])
    return tmp_path / "squares"


def made(name: str, folder: Path, shelf: Path, wishes: Wishes = USUAL):
    return prepare(name, folder, wishes, shelf)


def everything(shelf: Path, data_home: Path) -> list[Path]:
    return [path for top in (shelf, data_home) for path in top.rglob("*")]


def test_a_folder_becomes_an_application(squares: Path, shelf: Path, data_home: Path) -> None:
    prepared = made("squares", squares, shelf)
    assert everything(shelf, data_home) == [], "nothing is written before all is known"
    write(prepared)
    application = application_named("squares")
    assert application == prepared.application and application.classes == ("blue", "green", "red")
    assert (application.network.channels, application.network.size) == (3, 32)
    data = load_data_set(application)
    assert (len(data.train), len(data.test)) == (24, 6) and data.class_names == application.classes
    assert data.test.labels.bincount().tolist() == [2, 2, 2], "a fifth of every class"
    held = load_held_out(application)
    assert torch.equal(held.split.images, data.test.images) and torch.equal(held.split.labels, data.test.labels)
    for path in squares.glob("*/*.png"):  # what is uploaded on the page becomes what was prepared
        fitted = (application.fitted(open_picture(path))[0] * 255).round().byte()
        both = torch.cat([data.train.images, data.test.images])
        assert (both == fitted).flatten(1).all(1).sum() == 1


def test_the_same_pictures_are_split_the_same_way_whatever_they_are_called(squares: Path, shelf: Path) -> None:
    one = made("squares", squares, shelf)
    for number, path in enumerate(sorted(squares.glob("*/*.png"), reverse=True)):
        path.rename(path.with_name(f"{number}.PNG"))
    other, third = made("squares", squares, shelf), made("squares", squares, shelf, Wishes(seed=1))
    assert set(one.test.keys) == set(other.test.keys) != set(third.test.keys)


def test_copies_are_never_on_both_sides(squares: Path, shelf: Path) -> None:
    for path in list((squares / "red").iterdir()):
        shutil.copy(path, path.with_name(f"copy of {path.name}"))
        Image.open(path).save(path.with_suffix(".bmp"))
    shutil.copy(next((squares / "red").glob("*.png")), squares / "blue" / "what am I.png")
    prepared = made("squares", squares, shelf)
    assert not set(prepared.train.keys) & set(prepared.test.keys)
    assert len(prepared.train.keys) + len(prepared.test.keys) == 29
    assert prepared.seen.left_out.counts == {
        "the same picture as another of its class": 18,
        "the same picture in two classes": 4,
    }


def test_halves_of_its_own_stay_and_what_is_in_both_leaves_train(squares: Path, tmp_path: Path, shelf: Path) -> None:
    halves = tmp_path / "halves"
    shutil.copytree(squares, halves / "train")
    images, labels = coloured_squares(9, 1)
    write_pictures(halves / "Test", images, [HUES[label] for label in labels])
    shutil.copy(next((halves / "train" / "red").iterdir()), halves / "Test" / "red" / "same.png")
    (halves / "notes").mkdir()
    prepared = made("squares", halves, shelf)
    assert (len(prepared.train.keys), len(prepared.test.keys)) == (29, 10)
    assert prepared.seen.left_out.counts == {
        "folder beside train/ and test/": 1,
        "the same picture in train/ as in test/": 1,
    }
    shutil.rmtree(halves / "Test" / "red")
    with pytest.raises(FolderError, match="train/ has a class “red” that test/ lacks"):
        survey(halves)


def test_what_is_no_picture_is_left_out_and_said(squares: Path, shelf: Path, tmp_path: Path) -> None:
    red = squares / "red"
    (red / "notes.txt").write_text("not a picture")
    (red / ".DS_Store").write_bytes(b"\0")
    (red / "Thumbs.db").write_bytes(b"\0")
    (red / "cut.png").write_bytes(next(red.glob("*.png")).read_bytes()[:700])
    (red / "huge.png").write_bytes(png_claiming(40_000, 40_000))
    (red / "fat.png").write_bytes(bytes(20_000_001))
    (red / "deeper").mkdir()
    (squares / "loose.png").write_bytes(b"")
    (squares / ".git").mkdir()
    secret = tmp_path / "secret.png"
    Image.new("RGB", (32, 32)).save(secret)
    (red / "link.png").symlink_to(secret)
    (squares / "elsewhere").symlink_to(tmp_path)
    os.mkfifo(red / "pipe.png")
    prepared = made("squares", squares, shelf)
    assert prepared.seen.left_out.counts == {
        "hidden": 3,
        "link (links are not followed)": 2,
        "loose file beside the sub-folders": 1,
        "folder inside a class": 1,
        "neither file nor folder": 1,
        "no picture of a known kind": 1,
        "damaged or cut off": 1,
        "of more than 25 megapixels": 1,
        "larger than 20 MB": 1,
    }
    assert len(prepared.train.keys) + len(prepared.test.keys) == 30 and len(prepared.application.classes) == 3
    lines = lines_of(prepared)
    assert "Left out: 3 hidden: .git, red/.DS_Store, red/Thumbs.db" in lines
    assert "  red: 8 + 2" in lines


def without(*names: str) -> Callable[[Path], None]:
    def spoil(top: Path) -> None:
        for name in names:
            shutil.rmtree(top / name)

    return spoil


def without_most(top: Path) -> None:
    for path in sorted((top / "red").iterdir())[1:]:
        path.unlink()


def with_texts(top: Path) -> None:
    for path in top.glob("*/*"):
        path.write_text("x")


def with_classes(*names: str) -> Callable[[Path], None]:
    def spoil(top: Path) -> None:
        for name in names:
            (top / name).mkdir()

    return spoil


def as_a_file(top: Path) -> None:
    shutil.rmtree(top)
    top.write_text("x")


BAD: dict[str, tuple[Callable[[Path], None], str]] = {
    "nothing there": (without("."), "cannot be read"),
    "a file": (as_a_file, "is no folder"),
    "no sub-folders": (without(*HUES), "has no sub-folders"),
    "one class": (without(*HUES[1:]), "has one class, “red”"),
    "one picture": (without_most, "“red” has one picture"),
    "an empty class": (with_classes("void"), "“void” has no picture"),
    "texts alone": (with_texts, "There is not one picture in the sub-folders"),
    "500 classes": (with_classes(*(f"class {number}" for number in range(500))), "at most 200 classes"),
}


@pytest.mark.parametrize("what", BAD)
def test_a_bad_folder_is_one_sentence(what: str, squares: Path, shelf: Path, data_home: Path) -> None:
    spoil, said = BAD[what]
    spoil(squares)
    with pytest.raises(FolderError, match=said) as caught:
        made("squares", squares, shelf)
    assert "\n" not in str(caught.value)
    assert everything(shelf, data_home) == []


@pytest.mark.parametrize("name", ["../leaves", "a/b", "Leaves", "", "-rf", "<b>", "x" * 41, "digits", "叶", "a\n"])
def test_a_name_that_cannot_be_is_one_sentence(name: str, squares: Path, shelf: Path, data_home: Path) -> None:
    with pytest.raises(FolderError, match=r"choose another name|cannot be an application"):
        made(name, squares, shelf)
    assert everything(shelf, data_home) == []


def test_names_of_classes_are_shown_plainly(squares: Path, shelf: Path) -> None:
    strange = ("<img src=x onerror=alert(1)>", "\u202egnp.exe", "枫叶 🍁", "a" * 250, "\u200b", "\u200e")
    for number, name in enumerate(strange):
        images, _ = coloured_squares(4, 10 + number)
        write_pictures(squares, images, [name] * 4)
    classes = made("squares", squares, shelf).application.classes
    assert len(set(classes)) == 9 and all(name.isprintable() and len(name) <= 60 for name in classes)
    assert {"<img src=x onerror=alert(1)>", "枫叶 🍁", "gnp.exe", "a" * 59 + "…"} <= set(classes)


def test_students_of_other_classes_are_not_left_without_their_application(squares: Path, shelf: Path) -> None:
    write(made("squares", squares, shelf))
    (shelf / "squares" / "alder").mkdir()
    made("squares", squares, shelf)
    shutil.rmtree(squares / "red")
    with pytest.raises(FolderError, match="holds students of other classes"):
        made("squares", squares, shelf)
    (shelf / "roses").mkdir()
    (shelf / "roses" / "letter.txt").touch()
    with pytest.raises(FolderError, match="holds something else"):
        made("roses", squares, shelf)


def test_a_full_disk_leaves_nothing_half_written(
    squares: Path, shelf: Path, data_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    prepared = made("squares", squares, shelf)
    (shelf / "squares").write_text("in the way")
    with pytest.raises(FolderError, match="cannot be written"):
        write(prepared)
    assert (shelf / "squares").read_text() == "in the way" and "squares" not in registry.applications()
    assert list(data_home.rglob("*.npz")) == []


def test_other_prepared_arrays_are_not_taken_for_these(squares: Path, shelf: Path) -> None:
    write(made("squares", squares, shelf))
    first = application_named("squares")
    for path in sorted((squares / "red").iterdir())[:2]:
        path.unlink()
    arrays, *_ = write(made("squares", squares, shelf))
    assert application_named("squares").pictures != first.pictures
    with pytest.raises(DataError, match="other pictures"):
        load_data_set(first)
    arrays.write_bytes(b"PK")
    with pytest.raises(DataError, match="python -m dsn application squares"):
        load_data_set(application_named("squares"))


def test_colours_and_size_are_those_of_most_pictures() -> None:
    assert channels_for(Impression(30, 0.01, 100)) == 1 and channels_for(Impression(30, 0.5, 100)) == 3
    assert [size_for(Impression(side, 1, 100)) for side in (5, 28, 31, 48, 63, 4000)] == [28, 28, 28, 48, 56, 64]
    assert [size_for(Impression(4000, 1, count)) for count in (9_999, 10_000, 30_000)] == [64, 48, 32]


@pytest.mark.parametrize("size", [28, 30, 32, 33, 47, 48, 64])
def test_there_is_a_network_for_every_size_and_amount(size: int) -> None:
    for channels, pictures in ((1, 2), (3, 100_000)):
        network = network_for(channels, size, 5, pictures)
        assert Classifier(network)(torch.rand(2, channels, size, size)).shape == (2, 5)


@pytest.mark.parametrize("pictures", [2, 3, 20, 480, 5_000, 60_000])
def test_every_amount_of_pictures_makes_steps(pictures: int) -> None:
    course = course_for(pictures)
    assert 2 <= course.student_batch <= 2 * pictures and course.teacher_batch <= pictures
    assert course.teacher_epochs * (pictures // course.teacher_batch) >= 600
    assert course.student_epochs * (pictures // (course.student_batch // 2)) >= 400


def test_what_points_one_way_is_not_mirrored(digits) -> None:
    few = Split(digits.split.images[:600], digits.split.labels[:600])
    assert not mirroring(few, 10).is_kept
    images, labels = coloured_squares(120, 3)
    squares = Split(torch.from_numpy(np.stack(images).transpose(0, 3, 1, 2).copy()), torch.tensor(labels))
    assert mirroring(squares, 3).is_kept


def test_customers_are_words() -> None:
    assert customers_of("elm, fir,elm") == ["elm", "fir"]
    for text in ("", "Elm", "../elm", "elm-sealed", ",".join(f"c{number}" for number in range(21))):
        with pytest.raises(FolderError):
            customers_of(text)


def test_durations_are_told_as_people_do() -> None:
    assert [duration(seconds) for seconds in (1, 42, 120, 5000, 7200)] == [
        "5 seconds", "40 seconds", "2 minutes", "83 minutes", "2.0 hours",
    ]  # fmt: skip


def test_reading_tells_how_far_it_is(squares: Path) -> None:
    told: list[int] = []
    read(survey(squares), 3, 32, 0, told.append)
    assert sum(told) == 30
