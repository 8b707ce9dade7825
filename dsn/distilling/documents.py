"""`python -m dsn documents`: the teacher of pages, its students, and what they find; from drawn pages to figures."""

import argparse
from dataclasses import replace

from safetensors.torch import load_file

from dsn.applications.documents import DOCUMENTS
from dsn.applications.pages.prepared_pages import TEST, TRAINING, load_pages, load_receipts
from dsn.applications.prepared import DataError
from dsn.arguments import above_0, add_arithmetic, add_device
from dsn.devices import Arithmetic
from dsn.distilling.maps import MAPS, distil_map_student, train_map_teacher
from dsn.distilling.rebuild import Job, NotBuiltError, teacher_path
from dsn.distilling.sealed_copies import sealed_copy
from dsn.files import write_tensors
from dsn.measuring.evaluate_maps import evaluate_maps, found_on, milliseconds_a_page
from dsn.networks.classifier import Classifier
from dsn.networks.map_network import MapConfig
from dsn.places import CHECKPOINTS
from dsn.results.store import provenance, record
from dsn.serials import Serial
from dsn.student.collection import SEALED_COPY, document_serials
from dsn.student.config import StudentConfig
from dsn.student.folder import load_folder, save_student

WRONG_PAGES = 20  # looked at with each wrong serial
TABLE = "documents"  # its rows are "teacher", and each student's name


def stamped_document_serials() -> dict[str, Serial]:
    """The serials of the bundled students of pages whose lock is the trained one, by customer."""
    names = {name: serial for name, serial in document_serials().items() if not name.endswith(SEALED_COPY)}
    return {name.split("/")[1]: serial for name, serial in names.items()}


def make_document_teacher(job: Job) -> Classifier:
    """Train the teacher of pages, keep it under `build/`, and record what it finds."""
    training = job.training(MAPS.teacher_epochs, "documents-teacher")
    shape = DOCUMENTS.network
    assert isinstance(shape, MapConfig)
    teacher = train_map_teacher(load_pages(TRAINING), shape, training).cpu()
    write_tensors(teacher_path(DOCUMENTS), teacher.state_dict())
    if training.checkpoint:
        training.checkpoint.unlink(missing_ok=True)
    measure_document_teacher(job)
    return teacher


def load_document_teacher() -> Classifier:
    """The teacher of pages, its BatchNorm folded.

    Raises:
        NotBuiltError: there is none yet.
    """
    path = teacher_path(DOCUMENTS)
    if not path.exists():
        raise NotBuiltError(f"There is no teacher at {path}: run `python -m dsn documents teacher` first.")
    teacher = Classifier(replace(DOCUMENTS.network, batch_norm=False))
    teacher.load_state_dict(load_file(path))
    return teacher.eval()


def measure_document_teacher(job: Job) -> None:
    """Record what the teacher kept under `build/` finds on unseen pages, and on receipts if there are any."""
    teacher = load_document_teacher()
    row = {"own": found_on(lambda images: teacher(images).sigmoid(), load_pages(TEST)).as_json()}
    try:
        row["receipts"] = found_on(lambda images: teacher(images).sigmoid(), load_receipts()).as_json()
    except DataError as error:
        print(error)
    record(TABLE, "teacher", {"task": DOCUMENTS.name, **row, **provenance(job.seed, job.device, _done_in(job))})
    print(f"teacher: {row}", flush=True)


def make_document_student(customer: str, serial: Serial, job: Job) -> None:
    """Distil a student of pages, and write it and its sealed copy to `checkpoints/documents/`."""
    teacher = load_document_teacher()
    config = StudentConfig(DOCUMENTS.name, customer, len(serial.bits), DOCUMENTS.classes, teacher.shape, MAPS.name)
    training = job.training(MAPS.student_epochs, f"documents-{customer}")
    student = distil_map_student(config, serial, teacher, load_pages(TRAINING), training).cpu()
    save_student(student, CHECKPOINTS / DOCUMENTS.name / customer)
    save_student(sealed_copy(student, serial, job.seed), CHECKPOINTS / DOCUMENTS.name / f"{customer}{SEALED_COPY}")
    if training.checkpoint:
        training.checkpoint.unlink(missing_ok=True)


def measure_document_student(customer: str, serial: Serial, job: Job) -> None:
    """Record what a bundled student of pages finds with its serial, without, and with wrong ones."""
    student = load_folder(CHECKPOINTS / DOCUMENTS.name / customer)
    own = load_pages(TEST)
    row = {
        "lock": student.config.lock,
        "own": evaluate_maps(student, serial, own, wrong_pages=WRONG_PAGES, seed=job.seed),
        "milliseconds_a_page": round(milliseconds_a_page(student.opened(serial), DOCUMENTS.network.input_shape), 1),
    }
    try:
        receipts = load_receipts()
        row["receipts"] = evaluate_maps(
            student, serial, receipts, wrong_pages=WRONG_PAGES, random_count=4, one_bit=False, seed=job.seed
        )
    except DataError as error:
        print(error)
    name = f"{DOCUMENTS.name}/{customer}"
    record(
        TABLE,
        name,
        {"task": DOCUMENTS.name, "customer": customer, **row, **provenance(job.seed, job.device, _done_in(job))},
    )


def _done_in(job: Job) -> Arithmetic:
    return job.training(1, DOCUMENTS.name).done_in


def add_documents_command(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """`documents` and its options."""
    help = "Find text on pages: teacher, students, figures; writes checkpoints/documents/ and assets/results/."
    one = commands.add_parser("documents", help=help, description=help)
    one.add_argument("what", choices=["teacher", "students", "evaluate", "attacks", "all"])
    one.add_argument("--customers", nargs="+", metavar="CUSTOMER", help="default: those with a demo serial")
    one.add_argument("--seed", type=int, default=0, help="of all randomness (default 0)")
    one.add_argument("--epochs", type=above_0, help="passes over the pages (default: the recipe's own number)")
    one.add_argument("--quiet", action="store_true", help="no progress bars")
    add_device(one)
    add_arithmetic(one)


def run_documents(options: argparse.Namespace) -> None:
    """Run it.

    Raises:
        NotBuiltError: students without a teacher, or a customer without a serial.
    """
    job = Job(options.seed, options.device, options.epochs, not options.quiet, options.arithmetic)
    serials = stamped_document_serials()
    unknown = [one for one in options.customers or [] if one.removesuffix(SEALED_COPY) not in serials]
    if unknown:
        raise NotBuiltError(
            f"{unknown[0]} has no serial in assets/demo_serials.json: choose one of {', '.join(serials)}."
        )
    if options.what in ("teacher", "all"):
        make_document_teacher(job)
    for customer in options.customers or serials:
        serial = serials[customer.removesuffix(SEALED_COPY)]
        if options.what in ("students", "all"):
            make_document_student(customer, serial, job)
        if options.what in ("evaluate", "all"):
            for each in dict.fromkeys((customer, f"{customer.removesuffix(SEALED_COPY)}{SEALED_COPY}")):
                measure_document_student(each, serial, job)
