"""The owner's workshop: teachers kept under `build/`, students written to `checkpoints/`, figures recorded."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from safetensors.torch import load_file

from dsn.applications.held_out import load_held_out
from dsn.applications.prepared import DataSet, load_data_set
from dsn.applications.record import Application
from dsn.devices import Arithmetic
from dsn.distilling.distil import train_teacher
from dsn.distilling.learner import Order
from dsn.distilling.loop import Training
from dsn.distilling.making import make_whole
from dsn.distilling.recipes import HARDENED, RECIPES, Recipe
from dsn.distilling.resuming import Finished, edition
from dsn.distilling.sealed_copies import write_sealed_copies
from dsn.files import write_tensors
from dsn.measuring.evaluate import accuracy, evaluate_student
from dsn.networks.classifier import Classifier
from dsn.places import CHECKPOINTS
from dsn.results.store import provenance, record
from dsn.serials import Serial
from dsn.student.collection import demo_serials, stamped_serials
from dsn.student.config import StudentConfig
from dsn.student.folder import load_folder, save_student
from dsn.student.student import Student

BUILD = Path("build")  # ignored by git: the teacher is private


class NotBuiltError(RuntimeError):
    """Something that must be made first is missing; its message names the command."""


@dataclass(frozen=True)
class Job:
    """How to train one network.

    Attributes:
        seed: of all randomness.
        device: "cpu" or "cuda".
        epochs: passes over the training pictures; None for the application's own number.
        progress: whether to show bars.
        arithmetic: "float32" or "bf16"; None for what the device is faster in.
    """

    seed: int = 0
    device: str = "cpu"
    epochs: int | None = None
    progress: bool = True
    arithmetic: Arithmetic | None = None

    def training(self, epochs: int, name: str) -> Training:
        """The settings of the training loop, with a checkpoint named after the network."""
        checkpoint = BUILD / "unfinished" / f"{name}.safetensors"
        return Training(self.epochs or epochs, self.seed, self.device, checkpoint, self.progress, self.arithmetic)


def teacher_path(application: Application) -> Path:
    """Where the owner keeps a teacher; never under `checkpoints/` or `assets/`."""
    return BUILD / "teachers" / f"{application.name}.safetensors"


def _of(application: Application) -> str:
    """The application in names of unfinished trainings: one of somebody's own may have changed since."""
    return f"{application.name}-{edition(application)}" if application.home else application.name


def make_teacher(application: Application, data: DataSet, job: Job) -> Classifier:
    """Train a teacher and keep it under `build/`."""
    training = job.training(application.teacher_epochs, f"{_of(application)}-teacher")
    teacher = train_teacher(application, data.train, training).cpu()
    write_tensors(teacher_path(application), teacher.state_dict())
    _finished(training)
    return teacher


def measure_teacher(application: Application, data: DataSet, job: Job) -> None:
    """Record the accuracy of the teacher kept under `build/`."""
    teacher = load_teacher(application)
    held_out = accuracy(teacher, load_held_out(application).split)
    row = {
        "task": application.name,
        "epochs": job.epochs or application.teacher_epochs,
        "test": accuracy(teacher, data.test).as_json(),
        "held_out": held_out.as_json() | {"correct": held_out.correct},
        **provenance(job.seed, job.device, job.training(1, application.name).done_in),
    }
    record("teachers", application.name, row)


def load_teacher(application: Application) -> Classifier:
    """The teacher kept under `build/`.

    Raises:
        NotBuiltError: there is none yet.
    """
    path = teacher_path(application)
    if not path.exists():
        raise NotBuiltError(f"There is no teacher at {path}: run `python -m dsn teacher {application.name}` first.")
    teacher = Classifier(application.network)
    teacher.load_state_dict(load_file(path))
    return teacher.eval()


def make_student(
    application: Application, customer: str, serial: Serial, data: DataSet, recipe: Recipe, folder: Path, job: Job
) -> Student:
    """Distil one student and write its folder."""
    config = StudentConfig(
        task=application.name,
        customer=customer,
        bit_count=len(serial.bits),
        classes=data.class_names,
        network=application.network,
        recipe=recipe.name,
    )
    training = job.training(application.student_epochs, f"{_of(application)}-{customer}-{recipe.name}")
    orders = [Order(config, serial)]
    (student,) = make_whole(application, orders, load_teacher(application), data.train, recipe, training)
    save_student(student.cpu(), folder)
    _finished(training)
    return student


