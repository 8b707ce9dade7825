"""Attacks on the weights: pruning, adversarial neuron pruning, collusion; and the picture of the features."""

import itertools
from dataclasses import replace

import pytest
import torch
from attack_scenes import SERIAL, small_scene
from tiny_students import tiny_student

from dsn.applications.held_out import HeldOut
from dsn.applications.prepared import as_floats
from dsn.attacks import collusion, feature_space, neuron_pruning, pruning
from dsn.attacks.collusion import agreement, mixtures, moved_to_average
from dsn.attacks.feature_space import embed, silhouette
from dsn.attacks.kit.alignment import activations, aligned, pairing, reordered
from dsn.attacks.kit.scene import AttackError, Licensed, Scene, finish
from dsn.attacks.neuron_pruning import norms, train_masks, without_channels
from dsn.serials import Serial
from dsn.student.student import Student

pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.fixture(scope="module")
def scene(talkative_student: Student, digits: HeldOut) -> Scene:
    return small_scene(talkative_student, digits)


@pytest.fixture(scope="module")
def crowd(digits: HeldOut) -> Scene:
    others = {
        name: Licensed(tiny_student(f"digits/{name}", seed), Serial.from_number(0x1234_5678_9ABC_DEF0 + seed))
        for seed, name in enumerate(("birch", "cedar"), start=1)
    }
    return small_scene(tiny_student(), digits, others)


def test_pruning_nothing_changes_nothing(scene: Scene) -> None:
    same = pruning.pruned(scene.student, 0.0)
    assert all(torch.equal(values, scene.student.state_dict()[name]) for name, values in same.state_dict().items())


def test_pruning_takes_the_smallest_weights_and_leaves_the_student(scene: Scene) -> None:
    before = [getattr(module, name).clone() for module, name in pruning.prunable(scene.student)]
    changed = pruning.pruned(scene.student, 0.3)
    weights = torch.cat([weight.flatten() for weight in before])
    left = torch.cat([getattr(module, name).flatten() for module, name in pruning.prunable(changed)])
    assert (left == 0).double().mean().item() == pytest.approx(0.3, abs=1e-3)
    assert weights[left == 0].abs().max() <= weights[left != 0].abs().min()
    after = [getattr(module, name) for module, name in pruning.prunable(scene.student)]
    assert all(torch.equal(one, other) for one, other in zip(before, after, strict=True))
    assert set(changed.state_dict()) == set(scene.student.state_dict()), "no masks are left over"


def test_pruning_starts_at_the_students_figures(scene: Scene) -> None:
    outcome = finish(pruning.attack(scene, pruning.QUICK, 0.1, 0))
    assert outcome.figures["absent_0"] == outcome.figures["before"]
    assert outcome.figures["valid_0"] == outcome.figures["valid_before"]
    assert outcome.curves["x"] == [0.0, 20.0, 90.0]


def test_masks_stay_masks_and_open_the_student_further(scene: Scene) -> None:
    settings = neuron_pruning.Settings(steps=12, batch=60)
    masks = list(train_masks(scene.student, scene.train, settings, 0))[-1]
    assert set(masks) == set(norms(scene.student))
    values = torch.cat(list(masks.values()))
    assert 0 <= float(values.min()) < 1 and float(values.max()) <= 1


def test_removed_channels_are_those_of_the_lowest_masks_and_give_zero(scene: Scene) -> None:
    layers = norms(scene.student)
    masks = {name: torch.linspace(0, 1, layer.num_features) for name, layer in layers.items()}
    changed = without_channels(scene.student, masks, 0.5)
    pictures = as_floats(scene.test.images[:4])
    silent = changed.extractor[:2](pictures).abs().amax((0, 2, 3)) == 0
    assert torch.equal(silent, masks["extractor.1"] < 0.5)
    same = without_channels(scene.student, masks, 0.0)
    assert torch.equal(same(pictures), scene.student(pictures))


def test_neuron_pruning_reports_both_starts_and_scratch(scene: Scene) -> None:
    settings = neuron_pruning.Settings(steps=3, batch=40, removed=(0.1,))
    figures = finish(neuron_pruning.attack(scene, settings, 0.5, 0)).figures
    assert {"as_it_is_absent_10", "recalibrated_valid_10", "scratch"} <= set(figures)
    assert figures["best"] == max(value or 0.0 for name, value in figures.items() if "_absent_" in name)


