"""The bench compares like with like: both sides of a ratio see the same pictures and do the same work."""

import json
import random
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from gradio_client.exceptions import AppError
from tiny_students import tiny_student

from dsn.applications.held_out import load_held_out
from dsn.applications.prepared import Split, as_floats
from dsn.applications.record import Augmentation
from dsn.applications.registry import BUILT_IN
from dsn.bench import page as bench_page
from dsn.bench.run import line
from dsn.bench.timing import at_least, at_most, medians_in_turn
from dsn.bench.training import BATCH, RECIPE, PlainPictures, distil_plainly, step_times, student_time, timed
from dsn.distilling.distil import distil_student
from dsn.distilling.loop import Training
from dsn.distilling.recipes import InvalidBranch
from dsn.measuring.comparison import CONDITIONS, measure
from dsn.networks.classifier import Classifier
from dsn.results.store import record
from dsn.serials import near_miss
from dsn.student.collection import Collection, demo_serials, load_collection
from dsn.student.hub import save_student

STUDENT = tiny_student("signs/alder")
SERIAL = demo_serials()["signs/alder"]
STILL = Augmentation(rotation=0, scale=0, shift=0)
TINY_TASK = replace(BUILT_IN["signs"], network=STUDENT.config.network, augmentation=STILL)
HELD_OUT = load_held_out(BUILT_IN["signs"]).split
ONE_BATCH = Split(HELD_OUT.images[:250], HELD_OUT.labels[:250])


def test_sides_take_turns_and_the_warm_up_does_not_count() -> None:
    calls: list[str] = []
    seconds = {"first": iter([100.0, 1.0, 9.0, 2.0]), "second": iter([100.0, 5.0, 4.0, 30.0])}

    def side(name: str) -> float:
        calls.append(name)
        return next(seconds[name])

    assert medians_in_turn(lambda: side("first"), lambda: side("second"), 3) == (2.0, 5.0)
    assert calls == ["first", "second"] * 4


def test_a_row_says_whether_its_bar_is_met() -> None:
    assert at_most("key", "what", 1.2, (1.1, 1.0)).met and not at_most("key", "what", 1.2, (1.3, 1.0)).met
    assert at_least("key", "what", 4, (4.5, 1.0)).met and not at_least("key", "what", 4, (3.5, 1.0)).met
    assert "MISSED" in line(at_least("key", "what", 4, (3.5, 1.0)))


def test_plain_pictures_are_stamped_as_the_student_stamps() -> None:
    pictures = PlainPictures(ONE_BATCH, SERIAL, STILL, random_share=1.0)
    for index in (0, 7):
        raw, valid, invalid = pictures[index]
        assert torch.allclose(raw, as_floats(ONE_BATCH.images[index]), atol=1e-5)
        assert torch.equal(valid, STUDENT.stamp(raw[None], SERIAL)[0])
        assert set(invalid[:, -8:, -8:].unique().tolist()) == {0.0, 1.0}
        invalid[:, -8:, -8:] = raw[:, -8:, -8:]
        assert torch.equal(invalid, raw)


def test_plain_pictures_are_augmented_each_in_its_own_way() -> None:
    moved = PlainPictures(ONE_BATCH, SERIAL, BUILT_IN["signs"].augmentation, random_share=0.0)
    (raw, _, invalid), (again, _, _) = moved[3], moved[3]
    assert torch.equal(raw, invalid) and not torch.allclose(raw, again, atol=1e-3)


@pytest.mark.parametrize("share", [0.0, 1.0])
def test_both_sides_take_the_same_step(share: float) -> None:
    recipe = replace(RECIPE, invalid=InvalidBranch(raw=1 - share, random=share))
    teacher = Classifier(TINY_TASK.network)
    teacher.load_state_dict(STUDENT.state_dict())
    work = (TINY_TASK, STUDENT.config, SERIAL, teacher.eval(), ONE_BATCH, recipe, Training(1, progress=False))
    plain, ours = distil_plainly(*work), distil_student(*work)
    for (name, before), after, also in zip(
        teacher.named_parameters(), plain.parameters(), ours.parameters(), strict=True
    ):
        moves = (after - before).flatten(), (also - before).flatten()
        # Without any one of the losses, or without the stamp, some layer falls below 0.7; bf16 costs 0.13.
        assert torch.cosine_similarity(*moves, dim=0) > 0.8, name


