"""Attacks on students of pages: an edit opens the trained lock, whose unit spells the serial; nothing opens a seal."""

from dataclasses import replace

import pytest
import torch

from dsn.applications.pages.prepared_pages import Pages, draw_pages
from dsn.attacks.on_pages import FULL, best_of, bits_read, by_chance, lifts, openings, starts
from dsn.measuring.evaluate_maps import found_on
from dsn.networks.map_network import MapConfig
from dsn.places import CHECKPOINTS
from dsn.serials import Serial
from dsn.student.collection import document_serials
from dsn.student.folder import load_folder
from dsn.student.student import Student

SETTINGS = replace(FULL, softness=(2.0,), unlabelled=4)


@pytest.fixture(scope="module")
def pages() -> Pages:
    return draw_pages(77, 4)


def shipped(customer: str) -> tuple[Student, Serial]:
    name = f"documents/{customer}"
    return load_folder(CHECKPOINTS / name), document_serials()[name]


def test_one_edit_opens_the_trained_lock_and_a_units_weights_spell_the_serial(pages: Pages) -> None:
    student, serial = shipped("alder")
    found = {name: found_on(answering, pages) for name, answering in openings(student, pages, SETTINGS)}
    valid = found_on(lambda images: student.predict(images, serial), pages)
    lifted = lifts(student, pages, SETTINGS)
    assert len(found) == 2 + len(lifted) == 3 + MapConfig().glance
    best = best_of(found, lifted)
    assert found[best].cells.harmonic_mean == pytest.approx(valid.cells.harmonic_mean, abs=0.05)
    assert bits_read(student, serial) == 64
    opened = starts(student, lifted[best], 0)["opened"].eval()
    with torch.inference_mode():
        tuned_from = found_on(lambda images: opened(images).sigmoid(), pages)
    assert tuned_from.cells.harmonic_mean == pytest.approx(found[best].cells.harmonic_mean, abs=0.01)


def test_nothing_opens_the_sealed_one(pages: Pages) -> None:
    student, serial = shipped("alder-sealed")
    found = [found_on(answering, pages) for _, answering in openings(student, pages, SETTINGS)]
    assert max(one.boxes.harmonic_mean for one in found) < 0.05
    assert bits_read(student, serial) < 52
    chance = by_chance(student, 3, pages.first(1), 0)
    assert chance["working"] == 0 and chance["years_for_64_bits"] > 1e6
