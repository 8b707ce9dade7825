"""What the owner signs, and how a signature gives a serial (section 2.4 of the paper)."""

import hashlib
import json
import re
from dataclasses import asdict, dataclass

from dsn.applications.registry import application_named
from dsn.owner.names import owner_name, written_name
from dsn.serials import Serial

SIGNATURE_BYTES = 64  # Ed25519, RFC 8032
DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
LARGEST_NUMBER = 10**6


@dataclass(frozen=True)
class Verifier:
    """Says for whom a serial was made. It is no secret; its signature is, for it gives the serial.

    Attributes:
        owner: who signs.
        customer: for whom.
        task: name of the application.
        date: of the signature, as 2026-01-31.
        number: which of this customer's serials for this application, from 1.
    """

    owner: str
    customer: str
    task: str
    date: str
    number: int

    def __post_init__(self) -> None:
        """Refuse values that no verifier has.

        Raises:
            OwnerError: a name that cannot be.
            UnknownApplicationError: an application there is not.
            ValueError: a date or number that cannot be.
        """
        if not all(isinstance(text, str) for text in (self.owner, self.customer, self.task, self.date)):
            raise ValueError("owner, customer, task and date must be texts")
        if owner_name(self.owner) != self.owner:
            raise ValueError("the owner's name has blanks around it")
        written_name(self.customer)
        application_named(self.task)
        if DATE.fullmatch(self.date) is None:
            raise ValueError("the date is not of the form 2026-01-31")
        if type(self.number) is not int or not 1 <= self.number <= LARGEST_NUMBER:
            raise ValueError(f"the number is not one from 1 to {LARGEST_NUMBER}")

    def message(self) -> bytes:
        """What is signed: the same bytes for equal verifiers, and for no others."""
        text = json.dumps(asdict(self), sort_keys=True, separators=(",", ":"), ensure_ascii=True)
        return b"dsn-verifier-1\n" + text.encode("ascii")


def serial_of(signature: bytes) -> Serial:
    """The serial that a signature gives: the first 64 bits of its SHA-256 under a name of its own.

    Args:
        signature: 64 bytes.
    """
    if len(signature) != SIGNATURE_BYTES:
        raise ValueError(f"a signature has {SIGNATURE_BYTES} bytes, and this has {len(signature)}")
    digest = hashlib.sha256(b"dsn-serial-1\n" + signature).digest()
    return Serial.from_number(int.from_bytes(digest[:8], "big"))
