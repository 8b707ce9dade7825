"""The sealed copies that come with the project are what sealing gives, and are nobody else's students."""

from pathlib import Path

import pytest
import torch

from dsn.applications.held_out import load_held_out
from dsn.applications.prepared import as_floats
from dsn.applications.registry import BUILT_IN
from dsn.distilling.rebuild import others_of
from dsn.distilling.sealed_copies import sealed_copy, write_sealed_copies
from dsn.places import CHECKPOINTS
from dsn.student.collection import SEALED_COPY, Collection, demo_serials, stamped_serials
from dsn.student.folder import CONFIG, WEIGHTS, load_folder, save_student
from dsn.student.hub import load_students
from dsn.student.sealing import unseal

SERIALS = demo_serials()


@pytest.mark.parametrize("name", stamped_serials())
def test_a_copy_is_its_student_sealed_the_same_to_the_byte(name: str, tmp_path: Path) -> None:
    stamped, shipped = load_folder(CHECKPOINTS / name), CHECKPOINTS / f"{name}{SEALED_COPY}"
    save_student(sealed_copy(stamped, SERIALS[name], seed=0), tmp_path)
    for file in (CONFIG, WEIGHTS):
        assert (tmp_path / file).read_bytes() == (shipped / file).read_bytes(), "run `python -m dsn rebuild --sealed`"


@pytest.mark.parametrize("task", BUILT_IN)
def test_an_opened_copy_answers_as_its_student(task: str) -> None:
    name, pictures = f"{task}/birch", as_floats(load_held_out(BUILT_IN[task]).split.images[:100])
    stamped, copy = load_folder(CHECKPOINTS / name), load_folder(CHECKPOINTS / f"{name}{SEALED_COPY}")
    wanted = stamped.predict(pictures, SERIALS[name])
    for found in (copy, unseal(copy, SERIALS[name])):
        torch.testing.assert_close(found.predict(pictures, SERIALS[name]), wanted, atol=0.02, rtol=0)


def test_copies_of_one_application_alone_are_written(tmp_path: Path) -> None:
    save_student(load_folder(CHECKPOINTS / "digits/paper"), tmp_path / "digits/paper")
    assert write_sealed_copies(BUILT_IN["signs"], 0, tmp_path) == []
    assert write_sealed_copies(BUILT_IN["digits"], 0, tmp_path) == ["digits/paper-sealed"]
    assert sorted(path.name for path in (tmp_path / "digits").iterdir()) == ["paper", "paper-sealed"]


def test_a_customer_is_no_other_customer_under_another_lock() -> None:
    for name in ("digits/alder", "digits/alder-sealed"):
        assert others_of(name, SERIALS) == {one: SERIALS[f"digits/{one}"] for one in ("birch", "cedar")}
    assert others_of("digits/paper-sealed", SERIALS) == {}


def test_the_page_counts_a_sealed_copy_as_its_customers_student() -> None:
    students, origins = load_students(CHECKPOINTS)
    collection = Collection(students, origins, SERIALS, {})
    assert collection.customers("digits") == ["alder", "birch", "cedar", "paper"]
    assert collection.student("digits", "alder-sealed").config.lock == "sealed"
    alone = Collection({"digits/alder-sealed": students["digits/alder-sealed"]}, {}, SERIALS, {})
    assert alone.customers("digits") == ["alder-sealed"]
