"""The rows of the table of speed about load: a crowd, and mixed use for a long time."""

import asyncio
import os
import random
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial

import httpx
import numpy as np

from dsn.bench.load.people import LASTING, Doing, attack, bring, compare, habits_on, mint, pictures
from dsn.bench.load.tab import PATIENCE, Layout, Log, Tab, sound
from dsn.bench.load.watch import RunningApp, Watch, running_app
from dsn.bench.timing import Ratio

MEMORY_BAR, PEAK_BAR = 1.05, 4000.0
LANGUAGES = ("/", "/zh")
SECONDS_A_MINUTE = 60.0
ERRORS_TOLD = 5


@dataclass(frozen=True)
class Crowd:
    """Many visitors at once.

    Attributes:
        comparing: how many compare.
        uploading: how many bring pictures.
        attacking: how many attack.
        minting: how many mint.
        minutes: how long all of them stay.
        pause: seconds between what one does, at least and at most.
        seed: of all randomness.
    """

    comparing: int = 200
    uploading: int = 20
    attacking: int = 5
    minting: int = 5
    minutes: float = 10.0
    pause: tuple[float, float] = (2.0, 10.0)
    seed: int = 0

    @property
    def said(self) -> str:
        """In words."""
        return (
            f"{self.comparing} visitors comparing, {self.uploading} uploading, {self.attacking} attacking and "
            f"{self.minting} minting for {self.minutes:g} minutes, {self.pause[0]:g} to {self.pause[1]:g} s between "
            "what one does"
        )


@dataclass(frozen=True)
class Mixed:
    """Visitors who come, do this and that, reload and go.

    Attributes:
        visitors: at a time.
        minutes: how long there are visitors.
        settled: after so many minutes memory is what it will be.
        stays: things that one does in a tab before it is reloaded or closed, at most.
        pause: seconds between what one does, at least and at most.
        idle: seconds after which what nobody needs ends with the next call: threads, and uploads that are given up.
        patience: seconds after that for which is looked again while anything is left.
        seed: of all randomness.
    """

    visitors: int = 40
    minutes: float = 60.0
    settled: float = 10.0
    stays: int = 20
    pause: tuple[float, float] = (1.0, 6.0)
    idle: float = 150.0
    patience: float = 300.0
    seed: int = 0

    @property
    def said(self) -> str:
        """In words."""
        return f"{self.visitors} visitors at a time of mixed random use for {self.minutes:g} minutes"


class Visits:
    """Tabs of a running app, and what came of them.

    Args:
        app: the app.
        client: whose requests go there.
        layouts: of the languages.
        seed: of the tabs' names.
    """

    def __init__(self, app: RunningApp, client: httpx.AsyncClient, layouts: list[Layout], seed: int) -> None:
        self.app, self.client, self.layouts = app, client, layouts
        self.log, self._source = Log(), random.Random(seed)

    def tab(self, source: random.Random) -> Tab:
        """A new one, in one of the languages."""
        return Tab(self.client, source.choice(self.layouts), f"{self._source.getrandbits(60):x}", self.log)

    async def often(self, doing: Doing, pause: tuple[float, float], end: float, source: random.Random) -> None:
        """One visitor does one thing again and again in one tab, until the end; after an error in a new one."""
        while time.monotonic() < end:
            with self.noting_errors():
                async with self.tab(source) as tab:
                    await asyncio.sleep(source.uniform(0, pause[1]))
                    while time.monotonic() < end:
                        await doing(tab, source)
                        await asyncio.sleep(source.uniform(*pause))

    async def wander(self, mixed: Mixed, end: float, source: random.Random) -> None:
        """One visitor after another: each does some things, and goes in the middle of something."""
        while time.monotonic() < end:
            with self.noting_errors():
                async with self.tab(source) as tab:
                    habits = list(habits_on(tab).values())
                    often = [one.often for one in habits]
                    for habit in source.choices(habits, often, k=source.randint(1, mixed.stays)):
                        await habit.does(tab, source)
                        await asyncio.sleep(source.uniform(*mixed.pause))
                    (last,) = source.choices(habits, often)
                    with suppress(TimeoutError):
                        async with asyncio.timeout(source.uniform(0, mixed.pause[0])):
                            await last.does(tab, source)

    def noting_errors(self) -> "NotedErrors":
        """What goes wrong within is noted, and the visitor comes again."""
        return NotedErrors(self.log)

    async def each_once(self, seed: int) -> None:
        """Everything that visitors do, once to its end or stopped: what the app makes at first use is then there."""
        source = random.Random(seed)
        async with self.tab(source) as tab:
            for name, habit in habits_on(tab).items():
                if name not in LASTING:
                    await habit.does(tab, source)

    async def settled(self, idle: float, patience: float = 0.0, before: tuple[int, int] = (0, 0)) -> tuple[int, int]:
        """Threads and files of the app when the last visitor has gone.

        Args:
            idle: seconds after which is looked.
            patience: seconds for which is looked again while there are more than before.
            before: threads and files that there were.
        """
        end = time.monotonic() + patience
        while True:
            await asyncio.sleep(idle)
            async with self.tab(random.Random(0)) as tab:
                for _ in range(3):
                    await compare(tab, random.Random(0))
            await asyncio.sleep(1)
            left = self.app.threads, len(self.app.files)
            if (left[0] <= before[0] and left[1] <= before[1]) or time.monotonic() > end:
                return left


