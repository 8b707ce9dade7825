"""How fast attacks are, over the same work done plainly: both sides in one run, on the processor."""

from collections.abc import Iterator
from dataclasses import replace
from functools import partial

import torch

from dsn.applications.held_out import load_held_out
from dsn.applications.prepared import as_floats
from dsn.applications.registry import application_named
from dsn.attacks import brute_force, reverse_engineering
from dsn.attacks.brute_force import every_pattern
from dsn.attacks.descent import PLAIN, Descent, attacked_network, descend
from dsn.attacks.kit.scene import Licensed, Scene, finish
from dsn.attacks.registry import attack_named
from dsn.attacks.watched import attacking, pruned_live, victims
from dsn.bench.timing import Ratio, at_least, medians_in_turn, seconds_of
from dsn.locks.stamping import stamp
from dsn.places import CHECKPOINTS
from dsn.student.collection import SEALED_COPY, Collection, demo_serials, load_collection
from dsn.student.folder import bundled, load_folder

BRUTE_FORCE_BAR = 0.8
RESTARTS_BAR = 3.0
BARE_SERIALS = 4  # of the 512, on the slow side
LIVE_BARS = {"brute-force": 5.0, "reverse-engineering": 60.0, "fine-tuning": 60.0, "pruning": 0.5}  # seconds
PRUNED = 0.5  # share of the weights
STEPS = 10
REPETITIONS = 5


def bundled_scene(name: str) -> Scene:
    """A bundled student with the held-out pictures that come with the project, on both sides."""
    owner = Licensed(load_folder(CHECKPOINTS / name), demo_serials()[name])
    application = application_named(name.split("/")[0])
    split = load_held_out(application).split
    return Scene(owner.student, owner.serial, application, split, split)


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
        f"brute force of {len(patterns)} serials on {len(pictures):,} {scene.application.name}: "
        "throughput over bare passes'"
    )
    return at_least(f"attacks-brute-force-{scene.application.name}", what, BRUTE_FORCE_BAR, seconds)


def restarts_row(scene: Scene, *, plain: bool, steps: int = STEPS, repetitions: int = REPETITIONS) -> Ratio:
    """Eq. 10 with one restart after another, over all restarts batched.

    Args:
        scene: any student.
        plain: one after another on the student as it is; else by the same code as the batched ones, which folds
            BatchNorm into the convolutions and spares silent pictures the way back.
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
            walk(scene.student if plain else network, range(restart, restart + 1), settings)

    seconds = medians_in_turn(
        lambda: seconds_of(one_by_one),
        lambda: seconds_of(lambda: walk(network, range(settings.restarts), settings)),
        repetitions,
    )
    how = "plainly" if plain else "by the same code"
    what = f"Eq. 10 on {scene.application.name}: {settings.restarts} restarts one by one, {how}, over batched"
    key = f"attacks-restarts-{scene.application.name}"
    return at_least(key if plain else f"{key}-same-code", what, RESTARTS_BAR, seconds)


def live_rows(collection: Collection, *, names: tuple[str, ...] = tuple(LIVE_BARS)) -> Iterator[Ratio]:
    """Seconds that the page's attacks take on one thread, as there; of the applications, the slower one counts.

    Args:
        collection: the page's.
        names: of the attacks.
    """
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        for name in names:
            stamped = [one for one in victims(collection, attack_named(name)) if not one.endswith(SEALED_COPY)]
            one_each = {victim.split("/")[0]: victim for victim in stamped}
            seconds = max(seconds_of(partial(_watched, collection, name, victim)) for victim in one_each.values())
            bar, what = LIVE_BARS[name], f"{attack_named(name).title} On the page, on one thread: seconds"
            yield Ratio(f"attacks-live-{name}", what, f"≤ {bar:g}", seconds, 1.0, "s", seconds <= bar)
    finally:
        torch.set_num_threads(threads)


def _watched(collection: Collection, name: str, victim: str) -> object:
    if name == "pruning":
        return pruned_live(collection, victim, PRUNED)
    return finish(attacking(collection, attack_named(name), victim))


def attack_rows() -> Iterator[Ratio]:
    """Every ratio about attacks, each as it is measured, on the bundled students."""
    for name in bundled(CHECKPOINTS):
        scene = bundled_scene(name)
        if len(scene.serial.bits) < 64:
            yield brute_force_row(scene)
        elif name.endswith("/alder"):
            yield restarts_row(scene, plain=True)
            yield restarts_row(scene, plain=False)
    yield from live_rows(load_collection())
