"""What was recorded of attacks on the shipped students: whole, of the settings in the code, and true where tried again.

Every attack is tried again in small on digits/alder or digits/paper, with the pictures that come with the project,
and must agree with what its row says: a broken student is broken here too, and one that holds holds.
"""

import math
from dataclasses import asdict, replace
from typing import Any

import pytest
import torch
from attack_scenes import SHIPPED_TEST, shipped_scene

from dsn.applications.registry import BUILT_IN
from dsn.attacks import (
    brute_force,
    collusion,
    extraction,
    feature_space,
    fine_tuning,
    gradient_search,
    hill_climbing,
    nearness,
    neuron_pruning,
    opened_search,
    opening,
    overwriting,
    patient_tuning,
    pruned_tuning,
    pruning,
    reverse_engineering,
    transfer,
    unlabelled,
)
from dsn.attacks.descent import PLAIN, SMOOTH, Descent
from dsn.attacks.kit.scene import Scene, finish
from dsn.attacks.kit.training import Schedule, TrainingSettings
from dsn.attacks.registry import ATTACKS
from dsn.places import CHECKPOINTS
from dsn.results.store import read_results
from dsn.student.folder import load_folder

ROWS: dict[str, dict[str, Any]] = read_results("attacks")
OTHER_PICTURES = ("overwriting", "transfer")  # these look at other than raw pictures first
BRIEF = Schedule(epochs=1, pictures=1000, looks=2)
CHANCE_OF_FIVE = 20.0
GUESSING = 20.0  # percent: far above what 400 pictures of ten even classes give, far below what a student knows

pytestmark = pytest.mark.usefixtures("one_thread")


def plain(value: Any) -> Any:
    """Settings as JSON has them."""
    if isinstance(value, dict):
        return {name: plain(one) for name, one in value.items()}
    return [plain(one) for one in value] if isinstance(value, tuple | list) else value


@pytest.mark.parametrize("key", ROWS)
def test_a_row_is_of_the_settings_in_the_code_and_of_enough_runs(key: str) -> None:
    row = ROWS[key]
    attack = ATTACKS[row["attack"]]
    assert key == f"{row['task']}/{row['customer']}/{row['attack']}/{100 * row['data_share']:g}"
    assert row["settings"] == plain(asdict(attack.settings(BUILT_IN[row["task"]])))
    assert row["seeds"] >= (3 if attack.is_random else 1)
    for name, values in row["figures"].items():
        assert len(values["values"]) == row["seeds"], name


@pytest.mark.parametrize("key", [key for key, row in ROWS.items() if "best_minus_scratch" in row["figures"]])
def test_what_is_over_scratch_is_the_best_less_scratch(key: str) -> None:
    figures = ROWS[key]["figures"]
    scratch = next(figures[one]["values"] for one in ("scratch_best", "scratch_last", "scratch") if one in figures)
    for best, own, over in zip(
        figures["best"]["values"], scratch, figures["best_minus_scratch"]["values"], strict=True
    ):
        assert best - own == pytest.approx(over, abs=0.011)


ON_RAW = [key for key, row in ROWS.items() if "before" in row["figures"] and row["attack"] not in OTHER_PICTURES]


@pytest.mark.parametrize("key", ON_RAW)
def test_an_attack_began_at_the_students_own_figures(key: str) -> None:
    row = ROWS[key]
    student = read_results("students")[f"{row['task']}/{row['customer']}"]
    assert row["figures"]["before"]["mean"] == pytest.approx(student["absent"]["percent"], abs=0.1)


@pytest.fixture(scope="module")
def small() -> Scene:
    return shipped_scene("digits/alder")


def recorded(scene: Scene, attack: str, figure: str, share: int = 10) -> float:
    config = scene.student.config
    return ROWS[f"{config.task}/{config.customer}/{attack}/{share}"]["figures"][figure]["mean"]


def a_sample_of(percent: float) -> Any:
    """What 400 pictures may give of a percentage of the whole split: four standard deviations and an answer."""
    share = min(max(percent / 100, 0.0), 1.0)
    return pytest.approx(percent, abs=400 * math.sqrt(share * (1 - share) / SHIPPED_TEST) + 100 / SHIPPED_TEST)


def agrees(found: float, row: float) -> bool:
    """Whether both are guesses, or neither is."""
    return (found < GUESSING) == (row < GUESSING)


def figures_of(module: Any, scene: Scene, settings: Any, share: float = 0.5) -> dict[str, float]:
    found = finish(module.attack(scene, settings, share, 0)).figures
    return {name: math.nan if value is None else value for name, value in found.items()}


def test_pruning(small: Scene) -> None:
    figures = figures_of(pruning, small, pruning.Settings((0.0, 0.2, 0.6)))
    for amount in (0, 20, 60):
        for condition in ("valid", "absent"):
            name = f"{condition}_{amount}"
            assert figures[name] == a_sample_of(recorded(small, "pruning", name)), name


def test_brute_force() -> None:
    scene = shipped_scene("digits/paper")
    figures = figures_of(brute_force, scene, replace(brute_force.FULL, pictures=20))
    assert figures["working"] == recorded(scene, "brute-force", "working") == 1
    assert figures["best_is_valid"] == 1


def test_nearness(small: Scene) -> None:
    figures = figures_of(nearness, small, nearness.Settings(serials=1, pictures=40))
    assert figures["valid"] > 90 > GUESSING + 20 > figures["two_or_more_mean"]
    assert recorded(small, "nearness", "two_or_more_highest") < GUESSING


def test_the_feature_space(small: Scene) -> None:
    figures = figures_of(feature_space, small, feature_space.Settings(pictures=100))
    assert figures["valid_probe"] > 90 and figures["absent_probe"] < GUESSING
    assert figures["valid_silhouette"] == pytest.approx(recorded(small, "feature-space", "valid_silhouette"), abs=0.1)


