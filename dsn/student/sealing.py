"""Sealing a student, and opening a sealed one for good: done by whoever has its serial."""

from collections.abc import Mapping
from dataclasses import replace

import torch

from dsn.locks.registry import SEALED, STAMPED
from dsn.locks.sealing import (
    USUAL_COST,
    ScryptCost,
    SealError,
    as_they_lie,
    codes_of,
    new_salt,
    open_codes,
    seal_tensors,
)
from dsn.networks.classifier import folded_weights
from dsn.serials import Serial
from dsn.student.config import StudentConfig
from dsn.student.student import Student


def seal(
    student: Student,
    serial: Serial,
    *,
    salt: str | None = None,
    scrypt: ScryptCost = USUAL_COST,
    inside: Serial | None = None,
) -> Student:
    """A copy whose weights are noise without the serial; BatchNorm is folded into its convolutions first.

    Args:
        student: stamped, in eval mode; left as it is. Inside, it still wants its own serial in the picture.
        serial: of as many bits as the student's.
        salt: 32 hexadecimal digits; None draws a random one. The same student, serial and salt give the same copy.
        scrypt: what finding the key is to cost.
        inside: the student's own serial, where it is not the one to seal with: sealed with the weights, it is stamped
            over the other once that has opened them.

    Raises:
        SealError: a student that is sealed already, or weights that are not finite.
        ValueError: a serial of another length.
    """
    if student.config.lock == SEALED:
        raise SealError("This student is sealed already: unseal it first.")
    for one in (serial, inside or serial):
        one.check_length(student.config.bit_count)
    codes, mark = seal_tensors(folded_weights(student), serial, salt or new_salt(), scrypt=scrypt, inside=inside)
    network = replace(student.config.network, batch_norm=False)
    return student_of(replace(student.config, network=network, lock=SEALED, seal=mark), as_they_lie(codes, mark))


def unseal(student: Student, serial: Serial) -> Student:
    """A stamped copy of a sealed student, readable by everybody; with a wrong serial it is noise.

    The serial that it then wants in the picture is `serial_inside`.

    Args:
        student: sealed; left as it is.
        serial: of as many bits as the student's.

    Raises:
        SealError: a student that is not sealed.
        ValueError: a serial of another length.
    """
    weights, _ = _opened(student, serial)
    return _stamped(student, weights)


def serial_inside(student: Student, serial: Serial) -> Serial:
    """The serial that a sealed student wants in the picture once this one has opened it: the same, but for a copy.

    Raises:
        SealError: a student that is not sealed.
        ValueError: a serial of another length.
    """
    _, inside = _opened(student, serial)
    return inside


def as_it_lies(student: Student) -> Student:
    """What a thief without a serial holds: of a sealed student its codes as weights, of another the student itself."""
    return _stamped(student, student.state_dict()) if student.config.seal else student


def _opened(student: Student, serial: Serial) -> tuple[dict[str, torch.Tensor], Serial]:
    serial.check_length(student.config.bit_count)
    if student.config.seal is None:
        raise SealError("This student is not sealed: there is nothing to unseal.")
    return open_codes(codes_of(student.state_dict(), student.config.seal), serial, student.config.seal)


def _stamped(student: Student, weights: dict[str, torch.Tensor]) -> Student:
    return student_of(replace(student.config, lock=STAMPED, seal=None), weights)


def student_of(config: StudentConfig, weights: Mapping[str, torch.Tensor]) -> Student:
    """A student with these weights, float32 by name, of which it has its own: in eval mode, on the CPU."""
    with torch.device("meta"):
        made = Student(config)
    made.load_state_dict({name: one.clone() for name, one in weights.items()}, assign=True)
    return made.requires_grad_(False).eval().to(memory_format=torch.channels_last)
