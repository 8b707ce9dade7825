"""The demo teacher: public on purpose, so that a student can be distilled by anyone, on the page too.

It is trained on nothing but the training pictures that come with the project, and has nothing in common with the
owner's private teacher, which is never given away.
"""

from pathlib import Path

from safetensors.torch import load_file

from dsn.applications.held_out import load_held_out
from dsn.applications.prepared import DataSet, load_data_set
from dsn.applications.record import Application
from dsn.applications.registry import with_training_share
from dsn.applications.training_share import load_training_share
from dsn.devices import Arithmetic
from dsn.distilling.distil import train_teacher
from dsn.distilling.loop import Training
from dsn.files import write_tensors
from dsn.measuring.evaluate import accuracy
from dsn.networks.classifier import Classifier
from dsn.places import ASSETS
from dsn.results.store import provenance, record

EPOCHS = 60  # of 6,000 pictures: as many steps as six of all
RESULTS = "mint"


def demo_teacher_path(application: Application) -> Path:
    """`assets/training/demo-teacher-<task>.safetensors`."""
    return ASSETS / "training" / f"demo-teacher-{application.name}.safetensors"


def run(
    seed: int, device: str, epochs: int | None, arithmetic: Arithmetic | None = None, *, progress: bool = True
) -> None:
    """Train and measure the demo teacher of every application there is a training share of.

    Args:
        seed: of all randomness.
        device: "cpu" or "cuda".
        epochs: passes over the share; None for the usual number.
        arithmetic: "float32" or "bf16"; None for what the device is faster in.
        progress: whether to show a bar.
    """
    for application in with_training_share():
        training = Training(epochs or EPOCHS, seed, device, progress=progress, arithmetic=arithmetic)
        make_demo_teacher(application, training)
        measure_demo_teacher(application, load_data_set(application), training)


def make_demo_teacher(application: Application, training: Training) -> Classifier:
    """Train the demo teacher on the shipped share and write it, with a note that it is public."""
    teacher = train_teacher(application, load_training_share(application), training).cpu()
    notes = {"about": "demo teacher, public on purpose; trained on the training pictures beside it alone"}
    write_tensors(demo_teacher_path(application), teacher.state_dict(), notes)
    return teacher


def measure_demo_teacher(application: Application, data: DataSet, training: Training) -> None:
    """Record the demo teacher's accuracy, on the whole test split and on the pictures that come with the project."""
    teacher = load_demo_teacher(application)
    row = {
        "what": "demo teacher",
        "task": application.name,
        "epochs": training.epochs,
        "pictures": len(load_training_share(application)),
        "test": accuracy(teacher, data.test).as_json(),
        "held_out": accuracy(teacher, load_held_out(application).split).as_json(),
        **provenance(training.seed, training.device, training.done_in),
    }
    record(RESULTS, f"{application.name}-teacher", row)


def load_demo_teacher(application: Application) -> Classifier:
    """The demo teacher that comes with the project, in eval mode."""
    teacher = Classifier(application.network)
    teacher.load_state_dict(load_file(demo_teacher_path(application)))
    return teacher.requires_grad_(False).eval()