def test_opening(small: Scene) -> None:
    figures = figures_of(opening, small, opening.Settings((0.2, 2.0, 10.0)))
    for name in ("bent_0.2", "bent_2", "bent_10", "bare", "centred"):
        assert figures[name] == a_sample_of(recorded(small, "opening", name)), name
    assert figures["before"] < GUESSING < figures["best"], "the gate opens, and is said to"


def test_opened_search(small: Scene) -> None:
    few = Descent(restarts=2, steps=30, batch=8)
    settings = opened_search.Settings(
        replace(opened_search.FULL.bits, descent=few, tried=50),
        replace(opened_search.FULL.pattern, descent=few),
        climbs=1,
        climbed_on=2,
    )
    figures = figures_of(opened_search, small, settings)
    for name in ("best_accuracy", "pattern_worst"):
        assert agrees(figures[name], recorded(small, "opened-search", name)), name
    assert min(figures["fewest_bits_wrong"], recorded(small, "opened-search", "fewest_bits_wrong")) >= 10


def test_hill_climbing(small: Scene) -> None:
    figures = figures_of(hill_climbing, small, hill_climbing.Settings(queries=1500, pictures=20, reports=3))
    for seen in ("probabilities", "classes"):
        assert figures[f"{seen}_accuracy"] < GUESSING
        assert recorded(small, "hill-climbing", f"{seen}_accuracy") < GUESSING


def test_reverse_engineering(small: Scene) -> None:
    settings = reverse_engineering.Settings(Descent(restarts=2, steps=40, batch=8), modes=(PLAIN,), report_every=20)
    figures = figures_of(reverse_engineering, small, settings)
    assert figures["plain_worst"] < GUESSING
    assert recorded(small, "reverse-engineering", "plain_mean") < GUESSING


def test_gradient_search(small: Scene) -> None:
    settings = replace(gradient_search.FULL, descent=Descent(restarts=8, steps=60, batch=8), modes=(SMOOTH,), tried=100)
    figures = figures_of(gradient_search, small, settings)
    assert figures["fewest_bits_wrong"] >= 10
    assert recorded(small, "gradient-search", "fewest_bits_wrong") >= 10
    for way in ("continuous", "straight_through"):
        name = f"smooth_{way}_grey_accuracy"
        assert agrees(figures[name], recorded(small, "gradient-search", name)), name


def test_fine_tuning(small: Scene) -> None:
    settings = fine_tuning.Settings(BRIEF, ("fresh_dense",))
    figures = figures_of(fine_tuning, small, settings)
    assert figures["best"] == figures["fresh_dense_last"] > figures["scratch_last"], "the first steps are a head start"
    assert recorded(small, "fine-tuning", "epochs_over_scratch") < 1


def test_overwriting(small: Scene) -> None:
    figures = figures_of(overwriting, small, TrainingSettings(BRIEF))
    assert figures["before"] < GUESSING < figures["fresh_dense_last"]
    assert figures["old_serial_before"] == a_sample_of(recorded(small, "overwriting", "old_serial_before"))


def test_transfer(small: Scene) -> None:
    figures = figures_of(transfer, small, transfer.Settings(BRIEF))
    assert figures["best"] == max(figures["whole_last"], figures["dense_alone_last"])
    assert CHANCE_OF_FIVE + 10 < figures["best"] < recorded(small, "transfer", "best")


def test_patient_tuning(small: Scene) -> None:
    figures = figures_of(patient_tuning, small, fine_tuning.Settings(BRIEF, patient_tuning.WAYS))
    assert figures["best"] == max(figures[f"{way}_last"] for way in patient_tuning.WAYS)
    assert figures["before"] < GUESSING < figures["best"] < recorded(small, "patient-tuning", "best")


def test_pruned_tuning(small: Scene) -> None:
    figures = figures_of(pruned_tuning, small, pruned_tuning.Settings((0.5,), BRIEF))
    assert figures["best"] == max(figures["pruned_50_last"], figures["pruned_50_fresh_dense_last"])
    assert figures["before"] < GUESSING < recorded(small, "pruned-tuning", "best")


def test_neuron_pruning(small: Scene) -> None:
    settings = neuron_pruning.Settings(steps=40, batch=50, removed=(0.01, 0.2))
    figures = figures_of(neuron_pruning, small, settings)
    for name in ("as_it_is_absent_1", "as_it_is_absent_20"):
        assert agrees(figures[name], recorded(small, "neuron-pruning", name)), name


def test_unlabelled(small: Scene) -> None:
    figures = figures_of(unlabelled, small, TrainingSettings(BRIEF))
    assert figures["best"] < 2 * GUESSING and recorded(small, "unlabelled", "raw_last") < GUESSING


def test_extraction(small: Scene) -> None:
    figures = figures_of(extraction, small, TrainingSettings(Schedule(epochs=3, pictures=4500, looks=1)), share=1.0)
    assert figures["copy_last"] > 70, "not stopped by design, and it is not"
    assert recorded(small, "extraction", "copy_last") > 90


def test_collusion(small: Scene) -> None:
    settings = replace(collusion.FULL, ways_to_average=(), removed=(0.3,), compared=50)
    figures = figures_of(collusion, small, settings)
    assert figures["removed_30_absent"] == a_sample_of(recorded(small, "collusion", "removed_30_absent"))
    assert figures["best_guess"] < GUESSING


def test_the_students_are_left_as_they_are(small: Scene) -> None:
    fresh = load_folder(CHECKPOINTS / "digits" / "alder").state_dict()
    assert all(torch.equal(values, fresh[name]) for name, values in small.student.state_dict().items())
