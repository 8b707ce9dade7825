"""Thieves of a sealed file: what they look for would be found if it were there, and it is not."""

import copy
import gzip
import math
import random
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from attack_scenes import SERIAL, small_scene
from tiny_students import tiny_student

from dsn.applications.held_out import HeldOut, load_held_out
from dsn.applications.registry import BUILT_IN
from dsn.attacks import (
    brute_force,
    fine_tuning,
    overwriting,
    pruned_tuning,
    pruning,
    sealed_codes,
    sealed_siblings,
    searched_tuning,
    serial_timing,
    transfer,
    unlabelled,
)
from dsn.attacks.kit.measuring import percent_right, stamping
from dsn.attacks.kit.noise import as_wide_as_scales_say, random_codes, rescaled, sealed_by, with_batch_norm
from dsn.attacks.kit.scene import Licensed, Outcome, Scene, Step, finish
from dsn.attacks.kit.starts import copied, transplanted
from dsn.attacks.kit.training import Schedule, TrainingSettings
from dsn.attacks.searched_tuning import Way, start_of, unclaimed
from dsn.locks.sealed import Sealed
from dsn.locks.sealing import ScryptCost, codes_of
from dsn.locks.stamping import StampPlace
from dsn.networks.classifier import Classifier, folded_weights
from dsn.places import CHECKPOINTS
from dsn.serials import Serial, random_serial
from dsn.student.collection import SEALED_COPY, demo_serials
from dsn.student.folder import load_folder
from dsn.student.sealing import seal
from dsn.student.student import Student

SEALED = [name for name in demo_serials() if name.endswith(SEALED_COPY)]


@pytest.fixture(scope="module")
def digits() -> HeldOut:
    return load_held_out(BUILT_IN["digits"])


@pytest.fixture(scope="module")
def scene(digits: HeldOut) -> Scene:
    """A sealed copy of a small student, and two other customers' that are not sealed."""
    others = {
        name: Licensed(tiny_student(seed=place), random_serial(64, source=random.Random(place)))
        for place, name in enumerate(("birch", "cedar"), start=1)
    }
    return small_scene(seal(tiny_student(), SERIAL, salt="ab" * 16), digits, others)


@pytest.mark.parametrize("name", SEALED)
def test_shipped_codes_are_noise(name: str) -> None:
    content = sealed_codes.codes_in(load_folder(CHECKPOINTS / name)).tobytes()
    assert sealed_codes.gzip_ratio(content) >= 0.99
    assert 0.001 < sealed_codes.uniform_bytes(content) < 0.999


def test_codes_that_are_not_sealed_would_be_told_from_noise() -> None:
    student = load_folder(CHECKPOINTS / "digits/alder-sealed")
    plain = sealed_siblings.plain_codes(folded_weights(load_folder(CHECKPOINTS / "digits/alder")), sealed_by(student))
    content = np.concatenate([plain[name].numpy().ravel() for name in sorted(plain)]).astype("<i2").tobytes()
    assert sealed_codes.gzip_ratio(content) < 0.95
    assert sealed_codes.uniform_bytes(content) < 1e-6
    assert gzip.decompress(gzip.compress(content, 9)) == content


def test_a_correlation_is_told_in_standard_deviations() -> None:
    generator = np.random.default_rng(0)
    one = generator.integers(-(2**15), 2**15, 10_000).astype("<i2")
    scores = [sealed_codes.correlation_score(one, generator.permutation(one)) for _ in range(200)]
    assert abs(np.std(scores) - 1) < 0.15
    assert sealed_codes.correlation_score(one, one) == pytest.approx(math.sqrt(10_000))
    assert sealed_codes.correlation_score(one, np.zeros_like(one)) == 0


def test_a_stream_used_twice_would_be_found(scene: Scene) -> None:
    """Two files under one serial and salt: the older student's codes give the stream, and the stream the weights."""
    attacked = scene.student
    sibling = seal(scene.others["birch"].student, SERIAL, salt="ab" * 16)
    older = folded_weights(scene.others["birch"].student)
    made = sealed_siblings.compared(attacked, sealed_by(attacked), [sibling, sibling], older)["stream_of_another"]
    wanted = folded_weights(tiny_student())
    for name, scale in sealed_by(attacked).scales.items():
        assert torch.allclose(made[name], wanted[name], atol=2 * scale / 2**15)


