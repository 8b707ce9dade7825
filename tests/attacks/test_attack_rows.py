"""The command: every attack says who its adversary is, and its figures reach the results file whole."""

import json
from dataclasses import is_dataclass, replace
from pathlib import Path

import pytest
import torch
from attack_scenes import small_scene

from dsn.__main__ import main
from dsn.applications.held_out import HeldOut
from dsn.applications.registry import BUILT_IN
from dsn.attacks.kit.scene import AttackError, Outcome
from dsn.attacks.recorded import run_and_record, run_attack, summary
from dsn.attacks.registry import ATTACKS, attack_named
from dsn.bench.attacks import brute_force_row, live_rows, restarts_row
from dsn.results.store import record
from dsn.serials import Serial
from dsn.student.collection import load_collection
from dsn.student.student import Student

pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.mark.parametrize("attack", ATTACKS.values(), ids=ATTACKS)
def test_every_attack_says_what_the_adversary_has_and_where_it_is_from(attack) -> None:
    text = attack.about
    assert "adversar" in text or "map" in text
    assert "Not in the paper" in text or "paper's" in text
    assert "ithout the student" in text or "There is no budget" in text or "no budget" in text or "map" in text
    assert is_dataclass(attack.settings(BUILT_IN["digits"])) and attack.settings(BUILT_IN["digits"]) != attack.settings(
        BUILT_IN["digits"], quick=True
    )
    assert attack.title[-1] in ".?" and all(0 < share <= 1 for share in attack.shares)


def test_figures_are_summed_up_over_seeds() -> None:
    found = summary([Outcome({"a": 10.0, "b": 1.0}), Outcome({"a": 14.0, "b": None}), Outcome({"a": 12.0, "b": 3.0})])
    assert found["a"] == {"mean": 12, "spread": 2, "lowest": 10, "highest": 14, "values": [10, 14, 12]}
    assert found["b"]["mean"] == 2 and found["b"]["never"] == 1 and found["b"]["values"] == [1, None, 3]
    alone = summary([Outcome({"a": None})])["a"]
    assert alone["mean"] is None and alone["never"] == 1


def test_a_row_is_plain_and_whole(talkative_student: Student, digits: HeldOut, tmp_path: Path) -> None:
    scene = small_scene(talkative_student, digits)
    lines: list[str] = []
    attack = replace(attack_named("pruning"), is_random=True)
    row = run_attack(attack, scene, 0.1, 2, quick=True, report=lines.append)
    record("attacks", "digits/alder/pruning/10", row, tmp_path)
    kept = json.loads((tmp_path / "attacks.json").read_text("utf-8"))["digits/alder/pruning/10"]
    assert kept["figures"]["absent_0"]["values"] == row["figures"]["absent_0"]["values"]
    assert kept["figures"]["absent_0"]["spread"] == 0, "pruning knows no randomness"
    assert {"seed", "commit", "device", "date", "settings", "seconds", "data_share"} <= set(kept)
    assert run_attack(attack_named("pruning"), scene, 0.1, 2, quick=True)["seeds"] == 1
    assert kept["seeds"] == 2 and kept["settings"]["amounts"] == [0.0, 0.2, 0.9]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["nothing", "--student", "digits/alder"], "There is no attack 'nothing'"),
        (["pruning", "--student", "digits/nobody"], "There is no bundled student 'digits/nobody'"),
        (["pruning", "--student", "letters/alder"], "There is no bundled student 'letters/alder'"),
        (["pruning", "--student", "digits/alder", "--seeds", "0"], "at least one seed"),
        (["pruning", "--student", "digits/alder", "--data-share", "2"], "share of the data"),
    ],
)
def test_what_a_user_can_mend_is_one_sentence(arguments: list[str], sentence: str) -> None:
    with pytest.raises(SystemExit, match=sentence) as ended:
        main(["attack", *arguments])
    assert "\n" not in str(ended.value)


@pytest.mark.parametrize(
    ("device", "sentence"),
    [
        ("toaster", "there is no device 'toaster': choose cpu or cuda"),
        pytest.param(
            "cuda",
            "torch sees no GPU here",
            marks=pytest.mark.skipif(torch.cuda.is_available(), reason="here there is one"),
        ),
    ],
)
def test_a_device_that_is_not_there_is_said_so(device: str, sentence: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["attack", "pruning", "--student", "digits/alder", "--device", device])
    assert sentence in capsys.readouterr().err


def test_every_share_has_its_row(talkative_student: Student, digits: HeldOut, tmp_path: Path) -> None:
    scene = small_scene(talkative_student, digits)
    lines: list[str] = []
    run_and_record(attack_named("pruning"), scene, (0.1, 0.2), 1, tmp_path, quick=True, report=lines.append)
    rows = json.loads((tmp_path / "attacks.json").read_text("utf-8"))
    assert set(rows) == {"digits/alder/pruning/10", "digits/alder/pruning/20"}
    assert any(line.startswith("  absent_20: ") for line in lines)
    with pytest.raises(AttackError, match="two other customers"):
        run_and_record(attack_named("collusion"), scene, (0.1,), 1, tmp_path, quick=True, report=lines.append)


def test_both_sides_of_the_bench_run(talkative_student: Student, digits: HeldOut) -> None:
    scene = small_scene(talkative_student, digits)
    for plain, key in ((True, "attacks-restarts-digits"), (False, "attacks-restarts-digits-same-code")):
        row = restarts_row(scene, plain=plain, steps=1, repetitions=1)
        assert row.numerator > 0 and row.denominator > 0 and row.key == key
    short = replace(scene, serial=Serial.from_number(5, 9), student=nine_bits(scene.student))
    row = brute_force_row(replace(short, train=short.test), repetitions=1)
    assert row.numerator > 0 and row.denominator > 0 and "512 serials on 120" in row.what
    (live,) = live_rows(load_collection(), names=("pruning",))
    assert live.ratio == live.numerator > 0 and live.key == "attacks-live-pruning"


def nine_bits(student: Student) -> Student:
    """The same network, taking serials of nine bits."""
    short = Student(replace(student.config, bit_count=9))
    short.load_state_dict(student.state_dict())
    return short.eval().requires_grad_(False)


def test_an_adversary_trains_on_fewer_pictures_where_one_costs_more_and_nothing_else_changes() -> None:
    for attack in ATTACKS.values():
        digits, signs = attack.settings(BUILT_IN["digits"]), attack.settings(BUILT_IN["signs"])
        if hasattr(digits, "schedule") and digits.schedule.pictures is not None:
            assert signs.schedule.pictures < digits.schedule.pictures
            assert replace(signs, schedule=digits.schedule) == digits
        else:
            assert digits == signs
