"""The ledger: who was issued which serial and which weights, and what was revoked. Serials in it are encrypted."""

import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

import sqlalchemy as sql
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import exc

from dsn.owner.errors import OwnerError
from dsn.owner.keys import Owner, fingerprint
from dsn.owner.ledger.database import ABOUT, COPIES, ENTRIES, open_database, plain_errors
from dsn.owner.names import customer_name, today
from dsn.owner.verifier import Verifier, serial_of
from dsn.serials import Serial

FORMAT = 1
NONCE_BYTES = 12
SERIAL_BYTES = 8
ATTEMPTS = 50  # where another process takes the same number in the same moment
LONGEST_REASON = 200  # characters
WHOLE = sql.select(ENTRIES, COPIES.c.original).outerjoin(COPIES)  # everything about each entry
Status = Literal["issued", "minted", "revoked"]


@dataclass(frozen=True)
class Entry:
    """One line of the ledger.

    Attributes:
        verifier: for whom, for what, when.
        sealed: the serial, encrypted.
        weights: SHA-256 of the student's `model.safetensors`, in hexadecimal; None before it is minted.
        minted_on: date of the student; None before it is minted.
        revoked_on: date of the revocation, or None.
        reason: why it was revoked; empty where it was not.
        original: label of the student that this customer's is a copy of; None where it was distilled for the customer.
    """

    verifier: Verifier
    sealed: bytes = field(repr=False)
    weights: str | None = None
    minted_on: str | None = None
    revoked_on: str | None = None
    reason: str = ""
    original: str | None = None

    @property
    def status(self) -> Status:
        """Issued: a serial and no student yet; minted: both; revoked: whatever it was before."""
        if self.revoked_on:
            return "revoked"
        return "minted" if self.weights else "issued"

    @property
    def label(self) -> str:
        """`task/customer`, with the number where it is not the first."""
        number = self.verifier.number
        return f"{self.verifier.task}/{self.verifier.customer}" + (f"-{number}" if number > 1 else "")