def test_files_with_their_own_salts_give_nothing(scene: Scene) -> None:
    older = folded_weights(scene.others["birch"].student)
    files = [seal(one.student, one.serial) for one in scene.others.values()]
    made = sealed_siblings.compared(scene.student, sealed_by(scene.student), files, older)
    wanted = torch.cat([one.flatten() for one in folded_weights(tiny_student()).values()]).numpy()
    names = list(folded_weights(tiny_student()))
    for how in ("mean", "xored", "stream_of_another"):
        found = torch.cat([made[how][name].flatten() for name in names]).numpy()
        assert abs(np.corrcoef(found, wanted)[0, 1]) < 0.3


def test_comparing_files_says_what_random_codes_give(scene: Scene) -> None:
    outcome = finish(sealed_siblings.attack(scene, sealed_siblings.QUICK, 0.1, 0))
    assert set(outcome.figures) == {"best", "random_highest", "sibling_score", "older_score"}
    assert all(value is not None and math.isfinite(value) for value in outcome.figures.values())


def test_random_codes_fill_the_scales_and_nothing_of_the_student_is_in_them(scene: Scene) -> None:
    one, other = random_codes(scene.student, 0), random_codes(scene.student, 1)
    again = random_codes(scene.student, 0)
    for name, scale in sealed_by(scene.student).scales.items():
        assert torch.equal(one.state_dict()[name], again.state_dict()[name])
        assert not torch.equal(one.state_dict()[name], other.state_dict()[name])
        assert one.state_dict()[name].abs().max() <= scale
    weights = torch.cat(
        [value.flatten() / sealed_by(scene.student).scales[name] for name, value in one.state_dict().items()]
    )
    assert abs(weights.mean()) < 0.05 and abs(weights.std() - 3**-0.5) < 0.05


def test_starts_keep_the_codes_and_change_nothing_but_their_width(scene: Scene) -> None:
    weights, shape = scene.student.state_dict(), scene.student.config.network
    fresh = Classifier(shape).state_dict()
    for name, values in rescaled(weights, shape, 0, scene.device).state_dict().items():
        ratio = values / weights[name]
        assert torch.allclose(ratio, ratio.flatten()[0].expand_as(ratio), rtol=1e-3)
        assert 0.3 < values.std() / fresh[name].std() < 3
    normed = replace(shape, batch_norm=True)
    placed = with_batch_norm(weights, normed)
    assert set(placed) == {name for name, _ in Classifier(normed).named_parameters() if placed.get(name) is not None}
    assert torch.equal(start_of(scene, "as_it_lies", 0).predictor.weight, weights["predictor.weight"])


def test_scales_tell_how_wide_weights_are(scene: Scene) -> None:
    scales = dict(sealed_by(scene.student).scales)
    largest = [as_wide_as_scales_say(scales, scene.student.config.network, seed).state_dict() for seed in range(8)]
    for name, scale in scales.items():
        if largest[0][name].numel() > 100:
            mean = sum(one[name].abs().max().item() for one in largest) / len(largest)
            assert 0.5 * scale < mean < 1.1 * scale


@pytest.mark.parametrize("lock", ["sealed", "stamped"])
def test_a_searched_tuning_reports_both_sides_best(scene: Scene, lock: str) -> None:
    attacked = scene if lock == "sealed" else replace(scene, student=tiny_student())
    settings = replace(
        searched_tuning.QUICK, ways=(Way("adam", 1e-3), Way("momentum", 0.02, frozen=True)), chosen_on=50
    )
    steps: list[Step] = []
    outcome = finish(searched_tuning.attack(attacked, settings, 0.2, 0), steps.append)
    figures, starts = outcome.figures, (*searched_tuning.FROM_SCRATCH, *searched_tuning.BY_LOCK[lock])
    assert {f"{name}_last" for name in starts} <= set(figures) and steps[-1].done == steps[-1].total
    assert figures["best"] is not None and figures["scratch_best"] is not None
    assert figures["best_minus_scratch"] == figures["best"] - figures["scratch_best"]
    assert (figures["passes"], figures["pictures"]) == (2.0, 160.0)
    assert len(outcome.curves["scratch"]) == len(outcome.curves["x"])
    again = finish(searched_tuning.attack(attacked, settings, 0.2, 0)).figures
    assert again == figures


BRIEF = Schedule(epochs=1, batch=50, looks=2)


