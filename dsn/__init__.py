"""Deep Serial Numbers: neural networks that work only for whoever holds the serial number."""

from typing import TYPE_CHECKING

from dsn.locks.modules import SealedModule, seal_module
from dsn.measuring.text_boxes import text_boxes
from dsn.serials import Serial, SerialError
from dsn.student.folder import StudentError
from dsn.student.public import OwnStudent, Student, load_student, seal, unseal

if TYPE_CHECKING:
    from dsn.own_network.lock import lock

__all__ = [
    "OwnStudent",
    "SealedModule",
    "Serial",
    "SerialError",
    "Student",
    "StudentError",
    "load_student",
    "lock",
    "seal",
    "seal_module",
    "text_boxes",
    "unseal",
]


def __getattr__(name: str) -> object:
    """`lock` is imported when it is asked for: training takes seconds to import, and those who load never train."""
    if name == "lock":
        from dsn.own_network.lock import lock

        return lock
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
