"""What arriving costs: many visitors who open the page at once, and many programs that connect at once."""

import os
import urllib.request
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from gradio_client import Client

from dsn.bench.timing import Ratio, at_most, medians_in_turn, seconds_of

AT_ONCE, MANY, PROGRAMS = 30, 200, 50
COMPARISONS = 20  # of each program
ASKED = 50  # times, one after the other
PATIENCE = 60.0  # seconds; a browser waits longer
SLOWEST_BAR, MEMORY_BAR, ALONE_BAR = 1.0, 100.0, 5.0
PAGE, CONFIG = "/", "/config"


def resident_megabytes(process: int) -> float:
    """Memory a process holds, as Linux counts it."""
    pages = int(Path(f"/proc/{process}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def fetch(address: str) -> bytes:
    """What is sent from an address.

    Raises:
        OSError: nothing, or not in time.
    """
    with urllib.request.urlopen(address, timeout=PATIENCE) as response:
        return response.read()


def failures(work: Callable[[int], object], visitors: int) -> int:
    """How many of some visitors who come at once get an error.

    Args:
        work: what one of them does; takes their number.
        visitors: how many.
    """
    with ThreadPoolExecutor(visitors) as pool:
        visits = [pool.submit(work, visitor) for visitor in range(visitors)]
    return sum(visit.exception() is not None for visit in visits)


def slowest(address: str, visitors: int) -> float:
    """Seconds that the last of some visitors waits who fetch an address at once."""
    with ThreadPoolExecutor(visitors) as pool:
        return max(pool.map(lambda _: seconds_of(lambda: fetch(address)), range(visitors)))


def waits(address: str, process: int, *, visitors: int = AT_ONCE) -> Iterator[Ratio]:
    """How long the last of those who come at once waits for the page and its configuration, and the memory they take.

    Args:
        address: of the page.
        process: its number.
        visitors: at once.
    """
    measured = Path("/proc/self/statm").exists()
    before = resident_megabytes(process) if measured else 0.0
    for key, what, path in (("page", "the page", PAGE), ("config", "its configuration", CONFIG)):
        seconds = slowest(address + path, visitors)
        said = f"{visitors} visitors at once: the slowest wait for {what}"
        yield at_most(f"page-arrivals-{key}", said, SLOWEST_BAR, (seconds, 1.0))
    if measured:
        grown = resident_megabytes(process) - before
        what = f"{visitors} visitors at once: memory that stays taken after they have page and configuration"
        yield Ratio("page-arrivals-memory", what, f"≤ {MEMORY_BAR:g}", max(grown, 0.0), 1.0, "MB", grown <= MEMORY_BAR)


def many(address: str, *, visitors: int = MANY) -> Ratio:
    """Errors over visitors, of many who fetch the page and its configuration at once.

    Args:
        address: of the page.
        visitors: at once.
    """
    count = failures(lambda _: (fetch(address + PAGE), fetch(address + CONFIG)), visitors)
    what = f"{visitors} visitors at once, page and configuration: those with an error over all"
    return Ratio("page-arrivals-many", what, "≤ 0", count, visitors, "visitors", count == 0)


def programs(address: str, student: str, *, clients: int = PROGRAMS, comparisons: int = COMPARISONS) -> Ratio:
    """Errors over programs, of many that connect at once with a client's usual patience and then compare.

    Args:
        address: of the page.
        student: as "application/customer".
        clients: at once.
        comparisons: of each.
    """
    task, customer = student.split("/")

    def visit(visitor: int) -> None:
        client = Client(address, verbose=False)
        for turn in range(comparisons):
            client.predict(task, customer, "", visitor + turn, api_name="/compare")
        client.close()

    count = failures(visit, clients)
    what = f"{clients} API clients connect at once, {comparisons} times /compare each: those with an error over all"
    return Ratio("page-arrivals-clients", what, "≤ 0", count, clients, "clients", count == 0)


def alone(address: str, plain: str, *, asked: int = ASKED) -> Ratio:
    """The configuration over that of a page of two fields, asked one after the other.

    Args:
        address: of the page.
        plain: of the page of two fields.
        asked: times each.
    """
    seconds = medians_in_turn(
        lambda: seconds_of(lambda: fetch(address + CONFIG)), lambda: seconds_of(lambda: fetch(plain + CONFIG)), asked
    )
    return at_most("page-config", "/config over that of a page of two fields", ALONE_BAR, seconds)


def arrivals(address: str, process: int, plain: str, student: str) -> Iterator[Ratio]:
    """Every row about arriving.

    Args:
        address: of the page.
        process: its number.
        plain: address of a page of two fields.
        student: of the page, as "application/customer".
    """
    yield from waits(address, process)
    yield alone(address, plain)
    yield many(address)
    yield programs(address, student)
