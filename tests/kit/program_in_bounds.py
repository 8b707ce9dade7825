"""A program that reads hostile files with little memory left, and prints what it was told, for a test to look at."""

import json
import resource
import sys
from collections.abc import Callable
from pathlib import Path

import torch
from tiny_students import tiny_student

from dsn.applications.reading import PictureError, open_picture
from dsn.owner.errors import OwnerError
from dsn.owner.ledger.csv_tables import read_customers
from dsn.owner.trace.suspect import read_suspect
from dsn.serials import Serial, SerialError
from dsn.student.folder import StudentError, load_folder, save_student

SPARE = 256 * 2**20  # bytes beyond what the program has when it begins
READERS: dict[str, Callable[[Path], object]] = {
    "suspect": read_suspect,
    "folder": load_folder,
    "customers": read_customers,
    "picture": open_picture,
    "serial": lambda path: Serial.parse(path.read_text("latin-1")),
}


def told(reader: str, path: Path) -> str:
    """The sentence that refuses a file; empty where it is taken."""
    try:
        READERS[reader](path)
    except (OwnerError, StudentError, PictureError, SerialError) as error:
        return str(error)
    return ""


if __name__ == "__main__":
    torch.set_num_threads(1)
    sound = Path(sys.argv[1])
    save_student(tiny_student(), sound)
    told("folder", sound)  # what is loaded at the first use is loaded now
    told("suspect", sound)
    told("picture", sound / "config.json")
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    limit = pages * resource.getpagesize() + SPARE
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    print(json.dumps([told(reader, Path(path)) for reader, path in json.loads(sys.argv[2])]))
