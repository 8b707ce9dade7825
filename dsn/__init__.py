"""Deep Serial Numbers: neural networks that work only for whoever holds the serial number."""

from dsn.locks.modules import SealedModule, seal_module
from dsn.serials import Serial, SerialError
from dsn.student.folder import StudentError
from dsn.student.public import Student, load_student, seal, unseal

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
