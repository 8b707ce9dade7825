"""The chart: what holds and what falls is read off recorded figures, and what was not measured is a dash."""

import pytest

from dsn.applications.registry import BUILT_IN
from dsn.attacks.registry import ATTACKS
from dsn.locks.registry import LOCKS
from dsn.tables.chart import QUESTIONS, TEXTS, VICTIMS, ChartLine, Mark, Recorded, chart

DIGITS = BUILT_IN["digits"]
CONDITIONS = {"absent", "random-wrong", "one-bit-wrong"}


def lines(recorded: Recorded) -> dict[str, ChartLine]:
    return {line.name: line for line in chart(DIGITS, recorded)}


def row(customer: str, attack: str, **means: float) -> dict:
    figures = {name: {"mean": value, "highest": value + 1} for name, value in means.items()}
    return {"task": "digits", "customer": customer, "attack": attack, "data_share": 0.1, "figures": figures}


def test_without_figures_nothing_holds_and_nothing_falls() -> None:
    marks = [mark for line in chart(DIGITS, Recorded()) for mark in line.marks.values()]
    assert len(marks) == len(QUESTIONS) * len(VICTIMS)
    assert {mark.verdict for mark in marks} == {"unmeasured", "pointless"}
    assert all(mark.text == "–" and mark.figure is None for mark in marks)
    assert all(bool(mark.why) == (mark.verdict == "pointless") for mark in marks)


def test_a_condition_is_held_against_guessing_and_of_a_group_the_mean_counts() -> None:
    student = {"absent": {"percent": 10.7}, "random_wrong": {"mean": 9.9, "worst": {"percent": 19.6}}}
    found = lines(
        Recorded(students={"digits/alder-sealed": student}, recipes={"digits/paper": {"absent": {"percent": 93.0}}})
    )
    assert found["absent"].marks["sealed"] == Mark("holds", 10.7, "percent", 12.0, "10.70 %")
    assert found["random-wrong"].marks["sealed"].figure == 9.9
    assert found["absent"].marks["literal"].verdict == "falls"
    assert found["absent"].marks["trained"].verdict == "unmeasured"


def test_a_sealed_student_may_reach_what_random_networks_reach_and_a_trained_one_may_not() -> None:
    attacks = {name: row(name, "opening", best=14.0) for name in ("alder", "alder-sealed")}
    without = lines(Recorded(attacks=attacks))["opening"].marks
    assert (without["trained"].verdict, without["sealed"].verdict) == ("falls", "falls")
    beside = lines(Recorded(attacks=attacks, sealed={"digits/opening": {"limit": 16.0}}))["opening"].marks
    assert (beside["trained"].verdict, beside["sealed"].verdict) == ("falls", "holds")
    assert (beside["trained"].limit, beside["sealed"].limit) == (12.0, 16.0)
    sealed = {"digits/opening": {"limit": 13.0}, "digits/wrong-worst": {"limit": 20.0}}
    attacks |= {"c": row("alder-sealed", "pruning", absent_highest=14.0)}
    both = lines(Recorded(attacks=attacks, sealed=sealed))
    assert (both["opening"].marks["sealed"].verdict, both["opening"].marks["trained"].limit) == ("falls", 12.0)
    assert (both["pruning"].marks["sealed"].verdict, both["pruning"].marks["sealed"].limit) == ("holds", 20.0)


def test_over_scratch_the_mean_counts_and_of_several_shares_the_worst() -> None:
    rows = [row("alder-sealed", "overwriting", best_minus_scratch=gain) for gain in (-0.2, 0.1)]
    attacks = {str(place): one for place, one in enumerate(rows)}
    assert lines(Recorded(attacks=attacks))["overwriting"].marks["sealed"] == Mark(
        "holds", 0.1, "points", 0.15, "+0.10"
    )


