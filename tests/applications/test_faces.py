"""Faces: the reader of their originals, other splits of them, and what is said beside them."""

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from dsn.applications import faces
from dsn.applications.downloads import DownloadError
from dsn.applications.faces import FACES, read_orl
from dsn.applications.held_out import load_held_out
from dsn.applications.prepared import DataError, DataSet, Split, load_data_set
from dsn.applications.splits import other_split
from dsn.student.card import credit
from dsn.tables import splits
from dsn.ui.compare.page_script import sections
from dsn.ui.texts import load_texts

MADE = ("seed", "commit", "device", "date")


def picture(person: int, number: int) -> np.ndarray:
    """Light by person and number, with what lies outside the square in the middle in white: uint8 [112, 92]."""
    values = np.full((112, 92), 5 * person + number, dtype=np.uint8)
    values[:10] = values[102:] = 255
    return values


def test_originals_are_read_person_by_person_from_the_square_in_the_middle(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DSN_DATA", str(tmp_path))
    with pytest.raises(DataError, match=r"faces-64.npz is missing, and ORL faces cannot be downloaded here: get them"):
        load_data_set(FACES)
    for person in range(1, 41):
        folder = tmp_path / "originals" / "orl_faces" / f"s{person}"
        folder.mkdir(parents=True)
        for number in range(1, 11):
            Image.fromarray(picture(person, number)).save(folder / f"{number}.pgm")
    data = load_data_set(FACES)
    assert (data.train.images.shape, data.test.images.shape) == ((280, 1, 64, 64), (120, 1, 64, 64))
    assert data.train.labels.tolist() == [person for person in range(40) for _ in range(7)]
    source = np.random.default_rng(2023)
    for person in range(40):  # seven in the order of the draw, then three
        wanted = [5 * (person + 1) + number + 1 for number in source.permutation(10)]
        found = [*data.train.images[7 * person :][:7], *data.test.images[3 * person :][:3]]
        assert [int(one.min()) for one in found] == [int(one.max()) for one in found] == wanted
    (tmp_path / "originals" / "orl_faces" / "s7" / "3.pgm").write_bytes(b"P5 no picture")
    with pytest.raises(DownloadError, match=r"s7/3.pgm cannot be read .*: put it there again"):
        read_orl(FACES, tmp_path / "originals", "train"), read_orl(FACES, tmp_path / "originals", "test")


def test_another_split_has_the_same_pictures_and_as_many_of_each_class() -> None:
    labels = torch.arange(40).repeat_interleave(10)
    images = torch.arange(400).view(400, 1, 1, 1)  # numbers stand for pictures
    is_train = torch.arange(10).repeat(40) < 7
    train, test = (Split(images[one], labels[one]) for one in (is_train, ~is_train))
    data = DataSet(train, test, FACES.classes)
    assert other_split(data, 0) is data
    first, again, second = (other_split(data, number) for number in (1, 1, 2))
    for found in (first, second):
        assert sorted(torch.cat([found.train.images, found.test.images]).flatten().tolist()) == list(range(400))
        assert torch.equal(found.train.images.flatten() // 10, found.train.labels)
        assert torch.bincount(found.test.labels).tolist() == [3] * 40 and len(found.train) == 280
    assert torch.equal(first.train.images, again.train.images)
    shared = set(first.test.images.flatten().tolist()) & set(second.test.images.flatten().tolist())
    assert len(shared) < 60, "of 120; by chance 36 are in both"


def test_the_page_and_the_card_say_whose_faces_these_are_not() -> None:
    held = load_held_out(FACES)
    assert len(held.split) == 120 and held.split.images.shape[1:] == (1, 64, 64)
    for language, said in (("en", "nobody you know"), ("zh", "没有你认识的人")):
        remarks = sections(load_texts(language))["remarks"]
        assert list(remarks) == ["faces"] and said in remarks["faces"]
    assert "Olivetti Research Laboratory" in credit(FACES) and "nobody you know" in credit(FACES)
    assert len(load_texts("zh").class_names("faces", FACES.classes)) == len(FACES.classes) == faces.PEOPLE


def test_figures_over_splits_are_means_and_what_misses_its_bar_is_in_bold(monkeypatch: pytest.MonkeyPatch) -> None:
    def row(split: int, valid: float) -> dict:
        accuracy = {"low": 90.0, "high": 99.0, "n": 120}
        group = {"serials": 2, "mean": 2.5, "worst": {"percent": 4.0}}
        return {
            "task": "faces", "split": split, "teacher": {"percent": 98.0, **accuracy}, "random_wrong": group,
            "valid": {"percent": valid, **accuracy}, "absent": {"percent": 2.5, **accuracy}, "one_bit_wrong": group,
            "seed": 0, "commit": "abc", "device": "CPU", "date": "2026-01-01",
        }  # fmt: skip

    rows = {"faces/1": row(1, 97.0), "faces/0": row(0, 98.0), "signs/0": {"task": "signs", "split": 0}}
    monkeypatch.setattr(splits, "read_results", lambda name: rows)
    table = splits.splits_table(FACES)
    assert table.index("split 0") < table.index("split 1")
    assert "97.50 (97.00–98.00) | 0.50 (0.00–1.00) | 2.50 (2.50–2.50)" in table and "**" not in table
    rows["faces/1"] = row(1, 93.0)
    assert "| **2.50 (0.00–5.00)** |" in splits.splits_table(FACES)
    rows["faces/2"] = {key: one for key, one in row(2, 0).items() if key in ("task", "split", "teacher", *MADE)}
    table = splits.splits_table(FACES)
    assert "| split 2 | 98.00 (90.00–99.00) | – | – | – | – | – |" in table and "**2.50 (0.00–5.00)**" in table
    rows.clear()
    assert splits.splits_table(FACES) == "Not measured yet."
