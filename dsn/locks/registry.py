"""The locks there are, by the word in `config.json`."""

from collections.abc import Callable

from dsn.locks.lock import Lock
from dsn.locks.sealed import Sealed
from dsn.locks.sealing import Seal
from dsn.locks.stamped import Stamped

STAMPED, SEALED = "stamped", "sealed"


def _stamped(seal: Seal | None) -> Lock:
    if seal is not None:
        raise ValueError("a stamped student has no seal")
    return Stamped()


def _sealed(seal: Seal | None) -> Lock:
    if seal is None:
        raise ValueError("a sealed student has a seal")
    return Sealed(seal)


LOCKS: dict[str, Callable[[Seal | None], Lock]] = {STAMPED: _stamped, SEALED: _sealed}


def lock_named(name: str, seal: Seal | None) -> Lock:
    """A student's lock.

    Args:
        name: the word in its `config.json`.
        seal: of a sealed one; None for others.

    Raises:
        ValueError: there is no such lock, or it has a seal where it may not, or none where it must.
    """
    if name not in LOCKS:
        raise ValueError(f"lock is {name!r}: it must be one of {', '.join(LOCKS)}")
    return LOCKS[name](seal)
