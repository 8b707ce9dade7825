"""Deep Serial Numbers: neural networks that work only for whoever holds the serial number."""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dsn.locks.modules import SealedModule, seal_module
    from dsn.measuring.text_boxes import text_boxes
    from dsn.own_network.lock import lock
    from dsn.serials import Serial, SerialError
    from dsn.student.folder import StudentError
    from dsn.student.public import OwnStudent, Student, load_student, seal, unseal

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
WHERE = {
    "dsn.locks.modules": ("SealedModule", "seal_module"),
    "dsn.measuring.text_boxes": ("text_boxes",),
    "dsn.own_network.lock": ("lock",),
    "dsn.serials": ("Serial", "SerialError"),
    "dsn.student.folder": ("StudentError",),
    "dsn.student.public": ("OwnStudent", "Student", "load_student", "seal", "unseal"),
}


def __getattr__(name: str) -> object:
    """Each is imported when it is asked for: torch, and what trains, take seconds that not everybody needs to wait."""
    for module, names in WHERE.items():
        if name in names:
            found = globals()[name] = getattr(import_module(module), name)
            return found
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    """The names that there are, asked for or not."""
    return sorted({*globals(), *__all__})