class NotedErrors:
    """A context that notes errors of a visit and lets others through.

    Args:
        log: where.
    """

    def __init__(self, log: Log) -> None:
        self.log = log

    def __enter__(self) -> None:
        """Nothing to do yet."""

    def __exit__(self, _: object, error: BaseException | None, __: object) -> bool:
        if not isinstance(error, (httpx.HTTPError, RuntimeError)):
            return False
        self.log.errors.append(f"{type(error).__name__}: {error}")
        return True


async def visiting(app: RunningApp, seed: int, staying: Callable[[Visits, Watch], Awaitable[None]]) -> None:
    """Let visitors stay at an app, whose memory is watched meanwhile."""
    pictures()  # made before anybody comes
    # A browser asks again where the server let go of a kept connection (after 5 s); this client lets go before it.
    limits = httpx.Limits(max_connections=None, max_keepalive_connections=100, keepalive_expiry=2.0)
    async with httpx.AsyncClient(base_url=app.address, timeout=PATIENCE, limits=limits) as client:
        config = sound(await client.get("/config")).json()
        visits, watch = Visits(app, client, [Layout.of(one, config) for one in LANGUAGES], seed), Watch(app)
        watching = asyncio.create_task(watch.keep_looking())
        try:
            await staying(visits, watch)
        finally:
            watching.cancel()


async def until(end: float, going: Sequence[Awaitable[None]]) -> None:
    """Let visits go on until the end; whoever is not done then closes the tab."""
    tasks = [asyncio.ensure_future(one) for one in going]
    await asyncio.wait(tasks, timeout=end - time.monotonic())
    for task in tasks:
        task.cancel()
    for result in await asyncio.gather(*tasks, return_exceptions=True):
        if isinstance(result, Exception):
            raise result


def crowd_rows(crowd: Crowd, app: RunningApp) -> Iterator[Ratio]:
    """Errors, memory, and how long a comparison takes, of an app with many visitors at once."""
    came: list[tuple[Log, Watch]] = []
    where = beside()
    length = SECONDS_A_MINUTE * crowd.minutes

    async def stay(visits: Visits, watch: Watch) -> None:
        end = time.monotonic() + length
        people = [compare] * crowd.comparing + [bring] * crowd.uploading
        people += [attack] * crowd.attacking + [mint] * crowd.minting
        sources = (random.Random(f"{crowd.seed} {number}") for number in range(1, len(people) + 1))
        going = [visits.often(doing, crowd.pause, end, one) for doing, one in zip(people, sources, strict=True)]
        await until(end, going)
        came.append((visits.log, watch))

    asyncio.run(visiting(app, crowd.seed, stay))
    ((log, watch),) = came
    tell(log)
    yield errors_row("load-errors", f"{crowd.said}, {where} ({done(log, app)})", log)
    window = min(SECONDS_A_MINUTE / 2, length / 10)
    last, half = watch.megabytes(length, window), watch.megabytes(length / 2, window)
    what = f"the same: memory at the end over {crowd.minutes / 2:g} minutes before"
    yield Ratio("load-memory", what, f"≤ {MEMORY_BAR:g}", last, half, "MB", last <= MEMORY_BAR * half)
    at_95 = float(np.percentile(log.seconds["compare"] or [0.0], 95)) * 1000
    count = len(log.seconds["compare"])
    yield Ratio("load-compare", f"the same: 95th percentile of {count:,} comparisons, ms", "–", at_95, 1.0, "ms", True)
    yield peak_row("load-peak", "the same: most memory the app held, MB", app)


