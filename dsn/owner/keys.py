"""The owner's Ed25519 key: made for the owner's eyes only, optionally under a passphrase.

It lives in the owner's folder: `DSN_OWNER`, or `~/.dsn-owner` where that is not set. The ledger and the weights of
what was issued lie beside it.
"""

import json
import os
import shutil
import stat
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from dsn.owner.errors import OwnerError
from dsn.owner.names import owner_name
from dsn.owner.verifier import Verifier
from dsn.places import ASSETS

PROJECT = ASSETS.parent
PRIVATE, PUBLIC, ABOUT = "private-key.pem", "public-key.pem", "owner.json"
LARGEST_FILE = 10_000  # bytes of a key file or owner.json
SHORTEST_PASSPHRASE = 8  # characters


@dataclass(frozen=True)
class Owner:
    """An owner with an unlocked key. Printing it shows no secret.

    Attributes:
        name: as it stands in verifiers.
        home: the owner's folder.
    """

    name: str
    home: Path
    _private: Ed25519PrivateKey = field(repr=False)

    @property
    def public(self) -> Ed25519PublicKey:
        """The public key, with which anyone checks a claim."""
        return self._private.public_key()

    def sign(self, verifier: Verifier) -> bytes:
        """The 64 bytes of the verifier's signature, the same every time (RFC 8032)."""
        return self._private.sign(verifier.message())

    def secret_for(self, purpose: str) -> bytes:
        """32 bytes that only the holder of the private key can derive, others for every purpose (HKDF, RFC 5869)."""
        derivation = HKDF(algorithm=hashes.SHA256(), length=32, salt=None, info=f"dsn {purpose}".encode())
        return derivation.derive(self._private.private_bytes_raw())


def owner_home() -> Path:
    """The owner's folder: `DSN_OWNER`, or `~/.dsn-owner`."""
    return Path(os.environ.get("DSN_OWNER") or Path.home() / ".dsn-owner")


def has_key(home: Path) -> bool:
    """Whether an owner's folder holds a private key, whatever its state."""
    return (home / PRIVATE).exists()


def create_owner(home: Path, name: str, passphrase: str | None = None) -> Owner:
    """Make a key and the owner's folder around it, all at once or not at all.

    Args:
        home: the folder to be; it must not exist, or be empty.
        name: the owner's.
        passphrase: encrypts the private key on the disk; None leaves it to the file's permissions alone.

    Raises:
        OwnerError: a key is there already, a folder others are given, a short passphrase, or a full disk.
    """
    name = owner_name(name)
    _check_place(home)
    if passphrase is not None and len(passphrase) < SHORTEST_PASSPHRASE:
        raise OwnerError(f"The passphrase is too short: use at least {SHORTEST_PASSPHRASE} characters.")
    key = Ed25519PrivateKey.generate()
    lock: serialization.KeySerializationEncryption = serialization.NoEncryption()
    if passphrase is not None:
        lock = serialization.BestAvailableEncryption(passphrase.encode())
    private = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, lock)
    about = json.dumps({"format": 1, "owner": name}, ensure_ascii=False, indent=2) + "\n"
    try:
        home.parent.mkdir(parents=True, exist_ok=True)
        beside = Path(tempfile.mkdtemp(prefix=f".{home.name}.", dir=home.parent))  # for the owner only
    except OSError as error:
        raise OwnerError(f"{home} cannot be made ({error.strerror}): set DSN_OWNER to a folder of your own.") from error
    try:
        _write_private(beside / PRIVATE, private)
        _write_private(beside / PUBLIC, public_pem(key.public_key()))
        _write_private(beside / ABOUT, about.encode())
        beside.rename(home)  # over nothing, or over an empty folder; the system refuses all else
    except OSError as error:
        if home.is_dir() and any(home.iterdir()):
            raise OwnerError(
                f"There is something in {home} already, and a key is never overwritten: use it, or set DSN_OWNER "
                "to another folder."
            ) from error
        raise OwnerError(f"The key cannot be written to {home} ({error.strerror}): make room there.") from error
    finally:
        shutil.rmtree(beside, ignore_errors=True)
    return Owner(name, home, key)


