"""The search for stronger students: what it measures, on the shipped ones."""

import pytest
import torch
from attack_scenes import shipped_scene

from dsn.applications.prepared import Split, as_floats
from dsn.attacks.kit.scene import Scene
from dsn.attacks.pruning import pruned
from dsn.research.ideas import IDEAS, IdeaError, idea_named
from dsn.research.search import STUDENT, colluded, one_bit_wrong
from dsn.results.store import read_results
from dsn.serials import near_misses

pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.fixture(scope="module")
def scene() -> Scene:
    return shipped_scene(STUDENT)


def test_colluders_of_one_teacher_come_to_what_was_recorded(scene: Scene) -> None:
    others = {name: licensed.student for name, licensed in scene.others.items()}
    few = Split(scene.test.images[:200], scene.test.labels[:200])
    found = colluded(Scene(scene.student, scene.serial, scene.application, scene.train, few), others)
    row = read_results("attacks")[f"{STUDENT}/collusion/10"]
    assert found == pytest.approx(row["figures"]["best_absent"]["mean"], abs=10)


def test_one_bit_wrong_is_every_bit_in_turn(scene: Scene) -> None:
    half_shut = pruned(scene.student, 0.65)  # so that bits differ from one another
    few = Split(scene.test.images[:40], scene.test.labels[:40])
    shares = []
    for serial in near_misses(scene.serial):
        with torch.inference_mode():
            answers = half_shut(half_shut.stamp(as_floats(few.images), serial)).argmax(1)
        shares.append(100 * (answers == few.labels).double().mean().item())
    found = one_bit_wrong(half_shut, few)
    assert found["one_bit_mean"] == pytest.approx(sum(shares) / 64, abs=0.5)
    assert found["one_bit_worst"] == pytest.approx(max(shares), abs=2.6)


@pytest.mark.parametrize("name", read_results("ideas"))
def test_a_recorded_idea_is_one_of_those_in_the_code(name: str) -> None:
    row, idea = read_results("ideas")[name], idea_named(name)
    assert row["what"] == idea.what and row["kept"] == idea.kept
    assert ("collusion_absent" in row) == idea.colluding
    figures = row["fine_tuning"]
    ways = [one["mean"] for key, one in figures.items() if key.endswith("_last") and key != "scratch_last"]
    assert figures["best"]["mean"] == max(ways)
    assert figures["best"]["mean"] - figures["scratch_last"]["mean"] == pytest.approx(
        figures["best_minus_scratch"]["mean"], abs=0.011
    )


def test_another_idea_is_refused_with_the_names_there_are() -> None:
    with pytest.raises(IdeaError, match=next(iter(IDEAS))):
        idea_named("magic")
