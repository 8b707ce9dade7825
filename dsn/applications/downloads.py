"""What readers of originals share: downloads that may fail, files that may be damaged."""

import csv
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.client import HTTPException
from pathlib import Path

from PIL import Image

UNREADABLE = (  # what torchvision, csv and Pillow raise on damaged files
    OSError,
    ValueError,
    OverflowError,
    RuntimeError,
    TypeError,
    KeyError,
    AssertionError,
    csv.Error,
    Image.DecompressionBombError,
)


class DownloadError(RuntimeError):
    """Originals that could not be downloaded, or are damaged; its message says which, why, and what to do."""


def reason(error: BaseException) -> str:
    """What an error says, in one line; its kind where it says nothing."""
    return " ".join(str(error).split()).rstrip(".") or type(error).__name__


def download(data_set: str, start: Callable[[], object]) -> None:
    """Start a download.

    Args:
        data_set: its name in messages.
        start: begins it and waits for its end.

    Raises:
        DownloadError: it failed.
    """
    try:
        start()
    except (RuntimeError, OSError, HTTPException) as error:
        raise DownloadError(
            f"{data_set} could not be downloaded ({reason(error)}): "
            "set DSN_DATA to a folder that holds the prepared file, or try again with a network"
        ) from error


@contextmanager
def reading(path: Path, delete: Path) -> Iterator[None]:
    """Tell of a file that cannot be read; torchvision downloads or unpacks it anew once `delete` is gone."""
    try:
        yield
    except UNREADABLE as error:
        raise DownloadError(
            f"{path} cannot be read ({reason(error)}): delete {delete}, and it will be downloaded again"
        ) from error
