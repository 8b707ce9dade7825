"""What a visitor has chosen to look at: a picture, and the serial in the field."""

from dataclasses import dataclass

from torch import Tensor

from dsn.applications.prepared import as_floats
from dsn.serials import Serial, SerialError
from dsn.student.collection import Collection
from dsn.student.student import Student


@dataclass(frozen=True)
class Chosen:
    """The picture a visitor looks at.

    Attributes:
        picture: float [1, C, H, W] in [0, 1].
        index: its place among the held-out pictures; None for the visitor's own.
        label: its true class; None for the visitor's own.
    """

    picture: Tensor
    index: int | None = None
    label: int | None = None

    def is_for(self, student: Student) -> bool:
        """Whether the student takes pictures of this shape."""
        network = student.config.network
        return self.picture.shape[1:] == (network.channels, network.size, network.size)


def from_gallery(collection: Collection, task: str, index: int) -> Chosen:
    """A held-out picture and its true class."""
    split = collection.held_out[task].split
    return Chosen(as_floats(split.images[index])[None], index, int(split.labels[index]))


def entered_serial(text: str, bit_count: int) -> Serial | None:
    """The serial in the field; None where it is empty.

    Raises:
        SerialError: it cannot be read, or is of another length than this student's.
    """
    if not text.strip():
        return None
    serial = Serial.parse(text)
    if len(serial.bits) != bit_count:
        raise SerialError(
            f"This is a serial of {len(serial.bits)} bits, and this customer's network takes {bit_count}: "
            "choose another customer, or press Randomise."
        )
    return serial
