"""What a customer is handed: the student's folder in one file, and apart from it what must be kept secret."""

import zipfile
from pathlib import Path
from tempfile import TemporaryDirectory

from dsn.files import write_in_place, write_text
from dsn.owner.claims import Claim, write_claim
from dsn.owner.errors import OwnerError
from dsn.student.folder import save_student
from dsn.student.student import Student

SERIAL, CLAIM, KEY = "keep-secret/serial.txt", "keep-secret/claim.json", "public-key.pem"


def write_customer_zip(path: Path, student: Student, card: str, claim: Claim, public: bytes) -> None:
    """Write a zip file; it is there wholly or not at all.

    In it: `<task>-<customer>/`, the student's folder as minting writes it, without the serial; `keep-secret/` with
    serial and claim; the public key the claim is checked with. The private key is not.

    Args:
        path: the file to be.
        student: whose.
        card: text of the student's README.md.
        claim: its signed verifier, which gives the serial.
        public: the public key, PEM.

    Raises:
        OwnerError: the disk is full or cannot be written.
    """
    name = f"{claim.verifier.task}-{claim.verifier.customer}"
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with TemporaryDirectory(dir=path.parent) as place:
            packed = Path(place)
            save_student(student, packed / name)
            write_text(packed / name / "README.md", card)
            write_text(packed / SERIAL, claim.serial.text + "\n")
            write_claim(claim, packed / CLAIM)
            write_text(packed / KEY, public.decode("ascii"))
            write_in_place(path, lambda beside: _pack(packed, beside))
    except OSError as error:
        raise OwnerError(
            f"The file with the network could not be written ({error.strerror or error}): mint again later."
        ) from error


def _pack(folder: Path, path: Path) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        for one in sorted(folder.rglob("*")):
            if one.is_file():
                file.write(one, one.relative_to(folder))
