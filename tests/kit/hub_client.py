"""Loads students and says what it got, for programs of `hub_forks.py`."""

from dataclasses import asdict
from pathlib import Path

from tiny_students import answer

from dsn import Student, StudentError, load_student
from dsn.student.hub import Access, load_students


def outcome(call: dict) -> dict:
    """The result of one call, or the error it raised, as JSON."""
    try:
        if "checkpoints" in call:
            students, origins = load_students(Path(call.pop("checkpoints")), **call)
            return {
                name: {"answer": answer(student), "origin": asdict(origins[name])} for name, student in students.items()
            }
        if "pretrained" in call:
            return {"answer": answer(Student.from_pretrained(call.pop("pretrained"), **call))}
        access = Access(longest=call.pop("longest", Access.longest))
        return {"answer": answer(load_student(call.pop("source"), access=access, **call))}
    except StudentError as error:
        return {"error": str(error)}
