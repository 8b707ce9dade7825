"""A claim: a verifier with its signature, with which anyone who has the public key checks whose a student is."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from dsn.applications.prepared import Split
from dsn.applications.registry import UnknownApplicationError
from dsn.files import write_private_text
from dsn.measuring.unlocking import Unlocking, unlocking
from dsn.owner.errors import OwnerError
from dsn.owner.keys import Owner, fingerprint, is_signed
from dsn.owner.verifier import SIGNATURE_BYTES, Verifier, serial_of
from dsn.serials import Serial
from dsn.student.student import Student

FORMAT = "dsn-claim-1"
LARGEST_CLAIM = 10_000  # bytes


@dataclass(frozen=True)
class Claim:
    """A signed verifier. Whoever has it can compute the serial: it is as secret as the serial until it is needed.

    Attributes:
        verifier: what was signed.
        signature: 64 bytes.
        key: fingerprint of the public key it is to be checked with.
    """

    verifier: Verifier
    signature: bytes
    key: str

    @property
    def serial(self) -> Serial:
        """What the signature gives."""
        return serial_of(self.signature)


def claim_of(owner: Owner, verifier: Verifier) -> Claim:
    """Sign a verifier."""
    return Claim(verifier, owner.sign(verifier), fingerprint(owner.public))


def write_claim(claim: Claim, path: Path) -> None:
    """Write a claim as JSON, readable by its owner only."""
    values = {
        "format": FORMAT,
        "verifier": asdict(claim.verifier),
        "key": claim.key,
        "signature": claim.signature.hex(),
    }
    write_private_text(path, json.dumps(values, indent=2, ensure_ascii=False) + "\n")


def read_claim(path: Path) -> Claim:
    """Read a claim; nothing in it is believed before `check_claim`.

    Raises:
        OwnerError: no such file, or not a claim.
    """
    try:
        with path.open("rb") as file:
            content = file.read(LARGEST_CLAIM + 1)
    except OSError as error:
        raise OwnerError(f"The claim {path} cannot be read ({error.strerror}): check the path.") from error
    try:
        if len(content) > LARGEST_CLAIM:
            raise ValueError(f"it is larger than {LARGEST_CLAIM:,} bytes")
        values = json.loads(content)
        if not isinstance(values, dict) or values.get("format") != FORMAT:
            raise ValueError(f"it is not of the format {FORMAT}")
        verifier = Verifier(**values["verifier"])
        signature = bytes.fromhex(values["signature"])
        if len(signature) != SIGNATURE_BYTES:
            raise ValueError(f"its signature has {len(signature)} bytes, not {SIGNATURE_BYTES}")
        return Claim(verifier, signature, str(values["key"]))
    except (OwnerError, UnknownApplicationError, ValueError, TypeError, KeyError, RecursionError) as error:
        reason = str(error).split("\n")[0][:200].rstrip(".")
        raise OwnerError(f"{path} is not a claim ({reason}): ask the owner for another copy.") from error


def check_claim(claim: Claim, key: Ed25519PublicKey, student: Student, split: Split) -> Unlocking:
    """Whether a claim holds: signed by this key, and its serial unlocks this student.

    Args:
        claim: as it was read.
        key: the owner's public key, had from the owner and not from the claim.
        student: the network the claim is about.
        split: held-out pictures of its application.

    Returns:
        How much the serial unlocks the student.

    Raises:
        OwnerError: the claim does not hold; the message says why.
    """
    check_signature(claim, key)
    config = student.config
    if config.task != claim.verifier.task:
        raise OwnerError(
            f"The claim is about {claim.verifier.task}, and this student recognises {config.task}: take the student "
            "that was issued with it."
        )
    if config.bit_count != len(claim.serial.bits):
        raise OwnerError(
            f"This network takes a serial of {config.bit_count} bits, and signatures give {len(claim.serial.bits)}: "
            "it was not issued with this claim."
        )
    (found,) = unlocking(student, [claim.serial], split)
    if not found.is_special:
        raise OwnerError(
            f"The signature is genuine, but its serial does not unlock this student ({found.accuracy.percent:.1f} % "
            f"right, where the best of {found.others} random serials has {found.best_other.percent:.1f} %): "
            "take the student that was issued with it."
        )
    return found


def check_signature(claim: Claim, key: Ed25519PublicKey) -> Serial:
    """The claim's serial, if the holder of the key signed exactly its verifier.

    Raises:
        OwnerError: another key, or something was altered.
    """
    if claim.key != fingerprint(key):
        raise OwnerError(
            f"The claim was signed with the key {claim.key[:16]!r}, and this one is {fingerprint(key)}: "
            "ask the owner for the right public key."
        )
    if not is_signed(key, claim.verifier, claim.signature):
        raise OwnerError(
            "The signature does not fit the verifier: one of the two was altered after signing, so the claim is void."
        )
    return claim.serial
