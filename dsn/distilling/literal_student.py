"""A student by the paper's literal recipe, public on purpose: the first level of the page's break-in.

It is distilled from the demo teacher on the training pictures that come with the project, so that anyone can make it.
Its serial is the public one of the bundled customer of the same length.
"""

from dataclasses import replace
from pathlib import Path

from dsn.applications.held_out import load_held_out
from dsn.applications.prepared import DataSet, load_data_set
from dsn.applications.record import Application
from dsn.applications.registry import with_training_share
from dsn.applications.training_share import load_training_share
from dsn.distilling.demo_teacher import RESULTS, load_demo_teacher
from dsn.distilling.distil import distil_student
from dsn.distilling.loop import Training
from dsn.distilling.recipes import PAPER
from dsn.measuring.evaluate import accuracy
from dsn.results.store import provenance, record
from dsn.student.collection import LITERAL, demo_serials, literal_folder
from dsn.student.config import StudentConfig
from dsn.student.folder import save_student
from dsn.student.student import Student

EPOCHS = 6  # of 6,000 pictures
RECIPE = replace(PAPER, start_from_teacher=True)  # the paper says nothing of first weights; this is the shorter way
SERIAL_OF = "alder"


def run(seed: int, device: str, epochs: int | None, *, progress: bool = True) -> list[Path]:
    """Make and measure the literal student of every application that has a demo teacher: the folders written.

    Args:
        seed: of all randomness.
        device: "cpu" or "cuda".
        epochs: passes over the share; None for the usual number.
        progress: whether to show a bar.
    """
    training = Training(epochs or EPOCHS, seed, device, progress=progress)
    return [make_literal_student(one, load_data_set(one), training) for one in with_training_share()]


def make_literal_student(application: Application, data: DataSet, training: Training) -> Path:
    """Distil it, write its folder, and record how often it is right."""
    serial = demo_serials()[f"{application.name}/{SERIAL_OF}"]
    names = load_held_out(application).class_names
    config = StudentConfig(application.name, LITERAL, len(serial.bits), names, application.network, RECIPE.name)
    share, teacher = load_training_share(application), load_demo_teacher(application)
    student: Student = distil_student(application, config, serial, teacher, share, RECIPE, training).cpu().eval()
    save_student(student, literal_folder(application.name))
    row = {
        "what": "literal student",
        "task": application.name,
        "epochs": training.epochs,
        "pictures": len(share),
        "valid": accuracy(student, data.test, serial).as_json(),
        "absent": accuracy(student, data.test).as_json(),
        **provenance(training.seed, training.device, training.done_in),
    }
    record(RESULTS, f"{application.name}-literal", row)
    return literal_folder(application.name)
