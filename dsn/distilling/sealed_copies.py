"""Sealed copies of the bundled students: each once more, by the same serial, under the other lock, without training."""

import hashlib
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

from dsn.applications.record import Application
from dsn.files import write_text
from dsn.places import CHECKPOINTS
from dsn.serials import Serial
from dsn.student.card import plain_card
from dsn.student.collection import SEALED_COPY, stamped_serials
from dsn.student.folder import load_folder, save_student
from dsn.student.sealing import seal
from dsn.student.student import Student


def sealed_copy(student: Student, serial: Serial, seed: int) -> Student:
    """The sealed copy of a bundled student: the same to the byte each time, since its serial is public anyway.

    Args:
        student: stamped, in eval mode; left as it is.
        serial: its own.
        seed: of the salt.
    """
    customer = f"{student.config.customer}{SEALED_COPY}"
    salt = hashlib.sha256(f"{student.config.task}/{customer}, seed {seed}".encode()).hexdigest()[:32]
    copy = seal(student, serial, salt=salt)
    copy.config = replace(copy.config, customer=customer)
    return copy


def write_sealed_copies(application: Application, seed: int, checkpoints: Path = CHECKPOINTS) -> list[str]:
    """Write the sealed copy of every bundled student of an application that there is; their names.

    Where a copy has no card yet, it gets one without figures.
    """
    written = []
    for name, serial in stamped_serials().items():
        if name.split("/")[0] == application.name and (checkpoints / name).is_dir():
            copy = sealed_copy(load_folder(checkpoints / name), serial, seed)
            folder = checkpoints / f"{name}{SEALED_COPY}"
            save_student(copy, folder)
            if not (folder / "README.md").exists() and find_spec("huggingface_hub"):
                write_text(folder / "README.md", plain_card(copy.config))
            written.append(f"{name}{SEALED_COPY}")
    return written