class Ledger:
    """An owner's ledger in a database: SQLite in the owner's folder, or what `DSN_LEDGER` says.

    Every change is one transaction: it is there wholly or not at all, whatever ends the process. Processes may
    write at once.

    Args:
        owner: whose; its key encrypts the serials.
        url: SQLAlchemy's address of the database; None for the usual place.

    Raises:
        OwnerError: a database that cannot be used, or another owner's ledger.
    """

    def __init__(self, owner: Owner, url: str | None = None) -> None:
        self.owner = owner
        self._cipher = AESGCM(owner.secret_for("ledger"))
        self._engine = open_database(url or ledger_url(owner.home))
        key = fingerprint(owner.public)
        with plain_errors():
            for _ in range(2):  # another process may have written it in between
                try:
                    with self._engine.begin() as connection:
                        found = connection.execute(sql.select(ABOUT.c.key)).scalar()
                        if found is None:
                            connection.execute(ABOUT.insert().values(format=FORMAT, key=key))
                    break
                except exc.IntegrityError:
                    continue
        if found not in (None, key):
            raise OwnerError(
                f"This ledger belongs to the key {found}, and yours is {key}: set DSN_OWNER and DSN_LEDGER to what "
                "belongs together."
            )

    def issue(self, customer: str, task: str) -> Entry:
        """Sign the customer's next verifier for this application, and enter its serial.

        Raises:
            OwnerError: a name that cannot be, or a ledger that cannot be written.
            UnknownApplicationError: an application there is not.
        """
        for _ in range(ATTEMPTS):
            verifier = self.next_verifier(customer, task)
            try:
                with plain_errors(), self._engine.begin() as connection:
                    return self._insert(connection, verifier)
            except exc.IntegrityError:
                continue
        raise OwnerError("Other processes take every number first: run the command again when they are done.")

    def next_verifier(self, customer: str, task: str) -> Verifier:
        """The verifier that would be issued next; entered nowhere yet. Its serial is one that may be issued."""
        customer_name(customer)
        highest = sql.select(sql.func.max(ENTRIES.c.number)).where(
            ENTRIES.c.customer == customer, ENTRIES.c.task == task
        )
        with plain_errors(), self._engine.begin() as connection:
            number = (connection.execute(highest).scalar() or 0) + 1
        while True:
            verifier = Verifier(self.owner.name, customer, task, today(), number)
            if self.sign(verifier).is_issuable:  # one in about 20,000 is not
                return verifier
            number += 1

    def sign(self, verifier: Verifier) -> Serial:
        """The serial of a verifier, from the owner's signature; nothing is entered."""
        return serial_of(self.owner.sign(verifier))

    def enter_student(self, verifier: Verifier, weights: str) -> Entry:
        """Enter a minted student, beside its serial where that was issued before; again is the same as once.

        Args:
            verifier: whose signature gave the student's serial.
            weights: SHA-256 of its `model.safetensors`, in hexadecimal.

        Raises:
            OwnerError: another student is entered there already, or the serial was revoked.
        """
        try:
            with plain_errors(), self._engine.begin() as connection:
                row = connection.execute(WHOLE.where(_is(verifier))).mappings().first()
                entry = self._insert(connection, verifier) if row is None else _entry(row)
                if entry.verifier != verifier or entry.weights not in (None, weights) or entry.revoked_on:
                    raise OwnerError(
                        f"{entry.label} is in the ledger already, {entry.status} and with other data: mint the "
                        "customer again for a new serial."
                    )
                if entry.weights is None:
                    change = {"weights": weights, "minted_on": today()}
                    connection.execute(ENTRIES.update().where(_is(verifier)).values(change))
        except exc.IntegrityError:
            raise OwnerError("Another process enters the same student: run the command again.") from None
        return next(one for one in self.entries(verifier.customer, verifier.task) if one.verifier == verifier)

    def enter_copies(self, original: str, copies: Sequence[tuple[Verifier, str]]) -> list[Entry]:
        """Enter many customers' copies of one student, all or none.

        Args:
            original: its label.
            copies: for whom, and SHA-256 of the copy's weights, in hexadecimal.

        Raises:
            OwnerError: one of these was issued meanwhile.
        """
        try:
            with plain_errors(), self._engine.begin() as connection:
                for verifier, weights in copies:
                    row = connection.execute(WHOLE.where(_is(verifier))).mappings().first()
                    if row is None:
                        self._insert(connection, verifier)
                    elif _entry(row).verifier != verifier or _entry(row).status != "issued":
                        raise OwnerError(f"{_entry(row).label} is in the ledger already: run the command again.")
                    change = {"weights": weights, "minted_on": today()}
                    connection.execute(ENTRIES.update().where(_is(verifier)).values(change))
                    number = connection.execute(sql.select(ENTRIES.c.id).where(_is(verifier))).scalar_one()
                    connection.execute(COPIES.insert().values(entry=number, original=original))
                rows = [connection.execute(WHOLE.where(_is(one))).mappings().one() for one, _ in copies]
                return [_entry(row) for row in rows]
        except exc.IntegrityError:
            raise OwnerError("Another process enters the same copies: run the command again.") from None

    def entries(self, customer: str | None = None, task: str | None = None) -> list[Entry]:
        """The ledger's lines in the order they were entered, of one customer or application where one is given."""
        query = WHOLE.order_by(ENTRIES.c.id)
        if customer is not None:
            query = query.where(ENTRIES.c.customer == customer)
        if task is not None:
            query = query.where(ENTRIES.c.task == task)
        with plain_errors(), self._engine.begin() as connection:
            return [_entry(row) for row in connection.execute(query).mappings()]

    def serial(self, entry: Entry) -> Serial:
        """Decrypt an entry's serial.

        Raises:
            OwnerError: the entry was altered.
        """
        nonce, sealed = entry.sealed[:NONCE_BYTES], entry.sealed[NONCE_BYTES:]
        try:
            plain = self._cipher.decrypt(nonce, sealed, entry.verifier.message())
        except (InvalidTag, ValueError):
            raise OwnerError(
                f"The serial of {entry.label} in the ledger was altered: restore the ledger from its copy."
            ) from None
        return Serial.from_number(int.from_bytes(plain, "big"))

    def revoke(self, customer: str, reason: str, task: str | None = None, number: int | None = None) -> Sequence[Entry]:
        """Mark a customer's entries as revoked; those that are already stay as they were.

        Args:
            customer: whose.
            reason: why, up to 200 characters.
            task: of one application only.
            number: of one number only.

        Returns:
            The entries revoked now.

        Raises:
            OwnerError: there is no such entry.
        """
        if len(reason) > LONGEST_REASON:
            raise OwnerError(f"The reason is longer than {LONGEST_REASON} characters: say it in fewer.")
        chosen = [one for one in self.entries(customer, task) if number in (None, one.verifier.number)]
        if not chosen:
            raise OwnerError(f"The ledger has no such entry of {customer!r}: see `python -m dsn owner list`.")
        change = {"revoked_on": today(), "reason": reason}
        with plain_errors(), self._engine.begin() as connection:
            for entry in chosen:
                where = sql.and_(_is(entry.verifier), ENTRIES.c.revoked_on.is_(None))
                connection.execute(ENTRIES.update().where(where).values(change))
        before = {entry.verifier for entry in chosen if not entry.revoked_on}
        return [entry for entry in self.entries(customer, task) if entry.verifier in before]

    def _insert(self, connection: sql.Connection, verifier: Verifier) -> Entry:
        plain = self.sign(verifier).number.to_bytes(SERIAL_BYTES, "big")
        nonce = os.urandom(NONCE_BYTES)
        sealed = nonce + self._cipher.encrypt(nonce, plain, verifier.message())
        connection.execute(ENTRIES.insert().values(**asdict(verifier), sealed_serial=sealed))
        return Entry(verifier, sealed)


def ledger_url(home: Path) -> str:
    """`DSN_LEDGER`, or a SQLite file in the owner's folder."""
    path = home.absolute() / "ledger.sqlite"
    return os.environ.get("DSN_LEDGER") or sql.URL.create("sqlite", database=str(path)).render_as_string()


def _is(verifier: Verifier) -> sql.ColumnElement[bool]:
    return sql.and_(
        ENTRIES.c.customer == verifier.customer,
        ENTRIES.c.task == verifier.task,
        ENTRIES.c.number == verifier.number,
    )


def _entry(row: Any) -> Entry:
    try:
        verifier = Verifier(*(row[name] for name in ("owner", "customer", "task", "date", "number")))
    except ValueError as error:
        raise OwnerError(f"The ledger is damaged ({error}): restore it from its copy.") from error
    return Entry(
        verifier,
        row["sealed_serial"],
        row["weights"],
        row["minted_on"],
        row["revoked_on"],
        row["reason"] or "",
        row["original"],
    )
