"""The comparison and the measurement, against plain calls of `predict`."""

import pytest
import torch
from tiny_students import tiny_student
from torch.testing import assert_close

from dsn.applications.held_out import HeldOut, load_held_out
from dsn.applications.prepared import Split, as_floats
from dsn.applications.registry import BUILT_IN
from dsn.measuring.comparison import CONDITIONS, compare, measure
from dsn.serials import Serial
from dsn.student.student import Student

pytestmark = pytest.mark.usefixtures("one_thread")
VALID = Serial.from_number(0xD1CE_0BAD_F00D_5EED)
ENTERED = Serial.from_number(0x0123_4567_89AB_CDEF)


@pytest.mark.parametrize("entered", [ENTERED, VALID, None], ids=["wrong", "valid", "none"])
def test_panels_are_what_predict_says(talkative_student: Student, digits: HeldOut, entered: Serial | None) -> None:
    seen_right = set()
    for index in range(12):
        picture = as_floats(digits.split.images[index : index + 1])
        label = int(digits.split.labels[index])
        panels = compare(talkative_student, picture, VALID, entered, label)
        assert [panel.condition for panel in panels] == list(CONDITIONS)
        for panel, serial in zip(panels, (VALID, entered, None), strict=True):
            expected = talkative_student.predict(picture, serial)[0]
            order = expected.argsort(descending=True).tolist()[:5]
            assert panel.serial == serial and panel.serial_is_valid == (serial == VALID)
            assert torch.equal(
                panel.picture, picture[0] if serial is None else talkative_student.stamp(picture, serial)[0]
            )
            assert [answer.label for answer in panel.answers] == order
            assert [answer.name for answer in panel.answers] == [digits.class_names[label] for label in order]
            assert_close(torch.tensor([answer.probability for answer in panel.answers]), expected[order])
            assert panel.is_right == (order[0] == label) and not panel.is_even
            seen_right.add(panel.is_right)
    assert seen_right == {True, False}


def test_a_silent_student_is_never_right(digits: HeldOut) -> None:
    """Features that are all zero make every class equally likely: naming one would be our invention."""
    student = tiny_student()
    dense = student.extractor[-2]
    assert isinstance(dense, torch.nn.Linear)
    torch.nn.init.constant_(dense.bias, -1e6)
    for label in range(10):
        panels = compare(student, as_floats(digits.split.images[:1]), VALID, ENTERED, label)
        assert [(panel.is_even, panel.is_right) for panel in panels] == [(True, False)] * 3
        assert [(answer.label, answer.probability) for answer in panels[0].answers] == [
            (index, pytest.approx(0.1)) for index in range(5)
        ]
    assert compare(student, as_floats(digits.split.images[:1]), VALID, None)[0].is_right is None
    *_, whole = measure(student, Split(digits.split.images[:30], digits.split.labels[:30]), VALID, None)
    assert whole.silent == {"valid": 30, "entered": 30, "absent": 30}
    assert all(counts.sum() == 0 for counts in whole.counts.values())  # no answer is no class
    labels = digits.split.labels[:30].bincount(minlength=10)
    assert all(torch.equal(one, labels) for one in whole.unanswered.values())
    accuracy = whole.accuracy("absent")
    assert accuracy is not None and (accuracy.correct, accuracy.count) == (0, 30)


def test_without_a_label_nothing_is_right_or_wrong(talkative_student: Student, digits: HeldOut) -> None:
    panels = compare(talkative_student, as_floats(digits.split.images[:1]), VALID, None)
    assert [panel.is_right for panel in panels] == [None, None, None]


def test_serials_of_another_length_are_refused(talkative_student: Student, digits: HeldOut) -> None:
    short = Serial.from_number(5, 9)
    with pytest.raises(ValueError, match="64 bits, and this one has 9"):
        compare(talkative_student, as_floats(digits.split.images[:1]), VALID, short)
    with pytest.raises(ValueError, match="64 bits, and this one has 9"):
        list(measure(talkative_student, digits.split, VALID, short))


@pytest.mark.parametrize("entered", [ENTERED, None], ids=["wrong", "none"])
def test_measuring_counts_every_answer_once(
    talkative_student: Student, digits: HeldOut, entered: Serial | None
) -> None:
    part = Split(digits.split.images[:270], digits.split.labels[:270])  # the last batch is not full
    steps = list(measure(talkative_student, part, VALID, entered))
    whole = steps[-1]
    expected = {}
    for condition, serial in zip(CONDITIONS, (VALID, entered, None), strict=True):
        counts = [[0] * 10 for _ in range(10)]
        answered = [talkative_student.predict(as_floats(some), serial).argmax(1) for some in part.images.split(27)]
        for label, answer in zip(part.labels.tolist(), torch.cat(answered).tolist(), strict=True):
            counts[label][answer] += 1
        assert whole.counts[condition].tolist() == counts
        accuracy = whole.accuracy(condition)
        assert accuracy is not None
        assert (accuracy.correct, accuracy.count) == (sum(counts[label][label] for label in range(10)), 270)
        expected[condition] = counts
    assert whole.silent == {"valid": 0, "entered": 0, "absent": 0}
    assert expected["valid"] != expected["absent"] and (expected["entered"] == expected["absent"]) == (entered is None)


def test_progress_of_a_measurement(talkative_student: Student, digits: HeldOut) -> None:
    part = Split(digits.split.images[:270], digits.split.labels[:270])
    steps = list(measure(talkative_student, part, VALID, ENTERED))
    assert [step.done for step in steps] == [250, 500, 750, 770, 790, 810]
    assert all(step.total == 810 for step in steps)
    for step in steps:  # looked at when all is over: none changes afterwards
        assert step.done == sum(int(counts.sum()) for counts in step.counts.values())
    assert steps[0].accuracy("absent") is None and steps[0].accuracy("valid") is not None


@pytest.mark.parametrize("task", BUILT_IN)
def test_pictures_that_come_with_the_project(task: str) -> None:
    held_out = load_held_out(BUILT_IN[task])
    network = BUILT_IN[task].network
    count = 120 if task == "faces" else 1000  # there are no more
    assert held_out.split.images.shape == (count, network.channels, network.size, network.size)
    assert held_out.split.images.dtype == torch.uint8 and held_out.split.labels.dtype == torch.int64
    assert set(held_out.split.labels.tolist()) == set(range(len(held_out.class_names)))
    assert len(held_out.class_names) == network.classes
    shown = held_out.gallery(network.classes + 3)
    assert len(set(shown)) == network.classes + 3
    labels = held_out.split.labels[shown].tolist()
    assert sorted(labels[: network.classes]) == list(range(network.classes))
    assert labels[network.classes :] == labels[:3]