def test_nine_bits_fall_in_seconds_and_64_are_reckoned_from_them_lock_by_lock() -> None:
    short = row("paper", "brute-force", seconds=12.0, years_for_64_bits=2e6)
    marks = lines(Recorded(attacks={"a": short}))["brute-force"].marks
    assert (marks["short"].verdict, marks["short"].text) == ("falls", "12 s")
    assert (marks["trained"].verdict, marks["trained"].unit, marks["trained"].figure) == ("holds", "years", 2e6)
    assert marks["sealed"].verdict == "unmeasured"


def test_whoever_has_fallen_already_need_not_be_attacked_and_a_figure_is_shown_all_the_same() -> None:
    attacks = {
        "a": row("paper", "brute-force", seconds=12.0, years_for_64_bits=2e6),
        "b": row("paper", "opening", best=99.0),
    }
    found = lines(Recorded(attacks=attacks, recipes={"digits/paper": {"absent": {"percent": 93.0}}}))
    assert found["pruning"].marks["short"].verdict == found["pruning"].marks["literal"].verdict == "needless"
    assert "512" in found["pruning"].marks["short"].why and found["pruning"].marks["short"].text == "–"
    assert found["opening"].marks["short"].figure == 100.0 and found["pruning"].marks["trained"].verdict == "unmeasured"
    silent = lines(Recorded(recipes={"digits/paper": {"absent": {"percent": 10.0}}}))
    assert silent["pruning"].marks["literal"].verdict == silent["pruning"].marks["short"].verdict == "unmeasured"


def test_what_was_not_recorded_of_a_sealed_student_is_told_by_what_was_in_a_sentence() -> None:
    attacks = {"a": row("alder-sealed", "searched-tuning", best_minus_scratch=-0.2)}
    attacks |= {"b": row("alder", "extraction", best_minus_scratch=0.3)}
    student = {"absent": {"percent": 10.7}, "one_bit_wrong": {"mean": 9.9}}
    sealed: dict[str, dict] = {"digits/first-answer": {"beside": {"sealed": 30.0}}, "digits/probe": {"figure": -1.1}}
    found = lines(Recorded(students={"digits/alder-sealed": student}, attacks=attacks, sealed=sealed))
    for name in ("transfer", "overwriting", "hill-climbing", "unlabelled", "pruning"):
        mark = found[name].marks["sealed"]
        assert (mark.verdict, mark.figure, mark.text) == ("holds", None, "see below") and mark.why, name
    assert found["extraction"].marks["sealed"].verdict == found["extraction"].marks["trained"].verdict == "falls"
    assert found["extraction"].marks["sealed"].text == "see below"
    assert found["feature-space"].marks["sealed"] == Mark("holds", -1.1, "points", 1.0, "-1.10")
    assert found["brute-force"].marks["sealed"].figure == pytest.approx(2**63 * 0.030 / (365.25 * 86400))
    bare = lines(Recorded(attacks={"b": attacks["b"]}))
    assert bare["transfer"].marks["sealed"].verdict == bare["brute-force"].marks["sealed"].verdict == "unmeasured"


def test_every_question_is_about_an_attack_there_is_and_every_unit_can_be_written() -> None:
    assert {question.name for question in QUESTIONS} - CONDITIONS <= set(ATTACKS)
    pointless = {lock for attack in ATTACKS.values() for lock in attack.needs.pointless}
    assert pointless and pointless <= set(LOCKS) == {victim.lock for victim in VICTIMS}
    assert all(text.format(1.5) for text in TEXTS.values())


@pytest.mark.parametrize("task", ["digits", "signs"])
def test_the_recorded_figures_say_what_is_known_of_the_trained_lock(task: str) -> None:
    found = {line.name: line.marks for line in chart(BUILT_IN[task])}
    assert found["absent"]["trained"].verdict == found["random-wrong"]["sealed"].verdict == "holds"
    assert found["opening"]["trained"].verdict == found["brute-force"]["short"].verdict == "falls"
