"""The bars of the sealed lock: what counts as met, and that a file that leaks would miss them."""

import json
import math

import pytest
import torch
from attack_scenes import SERIAL, small_scene
from tiny_students import tiny_student

from dsn.applications.held_out import load_held_out
from dsn.applications.registry import BUILT_IN
from dsn.attacks import sealed_bars
from dsn.attacks.kit.scene import AttackError, Scene
from dsn.attacks.sealed_bars import AT_LEAST, WITHIN, Bar, Many
from dsn.student.sealing import seal, student_of


@pytest.fixture(scope="module")
def scene() -> Scene:
    return small_scene(seal(tiny_student(), SERIAL, salt="ab" * 16), load_held_out(BUILT_IN["digits"]))


def row(attack: str, seeds: int = 3, **figures: list[float | None]) -> dict:
    summed = {}
    for name, values in figures.items():
        there = torch.tensor([one for one in values if one is not None])
        mean, spread = (there.mean().item(), there.std().item()) if len(there) else (None, None)
        summed[name] = {"mean": mean, "spread": spread, "values": values}
    return {"attack": attack, "data_share": 0.1, "seeds": seeds, "figures": summed}


def test_a_bar_is_met_at_its_limit_and_not_beyond() -> None:
    assert Bar("a", "", 1.0, 1.0).met and not Bar("a", "", 1.1, 1.0).met
    assert Bar("a", "", 1.0, 1.0, AT_LEAST).met and not Bar("a", "", 0.9, 1.0, AT_LEAST).met
    assert Bar("a", "", 8.5, 1.5, WITHIN, 10.0).met and not Bar("a", "", 11.6, 1.5, WITHIN, 10.0).met
    assert Bar("a", "", None, 1.0).met is None


def test_whoever_trains_further_may_be_ahead_by_luck_alone() -> None:
    lucky = sealed_bars.training_bar(row("searched-tuning", best_minus_scratch=[0.2, -0.1, 0.05]))
    assert lucky.met and lucky.figure == pytest.approx(0.05)
    error = math.sqrt(0.0225 / 3)  # deviation 0.15
    assert lucky.limit == pytest.approx(min(0.15, 2 * error))
    steady = sealed_bars.training_bar(row("searched-tuning", best_minus_scratch=[0.10, 0.11, 0.12]))
    assert not steady.met, "within 0.15, but not by luck"
    assert not sealed_bars.training_bar(row("transfer", best_minus_scratch=[0.5, -0.3, 0.4])).met


def test_a_thief_who_never_gets_there_is_not_sooner() -> None:
    assert sealed_bars.sooner_bar(row("searched-tuning", epochs_over_scratch=[None, None, None])).met
    assert sealed_bars.sooner_bar(row("searched-tuning", epochs_over_scratch=[1.0, 0.9, 1.0])).met
    assert not sealed_bars.sooner_bar(row("searched-tuning", epochs_over_scratch=[0.5, 0.9, None])).met


def test_of_all_searches_the_luckiest_counts() -> None:
    found = sealed_bars.bits_bar(
        row("hill-climbing", classes_bits_wrong=[30.0, 33.0], probabilities_bits_wrong=[23.0, 31.0])
    )
    assert found.figure == 41.0 and not found.met


def test_a_network_that_is_not_noise_misses_the_bar_of_opening(scene: Scene) -> None:
    """The student itself, in the place of its codes, is as random as they are: but one that answers is found out."""
    bar = sealed_bars.opening_bar(scene, 3)
    assert bar.figure is not None and 0 <= bar.figure <= 100 and bar.beside["networks"] == 3
    taught = student_of(scene.student.config, weights_taught(scene))
    assert sealed_bars.best_opening(scene, taught) > bar.limit


def weights_taught(scene: Scene) -> dict[str, torch.Tensor]:
    """Weights whose predictor was fitted to the test labels: a network that answers without a serial."""
    weights = {name: one.clone() for name, one in scene.student.state_dict().items()}
    network = student_of(scene.student.config, weights)
    features = network.drive(scene.test.images.float() / 255).detach().double()
    wanted = torch.nn.functional.one_hot(scene.test.labels, 10).double()
    weights["predictor.weight"] = torch.linalg.lstsq(features, wanted).solution.T.float()
    return weights


def test_measuring_writes_a_row_for_every_bar(scene: Scene, tmp_path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sealed_bars, "SEALED_PICTURES", 50)
    said: list[str] = []
    sealed_bars.measure(
        scene, tiny_student(), {"alder-sealed": scene.student}, many=Many(2, 1, 3), folder=tmp_path, report=said.append
    )
    rows = json.loads((tmp_path / "sealed.json").read_text("utf-8"))
    names = {"valid", "wrong-mean", "wrong-worst", "opening", "opening-probe", "probe", "gzip", "chi-squared"}
    names |= {"first-answer", "second-answer"}
    assert {f"digits/{name}" for name in names} <= set(rows)
    assert all({"what", "figure", "limit", "met", "commit", "date"} <= set(one) for one in rows.values())
    assert any("MISSED" in line or "met" in line for line in said)


def test_an_application_without_sealed_students_is_refused_in_a_sentence() -> None:
    with pytest.raises(AttackError, match="no sealed students"):
        sealed_bars.run(["nothing"])
