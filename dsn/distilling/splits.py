"""Figures over several splits of few pictures: for each its own teacher, and the first customer's student."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from dsn.applications.prepared import DataSet, load_data_set
from dsn.applications.record import Application
from dsn.applications.splits import other_split
from dsn.distilling.distil import train_teacher
from dsn.distilling.learner import Order
from dsn.distilling.making import make_whole
from dsn.distilling.rebuild import Job, NotBuiltError, begun
from dsn.distilling.recipes import HARDENED
from dsn.measuring.evaluate import accuracy, evaluate_student
from dsn.results.store import RESULTS, provenance, read_results, record
from dsn.serials import Serial
from dsn.student.collection import stamped_serials
from dsn.student.config import StudentConfig

TABLE = "splits"
KEPT = ("customer", "bit_count", "recipe", "valid", "absent", "random_wrong", "one_bit_wrong", "unusual", "chance")
MADE = ("seed", "commit", "device", "arithmetic", "torch", "date")


def measure_splits(
    application: Application,
    job: Job,
    only: Sequence[int] = (),
    *,
    report: Callable[[str], None] = print,
    results: Path = RESULTS,
) -> None:
    """Record a row for each split in `assets/results/splits.json`; at last that of the first, of the bundled student.

    An interrupted run goes on: what was finished is not measured again.

    Args:
        application: the application.
        job: how to train.
        only: numbers of splits, where several machines share the work; none for all.
        report: told each split's figures.
        results: where the rows are kept.

    Raises:
        NotBuiltError: the bundled student has no figures yet.
    """
    data, finished = load_data_set(application), begun("splits", application, job)
    name, serial = next(one for one in stamped_serials().items() if one[0].split("/")[0] == application.name)
    for number in only or [*range(1, application.splits), 0]:
        if finished.has(str(number)):
            continue
        measured = _measured(application, name, serial, other_split(data, number), number, job)
        for row in measured if number else [_bundled(name)]:
            row = {"task": application.name, "split": number, **row}
            record(TABLE, f"{application.name}/{number}", row, results)
            shown = [f"{key} {row[key]['percent']}" for key in ("teacher", "valid", "absent") if key in row]
            report(f"{application.name}, split {number}: {', '.join(shown)}")
        finished.add(str(number))
    if not only:
        finished.clear()


def _bundled(name: str) -> dict[str, Any]:
    """The row of the split as it comes: what was recorded of the teacher and of the bundled student."""
    task = name.split("/")[0]
    teacher, student = read_results("teachers").get(task), read_results("students").get(name)
    if teacher is None or student is None:
        raise NotBuiltError(f"{name} has no figures yet: run `python -m dsn rebuild {task}` first.")
    made = {key: student[key] for key in MADE} | {"arithmetic": teacher["arithmetic"]}  # that it was trained in
    return {"teacher": teacher["test"], **{key: student[key] for key in KEPT}, **made}


def _measured(
    application: Application, name: str, serial: Serial, data: DataSet, number: int, job: Job
) -> Iterator[dict[str, Any]]:
    """The row of another split, of its teacher alone first: teacher and student are trained, measured and not kept."""
    customer, title = name.split("/")[1], f"{application.name}-split-{number}"
    training = job.training(application.teacher_epochs, f"{title}-teacher")
    teacher = train_teacher(application, data.train, training).cpu()
    row = {
        "teacher": accuracy(teacher, data.test).as_json(),
        **provenance(job.seed, job.device, training.done_in),
    }
    yield row
    config = StudentConfig(
        application.name, customer, len(serial.bits), data.class_names, application.network, HARDENED.name
    )
    distilling = job.training(application.student_epochs, f"{title}-{customer}")
    (student,) = make_whole(application, [Order(config, serial)], teacher, data.train, HARDENED, distilling)
    about = {"customer": customer, "bit_count": len(serial.bits), "recipe": HARDENED.name}
    found = row | about | evaluate_student(student.cpu().eval(), serial, {}, data, seed=job.seed)
    yield {key: found[key] for key in ("teacher", *KEPT, *MADE)}
    for one in (training, distilling):
        if one.checkpoint is not None:
            one.checkpoint.unlink(missing_ok=True)
