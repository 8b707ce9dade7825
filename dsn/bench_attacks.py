"""How fast attacks are, over the same work done plainly: both sides in one run, on the processor."""

from collections.abc import Iterator
from dataclasses import replace

import torch

from dsn.attacks import brute_force, reverse_engineering
from dsn.attacks.brute_force import every_pattern
from dsn.attacks.descent import PLAIN, Descent, attacked_network, descend
from dsn.attacks.scene import Licensed, Scene, finish
from dsn.checkpoints import bundled, load_folder
from dsn.collection import CHECKPOINTS, demo_serials
from dsn.datasets import as_floats
from dsn.held_out import load_held_out
from dsn.stamping import stamp
from dsn.tasks import task_named
from dsn.timing import Ratio, at_least, medians_in_turn, seconds_of

BRUTE_FORCE_BAR = 0.8
RESTARTS_BAR = 3.0
BARE_SERIALS = 4  # of the 512, on the slow side
STEPS = 10
REPETITIONS = 5


def bundled_scene(name: str) -> Scene:
    """A bundled student with the held-out pictures that come with the project, on both sides."""
    owner = Licensed(load_folder(CHECKPOINTS / name), demo_serials()[name])
    task = task_named(name.split("/")[0])
    split = load_held_out(task).split
    return Scene(owner.student, owner.serial, task, split, split)


def brute_force_row(scene: Scene, *, repetitions: int = REPETITIONS) -> Ratio:
    """Serials a second of brute force over those of bare forward passes of the same stamped batches.

    Args:
        scene: a student of nine bits.
        repetitions: of each side.
    """
    settings = replace(brute_force.FULL, pictures=len(scene.train))
    patterns = every_pattern(len(scene.serial.bits))
    chosen = patterns[:: len(patterns) // BARE_SERIALS][:BARE_SERIALS]
    pictures = as_floats(scene.train.images)
    batches = [stamp(pictures, pattern, scene.student.place) for pattern in chosen]

    @torch.inference_mode()
    def bare() -> None:
        for batch in batches:
            scene.student(batch)

    seconds = medians_in_turn(
        lambda: seconds_of(bare) / len(batches),
        lambda: seconds_of(lambda: finish(brute_force.attack(scene, settings, 1.0, 0))) / len(patterns),
        repetitions,
    )
    what = (
        f"brute force of {len(patterns)} serials on {len(pictures):,} {scene.task.name}: throughput over bare passes'"
    )
    return at_least(f"attacks-brute-force-{scene.task.name}", what, BRUTE_FORCE_BAR, seconds)


def restarts_row(scene: Scene, *, steps: int = STEPS, repetitions: int = REPETITIONS) -> Ratio:
    """Eq. 10 with one restart after another on the student as it is, over all restarts batched as here.

    Args:
        scene: any student.
        steps: of each restart.
        repetitions: of each side.
    """
    settings = replace(reverse_engineering.FULL.descent, steps=steps)
    network, _ = attacked_network(scene.student, PLAIN, scene.train.images)

    def walk(network: torch.nn.Module, restarts: range, settings: Descent) -> None:
        mask, pattern = reverse_engineering.start(scene, 0, restarts)
        nothing = torch.zeros(len(restarts))
        for _ in descend(
            network,
            scene.train,
            [mask, pattern],
            lambda images: reverse_engineering.masked(images, mask, pattern),
            lambda: nothing,
            settings,
            0,
        ):
            pass

    def one_by_one() -> None:
        for restart in range(settings.restarts):
            walk(scene.student, range(restart, restart + 1), settings)

    seconds = medians_in_turn(
        lambda: seconds_of(one_by_one),
        lambda: seconds_of(lambda: walk(network, range(settings.restarts), settings)),
        repetitions,
    )
    what = f"Eq. 10 on {scene.task.name}: {settings.restarts} restarts one by one on the network as it is, over batched"
    return at_least(f"attacks-restarts-{scene.task.name}", what, RESTARTS_BAR, seconds)


def attack_rows() -> Iterator[Ratio]:
    """Every ratio about attacks, each as it is measured, on the bundled students."""
    for name in bundled(CHECKPOINTS):
        scene = bundled_scene(name)
        if len(scene.serial.bits) < 64:
            yield brute_force_row(scene)
        elif name.endswith("/alder"):
            yield restarts_row(scene)
