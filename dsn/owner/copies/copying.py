"""A customer's sealed copy of the one student that the owner keeps: made when it is wanted, the same to the byte.

Serial, salt and pattern come from the owner's key and the customer's verifier, so nothing else needs to be kept.
"""

import hmac
from dataclasses import dataclass, replace

from dsn.locks.registry import SEALED
from dsn.locks.sealing import SALT_BYTES, USUAL_COST, ScryptCost
from dsn.networks.classifier import folded_weights
from dsn.owner.copies.pattern import embedded
from dsn.owner.errors import OwnerError
from dsn.owner.keys import Owner
from dsn.owner.ledger.ledger import Entry, Ledger
from dsn.owner.mint.work_folder import kept_folder
from dsn.owner.verifier import Verifier, serial_of
from dsn.owner.weights import weights_hash
from dsn.serials import Serial
from dsn.student.folder import StudentError, load_folder
from dsn.student.sealing import seal, student_of, unseal
from dsn.student.student import Student


@dataclass(frozen=True)
class Original:
    """The one student that copies are made of. It never leaves the owner.

    Attributes:
        label: the ledger's.
        student: stamped, its BatchNorm folded.
        serial: that it wants in the picture; no customer is told.
    """

    label: str
    student: Student
    serial: Serial

    @classmethod
    def of(cls, label: str, student: Student, serial: Serial) -> "Original":
        """A student as it was distilled, or sealed, with its serial."""
        if student.config.lock == SEALED:
            student = unseal(student, serial)
        network = replace(student.config.network, batch_norm=False)
        return cls(label, student_of(replace(student.config, network=network), folded_weights(student)), serial)


@dataclass(frozen=True)
class Copier:
    """Makes customers' copies of one original.

    Attributes:
        owner: whose key everything is derived from.
        original: the student.
    """

    owner: Owner
    original: Original

    def pattern_key(self, verifier: Verifier) -> bytes:
        """What the customer's pattern is drawn with: 32 bytes."""
        return self._derived("copy pattern", verifier)

    def salt(self, verifier: Verifier) -> str:
        """The seal's, as 32 hexadecimal digits."""
        return self._derived("copy salt", verifier)[:SALT_BYTES].hex()

    def copy(self, verifier: Verifier, scrypt: ScryptCost = USUAL_COST) -> Student:
        """The customer's student: sealed with the customer's serial, with the customer's pattern in its weights.

        Args:
            verifier: for whom.
            scrypt: what finding the key is to cost.
        """
        original = self.original.student
        weights = embedded(original.state_dict(), self.pattern_key(verifier))
        patterned = student_of(replace(original.config, customer=verifier.customer), weights)
        serial = serial_of(self.owner.sign(verifier))
        return seal(patterned, serial, salt=self.salt(verifier), scrypt=scrypt, inside=self.original.serial)

    def _derived(self, purpose: str, verifier: Verifier) -> bytes:
        return hmac.digest(self.owner.secret_for(purpose), verifier.message(), "sha256")


def kept_original(ledger: Ledger, entry: Entry) -> Original:
    """The student of an entry, as the owner keeps it.

    Raises:
        OwnerError: it is lost or was altered.
    """
    try:
        student = load_folder(kept_folder(ledger.owner.home, entry))
    except StudentError:
        student = None
    if student is None or weights_hash(student.state_dict()) != entry.weights:
        raise OwnerError(
            f"The student {entry.label}, which copies are made of, was lost or altered in {ledger.owner.home}: restore "
            "that folder from its copy."
        )
    return Original.of(entry.label, student, ledger.serial(entry))


def copier_of(ledger: Ledger, task: str, label: str) -> Copier:
    """Makes copies of the student with this label.

    Raises:
        OwnerError: the ledger has no such student, or it is lost or was altered.
    """
    for entry in ledger.entries(task=task):
        if entry.label == label and entry.original is None:
            return Copier(ledger.owner, kept_original(ledger, entry))
    raise OwnerError(f"The ledger has no student {label}, which copies are made of: restore the ledger from its copy.")
