"""Attacks small enough to be watched: their budgets, and what they are made on.

The adversary of the page has the pictures that come with the project: a tenth of the training split where there is
one, else half of the held-out pictures; the rest of the held-out ones only measure.
"""

import random
from dataclasses import dataclass

import torch
from torch import Tensor

from dsn.applications.prepared import Split, as_floats
from dsn.applications.registry import application_named
from dsn.applications.training_share import load_training_share
from dsn.attacks import feature_space, pruning
from dsn.attacks.feature_space import Embedding
from dsn.attacks.kit.measuring import percent_right, stamping
from dsn.attacks.kit.record import Attack
from dsn.attacks.kit.scene import Attempt, Licensed, Running, Scene
from dsn.measuring.comparison import CONDITIONS, Condition, Panel, are_even, panels_of, serials_of
from dsn.serials import Serial, random_serial
from dsn.student.collection import Collection

SEED = 0
PRUNING_PICTURES = 150
READ = 12  # pictures that show what the stolen network reads


@dataclass(frozen=True)
class Reading:
    """What the stolen network makes of one picture, asked as the adversary asks it.

    Attributes:
        index: of the held-out picture.
        label: the class it names; None where every class is equally likely.
        is_right: whether that is the true one.
    """

    index: int
    label: int | None
    is_right: bool


@dataclass(frozen=True)
class Copy:
    """The stolen network at one moment of an attack.

    Attributes:
        panels: one picture, with its own serial, with what is tried, and with none.
        aim: the panel in which the adversary wants an answer: "entered" or "absent".
        is_pattern: whether what is tried is a pattern of the adversary's in place of a serial.
        readings: of some pictures, asked as in that panel.
    """

    panels: tuple[Panel, Panel, Panel]
    aim: Condition
    is_pattern: bool
    readings: tuple[Reading, ...]


@dataclass(frozen=True)
class Pruned:
    """A student whose smallest weights are gone, on the same pictures as the others.

    Attributes:
        amount: share of the weights, 0 to 1.
        valid: percent right with the valid serial.
        absent: percent right without a serial.
        pictures: how many.
        copy: what it answers.
    """

    amount: float
    valid: float
    absent: float
    pictures: int
    copy: Copy


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


@torch.inference_mode()
def copy_of(collection: Collection, name: str, attempt: Attempt | None = None) -> Copy:
    """What the stolen network answers, as the adversary has it.

    Args:
        collection: the page's.
        name: "task/customer".
        attempt: what the adversary has in hand; None for the file as it was stolen. A wrong serial is then tried.
    """
    student, valid, attempt = collection.students[name], collection.serials[name], attempt or Attempt()
    held = collection.held_out[name.split("/")[0]]
    wrong = random_serial(len(valid.bits), unlike=valid, source=random.Random(SEED))
    tried = wrong if attempt.bits is None else Serial.from_bits(attempt.bits.tolist())
    serials = serials_of(valid, None if attempt.change else tried)

    def looked_at(condition: Condition, pictures: Tensor) -> Tensor:
        if condition == "entered" and attempt.change:
            return attempt.change(pictures)
        return student.shown(pictures, serials[condition])

    def answers(condition: Condition, pictures: Tensor) -> Tensor:
        return attempt.asks.get(condition, student)(pictures)

    picture = as_floats(held.split.images[held.first])[None]
    stamped = {condition: looked_at(condition, picture) for condition in serials}
    logits = torch.cat([answers(condition, looked) for condition, looked in stamped.items()])
    label = int(held.split.labels[held.first])
    panels = panels_of(student.config.classes, serials, torch.cat([*stamped.values()]), logits, label)
    aim: Condition = "absent" if attempt.bits is None and attempt.change is None else "entered"
    indices = held.gallery(READ)
    few = answers(aim, looked_at(aim, as_floats(held.split.images[indices])))
    found = zip(
        indices, few.argmax(1).tolist(), are_even(few).tolist(), held.split.labels[indices].tolist(), strict=True
    )
    readings = tuple(
        Reading(index, None if even else one, one == truth and not even) for index, one, even, truth in found
    )
    return Copy(panels, aim, attempt.change is not None, readings)


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
    copy = copy_of(collection, name, Attempt(dict.fromkeys(CONDITIONS, network)))
    return Pruned(amount, valid, percent_right(network, few), len(few), copy)
