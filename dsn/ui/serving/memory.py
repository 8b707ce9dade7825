"""Memory that the C library keeps for threads which answered once."""

import ctypes
import sys

ARENA_MAX = -8  # glibc's name for the setting, in malloc.h
ARENAS = 2  # as many as the cores of a small host


def share_arenas() -> None:
    """Let all threads draw on few arenas; call it before there are many threads.

    Gradio answers in up to forty threads and torch computes in each. By default glibc opens an arena for nearly every
    one, and what a big answer left there lies unused until the same thread answers again: memory grows for hours.
    Nothing is done where the C library has no such setting.
    """
    if sys.platform == "linux":
        mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
        if mallopt is not None:
            mallopt(ARENA_MAX, ARENAS)
