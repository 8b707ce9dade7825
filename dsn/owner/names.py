"""Names and dates that become folders, ledger entries and words of a signed verifier."""

import datetime
import re
import reprlib

from dsn.owner.errors import OwnerError

CUSTOMER = re.compile(r"[a-z0-9](?:[a-z0-9_-]{0,38}[a-z0-9])?")
LONGEST_OWNER = 100  # characters


def customer_name(text: str) -> str:
    """A customer's name, as it is: a word that is safe as a folder's name, in a table and on a command line.

    Raises:
        OwnerError: it is not such a word; the message says how to write it.
    """
    if CUSTOMER.fullmatch(text) is None:
        raise OwnerError(
            f"{reprlib.repr(text)} cannot be a customer's name: use up to 40 small letters, digits, hyphens and "
            "underscores, with a letter or digit at both ends, such as acme-2."
        )
    return text


def owner_name(text: str) -> str:
    """An owner's name without blanks around it.

    Raises:
        OwnerError: it is empty, longer than 100 characters, or holds characters that cannot be printed.
    """
    text = text.strip()
    if not text or len(text) > LONGEST_OWNER or not text.isprintable():
        raise OwnerError(
            f"{reprlib.repr(text)} cannot be an owner's name: use 1 to {LONGEST_OWNER} printable characters."
        )
    return text


def today() -> str:
    """The date in UTC, as 2026-01-31."""
    return datetime.datetime.now(datetime.UTC).date().isoformat()
