"""The guided lesson: its steps fit the students, its right answers are right, its sentences short in any language."""

import re

import gradio as gr
import pytest
import torch

from dsn.applications.prepared import as_floats
from dsn.attacks.watched import embedded
from dsn.measuring.comparison import Panel, compare
from dsn.results.store import read_results
from dsn.serials import Serial
from dsn.student.collection import Collection, load_collection
from dsn.ui.attack.rendering import span_in_words
from dsn.ui.lesson.glossary import TERM, with_terms
from dsn.ui.lesson.lesson import Lesson
from dsn.ui.lesson.steps import STAGES, STEPS, LessonStep, attacks_tried, fits, quoted, step_serial
from dsn.ui.texts import PLACE, languages, load_texts

MOST_WORDS, MOST_CHARACTERS = 90, 150  # of an explanation; Chinese has no blanks between words
YEARS_OF_PEOPLE = 300_000
BY_NAME = {step.name: step for step in STEPS}

step = pytest.mark.parametrize("step", STEPS, ids=lambda step: step.name)
language = pytest.mark.parametrize("language", languages())


@pytest.fixture(scope="module")
def collection() -> Collection:
    return load_collection()


def panels(collection: Collection, step: LessonStep) -> tuple[Panel, Panel, Panel]:
    split = collection.held_out[step.task].split
    picture, label = as_floats(split.images[step.picture])[None], int(split.labels[step.picture])
    student = collection.student(step.task, step.customer, step.lock)
    valid = collection.valid_serial(step.task, step.customer)
    return compare(student, picture, valid, step_serial(collection, step), label)


def plain(text: str) -> str:
    """A sentence without its markup, a figure in every place."""
    return PLACE.sub("99.66", re.sub(r"<[^>]+>", "", text))


@step
def test_a_step_shows_a_state_the_collection_has(collection: Collection, step: LessonStep) -> None:
    assert fits(collection)
    assert step.picture in collection.held_out[step.task].gallery(24)  # so that the gallery marks it
    valid = collection.valid_serial(step.task, step.customer)
    serial = step_serial(collection, step)
    assert serial is None or (len(serial.bits) == len(valid.bits) and serial != valid)
    assert 0 <= step.correct < step.choices
    right, entered, absent = panels(collection, step)
    assert right.is_right and not entered.is_right and not absent.is_right  # what the sentences say of the panels


def test_a_collection_without_those_students_has_no_lesson(collection: Collection) -> None:
    few = {name: student for name, student in collection.students.items() if name != "digits/paper"}
    assert not fits(Collection(few, collection.origins, collection.serials, collection.held_out))


def test_other_serials_come_in_the_same_order_every_time(collection: Collection) -> None:
    def order(step: LessonStep) -> list[Serial | None]:
        return [step_serial(collection, step, count) for count in range(6)]

    for one in STEPS:
        assert order(one) == order(one)
        assert collection.valid_serial(one.task, one.customer) not in order(one)
    assert len(set(order(BY_NAME["near"]))) == 6
    assert order(BY_NAME["near"])[1:] != order(BY_NAME["theft"])[1:]


# That the right choice is right


def test_the_stolen_file_alone_is_silent(collection: Collection) -> None:
    assert panels(collection, BY_NAME["theft"])[2].is_even


def test_another_customers_serial_is_worth_nothing(collection: Collection) -> None:
    step = BY_NAME["serial"]
    serial = step_serial(collection, step)
    owners = [name for name, one in collection.serials.items() if one == serial]
    assert owners and f"{step.task}/{step.customer}" not in owners
    assert panels(collection, step)[1].is_even


def test_one_bit_wrong_is_guessing(collection: Collection) -> None:
    step = BY_NAME["near"]
    student, valid = collection.student(step.task, step.customer), collection.valid_serial(step.task, step.customer)
    serial = step_serial(collection, step)
    assert serial and serial.distance(valid) == 1
    split = collection.held_out[step.task].split
    with torch.inference_mode():
        answers = student(student.stamp(as_floats(split.images), serial)).argmax(1)
    share = 100 * (answers == split.labels).double().mean().item()
    most_frequent = 100 * torch.bincount(split.labels).max().item() / len(split)
    assert share < most_frequent + 3


