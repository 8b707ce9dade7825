"""Attacks that search for serials, masks and patterns."""

from dataclasses import replace

import pytest
import torch
from attack_scenes import SERIAL, small_scene
from torch import nn

from dsn.applications.held_out import HeldOut
from dsn.applications.prepared import as_floats
from dsn.attacks import brute_force, gradient_search, hill_climbing, nearness, reverse_engineering
from dsn.attacks.brute_force import every_pattern, years_for
from dsn.attacks.descent import MODES, Descent, attacked_network, descend
from dsn.attacks.gradient_search import WAYS, stamped_by_each
from dsn.attacks.hill_climbing import CLASSES, PROBABILITIES, climb, climbed
from dsn.attacks.kit.measuring import percent_right, stamping
from dsn.attacks.kit.scene import Scene, finish
from dsn.locks.stamping import stamp
from dsn.places import CHECKPOINTS
from dsn.serials import Serial
from dsn.student.collection import demo_serials
from dsn.student.folder import load_folder
from dsn.student.student import Student

pytestmark = pytest.mark.usefixtures("one_thread")
FEW = Descent(restarts=3, steps=4, batch=10)


@pytest.fixture(scope="module")
def scene(talkative_student: Student, digits: HeldOut) -> Scene:
    return small_scene(talkative_student, digits)


def test_brute_force_finds_exactly_the_valid_serial(digits: HeldOut) -> None:
    student, serial = load_folder(CHECKPOINTS / "digits" / "paper"), demo_serials()["digits/paper"]
    paper = replace(small_scene(student, digits), serial=serial)
    settings = replace(brute_force.FULL, pictures=30)
    outcome = finish(brute_force.attack(paper, settings, 1.0, 0))
    assert outcome.figures["working"] == 1 and outcome.figures["best_is_valid"] == 1
    shares = outcome.curves["accuracy"]
    assert len(shares) == 512 and shares.index(max(shares)) == serial.number


def test_patterns_are_in_the_order_of_their_numbers() -> None:
    for number in (0, 5, 300, 511):
        assert every_pattern(9)[number].tolist() == list(Serial.from_number(number, 9).bits)


def test_brute_force_on_long_serials_is_a_sample_and_arithmetic(scene: Scene) -> None:
    outcome = finish(brute_force.attack(scene, brute_force.Settings(pictures=20, sample=32), 1.0, 0))
    assert outcome.figures["serials"] == 32 and outcome.figures["best_is_valid"] == 0
    assert years_for(64, 1e9) == pytest.approx(292.3, rel=1e-3)
    assert years_for(9, 256 / 31_557_600) == pytest.approx(1.0)


def test_a_climb_keeps_to_its_queries_and_is_the_same_again(scene: Scene) -> None:
    settings = hill_climbing.Settings(queries=800, pictures=20, reports=4)
    stolen = scene.stolen(1.0, 0)
    for seen in (PROBABILITIES, CLASSES):
        outcome = finish(climb(scene, settings, stolen, 0, seen))
        assert outcome.curves["x"][-1] == settings.queries
        assert outcome == finish(climb(scene, settings, stolen, 0, seen))


def test_the_best_of_a_climb_never_comes_down() -> None:
    weights = torch.randn(64, generator=torch.Generator().manual_seed(1))
    heights = [float(here.best @ weights) for here, _ in zip(climbed(lambda tried: float(tried @ weights), 64, 8, 0),
                                                             range(400), strict=False)]  # fmt: skip
    assert heights == sorted(heights) and heights[-1] > heights[0]


def test_a_climb_finds_a_serial_where_there_is_a_slope_and_only_there() -> None:
    bits = torch.tensor(SERIAL.bits).float()
    slope = climbed(lambda tried: -float((tried != bits).sum()), 64, patience=128, seed=0)
    assert torch.equal(next(here.best for here in slope if here.tries == 150), bits)
    plain = climbed(lambda tried: float(torch.equal(tried, bits)), 64, patience=128, seed=0)
    assert not torch.equal(next(here.best for here in plain if here.tries == 2000), bits)


@pytest.mark.parametrize("mode", MODES)
def test_batched_restarts_of_eq_10_are_those_of_one_by_one(scene: Scene, mode: str) -> None:
    settings = reverse_engineering.Settings(FEW, report_every=2)
    batched = finish(reverse_engineering.search(scene, settings, 1.0, 1, mode))
    for restart in range(FEW.restarts):
        alone = finish(reverse_engineering.search(scene, settings, 1.0, 1, mode, range(restart, restart + 1)))
        assert alone.curves["final_losses"][0] == pytest.approx(batched.curves["final_losses"][restart], rel=1e-3)
    assert len({round(loss, 6) for loss in batched.curves["final_losses"]}) == FEW.restarts


