"""Deep Serial Numbers: neural networks that work only for whoever holds the serial number."""

from dsn.serials import Serial, SerialError
from dsn.student.hub import StudentError, load_student
from dsn.student.student import Student

__all__ = ["Serial", "SerialError", "Student", "StudentError", "load_student"]
