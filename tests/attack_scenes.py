"""Small scenes for tests of attacks: untrained students, and a few held-out pictures on both sides."""

from dsn.attacks.scene import Licensed, Scene
from dsn.datasets import Split
from dsn.held_out import HeldOut
from dsn.serials import Serial
from dsn.student import Student
from dsn.tasks import TASKS

SERIAL = Serial.from_number(0xD1CE_0BAD_F00D_5EED)
TRAIN, TEST = 400, 120


def small_scene(student: Student, digits: HeldOut, others: dict[str, Licensed] | None = None) -> Scene:
    """400 held-out digits to steal from and 120 others to measure on."""
    images, labels = digits.split.images, digits.split.labels
    train, test = Split(images[:TRAIN], labels[:TRAIN]), Split(images[-TEST:], labels[-TEST:])
    return Scene(student, SERIAL, TASKS["digits"], train, test, others or {})
