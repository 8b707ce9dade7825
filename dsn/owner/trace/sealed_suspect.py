"""A network that is still sealed: known by its codes, or opened by one of the serials that were issued."""

from collections.abc import Iterable

import torch

from dsn.applications.prepared import Split
from dsn.locks.sealing import Seal, as_they_lie, open_codes
from dsn.measuring.unlocking import rights_of
from dsn.owner.trace.suspect import Suspect, suspected_student
from dsn.owner.weights import weights_hash
from dsn.serials import Serial
from dsn.statistics import chance

LOOK = 50  # pictures on which a serial shows whether it has opened the seal


def hashes_of(suspect: Suspect) -> set[str]:
    """The hashes that the owner may have recorded of what a file holds: of its tensors, and of codes as numbers."""
    found = {weights_hash(suspect.original)}
    if suspect.is_sealed and suspect.seal is not None:
        found.add(weights_hash(as_they_lie(suspect.original, suspect.seal)))
    return found


def opened(suspect: Suspect, serials: Iterable[Serial], split: Split) -> Suspect | None:
    """The network inside, once one of these serials has opened it; None where none does.

    A wrong serial gives noise, whose answers are right as often as guesses. Finding a key takes a twentieth of a
    second for each serial.

    Args:
        suspect: sealed, its seal known.
        serials: to be tried.
        split: held-out pictures, uint8 [N, C, H, W], and labels.
    """
    assert suspect.seal is not None
    few = Split(split.images[:LOOK], split.labels[:LOOK])
    guessing = chance(split.labels, len(suspect.application.classes)).majority / 100
    for serial in serials:
        inside, wanted = _inside(suspect, serial, suspect.seal)
        student = suspected_student(inside, len(wanted.bits))
        if rights_of(student, [wanted], few)[0] > LOOK * (0.5 + guessing / 2):
            return inside
    return None


def _inside(suspect: Suspect, serial: Serial, seal: Seal) -> tuple[Suspect, Serial]:
    """What a serial opens, and the serial that it then wants in the picture."""
    tensors, wanted = open_codes(suspect.original, serial, seal)
    floats = {name: tensor.to(torch.float32) for name, tensor in tensors.items()}
    return Suspect(suspect.application, floats, floats), wanted
