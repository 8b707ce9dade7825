"""Attacks small enough to be watched: their budgets, and what they are made on.

The adversary of the page has the pictures that come with the project: a tenth of the training split where there is
one, else half of the held-out pictures; the rest of the held-out ones only measure.
"""

from dataclasses import dataclass

from dsn.applications.prepared import Split
from dsn.applications.registry import application_named
from dsn.applications.training_share import load_training_share
from dsn.attacks import feature_space, pruning
from dsn.attacks.feature_space import Embedding
from dsn.attacks.kit.measuring import percent_right, stamping
from dsn.attacks.kit.record import Attack
from dsn.attacks.kit.scene import Licensed, Running, Scene
from dsn.serials import Serial
from dsn.student.collection import Collection

SEED = 0
PRUNING_PICTURES = 150


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


def victims(collection: Collection, attack: Attack, *, pointless: bool = False) -> list[str]:
    """The students of the page that an attack can be watched on, as "task/customer"; none where it cannot.

    Args:
        collection: the page's; sealed copies are among its students, after those they are of.
        attack: to be watched.
        pointless: whether those are among them on whose lock there is nothing to try.
    """
    names = [
        f"{application.name}/{collection.under(application.name, customer, lock)}"
        for application in collection.applications()
        if application.has_training_share or not attack.needs.training_pictures
        for customer in collection.customers(application.name)
        for lock in collection.locks(application.name, customer)
        if pointless or lock in attack.needs.locks
    ]
    return [name for name in names if attack.watched and len(collection.serials[name].bits) == attack.needs.bits]


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
    student = collection.students[name]
    licensed = {
        other: Licensed(
            collection.student(application.name, other, student.config.lock),
            collection.valid_serial(application.name, other),
        )
        for other in collection.customers(application.name)
    }
    others = {other: one for other, one in licensed.items() if one.student is not student}
    return Scene(student, collection.serials[name], application, train, test, others)


def embedded(collection: Collection, name: str, serial: Serial | None, pictures: int) -> Embedding:
    """The features of a student's held-out pictures on a plane: with a serial stamped in, or raw (None)."""
    return feature_space.embed(scene_on_page(collection, name), serial, pictures)


def attacking(collection: Collection, attack: Attack, name: str) -> Running:
    """An attack on a student of the page, under way.

    Args:
        collection: the page's.
        attack: one that can be watched.
        name: "task/customer".
    """
    return attack.run(scene_on_page(collection, name), attack.watched, 1.0, SEED)


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