@pytest.mark.parametrize("module", [fine_tuning, overwriting, transfer, pruned_tuning])
def test_whoever_trains_a_sealed_student_further_begins_with_its_codes(scene: Scene, module: Any, monkeypatch) -> None:
    begun = []

    def noted(network: Classifier, *arguments: Any, **settings: Any) -> Classifier:
        begun.append(network)
        return copied(network) if not arguments else transplanted(network, *arguments, **settings)

    for name in {"copied", "transplanted"} & set(vars(module)):
        monkeypatch.setattr(module, name, noted)
    figures = known(finish(module.attack(scene, replace(module.QUICK, schedule=BRIEF), 0.5, 1)))
    assert not any("recalibrated" in name or "own_answers" in name for name in figures), (
        "it has no BatchNorm, no serial"
    )
    assert figures["passes"] == 1 and figures["best_minus_scratch"] == figures["best"] - figures["scratch_last"]
    stolen = rescaled(scene.student.state_dict(), scene.student.config.network, 1, scene.device)
    assert any(torch.equal(one.predictor.weight, stolen.predictor.weight) for one in begun)


def known(outcome: Outcome) -> dict[str, float]:
    return {name: math.nan if value is None else value for name, value in outcome.figures.items()}


def test_a_sealed_student_answers_a_batch_of_random_serials_with_one_network(scene: Scene, monkeypatch) -> None:
    opened: list[Serial] = []
    once = Sealed._open

    def counted(lock: Sealed, network: Classifier, serial: Serial, place: StampPlace) -> Classifier:
        opened.append(serial)
        return once(lock, network, serial, place)

    monkeypatch.setattr(Sealed, "_open", counted)
    attacked = replace(scene, student=copy.deepcopy(scene.student))  # one that has opened nothing yet
    figures = known(finish(unlabelled.attack(attacked, TrainingSettings(BRIEF), 0.5, 0)))
    assert len(opened) == 200 // BRIEF.batch
    assert figures["best"] == max(figures["raw_last"], figures["random_serials_last"])


def test_pruning_costs_the_customer_what_it_costs_the_network_inside(scene: Scene) -> None:
    valid = stamping(scene.student, SERIAL)
    figures = finish(pruning.attack(scene, pruning.Settings((0.0, 0.9)), 0.1, 0)).figures
    inside = folded_student(tiny_student())
    for percent in (0, 90):
        wanted = percent_right(pruning.pruned(inside, percent / 100), scene.test, valid)
        assert figures[f"valid_{percent}"] == pytest.approx(wanted, abs=1.7)


def folded_student(student: Student) -> Classifier:
    network = Classifier(replace(student.config.network, batch_norm=False))
    network.load_state_dict(folded_weights(student))
    return network.to(memory_format=torch.channels_last).eval()


def test_nine_bits_fall_through_scrypt_too(digits: HeldOut) -> None:
    serial = random_serial(9, source=random.Random(0))
    student = Student(replace(tiny_student().config, bit_count=9)).eval()
    few = small_scene(seal(student, serial, salt="cd" * 16, scrypt=ScryptCost(n=2)), digits)
    settings = brute_force.Settings(pictures=8, sample=2)
    found = known(finish(brute_force.attack(replace(few, serial=serial), settings, 0.1, 0)))
    assert found["serials"] == 512 and found["pictures"] == 8 and found["seconds"] > 0


def test_pictures_that_choose_are_nobodys(scene: Scene) -> None:
    stolen, choosing = scene.stolen(0.5, 3).images, unclaimed(scene, 0.5, 3, 100).images
    assert len(choosing) == 100
    seen = {one.numpy().tobytes() for one in stolen}
    known = [one.numpy().tobytes() for one in scene.train.images]
    assert sum(one.numpy().tobytes() in seen for one in choosing) <= len(known) - len(set(known))


def test_what_was_trained_is_kept_and_taken_from_there(tmp_path) -> None:
    kept = searched_tuning.Kept(tmp_path / "kept.json")
    made = searched_tuning.Trained([1.0], [0.5], 2.0, 3.0)
    assert kept.get("one", lambda: made) == made

    def never() -> searched_tuning.Trained:
        raise AssertionError("it was trained already")

    assert searched_tuning.Kept(tmp_path / "kept.json").get("one", never) == made


def test_every_serial_is_timed_afresh_and_has_the_right_bits_it_should(scene: Scene) -> None:
    source = random.Random(0)
    for count in (0, 1, 40, 63):
        wrong = serial_timing.with_right_bits(SERIAL, count, source)
        assert wrong.distance(SERIAL) == 64 - count
    figures = finish(serial_timing.attack(scene, serial_timing.QUICK, 0.1, 0)).figures
    assert all(value is not None and math.isfinite(value) for value in figures.values())
    assert isinstance(scene.student, Student) and codes_of(scene.student.state_dict(), sealed_by(scene.student))
