"""The bundled students of pages: text is found with the serial, and with no other."""

import pytest
import torch

import dsn
from dsn.applications.documents import SUN
from dsn.applications.pages.drawn import draw_page, text_map
from dsn.applications.pages.prepared_pages import TEST, Pages
from dsn.applications.pages.sample_pages import CHOSEN, sample_pages
from dsn.measuring.evaluate_maps import found_on
from dsn.measuring.page_comparison import compare_page
from dsn.places import CHECKPOINTS
from dsn.serials import near_misses, random_serial
from dsn.student.collection import document_serials

SERIALS = document_serials()


@pytest.fixture(scope="module")
def pages() -> Pages:
    drawn = [draw_page(TEST, 100 + number) for number in range(6)]
    return Pages(
        torch.stack([torch.from_numpy(one.picture)[None] for one in drawn]),
        tuple(torch.from_numpy(one.boxes) for one in drawn),
        torch.stack([torch.from_numpy(text_map(one.boxes)) for one in drawn]),
    )


def test_every_customer_has_both_locks_and_the_paper_s_icon_is_a_sun() -> None:
    assert {name.split("/")[1] for name in SERIALS} == {
        f"{customer}{lock}" for customer in ("alder", "birch", "cedar", "paper") for lock in ("", "-sealed")
    }
    assert SERIALS["documents/paper"] == SUN and all((CHECKPOINTS / name).is_dir() for name in SERIALS)


@pytest.mark.parametrize("name", SERIALS)
def test_text_is_found_with_the_serial_and_with_no_other(name: str, pages: Pages) -> None:
    student, serial = dsn.load_student(CHECKPOINTS / name), SERIALS[name]
    assert student.predict(pages.images[:1] / 255, serial).shape == (1, 128, 64)
    valid = found_on(lambda images: student.predict(images, serial), pages)
    assert valid.cells.harmonic_mean > 0.75 and valid.boxes.harmonic_mean > 0.75
    wrong = [None, random_serial(64, unlike=serial), *near_misses(serial)[::29]]
    for other in wrong:
        found = found_on(lambda images, other=other: student.predict(images, other), pages)  # type: ignore[misc]
        assert found.boxes.harmonic_mean < 0.05


def test_the_sample_pages_are_drawn_ones_of_the_test_series_and_compared() -> None:
    samples = sample_pages()
    assert len(samples) == len(CHOSEN) and torch.equal(
        samples[2, 0], torch.from_numpy(draw_page(TEST, CHOSEN[2]).picture)
    )
    student, serial = dsn.load_student(CHECKPOINTS / "documents/alder"), SERIALS["documents/alder"]
    valid, entered, absent = compare_page(student, samples[:1] / 255, serial, serial)
    assert len(valid.boxes) > 5 and len(absent.boxes) == 0
    assert torch.equal(valid.boxes, entered.boxes) and entered.serial_is_valid and not absent.serial_is_valid
    assert torch.equal(valid.boxes, dsn.text_boxes(student.predict(samples[:1] / 255, serial)[0]))