def open_owner(home: Path, passphrase: Callable[[], str | None] = lambda: None) -> Owner:
    """The owner whose folder this is.

    Args:
        home: the owner's folder.
        passphrase: asked once where the private key is encrypted; None for none to be had.

    Raises:
        OwnerError: no key, one that others may read, a damaged one, or a wrong passphrase.
    """
    path = home / PRIVATE
    content = _read(path, "run `python -m dsn owner init --name NAME` first")
    if stat.S_IMODE(path.stat().st_mode) & 0o077:
        raise OwnerError(f"{path} may be read by others: take their permissions away with chmod 600.")
    try:
        about = json.loads(_read(home / ABOUT, "restore the owner's folder from its copy"))
        name = owner_name(about["owner"])
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        raise OwnerError(f"{home / ABOUT} is damaged: restore the owner's folder from its copy.") from None
    word = passphrase() if b"ENCRYPTED" in content.partition(b"\n")[0] else None
    try:
        key = serialization.load_pem_private_key(content, word.encode() if word else None)
    except TypeError:
        raise OwnerError(
            f"{path} is encrypted: set DSN_OWNER_PASSPHRASE, or run the command in a terminal and type the passphrase."
        ) from None
    except (ValueError, UnsupportedAlgorithm):
        if word:
            raise OwnerError(f"The passphrase does not open {path}: check it, capitals included.") from None
        raise OwnerError(f"{path} is damaged: restore the owner's folder from its copy.") from None
    if not isinstance(key, Ed25519PrivateKey):
        raise OwnerError(f"{path} is not an Ed25519 key: restore the owner's folder from its copy.")
    return Owner(name, home, key)


def public_pem(key: Ed25519PublicKey) -> bytes:
    """The public key as text, to be given to anyone."""
    return key.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)


def read_public(path: Path) -> Ed25519PublicKey:
    """The public key in a PEM file.

    Raises:
        OwnerError: no such file, or not an Ed25519 public key.
    """
    content = _read(path, "ask the owner for it")
    try:
        key = serialization.load_pem_public_key(content)
    except (ValueError, UnsupportedAlgorithm):
        key = None
    if not isinstance(key, Ed25519PublicKey):
        raise OwnerError(f"{path} is not an Ed25519 public key: ask the owner for {PUBLIC}.")
    return key


def fingerprint(key: Ed25519PublicKey) -> str:
    """The first 16 hexadecimal digits of the public key's SHA-256: names a key in files and messages."""
    digest = hashes.Hash(hashes.SHA256())
    digest.update(key.public_bytes_raw())
    return digest.finalize().hex()[:16]


def is_signed(key: Ed25519PublicKey, verifier: Verifier, signature: bytes) -> bool:
    """Whether the holder of the key signed exactly this verifier."""
    try:
        key.verify(signature, verifier.message())
    except InvalidSignature:
        return False
    return True


def _check_place(home: Path) -> None:
    place = home.absolute().resolve()
    if place.is_relative_to(PROJECT) and not place.is_relative_to(PROJECT / "build"):
        raise OwnerError(
            f"{home} is among the project's files, which others are given: set DSN_OWNER to a folder elsewhere."
        )


def _write_private(path: Path, content: bytes) -> None:
    """Write a new file that only its owner may ever have read."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _read(path: Path, advice: str) -> bytes:
    try:
        with path.open("rb") as file:
            content = file.read(LARGEST_FILE + 1)
    except FileNotFoundError:
        raise OwnerError(f"There is no {path}: {advice}.") from None
    except OSError as error:
        raise OwnerError(f"{path} cannot be read ({error.strerror}): check its permissions.") from error
    if len(content) > LARGEST_FILE:
        raise OwnerError(f"{path} is larger than {LARGEST_FILE:,} bytes, which no key is: {advice}.")
    return content
