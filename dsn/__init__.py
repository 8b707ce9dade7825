"""Deep Serial Numbers: neural networks that work only for whoever holds the serial number."""

from dsn.locks.modules import SealedModule, seal_module
from dsn.serials import Serial, SerialError
from dsn.student.hub import StudentError, load_student
from dsn.student.sealing import seal, unseal
from dsn.student.student import Student

__all__ = [
    "SealedModule",
    "Serial",
    "SerialError",
    "Student",
    "StudentError",
    "load_student",
    "seal",
    "seal_module",
    "unseal",
]
