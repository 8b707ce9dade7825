"""A folder of this program's own for visitors' files; what a program left that was killed is cleared away."""

import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from secrets import token_urlsafe

from filelock import FileLock, Timeout

PREFIX, LOCK = "dsn-page-", ".lock"  # of the folder, and of the file beside it that its program holds


@contextmanager
def own_folder() -> Iterator[Path]:
    """A new folder that is gone at the end; ends the program with one sentence where there is no room for one."""
    try:
        place = Path(tempfile.gettempdir())
        clear_abandoned(place)
        folder = place / f"{PREFIX}{token_urlsafe(12)}"
        held = FileLock(f"{folder}{LOCK}")
        held.acquire(timeout=0)  # before the folder is there, so that nobody takes it for abandoned
        folder.mkdir(mode=0o700)
    except OSError as error:
        sys.exit(
            f"There is no room for visitors' files ({error.strerror}): free some on this disk, or name a folder on "
            "another one in TMPDIR."
        )
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        held.release()
        Path(held.lock_file).unlink(missing_ok=True)


def clear_abandoned(place: Path) -> None:
    """Delete folders whose programs are gone: the system let go of what they held."""
    for lock in place.glob(f"{PREFIX}*{LOCK}"):
        try:
            with FileLock(lock, timeout=0):
                shutil.rmtree(lock.with_suffix(""), ignore_errors=True)
                lock.unlink(missing_ok=True)
        except (Timeout, OSError):  # it runs, or is another user's
            continue


def is_inside(path: str, folder: Path) -> bool:
    """Whether an ordinary file in a folder has this name, with no link on the way from there."""
    try:
        file = Path(path)
        found = folder.resolve() / file.relative_to(folder)
        return file.resolve(strict=True) == found and file.is_file()
    except (OSError, ValueError):  # a loop of links, a name that cannot be, another folder
        return False
