"""Attacks that train: stolen and fresh networks share pictures, order, augmentation and schedule."""

from dataclasses import replace

import pytest
import torch
from attack_scenes import small_scene
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor, nn

from dsn.applications.held_out import HeldOut
from dsn.applications.prepared import as_floats
from dsn.attacks import extraction, fine_tuning, overwriting, pruned_tuning, transfer, unlabelled
from dsn.attacks.fine_tuning import FULL, runner
from dsn.attacks.kit.measuring import percent_right, stamping
from dsn.attacks.kit.restyling import bands, joined, restyled
from dsn.attacks.kit.scene import AttackError, Scene, finish
from dsn.attacks.kit.starts import from_scratch, transplanted
from dsn.attacks.kit.surrogates import LEAK, LeakyGradientReLU, as_sequence, folded, recalibrated
from dsn.attacks.kit.training import (
    SCRATCH,
    Finish,
    Runner,
    Schedule,
    against_scratch,
    answers_of,
    labelled,
    last_quarter,
    look_steps,
    race,
    train,
)
from dsn.attacks.pruning import prunable
from dsn.student.student import Student

pytestmark = pytest.mark.usefixtures("one_thread")
SHORT = Schedule(epochs=2, batch=50, looks=4)
SEED = 3


@pytest.fixture(scope="module")
def scene(talkative_student: Student, digits: HeldOut) -> Scene:
    return small_scene(talkative_student, digits)


def test_a_share_is_the_same_for_everybody_and_grows_with_its_size(scene: Scene) -> None:
    tenth, again, half = (scene.stolen(share, SEED) for share in (0.1, 0.1, 0.5))
    assert len(tenth) == 40 and len(half) == 200
    assert torch.equal(tenth.images, again.images) and torch.equal(half.labels[:40], tenth.labels)
    assert not torch.equal(scene.stolen(0.1, SEED + 1).images, tenth.images)
    for share in (0.0, 1.1):
        with pytest.raises(AttackError, match="share of the data"):
            scene.stolen(share, SEED)
    with pytest.raises(AttackError, match="1 of 400 training pictures"):
        scene.stolen(0.002, SEED)