def mixed_rows(mixed: Mixed, app: RunningApp) -> Iterator[Ratio]:
    """Errors, memory, files and threads, of an app with visitors who come and go."""
    came: list[tuple[Log, Watch, float, tuple[int, int], tuple[int, int]]] = []
    where = beside()
    length, settled = SECONDS_A_MINUTE * mixed.minutes, SECONDS_A_MINUTE * mixed.settled

    async def stay(visits: Visits, watch: Watch) -> None:
        await visits.each_once(mixed.seed)
        before, files = await visits.settled(mixed.idle), app.files
        begun = watch.seen[-1][0]
        end = time.monotonic() + length
        sources = [random.Random(f"{mixed.seed} {number}") for number in range(mixed.visitors)]
        await until(end, [visits.wander(mixed, end, source) for source in sources])
        after = await visits.settled(mixed.idle, mixed.patience, before)
        for path in sorted(app.files - files):
            print(f"left: {path.relative_to(app.folder)}")
        came.append((visits.log, watch, begun, before, after))

    asyncio.run(visiting(app, mixed.seed, stay))
    ((log, watch, begun, before, after),) = came
    tell(log)
    yield errors_row("mixed-errors", f"{mixed.said}, {where} ({done(log, app)})", log)
    window = min(SECONDS_A_MINUTE, settled / 4)
    last, first = watch.megabytes(begun + length, window), watch.megabytes(begun + settled, window)
    what = f"the same: memory at the end over that after {mixed.settled:g} minutes"
    yield Ratio("mixed-memory", what, f"≤ {MEMORY_BAR:g}", last, first, "MB", last <= MEMORY_BAR * first)
    for key, word, left in (
        ("mixed-threads", "threads", after[0] - before[0]), ("mixed-files", "files", after[1] - before[1]),
    ):  # fmt: skip
        what = f"the same: {word} left when all have gone"
        yield Ratio(key, what, "≤ 0", max(left, 0), 1.0, word, left <= 0)
    yield peak_row("mixed-peak", "the same: most memory the app held, MB", app)


def beside() -> str:
    """How much else the machine has to do before anybody comes, in words."""
    return f"on {os.cpu_count()} cores with a load of {os.getloadavg()[0]:.1f} before"


def errors_row(key: str, what: str, log: Log) -> Ratio:
    """Errors over answers."""
    count = len(log.errors)
    return Ratio(key, f"{what}: errors over answers", "≤ 0", count, max(log.calls, 1), "answers", count == 0)


def peak_row(key: str, what: str, app: RunningApp) -> Ratio:
    """The most memory that the app ever held."""
    peak = app.peak_megabytes
    return Ratio(key, what, f"≤ {PEAK_BAR:g}", peak, 1.0, "MB", peak <= PEAK_BAR)


def done(log: Log, app: RunningApp) -> str:
    """How much was done, in words, and what the machine gave for it."""
    attacks, mintings = (len(log.seconds[name]) for name in ("attack-run", "mint-button"))
    return (
        f"{log.calls:,} answers, {attacks} attacks, {mintings} mintings; {app.processor_seconds:,.0f} s of processors"
    )


def tell(log: Log) -> None:
    """Print what the rows do not say: what was done how often, what was refused, and the first errors."""
    print({name: len(seconds) for name, seconds in sorted(log.seconds.items())})
    for sentence, count in log.refused.most_common():
        print(f"refused {count} times: {sentence}")
    for error, count in Counter(log.errors).most_common(ERRORS_TOLD):
        print(f"{count} times: {error}")


def load_rows(crowd: Crowd, mixed: Mixed) -> Iterator[Ratio]:
    """Every row about load, each as it is measured; the app is started anew for each of the two, none of no minutes.

    Raises:
        RuntimeError: the app does not answer.
    """
    for rows, minutes in ((partial(crowd_rows, crowd), crowd.minutes), (partial(mixed_rows, mixed), mixed.minutes)):
        if minutes:
            with running_app() as app:
                yield from rows(app)
