"""Opening the gate: what the last ReLU kept back, and searching for the serial through it."""

import pytest
import torch
import torch.nn.functional as F
from attack_scenes import small_scene

from dsn.applications.held_out import HeldOut
from dsn.applications.prepared import as_floats
from dsn.attacks import opened_search, opening
from dsn.attacks.descent import OPENED, Descent, attacked_network
from dsn.attacks.kit.measuring import percent_right, stamping
from dsn.attacks.kit.scene import Scene, finish
from dsn.attacks.opened_search import climbed, loudness
from dsn.attacks.opening import Opened, bent, centred, drives
from dsn.locks.stamping import stamp
from dsn.student.student import Student

pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.fixture(scope="module")
def scene(talkative_student: Student, digits: HeldOut) -> Scene:
    return small_scene(talkative_student, digits)


def test_with_a_relu_again_it_is_the_student(scene: Scene) -> None:
    pictures = as_floats(scene.test.images[:20])
    torch.testing.assert_close(Opened(scene.student, F.relu)(pictures), scene.student(pictures), atol=1e-4, rtol=1e-4)
    hard = Opened(scene.student, bent(1e-4))
    torch.testing.assert_close(hard(pictures), scene.student(pictures), atol=1e-3, rtol=1e-3)


def test_bending_is_softplus_as_the_books_have_it() -> None:
    drive = torch.linspace(-30, 30, 301, dtype=torch.float64)
    for softness in (0.2, 1.0, 5.0):
        torch.testing.assert_close(
            bent(softness)(drive), softness * (drive / softness).exp().log1p(), rtol=1e-6, atol=1e-8
        )


def test_the_moved_bias_is_the_dense_layers_own(scene: Scene) -> None:
    known = drives(scene.student, scene.train.images)
    moved = Opened(scene.student, F.relu)
    dense = moved.extractor[-2]
    assert isinstance(dense, torch.nn.Linear)
    dense.bias.data -= known.mean(0)
    pictures = as_floats(scene.test.images[:20])
    torch.testing.assert_close(moved(pictures), Opened(scene.student, centred(known))(pictures), atol=1e-4, rtol=1e-4)
    assert (known.double() - known.double().mean(0)).mean(0).abs().max() < 1e-9


def test_figures_are_those_of_the_opened_network(scene: Scene) -> None:
    outcome = finish(opening.attack(scene, opening.QUICK, 0.5, 0))
    figures, curves = outcome.figures, outcome.curves
    valid = stamping(scene.student, scene.serial)
    assert figures["before"] == percent_right(scene.student, scene.test) == curves["absent"][0]
    for place, softness in enumerate(opening.QUICK.softness, start=1):
        network = Opened(scene.student, bent(softness))
        assert figures[f"bent_{softness:g}"] == percent_right(network, scene.test) == curves["absent"][place]
        assert curves["valid"][place] == percent_right(network, scene.test, valid)
    ways = [value for name, value in figures.items() if name.startswith(("bent", "bare", "centred")) and value]
    assert figures["best"] == max(ways)


def test_a_descent_through_the_opened_gate_has_a_gradient(scene: Scene) -> None:
    network, answering = attacked_network(scene.student, OPENED, scene.train.images)
    assert answering is scene.student
    heard = network[:-2](as_floats(scene.train.images))
    torch.testing.assert_close(heard.mean(0), torch.zeros(heard.shape[1]), atol=1e-3, rtol=0)


def test_no_single_flip_is_louder_than_where_the_climb_ends(scene: Scene) -> None:
    images = as_floats(scene.train.images[:3])
    start = torch.zeros(64)
    end = climbed(scene, images, start)

    def loud(bits: torch.Tensor) -> float:
        return scene.student.drive(stamp(images, bits, scene.student.place)).double().mean().item()

    with torch.no_grad():
        assert loud(end) >= loud(start)
        assert all(loud((end - flip).abs()) <= loud(end) + 1e-5 for flip in torch.eye(64))
        assert loudness(scene, images, torch.stack([start, end])).tolist() == pytest.approx(
            [loud(start), loud(end)], abs=1e-4
        )


def test_a_search_reports_the_worst_for_the_owner(scene: Scene) -> None:
    few = opened_search.Settings(
        opened_search.gradient_search.Settings(Descent(restarts=2, steps=3, batch=4), (OPENED,), tried=20),
        opened_search.reverse_engineering.Settings(
            Descent(restarts=2, steps=4, batch=4), modes=(OPENED,), report_every=2
        ),
        climbs=1,
        climbed_on=2,
    )
    seen: list[tuple[int, int]] = []
    running = opened_search.attack(scene, few, 0.5, 0)
    figures = finish(running, lambda step: seen.append((step.done, step.total))).figures
    wrong = [value for name, value in figures.items() if name.endswith("bits_wrong_best") and value is not None]
    assert len(wrong) == 3 and figures["fewest_bits_wrong"] == min(wrong)
    assert seen == sorted(seen) and seen[-1][0] == seen[-1][1]
