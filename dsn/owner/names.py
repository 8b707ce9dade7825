"""Names and dates that become folders, ledger entries and words of a signed verifier."""

import datetime
import re
import reprlib

from dsn.owner.errors import OwnerError

CUSTOMER = re.compile(r"[a-z0-9](?:[a-z0-9_-]{0,38}[a-z0-9])?")
WRITTEN = re.compile(r"[a-z0-9一-鿿](?:[a-z0-9_一-鿿-]{0,38}[a-z0-9一-鿿])?")  # Chinese characters too
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


def written_name(text: str) -> str:
    """A customer's name as a verifier holds it: such a word, or one with Chinese characters in it.

    Raises:
        OwnerError: it is neither; the message says how to write it.
    """
    if WRITTEN.fullmatch(text) is None:
        raise OwnerError(
            f"{reprlib.repr(text)} cannot be a customer's name: use up to 40 letters, Chinese characters, digits, "
            "hyphens and underscores, such as Acme Ltd, with no hyphen or underscore at either end."
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
