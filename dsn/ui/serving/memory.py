"""Memory that the C library keeps of answers that are done; all of this is glibc's, elsewhere nothing is done."""

import ctypes
import sys
import threading
import time
from collections.abc import Callable

ARENA_MAX = -8  # glibc's name for the setting, in malloc.h
ARENAS = 2  # as many as the cores of a small host
EVERY = 20.0  # seconds: hundreds of megabytes gather in a minute in which people attack and mint


def share_arenas() -> None:
    """Let all threads draw on few arenas; call it before there are many threads.

    Gradio answers in up to forty threads and torch computes in each. By default glibc opens an arena for nearly every
    one, and what a big answer left there lies unused until the same thread answers again: memory grows for hours.
    """
    mallopt = _of_glibc("mallopt")
    if mallopt is not None:
        mallopt(ARENA_MAX, ARENAS)


def keep_returning(seconds: float = EVERY) -> None:
    """Return to the system again and again, in a thread of its own, what lies free between things that are in use.

    Freed memory goes back by itself only from the end of an arena, where something small and lasting mostly lies.

    Args:
        seconds: between two times.
    """
    malloc_trim = _of_glibc("malloc_trim")
    if malloc_trim is not None:
        threading.Thread(target=_returning, args=(malloc_trim, seconds), name="returns memory", daemon=True).start()


def _returning(malloc_trim: Callable[..., int], seconds: float) -> None:
    while True:
        time.sleep(seconds)
        malloc_trim(0)


def _of_glibc(name: str) -> Callable[..., int] | None:
    return getattr(ctypes.CDLL(None), name, None) if sys.platform == "linux" else None
