"""Deep Serial Numbers: neural networks that work only for whoever holds the serial number."""

from dsn.hub import StudentError, load_student
from dsn.serials import Serial, SerialError
from dsn.student import Student

__all__ = ["Serial", "SerialError", "Student", "StudentError", "load_student"]
