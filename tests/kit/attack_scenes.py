"""Small scenes for tests of attacks: untrained students, and a few held-out pictures on both sides."""

from dsn.applications.held_out import HeldOut, load_held_out
from dsn.applications.prepared import Split
from dsn.applications.registry import BUILT_IN
from dsn.applications.training_share import load_training_share
from dsn.attacks.kit.scene import Licensed, Scene
from dsn.distilling.rebuild import others_of
from dsn.places import CHECKPOINTS
from dsn.serials import Serial
from dsn.student.collection import demo_serials
from dsn.student.folder import load_folder
from dsn.student.student import Student

SERIAL = Serial.from_number(0xD1CE_0BAD_F00D_5EED)
TRAIN, TEST = 400, 120
SHIPPED_TRAIN, SHIPPED_TEST = 1500, 400


def small_scene(student: Student, digits: HeldOut, others: dict[str, Licensed] | None = None) -> Scene:
    """400 held-out digits to steal from and 120 others to measure on."""
    images, labels = digits.split.images, digits.split.labels
    train, test = Split(images[:TRAIN], labels[:TRAIN]), Split(images[-TEST:], labels[-TEST:])
    return Scene(student, SERIAL, BUILT_IN["digits"], train, test, others or {})


def shipped_scene(name: str) -> Scene:
    """A shipped student with pictures that come with the project: few of the training share, few held-out ones."""
    application, serials = BUILT_IN[name.split("/")[0]], demo_serials()
    held, share = load_held_out(application).split, load_training_share(application)
    attacked = Licensed(load_folder(CHECKPOINTS / name), serials[name])
    others = {
        other: Licensed(load_folder(CHECKPOINTS / application.name / other), serial)
        for other, serial in others_of(name, serials).items()
    }
    train = Split(share.images[:SHIPPED_TRAIN], share.labels[:SHIPPED_TRAIN])
    return Scene(
        attacked.student,
        attacked.serial,
        application,
        train,
        Split(held.images[:SHIPPED_TEST], held.labels[:SHIPPED_TEST]),
        others,
    )