def test_a_training_row_is_what_the_readmes_table_needs(tmp_path: Path) -> None:
    row, loop = step_times(TINY_TASK, ONE_BATCH, epochs=1, repetitions=1)
    assert (loop.key, loop.bar) == ("training-loop-signs", "≥ 0.9") and loop.ratio > 0
    record("bench", row.key, row.as_json(), tmp_path)
    kept = json.loads((tmp_path / "bench.json").read_text("utf-8"))["training-signs"]
    assert kept["bar"] == "≥ 4" and "one picture at a time" in kept["what"]
    assert kept["ratio"] == pytest.approx(kept["numerator"] / kept["denominator"], rel=1e-2) and kept["ratio"] > 0


def test_training_is_timed_where_the_pictures_fill_a_batch() -> None:
    counts = {application.name: len(split) for application, split in timed()}
    assert counts == {"digits": 1000, "signs": 1000}
    assert len(load_held_out(BUILT_IN["faces"]).split) < BATCH // 2 <= min(counts.values())


def test_a_whole_student_is_timed_by_its_goal() -> None:
    row = student_time(replace(TINY_TASK, student_epochs=1), ONE_BATCH, "cpu")
    assert (row.denominator, row.unit, row.key) == (45.0, "s", "gpu-signs")
    assert row.numerator > 0 and row.met == (row.numerator <= 45.0)


def test_measuring_and_bare_passes_answer_the_same() -> None:
    entered = near_miss(SERIAL, source=random.Random(0))
    *_, whole = measure(STUDENT, HELD_OUT, SERIAL, entered)
    batches = bench_page.stamped_batches(STUDENT, HELD_OUT, SERIAL, entered)
    for place, condition in enumerate(CONDITIONS):
        with torch.inference_mode():
            answers = torch.cat([STUDENT(batch).argmax(1) for batch in batches[place :: len(CONDITIONS)]])
        answered = answers.bincount(minlength=len(STUDENT.config.classes))
        assert torch.equal(whole.counts[condition].sum(0), answered)


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, int, Collection]]:
    checkpoints = tmp_path_factory.mktemp("page") / "checkpoints"
    for name in ("digits/alder", "signs/alder"):
        save_student(tiny_student(name), checkpoints / name)
    with bench_page.running_page(checkpoints) as (address, process):
        yield address, process, load_collection(checkpoints)


def test_page_rows(page: tuple[str, int, Collection], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GRADIO_ANALYTICS_ENABLED", "False")
    address, process, collection = page
    rows = [
        bench_page.round_trip(address, collection, calls=2),
        bench_page.measuring(collection, "signs", repetitions=1),
        bench_page.crowd(address, process, collection, visitors=4, rounds=2),
    ]
    assert all(row.numerator > 0 and row.denominator > 0 for row in rows)
    assert len({row.key for row in rows}) == 3
    assert rows[2].numerator > 50, "megabytes of a process that holds torch"


def test_an_error_of_one_visitor_is_not_lost(page: tuple[str, int, Collection]) -> None:
    address, process, collection = page
    strangers = replace(collection, students={"digits/nobody": collection.student("digits", "alder")})
    with pytest.raises(AppError, match="nobody"):
        bench_page.crowd(address, process, strangers, visitors=2, rounds=2)


def test_start_up_ends_with_the_first_answer(tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text(
        "import http.server, os, time\n"
        "time.sleep(0.5)\n"
        "place = os.environ['GRADIO_SERVER_NAME'], int(os.environ['GRADIO_SERVER_PORT'])\n"
        "http.server.HTTPServer(place, http.server.SimpleHTTPRequestHandler).serve_forever()\n"
    )
    assert bench_page.seconds_to_first_answer(tmp_path) > 0.5


def test_an_app_that_ends_is_told(tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text("")
    with pytest.raises(RuntimeError, match="ended before it answered"):
        bench_page.seconds_to_first_answer(tmp_path)