def test_the_way_to_the_average_begins_here_and_ends_at_the_same_place(crowd: Scene) -> None:
    networks = [crowd.student, *(one.student for one in crowd.others.values())]
    pictures = as_floats(crowd.test.images[:4])
    start = moved_to_average(networks[0], networks[1:], 0.0)
    assert torch.equal(start(pictures), networks[0](pictures))
    ends = [moved_to_average(networks[0], networks[1:], 1.0), moved_to_average(networks[2], networks[:2], 1.0)]
    assert torch.allclose(ends[0](pictures), ends[1](pictures), rtol=1e-4)


def test_another_order_of_channels_is_the_same_function_and_is_found_out(crowd: Scene) -> None:
    pictures = as_floats(crowd.train.images[:60])
    generator = torch.Generator().manual_seed(5)
    layers = activations(crowd.student, pictures)
    orders = [torch.randperm(values.shape[1], generator=generator) for values in layers]
    shuffled = reordered(crowd.student, orders)
    assert torch.allclose(shuffled(pictures), crowd.student(pictures), atol=1e-5)
    assert not torch.equal(*(one.state_dict()["extractor.0.weight"] for one in (shuffled, crowd.student)))
    back = aligned(crowd.student, shuffled, pictures, pictures)
    for name, values in crowd.student.state_dict().items():
        assert torch.equal(back.state_dict()[name], values), name


def test_pairs_go_together_better_than_any_other_pairing() -> None:
    own, other = (torch.randn(50, 4, generator=torch.Generator().manual_seed(seed)) for seed in (1, 2))

    def together(order: tuple[int, ...]) -> float:
        pairs = zip(own.double().T, other.double().T[list(order)], strict=True)
        return sum(torch.corrcoef(torch.stack(pair))[0, 1].item() for pair in pairs)

    found = together(tuple(pairing(own, other).tolist()))
    assert found == pytest.approx(max(together(order) for order in itertools.permutations(range(4))))


def test_equal_channels_agree(crowd: Scene) -> None:
    other = moved_to_average(crowd.student, [crowd.student], 0.0)
    with torch.no_grad():
        other.state_dict()["extractor.0.weight"][2] += 1
    found = agreement([crowd.student, other])
    assert float(found["extractor.1"].max()) == 0 and int(found["extractor.1"].argmin()) == 2
    assert float(found["extractor.5"].abs().max()) == 0


def test_guesses_from_other_serials() -> None:
    one, two = Serial.from_number(0b1100, 9), Serial.from_number(0b1010, 9)
    found = {name: serial.number for name, serial in mixtures([one, two]).items()}
    assert (found["serial_1"], found["any"], found["all"], found["odd"]) == (0b1100, 0b1110, 0b1000, 0b0110)
    assert found["all_inverted"] == 0b111110111


def test_collusion_tries_everything_and_needs_accomplices(crowd: Scene) -> None:
    figures = finish(collusion.attack(crowd, collusion.QUICK, 0.25, 0)).figures
    absent = [value or 0.0 for name, value in figures.items() if name.endswith("_absent") and name != "best_absent"]
    assert figures["best_absent"] == max(absent) and len(absent) == 16
    with pytest.raises(AttackError, match="two other customers"):
        finish(collusion.attack(replace(crowd, others={}), collusion.QUICK, 0.25, 0))


def test_silhouette_of_known_clusters() -> None:
    features = torch.tensor([[0.0], [1.0], [10.0], [11.0]])
    assert silhouette(features, torch.tensor([0, 0, 1, 1])) == pytest.approx((2 * 9.5 / 10.5 + 2 * 8.5 / 9.5) / 4)
    assert silhouette(features, torch.tensor([0, 1, 0, 1])) < 0
    assert silhouette(features, torch.tensor([0, 0, 0, 0])) == 0


def test_an_embedding_is_of_the_students_features(scene: Scene) -> None:
    embedding = embed(scene, None, 50)
    stamped = embed(scene, SERIAL, 50)
    assert embedding.points.shape == (50, 2) and torch.equal(embedding.labels, scene.test.labels[:50])
    assert not torch.allclose(embedding.points, stamped.points)
    features = scene.student.features(as_floats(scene.test.images[:50]))
    variances = torch.linalg.svdvals(features - features.mean(0))[:2].square()
    assert torch.allclose(embedding.points.square().sum(0), variances, rtol=1e-3)


def test_the_feature_space_has_its_three_conditions(scene: Scene) -> None:
    figures = finish(feature_space.attack(scene, feature_space.QUICK, 0.5, 0)).figures
    for condition in feature_space.CLOUDS:
        assert 0 <= (figures[f"{condition}_probe"] or 0) <= 100
        assert -1 <= (figures[f"{condition}_silhouette"] or 0) <= 1
