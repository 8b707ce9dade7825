"""The locks there are, by the word in `config.json`; what they do is imported when one is made."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dsn.locks.sealing import Seal

if TYPE_CHECKING:
    from dsn.locks.lock import Lock

STAMPED, SEALED = "stamped", "sealed"
LOCKS = (STAMPED, SEALED)


def check_lock(name: str, seal: Seal | None) -> None:
    """Refuse what no student has.

    Args:
        name: the word in its `config.json`.
        seal: of a sealed one; None for others.

    Raises:
        ValueError: there is no such lock, or it has a seal where it may not, or none where it must.
    """
    if name not in LOCKS:
        raise ValueError(f"lock is {name!r}: it must be one of {', '.join(LOCKS)}")
    if name == STAMPED and seal is not None:
        raise ValueError("a stamped student has no seal")
    if name == SEALED and seal is None:
        raise ValueError("a sealed student has a seal")


def lock_named(name: str, seal: Seal | None) -> Lock:
    """A student's lock; arguments and errors as in `check_lock`."""
    check_lock(name, seal)
    if seal is None:
        from dsn.locks.stamped import Stamped

        return Stamped()
    from dsn.locks.sealed import Sealed

    return Sealed(seal)
