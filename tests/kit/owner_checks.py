"""What tests of the owner's side look at: modes of files, and sentences."""

import stat
from pathlib import Path

import pytest

from dsn.owner.errors import OwnerError
from dsn.owner.verifier import Verifier

VERIFIER = Verifier("Acme", "alder", "digits", "2026-01-31", 1)
WORD = "correct horse battery"


def mode(path: Path) -> int:
    """A file's permissions."""
    return stat.S_IMODE(path.stat().st_mode)


def said(error: pytest.ExceptionInfo[OwnerError]) -> str:
    """The message, which is one sentence."""
    message = str(error.value)
    assert message.endswith(".") and "\n" not in message and len(message) < 400
    return message
