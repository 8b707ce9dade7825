"""Where a passphrase comes from: the environment or a prompt, never the command line, which others can see."""

import getpass
import os
import sys

from dsn.owner.errors import OwnerError

VARIABLE = "DSN_OWNER_PASSPHRASE"


def passphrase() -> str | None:
    """The passphrase of an encrypted key: `DSN_OWNER_PASSPHRASE`, or typed in; None where nobody can type."""
    given = os.environ.get(VARIABLE)
    if given or not sys.stdin.isatty():
        return given or None
    return getpass.getpass("Passphrase of the owner's key: ")


def new_passphrase(wanted: bool) -> str | None:
    """The passphrase for a new key: `DSN_OWNER_PASSPHRASE`, or typed in twice if one is wanted; else None.

    Raises:
        OwnerError: two different ones, or nobody to type one.
    """
    given = os.environ.get(VARIABLE)
    if given or not wanted:
        return given or None
    if not sys.stdin.isatty():
        raise OwnerError(f"Nobody can type a passphrase here: set {VARIABLE}, or run the command in a terminal.")
    first = getpass.getpass("Passphrase for the new key: ")
    if getpass.getpass("The same again: ") != first:
        raise OwnerError("The two passphrases differ: run the command again.")
    return first
