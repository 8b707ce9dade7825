"""The ledger's database: its tables, and connections on which no entry is ever half written."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import sqlalchemy as sql
from sqlalchemy import exc

from dsn.owner.errors import OwnerError

PATIENCE = 60  # seconds to wait while another process writes
METADATA = sql.MetaData()

ABOUT = sql.Table(
    "about",
    METADATA,
    sql.Column("format", sql.Integer, primary_key=True),
    sql.Column("key", sql.String(16), nullable=False),  # fingerprint of the owner's public key
)

ENTRIES = sql.Table(
    "entries",
    METADATA,
    sql.Column("id", sql.Integer, primary_key=True),
    sql.Column("owner", sql.String(100), nullable=False),
    sql.Column("customer", sql.String(40), nullable=False),
    sql.Column("task", sql.String(40), nullable=False),
    sql.Column("date", sql.String(10), nullable=False),
    sql.Column("number", sql.Integer, nullable=False),
    sql.Column("sealed_serial", sql.LargeBinary, nullable=False),
    sql.Column("weights", sql.String(64)),  # SHA-256 of model.safetensors, in hexadecimal
    sql.Column("minted_on", sql.String(10)),
    sql.Column("revoked_on", sql.String(10)),
    sql.Column("reason", sql.String(200)),
    sql.UniqueConstraint("customer", "task", "number"),
)

# Entries whose student is a copy, sealed for this customer, of one that the owner keeps; no file is kept of a copy.
COPIES = sql.Table(
    "copies",
    METADATA,
    sql.Column("entry", sql.ForeignKey(ENTRIES.c.id), primary_key=True),
    sql.Column("original", sql.String(100), nullable=False),  # label of the one that is kept
)


def open_database(url: str) -> sql.Engine:
    """Connect to a database and make its tables where they are missing.

    Args:
        url: SQLAlchemy's, such as `sqlite:////home/me/ledger.sqlite` or `postgresql+psycopg://...`.

    Raises:
        OwnerError: an address that cannot be, a driver that is missing, a database that cannot be opened.
    """
    try:
        address = sql.make_url(url)
        is_file = address.get_backend_name() == "sqlite" and address.database not in (None, "", ":memory:")
        if is_file:
            _make_private(Path(str(address.database)))
        engine = sql.create_engine(address, hide_parameters=True, connect_args={"timeout": PATIENCE} if is_file else {})
    except (exc.ArgumentError, exc.NoSuchModuleError, ModuleNotFoundError):
        raise OwnerError(
            "DSN_LEDGER is not the address of a database that can be used here: write it as "
            "sqlite:////folder/ledger.sqlite or postgresql+psycopg://name@host/database, and install its driver."
        ) from None
    if is_file:
        sql.event.listen(engine, "connect", _leave_transactions_to_us)
        sql.event.listen(engine, "begin", _begin_immediately)
    with plain_errors():
        try:
            METADATA.create_all(engine)
        except (exc.IntegrityError, exc.ProgrammingError):  # a server's: another process made them at that moment
            METADATA.create_all(engine)
    return engine


@contextmanager
def plain_errors() -> Iterator[None]:
    """Turn what SQLAlchemy raises into an OwnerError; no message repeats an address, which may hold a password."""
    try:
        yield
    except exc.IntegrityError:
        raise  # of interest to the caller
    except exc.DBAPIError as error:
        reason = str(error.orig).split("\n")[0][:100]
        advice = "check the disk's free space, its permissions and DSN_LEDGER, or restore the ledger from its copy"
        raise OwnerError(f"The ledger cannot be used ({reason}): {advice}.") from None


def _make_private(path: Path) -> None:
    """Make the file, for its owner only, before SQLite would make it for everyone."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
    except OSError as error:
        raise OwnerError(f"The ledger {path} cannot be opened ({error.strerror}): check its permissions.") from error


def _leave_transactions_to_us(connection, record) -> None:
    connection.isolation_level = None  # else the driver begins transactions only at the first write


def _begin_immediately(connection: sql.Connection) -> None:
    """Take SQLite's write lock before reading, so that what was read still holds when it is written."""
    connection.exec_driver_sql("BEGIN IMMEDIATE")
