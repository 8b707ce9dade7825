"""A thread for long work that steps back: whoever only looks at the page goes first.

One visitor's attack runs here, one at a time, at a lower priority and on one processor core; the rest of the machine
stays with the other visitors.
"""

import asyncio
import os
import threading
import time
from collections.abc import AsyncGenerator, Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import TypeVar

Item = TypeVar("Item")
LOWER = 10  # steps of niceness below the page


class OutOfTimeError(RuntimeError):
    """Work that took longer than it may."""


class Background:
    """Runs generators step by step in a thread of its own."""

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(1, "back-row", self._sit_down)

    @staticmethod
    def _sit_down() -> None:
        import torch

        threads = torch.get_num_threads()
        if hasattr(os, "setpriority"):
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), LOWER)  # on Linux: of this thread alone
        torch.set_num_threads(1)  # OpenMP keeps this for the thread that says it, torch for threads to come:
        threading.Thread(target=torch.set_num_threads, args=(threads,)).start()  # those get the old number again

    async def steps(self, running: Generator[Item, None, object], seconds: float) -> AsyncGenerator[Item, None]:
        """What the generator yields, made in the back row; it is closed there when nobody asks any more.

        Args:
            running: the work.
            seconds: that it may take.

        Raises:
            OutOfTimeError: it took longer.
        """
        end = time.monotonic() + seconds
        nothing = object()
        try:
            while True:
                item = await asyncio.wrap_future(self._thread.submit(next, running, nothing))
                if item is nothing:
                    return
                yield item  # type: ignore[misc]
                if time.monotonic() > end:
                    raise OutOfTimeError
        finally:
            with suppress(RuntimeError):  # at the program's end nothing more is begun
                self._thread.submit(running.close)  # after the step that is under way