class Opaque(nn.Module):
    """A network nobody can see into: every picture of it gets its backward pass."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return self.network(images)


@pytest.mark.parametrize("silent", [0.0, 0.5, 1.0])
def test_skipping_silent_pictures_changes_no_descent(scene: Scene, silent: float) -> None:
    network, _ = attacked_network(scene.student, "plain", scene.train.images)
    mask, pattern = reverse_engineering.start(scene, 0, range(3))
    with torch.no_grad():
        seen = reverse_engineering.masked(as_floats(scene.train.images[:40]), mask, pattern).flatten(0, 1)
        loudest = network[:-2](seen).max(1).values
        network[-3].bias -= {0.0: loudest.min() - 1, 0.5: loudest.median(), 1.0: loudest.max() + 1}[silent]
        quiet = (network(seen) == 0).all(1).double().mean().item()
    assert quiet == pytest.approx(silent, abs=0.3)

    def walked(network: nn.Module) -> tuple[torch.Tensor, list[torch.Tensor]]:
        parameters = [mask.clone(), pattern.clone()]

        def applied(images: torch.Tensor) -> torch.Tensor:
            return reverse_engineering.masked(images, *parameters)

        steps = descend(network, scene.train, parameters, applied, lambda: torch.zeros(3), replace(FEW, steps=3), 0)
        return torch.stack(list(steps)), [one.detach() for one in parameters]

    (losses, found), (plain_losses, plain_found) = walked(network), walked(Opaque(network))
    assert torch.allclose(losses, plain_losses, rtol=1e-4)
    assert all((one - other).abs().mean() < 1e-3 for one, other in zip(found, plain_found, strict=True))
    assert (found[1] != pattern).any() == (silent < 1)


def test_descending_descends(scene: Scene) -> None:
    network, _ = attacked_network(scene.student, "plain", scene.train.images)
    mask, pattern = reverse_engineering.start(scene, 0, range(2))
    losses = list(
        descend(
            network,
            scene.train,
            [mask, pattern],
            lambda images: reverse_engineering.masked(images, mask, pattern),
            lambda: torch.zeros(2),
            replace(FEW, steps=40, batch=40),
            0,
        )
    )
    assert bool((torch.stack(losses[-5:]).mean(0) < losses[0]).all())


def test_a_mask_is_what_the_reported_accuracy_is_about(scene: Scene) -> None:
    settings = reverse_engineering.Settings(FEW, report_every=4)
    running = reverse_engineering.search(scene, settings, 1.0, 0)
    step = next(running)
    mask, pattern = step.pictures["mask"], step.pictures["pattern"]
    assert mask.shape == pattern.shape == (1, 28, 28) and float(mask.min()) >= 0 and float(mask.max()) <= 1
    put = percent_right(scene.student, scene.glance, lambda images: (1 - mask) * images + mask * pattern)
    assert step.figures["accuracy"] == put


def test_both_ways_to_bits_and_each_pattern_on_each_picture(scene: Scene) -> None:
    values = torch.tensor([[-3.0, 0.1], [2.0, -0.1]], requires_grad=True)
    whole = WAYS["straight_through"](values)
    assert whole.tolist() == [[0, 1], [1, 0]]
    whole.sum().backward()
    soft = values.detach().sigmoid()
    assert values.grad is not None and torch.allclose(values.grad, soft * (1 - soft))
    pictures, patterns = as_floats(scene.test.images[:3]), torch.randint(0, 2, (2, 64)).float()
    found = stamped_by_each(pictures, patterns, scene)
    for row, pattern in enumerate(patterns):
        assert torch.equal(found[row], stamp(pictures, pattern, scene.student.place))


def test_gradient_search_reports_bits_and_accuracies(scene: Scene) -> None:
    outcome = finish(gradient_search.attack(scene, gradient_search.Settings(FEW, ("plain",), 4), 0.5, 0))
    assert outcome.figures["fewest_bits_wrong"] == min(
        outcome.figures[f"plain_{way}_bits_wrong_best"] or 0.0 for way in WAYS
    )
    assert 10 < (outcome.figures["plain_continuous_bits_wrong_mean"] or 0) < 54, "random starts, hardly moved"


def test_nearness_has_every_distance(scene: Scene) -> None:
    generator = torch.Generator().manual_seed(0)
    for wrong in (0, 1, 30, 64):
        patterns = nearness.patterns_at(scene.bits, wrong, 5, generator)
        assert ((patterns != scene.bits).sum(1) == wrong).all() and len(patterns) == (1 if wrong in (0, 64) else 5)
    outcome = finish(nearness.attack(scene, nearness.Settings(serials=1, pictures=40), 1.0, 0))
    assert len(outcome.curves["mean"]) == 65
    few = replace(scene, test=type(scene.test)(scene.test.images[:40], scene.test.labels[:40]))
    exact = 100 * (scene.student(stamping(scene.student, SERIAL)(as_floats(few.test.images))).argmax(1)
                   == few.test.labels).double().mean().item()  # fmt: skip
    assert outcome.figures["valid"] == pytest.approx(exact)
