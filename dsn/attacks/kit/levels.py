"""The stolen networks of the break-in, and the ways in that are offered; what they lead to is `attacks/break_in.py`."""

from dataclasses import dataclass

from dsn.attacks.kit.record import CUSTOMER, SHORT_CUSTOMER
from dsn.student.collection import LITERAL, SEALED_COPY, Collection, literal_folder

TASK = "digits"
RUN, ASK = "run", "ask"  # the ways that are no attack of the registry: as it is, and with its serial, handed on
EVERY, EDIT = "brute-force", "opening"


@dataclass(frozen=True)
class Level:
    """One stolen network.

    Attributes:
        name: key of its sentences in the texts.
        victim: "task/customer".
        ways: that may be tried, in the order in which they are offered.
    """

    name: str
    victim: str
    ways: tuple[str, ...] = (RUN, EVERY, EDIT)


LEVELS = (
    Level("literal", f"{TASK}/{LITERAL}"),
    Level("short", f"{TASK}/{SHORT_CUSTOMER}"),
    Level("trained", f"{TASK}/{CUSTOMER}"),
    Level("sealed", f"{TASK}/{CUSTOMER}{SEALED_COPY}", (RUN, EVERY, EDIT, ASK)),
)


def are_there(collection: Collection) -> bool:
    """Whether every level's network is there: the literal student in its folder, the others in the collection."""
    names = {level.victim for level in LEVELS} - {f"{TASK}/{LITERAL}"}
    return literal_folder(TASK).is_dir() and names <= set(collection.students)