def test_64_bits_take_longer_than_there_have_been_people() -> None:
    figures = quoted()
    assert figures["years"] > YEARS_OF_PEOPLE
    assert round(2**64 / 1e18) == 18  # billion billion, as the sentence says
    attack = read_results("attacks")["digits/paper/brute-force/10"]["figures"]
    paces = attack["serials_a_second_at_a_glance"]["values"]
    years = [2**63 / pace / (365.25 * 24 * 3600) for pace in paces]  # half of all are tried
    assert figures["years"] == pytest.approx(sum(years) / len(years), rel=0.01)
    bench = read_results("bench")["attacks-brute-force-digits"]["denominator"]
    assert 1 / 5 < figures["seconds"] / (512 * bench) < 5  # the same work, timed by another command


def test_features_without_the_serial_lie_on_one_spot(collection: Collection) -> None:
    step = BY_NAME["inside"]
    name, valid = f"{step.task}/{step.customer}", collection.valid_serial(step.task, step.customer)
    assert len(embedded(collection, name, None, 200).points.unique(dim=0)) == 1
    assert len(embedded(collection, name, valid, 200).points.unique(dim=0)) == 200
    images = as_floats(collection.held_out[step.task].split.images[:200])
    with torch.inference_mode():
        assert collection.student(step.task, step.customer).features(images).abs().max() == 0


def test_training_further_was_better_than_starting_anew() -> None:
    further = next(one for one in attacks_tried() if one.name == "further")
    assert not further.holds and further.figures["stolen"] > further.figures["scratch"]


def test_figures_are_the_recorded_ones() -> None:
    row = read_results("students")["digits/alder"]
    figures = quoted()
    assert (figures["valid"], figures["absent"]) == (row["valid"]["percent"], row["absent"]["percent"])
    tried = {one.name: one for one in attacks_tried()}
    assert tried["one_bit"].figures["worst"] == row["one_bit_wrong"]["worst"]["percent"]
    assert tried["one_bit"].holds and tried["random"].holds and tried["probe"].holds and not tried["every"].holds


# Sentences


@language
def test_every_step_has_its_sentences(language: str) -> None:
    said = load_texts(language)["lesson"]
    assert list(said["steps"]) == [step.name for step in STEPS]
    for step in STEPS:
        assert len(said["steps"][step.name]["choices"]) == step.choices
    assert list(said["training"]["stages"]) == list(STAGES)
    assert {symbol for symbols in STAGES.values() for symbol in symbols} == set(said["training"]["meanings"])
    assert {one.name for one in attacks_tried()} <= set(said["attacks"]["tried"])
    assert {len(row) for row in said["locks"]["rows"]} == {len(said["locks"]["columns"])}


@language
@step
def test_an_explanation_is_short(language: str, step: LessonStep) -> None:
    said = load_texts(language)["lesson"]["steps"][step.name]
    whole = plain(" ".join((said["lead"], said["takeaway"], said["explains"])))
    if language == "zh":
        assert len(re.sub(r"\s", "", whole)) < MOST_CHARACTERS
    else:
        assert len(whole.split()) < MOST_WORDS


@language
def test_terms_are_in_the_glossary_and_all_are_used(language: str) -> None:
    texts = load_texts(language)
    marked = [term for said in texts["lesson"]["steps"].values() for text in said.values()
              for term, _ in TERM.findall(str(text))]  # fmt: skip
    assert set(marked) <= set(texts["glossary"])
    assert {"teacher", "student", "serial", "stamp", "chance", "distil"} <= set(marked)


def test_a_term_is_explained_and_escaped() -> None:
    texts = load_texts("en")
    html = with_terms(texts, 'A <dfn data-term="teacher">teacher</dfn> and a <dfn data-term="bit">bit</dfn>.')
    assert re.findall(r'aria-describedby="([^"]+)"', html) == re.findall(r'role="tooltip" id="([^"]+)"', html)
    assert len(set(re.findall(r'id="([^"]+)"', html))) == 2
    assert "The owner&#39;s private network" in html
    with pytest.raises(KeyError):
        with_terms(texts, '<dfn data-term="nonsense">x</dfn>')


@language
def test_the_card_says_everything_in_its_language(language: str, collection: Collection) -> None:
    texts = load_texts(language)
    with gr.Blocks():
        lesson = Lesson(texts, collection)
    html = lesson.card.value
    in_words = re.sub(r"<[^>]+>", "", html)  # what attributes keep for the script is not
    assert not PLACE.findall(in_words), "a place was left empty"
    assert "–" not in lesson.figures().values()
    for one in STEPS:
        assert texts["lesson"]["steps"][one.name]["title"] in html
    assert html.count("<math") > 20
    assert span_in_words(texts, quoted()["years"]) in html
    assert not re.findall(r"<(?:script|link|img|iframe)\b", html), "something would be loaded"