def _finished(training: Training) -> None:
    if training.checkpoint is not None:
        training.checkpoint.unlink(missing_ok=True)


def others_of(name: str, serials: dict[str, Serial]) -> dict[str, Serial]:
    """Serials of the same length of other customers of the same application, by customer; each serial once."""
    task, own = name.split("/")[0], serials[name]
    found: dict[Serial, str] = {}
    for other, serial in serials.items():
        if other.split("/")[0] == task and serial != own and len(serial.bits) == len(own.bits):
            found.setdefault(serial, other.split("/")[1])
    return {customer: serial for serial, customer in found.items()}


def measure_student(
    student: Student,
    serial: Serial,
    data: DataSet,
    key: str,
    *,
    table: str = "students",
    seed: int = 0,
    device: str = "cpu",
    report: Callable[[str], None] = print,
) -> dict:
    """Evaluate one student on the whole test split and record its row."""
    task = student.config.task
    name = f"{task}/{student.config.customer}"
    serials = {**demo_serials(), name: serial}
    student = student.to(device)
    moved = DataSet(data.train.to(device), data.test.to(device), data.class_names)
    row = {
        "task": task,
        "customer": student.config.customer,
        "bit_count": student.config.bit_count,
        "recipe": student.config.recipe,
        "lock": student.config.lock,
        **evaluate_student(student, serial, others_of(name, serials), moved, seed=seed, report=report),
        **provenance(seed, device),
    }
    record(table, key, row)
    return row


def rebuild(chosen: list[Application], job: Job, *, evaluate: bool = True) -> None:
    """Teachers and every student of `assets/demo_serials.json` again, from data to figures; the sealed copies last.

    An interrupted run goes on: what was finished is not made again, and what was under way continues from its last
    epoch.
    """
    for application in chosen:
        data = load_data_set(application)
        finished = begun("rebuild", application, job)
        if not (finished.has("teacher") and teacher_path(application).exists()):
            make_teacher(application, data, job)
            measure_teacher(application, data, job)
            finished.add("teacher")
        for name, serial in stamped_serials().items():
            customer = name.split("/")[1]
            if _task(name) != application.name or (finished.has(customer) and (CHECKPOINTS / name).is_dir()):
                continue
            student = make_student(application, customer, serial, data, HARDENED, CHECKPOINTS / name, job)
            if evaluate:
                measure_student(student, serial, data, name, seed=job.seed, device=job.device)
            finished.add(customer)
        for name in write_sealed_copies(application, job.seed, CHECKPOINTS):
            if evaluate and not finished.has(name):
                student = load_folder(CHECKPOINTS / name)
                measure_student(student, demo_serials()[name], data, name, seed=job.seed, device=job.device)
                finished.add(name)
        finished.clear()


def begun(work: str, application: Application, job: Job) -> Finished:
    """A work on an application, such as "rebuild", as far as it was done with these settings and these serials."""
    serials = [(name, serial.text) for name, serial in stamped_serials().items() if _task(name) == application.name]
    how = (job.seed, job.epochs, job.training(1, application.name).done_in, edition(application), serials)
    run = hashlib.sha256(repr(how).encode()).hexdigest()[:16]
    return Finished(BUILD / "unfinished" / f"{work}-{application.name}.json", run)


def _task(name: str) -> str:
    return name.split("/")[0]


def measure_recipes(application: Application, names: list[str], job: Job) -> None:
    """Distil a student by each of these recipes, with the first customer's serial, and record their figures."""
    data = load_data_set(application)
    name, serial = next(
        (name, serial) for name, serial in demo_serials().items() if name.startswith(f"{application.name}/")
    )
    for recipe in (RECIPES[one] for one in names):
        folder = BUILD / "recipes" / application.name / recipe.name
        student = make_student(application, name.split("/")[1], serial, data, recipe, folder, job)
        measure_student(student, serial, data, f"{application.name}/{recipe.name}", table="recipes", seed=job.seed)
