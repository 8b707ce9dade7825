"""How long a mint will take, and what fits a limit: held against loops that add up second by second."""

from fractions import Fraction
from statistics import fmean

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dsn.owner.mint.forecast import RECENT_STEPS, WARM_UP_STEPS, About, Pace, about, forecast, pace_of
from dsn.owner.mint.lower_quality import FEWEST_STEPS, lower_quality, lower_quality_after
from dsn.owner.mint.progress import Progress, QuickMint
from dsn.owner.mint.quick import PICTURES_A_STEP

USUAL = QuickMint()
IN_ONE_PASS = 93  # steps, of 6,000 pictures
TOTAL = USUAL.epochs * IN_ONE_PASS

times = st.floats(0.001, 50.0)
counts = st.integers(0, 700)


def added_up(pace: Pace, begun: float, steps: int, looks: int) -> Fraction:
    """A mint's seconds, one after the other, without rounding."""
    clock = Fraction(begun)
    for _ in range(steps):
        clock += Fraction(pace.step)
    for _ in range(looks):
        clock += Fraction(pace.look)
    return clock


@given(times, times, times, counts, st.integers(0, 30))
def test_a_forecast_is_what_adding_up_gives(step: float, look: float, spent: float, steps: int, looks: int) -> None:
    pace = Pace(step, look)
    assert forecast(pace, spent, steps, looks) == pytest.approx(float(added_up(pace, spent, steps, looks)))


@given(times, times, st.integers(0, 600))
def test_a_steady_machine_has_one_forecast_from_beginning_to_end(step: float, look: float, done: int) -> None:
    done = min(done, TOTAL)
    pace = pace_of([9 * step] * WARM_UP_STEPS + [step] * (done - WARM_UP_STEPS), [look], TOTAL)
    if pace:
        spent = done * step + look
        whole = TOTAL * step + (USUAL.looks + 1) * look
        assert forecast(pace, spent, TOTAL - done, USUAL.looks) == pytest.approx(whole)


@pytest.mark.parametrize(("step", "done"), [(0.001, 15), (0.09, 15), (0.5, 13), (1.0, 8), (2.0, 6), (60.0, 6)])
def test_a_forecast_is_there_after_two_percent_or_five_seconds(step: float, done: int) -> None:
    assert pace_of([step] * (done - 1), [0.1], TOTAL) is None
    assert pace_of([step] * done, [0.1], TOTAL) == Pace(fmean([step] * 3), 0.1)


def test_nothing_is_forecast_from_nothing() -> None:
    assert pace_of([], [], TOTAL) is None and pace_of([1.0] * 99, [], TOTAL) is None


@given(st.lists(times, min_size=20, max_size=300), st.lists(times, min_size=1, max_size=9))
def test_a_pace_lies_between_the_quickest_and_the_slowest(steps: list[float], looks: list[float]) -> None:
    pace = pace_of(steps, looks, TOTAL)
    assert pace is not None
    recent = steps[WARM_UP_STEPS:][-RECENT_STEPS:]
    assert min(recent) <= pace.step * (1 + 1e-9) and pace.step <= max(recent) * (1 + 1e-9)
    assert min(looks) <= pace.look * (1 + 1e-9) and pace.look <= max(looks) * (1 + 1e-9)


def test_a_machine_that_becomes_busy_is_noticed() -> None:
    quick = [0.1] * 200
    before, after = pace_of(quick, [0.1], TOTAL), pace_of(quick + [0.5] * RECENT_STEPS, [0.1], TOTAL)
    assert before == Pace(0.1, 0.1) and after == Pace(0.5, 0.1)


@pytest.mark.parametrize(
    ("seconds", "told"),
    [
        (0.2, About(5, "seconds")),
        (38.0, About(40, "seconds")),
        (94.0, About(95, "seconds")),
        (96.0, About(2, "minutes")),
        (240.0, About(4, "minutes")),
        (3000.0, About(50, "minutes")),
    ],
)
def test_a_duration_is_told_in_round_figures(seconds: float, told: About) -> None:
    assert about(seconds) == told


@given(st.floats(5.0, 100_000.0))
def test_a_round_figure_is_not_far_off(seconds: float) -> None:
    told = about(seconds)
    unit = {"seconds": 1.0, "minutes": 60.0}[told.unit]
    assert abs(told.count * unit - seconds) <= (2.5 if told.unit == "seconds" else 30.0)


@given(
    st.floats(0.01, 20.0),
    st.floats(0.001, 5.0),
    st.floats(1.0, 1000.0),
    st.floats(0.0, 20.0),
    st.integers(1, 200),
    st.integers(1, 12),
    st.integers(1, 200),
)
def test_lower_quality_is_the_most_that_fits(
    step: float, look: float, limit: float, before: float, in_one: int, epochs: int, fewest: int
) -> None:
    usual, pace, total = QuickMint(epochs=epochs, seed=3), Pace(step, look), in_one * epochs
    lower = lower_quality(usual, total, pace, limit, before, fewest)

    def whole(steps: int) -> Fraction:
        return added_up(pace, before, steps, 9)

    if lower is None:
        assert fewest + epochs > total or whole(fewest + epochs) > Fraction(0.9) * Fraction(limit) - Fraction(1, 10**6)
        return
    how = lower.how
    assert how.training_pictures is not None
    made = how.training_pictures // PICTURES_A_STEP * how.epochs
    assert fewest <= made <= total and lower.share == pytest.approx(made / total)
    assert lower.seconds == pytest.approx(float(whole(made))) and lower.seconds <= limit
    assert how.epochs <= epochs and how.training_pictures <= in_one * PICTURES_A_STEP
    assert (how.seed, how.pictures) == (usual.seed, usual.pictures)
    more = made + how.epochs  # one more step in every pass
    assert more > total or whole(more) > Fraction(0.9) * Fraction(limit) - Fraction(1, 10**6)


def test_a_machine_that_is_too_slow_for_all_the_steps_makes_half_the_steps() -> None:
    lower = lower_quality(USUAL, TOTAL, Pace(0.8, 0.1), 240.0)
    assert lower is not None and lower.how == QuickMint(3, 89 * PICTURES_A_STEP, looks=8)  # 268 steps fit
    assert lower.share == pytest.approx(267 / 558) and lower.seconds == pytest.approx(267 * 0.8 + 0.9)


def test_there_is_a_floor() -> None:
    slowest = 0.9 * 240.0 / (FEWEST_STEPS + 2)
    assert lower_quality(USUAL, TOTAL, Pace(slowest, 0.0), 240.0)
    assert lower_quality(USUAL, TOTAL, Pace(1.1 * slowest, 0.0), 240.0) is None
    assert lower_quality(USUAL, TOTAL, Pace(1.0, 30.0), 240.0) is None
    assert lower_quality(USUAL, TOTAL, Pace(1.0, 1.0), 0.0) is None


def test_a_mint_whose_pace_is_not_known_is_not_made_smaller() -> None:
    assert lower_quality_after(Progress(1, TOTAL, 9.0, ()), USUAL, 240.0) is None
    now = Progress(14, TOTAL, 9.0, (), pace=Pace(1.0, 0.1), before=2.0)
    assert lower_quality_after(now, USUAL, 240.0) == lower_quality(USUAL, TOTAL, Pace(1.0, 0.1), 240.0, 2.0)