def test_stolen_and_fresh_networks_see_the_same_pictures_at_the_same_rates(scene: Scene) -> None:
    seen: dict[str, list[tuple[Tensor, Tensor]]] = {}
    stolen = scene.stolen(0.5, SEED)

    def noting(name: str):
        def loss(network: nn.Module, images: Tensor, labels: Tensor) -> Tensor:
            seen.setdefault(name, []).append((images, labels))
            return labelled(network, images, labels)

        return loss

    runners = {way: Runner(runner(scene, way, stolen, SEED).network, noting(way)) for way in (*FULL.ways[:2], SCRATCH)}
    list(race(runners, stolen, scene.test, SHORT, scene.application.augmentation, SEED))
    first = seen.pop(SCRATCH)
    assert len(first) == SHORT.epochs * len(stolen) // SHORT.batch
    for batches in seen.values():
        assert all(torch.equal(a, c) and torch.equal(b, d) for (a, b), (c, d) in zip(first, batches, strict=True))
    epoch = torch.cat([labels for _, labels in first[: len(first) // 2]])
    assert torch.equal(epoch.sort().values, stolen.labels.sort().values), "every picture once an epoch"


def test_a_race_is_the_same_again_and_whoever_runs_beside(scene: Scene) -> None:
    stolen = scene.stolen(0.25, SEED)

    def weights(*ways: str) -> Tensor:
        runners = {way: runner(scene, way, stolen, SEED) for way in ways}
        list(race(runners, stolen, scene.test, SHORT, scene.application.augmentation, SEED))
        return torch.cat([values.flatten() for values in runners[SCRATCH].network.parameters()])

    assert torch.equal(weights(SCRATCH), weights("as_it_is", SCRATCH))


def test_training_learns_and_leaves_the_student_as_it_is(scene: Scene) -> None:
    before = {name: values.clone() for name, values in scene.student.state_dict().items()}
    stolen = scene.stolen(1.0, SEED)
    way = runner(scene, "as_it_is", stolen, SEED)
    start = percent_right(way.network, scene.test)
    list(train(way, stolen, Schedule(epochs=6, batch=50, learning_rate=5e-3), scene.application.augmentation, SEED))
    assert percent_right(way.network, scene.test) > start + 20
    assert all(torch.equal(values, before[name]) for name, values in scene.student.state_dict().items())
    assert not any(parameter.requires_grad for parameter in scene.student.parameters())


def test_fresh_parts_are_those_of_scratch_and_the_rest_is_stolen(scene: Scene) -> None:
    config = scene.student.config.network
    scratch = from_scratch(config, SEED, scene.device).state_dict()
    student = scene.student.state_dict()
    convolutions = [name for name in student if name.split(".")[1] in ("0", "1", "4", "5")]
    last = [name for name in convolutions if name.split(".")[1] in ("4", "5")]
    for dropped in (0, 1):
        fresh = transplanted(scene.student, config, SEED, dropped=dropped).state_dict()
        for name, values in fresh.items():
            taken = name in convolutions and not (dropped and name in last)
            assert torch.equal(values, (student if taken else scratch)[name]), name


def test_recalibrated_statistics_are_those_of_raw_pictures(scene: Scene) -> None:
    changed = recalibrated(scene.student, scene.train.images)
    first = scene.student.extractor[0](as_floats(scene.train.images))
    after, before = changed.state_dict(), scene.student.state_dict()
    assert torch.allclose(after["extractor.1.running_mean"], first.mean((0, 2, 3)), atol=1e-4)
    assert torch.equal(after["extractor.1.weight"], before["extractor.1.weight"]) and not changed.training


def test_a_leaky_sequence_answers_the_same_and_lets_gradients_through(scene: Scene) -> None:
    pictures = as_floats(scene.test.images)
    for network in (as_sequence(scene.student, LeakyGradientReLU), folded(as_sequence(scene.student))):
        network.eval()
        assert torch.allclose(network(pictures), scene.student(pictures), atol=1e-4)
    values = torch.tensor([-2.0, 3.0], requires_grad=True)
    LeakyGradientReLU()(values).sum().backward()
    assert values.grad is not None and torch.allclose(values.grad, torch.tensor([LEAK, 1.0]))


def test_figures_against_scratch() -> None:
    curves = {"as_it_is": [10.0, 50.0, 70.0, 65.0], "slow": [10.0, 10.0, 20.0, 71.0], SCRATCH: [9.0, 30.0, 60.0, 58.0]}
    whole = {"as_it_is": 64.0, "slow": 70.0, SCRATCH: 59.5}
    figures = against_scratch(Finish(curves, [0.0, 1.0, 2.0, 3.0], whole, 600))
    assert figures["best"] == 70 and figures["best_minus_scratch"] == 10.5
    assert figures["as_it_is_last"] == 64 and figures["scratch_last"] == 59.5
    assert figures["epochs_over_scratch"] == 1.0  # both after two epochs
    assert (figures["passes"], figures["pictures"]) == (3.0, 600.0)
    assert figures["scratch_last_quarter"] == -2, "of three looks the last"
    whole = {"as_it_is": 20.0, SCRATCH: 30.0}
    never = Finish({"as_it_is": [10.0, 20.0], SCRATCH: [9.0, 30.0]}, [0.0, 1.0], whole, 200)
    assert against_scratch(never)["epochs_over_scratch"] is None


def test_the_last_quarter_is_what_came_after_three_of_four_looks() -> None:
    assert last_quarter([10.0, 50.0, 90.0, 91.5]) == 1.5
    assert last_quarter([float(look) for look in range(1, 13)]) == 3.0
    assert last_quarter([70.0]) == 0.0


@given(st.integers(1, 500), st.integers(1, 40))
def test_looks_are_spread_evenly_and_end_with_the_last_step(steps: int, looks: int) -> None:
    places = look_steps(steps, looks)
    assert places[-1] == steps and len(places) == min(steps, looks) and places[0] >= 1
    gaps = [after - before for before, after in zip([0, *places], places, strict=False)]
    assert max(gaps) - min(gaps) <= 1


def test_who_has_more_pictures_passes_over_them_less_often() -> None:
    schedule = Schedule(epochs=8, pictures=36_000)
    assert [schedule.epochs_over(count) for count in (400, 6_000, 12_000, 24_000, 90_000)] == [8, 6, 3, 2, 1]
    assert replace(schedule, pictures=None).epochs_over(90_000) == 8


def test_fine_tuning_starts_from_the_students_figures(scene: Scene) -> None:
    outcome = finish(fine_tuning.attack(scene, fine_tuning.Settings(SHORT, ("as_it_is", "leaky")), 0.5, SEED))
    assert outcome.figures["before"] == outcome.curves["as_it_is"][0] == outcome.curves["leaky"][0]
    assert set(outcome.curves) == {"x", "as_it_is", "leaky", SCRATCH}
    assert {len(curve) for curve in outcome.curves.values()} == {SHORT.looks + 1}


def test_an_attack_stops_when_it_is_told_to(scene: Scene) -> None:
    running = fine_tuning.attack(scene, fine_tuning.Settings(SHORT, ("as_it_is",)), 0.5, SEED)
    assert next(running).done == 0
    running.close()
    with pytest.raises(StopIteration):
        next(running)


def test_restyling_can_be_undone_where_nothing_is_changed_and_keeps_labels(scene: Scene) -> None:
    pictures = as_floats(scene.test.images)
    assert torch.allclose(joined(bands(pictures)), pictures, atol=1e-6)
    changed = restyled(scene.test, SEED)
    assert torch.equal(changed.labels, scene.test.labels) and changed.images.dtype == torch.uint8
    assert torch.equal(changed.images, restyled(scene.test, SEED).images)
    assert (as_floats(changed.images) - pictures).abs().mean() > 0.05


def test_transfer_is_to_half_of_the_classes(scene: Scene) -> None:
    half = transfer.half_of_classes(scene.train, 10, SEED)
    assert set(half.labels.tolist()) == set(range(5))
    figures = finish(transfer.attack(scene, transfer.Settings(SHORT), 0.5, SEED)).figures
    assert {"whole_last", "dense_alone_last", "scratch_last", "best_minus_scratch"} <= set(figures)


def test_dense_alone_leaves_the_convolutions(scene: Scene) -> None:
    network = transplanted(scene.student, scene.student.config.network, SEED)
    student = scene.student.state_dict()
    alone = Runner(network, fixed_statistics=True, dense_only=True)
    list(train(alone, scene.stolen(0.5, SEED), SHORT, scene.application.augmentation, SEED))
    after = network.state_dict()
    for name in ("extractor.0.weight", "extractor.1.running_mean"):
        assert torch.equal(after[name], student[name])


def test_pruned_weights_stay_zero_while_the_rest_is_trained(scene: Scene) -> None:
    way = Runner(pruned_tuning.masked(scene.student, 0.5))
    gone = [getattr(module, name) == 0 for module, name in prunable(way.network)]
    list(train(way, scene.stolen(0.5, SEED), SHORT, scene.application.augmentation, SEED))
    for (module, name), zero in zip(prunable(way.network), gone, strict=True):
        weight = getattr(module, name)
        assert bool((weight[zero] == 0).all()) and bool((weight[~zero] != 0).any())


def test_distilling_follows_the_answers_and_not_the_labels(scene: Scene) -> None:
    stamped = stamping(scene.student, scene.serial)
    pictures, labels = as_floats(scene.test.images), scene.test.labels
    loss = answers_of(scene.student, stamped)
    wrong = (labels + 1) % 10
    fresh = from_scratch(scene.student.config.network, SEED, scene.device)
    assert torch.equal(loss(fresh, pictures, labels), loss(fresh, pictures, wrong))
    assert loss(scene.student, stamped(pictures), labels) < loss(fresh, pictures, labels)


@pytest.mark.parametrize("module", [overwriting, extraction, unlabelled, pruned_tuning])
def test_every_training_attack_reports_what_it_promises(scene: Scene, module) -> None:
    settings = replace(module.QUICK, schedule=SHORT)
    steps: list[int] = []
    outcome = finish(module.attack(scene, settings, 0.25, SEED), lambda step: steps.append(step.done))
    assert steps == sorted(steps) and {"before", "best"} <= set(outcome.figures)
    percents = [value for name, value in outcome.figures.items() if name not in ("passes", "pictures")]
    assert all(value is None or -100 <= value <= 100 for value in percents)
    if module is overwriting:
        assert {"labels_old_serial", "labels_raw", "scratch_old_serial"} <= set(outcome.figures)
    if module is not unlabelled:
        assert "best_minus_scratch" in outcome.figures
