"""What stands in the panels when the page comes, as it was recorded: so the page need not wait for torch.

`python -m dsn cards` records it. Where the student, the picture or a serial is another, it is computed when the page is
built.
"""

import hashlib
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

from dsn.applications.prepared import as_floats
from dsn.measuring.comparison import compare
from dsn.results.store import provenance, read_results, record
from dsn.serials import Serial
from dsn.student.collection import Collection, load_collection
from dsn.student.folder import CONFIG, WEIGHTS
from dsn.ui.compare.chosen_picture import first_wrong
from dsn.ui.compare.records import answered

RESULTS = "first_answer"


@dataclass(frozen=True)
class First:
    """What a first visit sees.

    Attributes:
        task: an application of the collection.
        customer: one of its customers.
        lock: that the customer's student stands under.
        index: of a held-out picture.
        entered: the serial in the field.
    """

    task: str
    customer: str
    lock: str
    index: int
    entered: Serial


def first_of(collection: Collection) -> First:
    """What is shown first."""
    task = collection.applications()[0].name
    customer = collection.customers(task)[0]
    entered = first_wrong(collection.valid_serial(task, customer))
    return First(task, customer, collection.locks(task, customer)[0], collection.held_out[task].first, entered)


def first_panels(collection: Collection, first: First) -> list[dict[str, Any]]:
    """The three panels of it, as `records.answered` gives them: recorded, if they are of just this."""
    row = read_results(RESULTS).get(_name(first))
    return deepcopy(row["panels"]) if row and row["of"] == _hash(collection, first) else _computed(collection, first)


def record_first_answer() -> None:
    """Record it for the students that come with the project, unless that was done."""
    collection = load_collection()
    if not collection.students:
        return
    first = first_of(collection)
    of = _hash(collection, first)
    if of is None or read_results(RESULTS).get(_name(first), {}).get("of") == of:
        return
    record(RESULTS, _name(first), {"of": of, "panels": _computed(collection, first), **provenance(0, "cpu")})


def _name(first: First) -> str:
    return f"{first.task}/{first.customer}/{first.lock}"


def _hash(collection: Collection, first: First) -> str | None:
    """All that the answer depends on, as SHA-256; None for a student that lies in no folder."""
    held, valid = collection.held_out[first.task], collection.valid_serial(first.task, first.customer)
    folder = collection.folder(f"{first.task}/{collection.under(first.task, first.customer, first.lock)}")
    if folder is None:
        return None
    serials = f"{valid.text} {first.entered.text}".encode()
    content = [(folder / file).read_bytes() for file in (CONFIG, WEIGHTS)]
    picture = [held.images[first.index].tobytes(), str(held.labels[first.index]).encode()]
    return hashlib.sha256(b"\n".join([*content, *picture, serials])).hexdigest()


def _computed(collection: Collection, first: First) -> list[dict[str, Any]]:
    split = collection.held_out[first.task].split
    picture, label = as_floats(split.images[first.index])[None], int(split.labels[first.index])
    valid = collection.valid_serial(first.task, first.customer)
    student = collection.student(first.task, first.customer, first.lock)
    return answered(compare(student, picture, valid, first.entered, label))
