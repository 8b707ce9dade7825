"""Attacks small enough to be watched: their budgets, and what they are made on.

The adversary of the page has the pictures that come with the project: a tenth of the training split where there is
one, else half of the held-out pictures; the rest of the held-out ones only measure.
"""

from dataclasses import dataclass
from typing import Any

from dsn.applications.prepared import Split
from dsn.applications.registry import application_named
from dsn.applications.training_share import load_training_share
from dsn.attacks import (
    brute_force,
    feature_space,
    fine_tuning,
    hill_climbing,
    nearness,
    opening,
    pruning,
    reverse_engineering,
)
from dsn.attacks.descent import PLAIN, RECALIBRATED, Descent
from dsn.attacks.feature_space import Embedding
from dsn.attacks.kit.measuring import percent_right, stamping
from dsn.attacks.kit.scene import Licensed, Running, Scene
from dsn.attacks.kit.training import Schedule
from dsn.attacks.registry import Attack, attack_named
from dsn.serials import Serial
from dsn.student.collection import Collection

SEED = 0
PRUNING_PICTURES = 150

SETTINGS: dict[str, Any] = {
    "brute-force": brute_force.Settings(pictures=30, sample=64, report_every=32),
    "hill-climbing": hill_climbing.Settings(queries=20_000, pictures=50, reports=40),
    "reverse-engineering": reverse_engineering.Settings(
        Descent(restarts=2, steps=200, batch=16), modes=(PLAIN, RECALIBRATED), report_every=25
    ),
    "fine-tuning": fine_tuning.Settings(Schedule(epochs=6, looks=18), ways=("fresh_dense",)),
    "opening": opening.FULL,
    "feature-space": feature_space.Settings(pictures=400),
    "nearness": nearness.Settings(serials=4, pictures=200),
}
ON_TRAINING_PICTURES = ("reverse-engineering", "fine-tuning", "feature-space")


@dataclass(frozen=True)
class Pruned:
    """A student whose smallest weights are gone, on the same pictures as the others.

    Attributes:
        amount: share of the weights, 0 to 1.
        valid: percent right with the valid serial.
        absent: percent right without a serial.
        pictures: how many.
    """

    amount: float
    valid: float
    absent: float
    pictures: int


def victims(collection: Collection, attack: str) -> list[str]:
    """The students of the page that an attack can be watched on, as "task/customer".

    Brute force is for short serials, hill climbing for long ones; what trains needs training pictures.
    """
    names = [
        f"{application.name}/{customer}"
        for application in collection.applications()
        for customer in collection.customers(application.name)
    ]
    if attack in ON_TRAINING_PICTURES:
        names = [name for name in names if application_named(name.split("/")[0]).has_training_share]
    if attack == "brute-force":
        return [name for name in names if len(collection.serials[name].bits) == 9]
    return [name for name in names if len(collection.serials[name].bits) == 64]


def scene_on_page(collection: Collection, name: str) -> Scene:
    """A student of the page with the pictures that come with the project.

    Args:
        collection: the page's.
        name: "task/customer".
    """
    application = application_named(name.split("/")[0])
    held = collection.held_out[application.name].split
    if application.has_training_share:
        train, test = load_training_share(application), held
    else:
        half = len(held) // 2
        train = Split(held.images[:half], held.labels[:half])
        test = Split(held.images[half:], held.labels[half:])
    others = {
        other: Licensed(collection.student(application.name, other), collection.valid_serial(application.name, other))
        for other in collection.customers(application.name)
        if f"{application.name}/{other}" != name
    }
    return Scene(collection.students[name], collection.serials[name], application, train, test, others)


def embedded(collection: Collection, name: str, serial: Serial | None, pictures: int) -> Embedding:
    """The features of a student's held-out pictures on a plane: with a serial stamped in, or raw (None)."""
    return feature_space.embed(scene_on_page(collection, name), serial, pictures)


def attacking(collection: Collection, attack: str, name: str) -> tuple[Attack, Running]:
    """An attack on a student of the page, under way.

    Args:
        collection: the page's.
        attack: one of those with settings here.
        name: "task/customer".
    """
    chosen = attack_named(attack)
    return chosen, chosen.run(scene_on_page(collection, name), SETTINGS[attack], 1.0, SEED)


def pruned_live(collection: Collection, name: str, amount: float) -> Pruned:
    """What is left of a student without its smallest weights, within half a second.

    Args:
        collection: the page's.
        name: "task/customer".
        amount: share of the weights, 0 to 1.
    """
    student, held = collection.students[name], collection.held_out[name.split("/")[0]].split
    few = Split(held.images[:PRUNING_PICTURES], held.labels[:PRUNING_PICTURES])
    network = pruning.pruned(student, amount)
    valid = percent_right(network, few, stamping(student, collection.serials[name]))
    return Pruned(amount, valid, percent_right(network, few), len(few))
