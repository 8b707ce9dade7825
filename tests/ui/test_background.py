"""Where attacks run, and the line before it: one at a time, in the order they came, and whoever leaves makes room."""

import asyncio
import threading
import time
from collections.abc import AsyncGenerator, Generator
from contextlib import aclosing
from dataclasses import dataclass

import pytest
import torch

from dsn.ui.attack.live import Live
from dsn.ui.serving.background import Background, OutOfTimeError
from dsn.ui.serving.waiting_line import FullError, WaitingLine
from dsn.ui.texts import load_texts


def counting(closed: list[str], pause: float = 0.0) -> Generator[int, None, None]:
    try:
        for number in range(1000):
            time.sleep(pause)
            yield number
    finally:
        closed.append(threading.current_thread().name)


async def taken(steps: AsyncGenerator[int, None], count: int) -> list[int]:
    """The first so many, after which nobody asks any more."""
    async with aclosing(steps):
        return [await anext(steps) for _ in range(count)]


async def all_of(steps: AsyncGenerator[int, None]) -> list[int]:
    return [one async for one in steps]


def test_the_back_row_passes_everything_on_and_closes() -> None:
    closed: list[str] = []
    assert asyncio.run(all_of(Background().steps(counting(closed), 60))) == list(range(1000))
    assert len(closed) == 1 and closed[0].startswith("back-row")


def test_who_stops_asking_frees_the_back_row() -> None:
    row, closed = Background(), list[str]()
    assert asyncio.run(taken(row.steps(counting(closed), 60), 2)) == [0, 1]
    assert asyncio.run(taken(row.steps(counting([]), 60), 1)) == [0]  # the next one's turn
    assert len(closed) == 1


def test_work_that_takes_too_long_ends() -> None:
    row, closed = Background(), list[str]()
    with pytest.raises(OutOfTimeError):
        asyncio.run(all_of(row.steps(counting(closed, 0.01), 0.05)))
    asyncio.run(taken(row.steps(counting([]), 60), 1))
    assert len(closed) == 1


def test_the_page_keeps_its_threads() -> None:
    before = torch.get_num_threads()
    asyncio.run(taken(Background().steps(counting([]), 60), 1))
    found: list[int] = []
    later = threading.Thread(target=lambda: found.append(torch.get_num_threads()))
    later.start()
    later.join()
    assert found == [before] and torch.get_num_threads() == before


def test_who_comes_later_waits_behind() -> None:
    line = WaitingLine(longest=3)
    first, second, third = (line.take(tab, "a") for tab in "xyz")
    assert first and second and third
    assert [line.before(one) for one in (first, second, third)] == [0, 1, 2]
    with pytest.raises(FullError):
        line.take("w", "a")
    assert line.take("y", "a") is None and line.before(second) == 1, "pressing twice changes nothing"
    line.give_up("x", "stopped")
    assert not first.wanted and first.instead == "stopped" and line.is_latest(first)
    assert [line.before(one) for one in (second, third)] == [0, 1]
    again = line.take("x", "a")
    assert again and line.before(again) == 2 and not line.is_latest(first)
    line.over(first)
    assert again.wanted and line.is_latest(again), "the end of an old one leaves the new one alone"
    other = line.take("y", "b")
    assert other and not second.wanted and [line.before(one) for one in (third, again, other)] == [0, 1, 2]
    for one in (third, again, other):
        line.over(one)
    line.give_up("x")  # nothing there
    assert line.take("x", "a")


@dataclass(frozen=True)
class Moment:
    number: int
    is_over: bool


@pytest.mark.parametrize(("moments", "is_too_slow"), [(1, False), (2, True)])
def test_an_attack_that_ends_just_at_its_limit_is_not_called_too_slow(moments: int, is_too_slow: bool) -> None:
    live = Live(load_texts("en"), Background(), WaitingLine(), seconds=0)

    def steps() -> Generator[Moment, None, None]:
        yield from (Moment(number, number == moments) for number in range(1, moments + 1))

    async def stages() -> list[str]:
        return [stage async for stage, _ in live.stages("a", "b", steps, lambda one: f"step {one.number}") if stage]

    last = asyncio.run(stages())[-1]
    assert last.startswith("step 1") and ("Stopped" in last) is is_too_slow
