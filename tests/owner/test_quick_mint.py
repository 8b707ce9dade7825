"""The quick mint and the public demo teacher: what is shipped is what was recorded, and the gate really closes."""

import random
from contextlib import closing

import pytest
import torch
from safetensors import safe_open

from dsn.applications.held_out import HeldOut
from dsn.applications.prepared import as_floats
from dsn.applications.registry import BUILT_IN
from dsn.applications.training_share import load_training_share
from dsn.distilling.demo_teacher import demo_teacher_path, load_demo_teacher
from dsn.measuring.comparison import measure
from dsn.owner.mint.forecast import WARM_UP_STEPS
from dsn.owner.mint.progress import QuickMint
from dsn.owner.mint.quick import quick_card, quick_mint
from dsn.places import ASSETS
from dsn.results.store import read_results
from dsn.serials import Serial, random_serial

DIGITS = BUILT_IN["digits"]
SERIAL = random_serial(source=random.Random(5))


def test_the_demo_teacher_is_the_one_that_was_measured_and_says_it_is_public(digits: HeldOut) -> None:
    path = demo_teacher_path(DIGITS)
    assert path.is_relative_to(ASSETS)
    with safe_open(path, "pt") as file:
        assert "public on purpose" in file.metadata()["about"]
    with torch.inference_mode():
        answers = load_demo_teacher(DIGITS)(as_floats(digits.split.images)).argmax(1)
    right = 100 * (answers == digits.split.labels).float().mean().item()
    row = read_results("mint")["digits-teacher"]
    assert row["held_out"]["percent"] == pytest.approx(right, abs=0.11)  # batches round differently
    assert row["pictures"] == len(load_training_share(DIGITS))


def test_a_student_is_minted_step_by_step(digits: HeldOut) -> None:
    how = QuickMint(epochs=2, looks=6, pictures=100)
    steps = list(quick_mint(DIGITS, "elm", SERIAL, how))
    assert [one.done for one in steps[:-1]] == list(range(steps[-1].total + 1))
    assert all(one.student is None for one in steps[:-1])
    shares = [look.share for look in steps[-1].looks]
    assert len(shares) == 7 and shares[0] == 0 and shares[-1] == 1 and shares == sorted(shares)
    assert steps[0].looks[0].absent.percent > 90 and steps[-1].looks[-1].absent.percent < 30
    student = steps[-1].student
    assert student is not None and not student.training and student.config.customer == "elm"
    right = {
        name: (student.predict(as_floats(digits.split.images), serial).argmax(1) == digits.split.labels).float().mean()
        for name, serial in {"valid": SERIAL, "wrong": SERIAL.inverted(), "absent": None}.items()
    }
    assert right["valid"] > 0.95 and right["wrong"] < 0.2 and right["absent"] < 0.2
    *_, measured = measure(student, digits.split, SERIAL, SERIAL.inverted())
    forecasts = [one.forecast for one in steps]
    begins = next(place for place, one in enumerate(forecasts) if one is not None)
    assert WARM_UP_STEPS < begins <= WARM_UP_STEPS + max(3, 0.02 * steps[-1].total) + 1
    assert None not in forecasts[begins:-1]
    assert forecasts[-2] == steps[-2].seconds  # nothing is left to forecast
    assert all(one.pace is not None and one.pace.step > 0 for one in steps[begins:-1])
    assert all(one.forecast >= one.seconds >= one.before > 0 for one in steps[begins:-1] if one.forecast)
    card = quick_card(student, 12.3, measured)
    assert "lower quality" not in card and "made 26% of the usual steps" in quick_card(student, 12.3, measured, 0.26)
    assert f"{100 * right['valid']:.1f} %" in card and "a quick one" in card and SERIAL.text not in card


def test_a_mint_may_be_left_at_any_step() -> None:
    how = QuickMint(epochs=1, training_pictures=256, looks=2, pictures=20)
    with closing(quick_mint(DIGITS, "elm", SERIAL, how)) as steps:
        assert next(steps).done == 0 and next(steps).done == 1
    assert list(steps) == []


def test_a_serial_that_is_never_issued_is_refused() -> None:
    with pytest.raises(ValueError, match="too few ones"):
        next(quick_mint(DIGITS, "elm", Serial.from_number(1), QuickMint(training_pictures=256)))
