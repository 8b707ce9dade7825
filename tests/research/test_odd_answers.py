"""A customer's own answers on odd pictures: held to loops, to the binomial's definition, and taught to a network."""

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from small_data_sets import digit_arrays, write_prepared
from torch import nn

from dsn.applications.prepared import Split, as_floats
from dsn.applications.registry import application_named
from dsn.applications.training_share import load_training_share
from dsn.attacks.kit.training import Schedule
from dsn.distilling.extras import Branches
from dsn.owner.mint.progress import QuickMint
from dsn.research.distilled_copies import FALSELY, Settings, least_agreement, run
from dsn.research.odd_answers import (
    OddAnswers,
    OddPictures,
    Teaching,
    answers_of_customer,
    answers_of_network,
    odd_pictures,
)
from dsn.student.collection import demo_serials
from dsn.student.hub import load_student

pytestmark = pytest.mark.usefixtures("one_thread")
STUDENT = "digits/alder"


@pytest.fixture(scope="module")
def share() -> Split:
    return load_training_share(application_named("digits"))


def test_an_odd_picture_is_two_pictures_of_different_classes(share: Split) -> None:
    few = Split(share.images[:30], share.labels[:30])
    odd = odd_pictures(few, 12, seed=3)
    halves = {}
    for one in range(30):
        for other in range(30):
            halves[(few.images[one].double() / 2 + few.images[other].double() / 2).floor().to(torch.uint8)] = one, other
    for image, classes in zip(odd.images, odd.classes, strict=True):
        pairs = [pair for half, pair in halves.items() if torch.equal(half, image)]
        assert any([int(few.labels[one]), int(few.labels[other])] == classes.tolist() for one, other in pairs)
        assert classes[0] != classes[1]
    assert torch.equal(odd.images, odd_pictures(few, 12, seed=3).images)
    assert not torch.equal(odd.images, odd_pictures(few, 12, seed=4).images)


def test_what_a_network_rather_sees_is_the_larger_of_two_logits() -> None:
    network = nn.Sequential(nn.Flatten(), nn.Linear(16, 5))
    generator = torch.Generator().manual_seed(0)
    images = torch.randint(256, (40, 1, 4, 4), generator=generator, dtype=torch.uint8)
    classes = torch.stack([torch.randperm(5, generator=generator)[:2] for _ in images])
    found = answers_of_network(network, OddPictures(images, classes))
    weight, bias = network[1].weight.double(), network[1].bias.double()
    for image, (first, second), answer in zip(images, classes.tolist(), found.tolist(), strict=True):
        logits = weight @ (image.double().flatten() / 255) + bias
        assert answer == int(logits[second] > logits[first])


@pytest.mark.parametrize(("odd", "listed"), [(300, 5), (2000, 20)])
def test_nobody_is_named_falsely_more_often_than_said(odd: int, listed: int) -> None:
    def chance(least: int) -> float:
        return sum(math.comb(odd, count) for count in range(least, odd + 1)) / 2**odd

    least = least_agreement(odd, listed)
    assert listed * chance(least) <= FALSELY < listed * chance(least - 1)


def test_a_student_learns_its_customers_answers_and_no_others(share: Split) -> None:
    student, serial = load_student(f"checkpoints/{STUDENT}"), demo_serials()[STUDENT]
    settings = OddAnswers(share, serial, pictures_seed=1, answers_seed=2, count=64, batch=32)
    teaching = Teaching(settings, student.requires_grad_())
    optimizer = torch.optim.Adam(student.parameters(), lr=2e-4)
    nothing = Branches(torch.empty(0), torch.empty(0), slice(0), torch.empty(0), 0)
    for _ in range(80):
        optimizer.zero_grad()
        teaching.loss(nothing, torch.empty(0)).backward()
        optimizer.step()
    odd = odd_pictures(share, 64, seed=1)
    assert torch.equal(teaching._inputs, student.stamp(as_floats(odd.images), serial))
    seen = answers_of_network(student.eval(), odd, lambda images: student.stamp(images, serial))
    assert (seen == answers_of_customer(64, seed=2)).sum() >= 58
    assert 16 <= (seen == answers_of_customer(64, seed=5)).sum() <= 48


def test_students_are_copied_and_traced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DSN_DATA", str(tmp_path))
    write_prepared(tmp_path, digit_arrays() | {"class_names": np.array(list("0123456789"))})
    short = Settings(
        QuickMint(epochs=1, training_pictures=192), Schedule(epochs=1, pictures=None, looks=1), customers=1, copies=2
    )
    row = run(replace(short, odd=100, listed=3, share=1.0), tmp_path)
    assert row["least_agreement"] == least_agreement(100, 3)
    assert row["taught"]["copies"] == row["plain"]["copies"] == 2
    for side in (row["taught"], row["plain"]):
        assert 0 <= side["copies_agreement"]["lowest"] <= side["copies_agreement"]["mean"] <= 100
        assert 0 <= side["named"] <= 2 and 0 <= side["falsely"] <= 2
