"""How much the page costs beyond what it cannot do without: arriving, round trips, start-up, clicks, visitors."""

import multiprocessing
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from pathlib import Path

import gradio as gr
import torch
from gradio_client import Client
from torch import Tensor

from dsn.applications.prepared import Split, as_floats
from dsn.bench.arrivals import arrivals, resident_megabytes
from dsn.bench.browser import FLIP_BARS, in_the_browser
from dsn.bench.feel import feel
from dsn.bench.first_answer import by_a_link, chromium, from_the_start, of_the_folder, on_a_slow_line
from dsn.bench.timing import Ratio, at_most, medians_in_turn, seconds_of
from dsn.measuring.comparison import MEASURING_BATCH, measure, serials_of
from dsn.places import CHECKPOINTS
from dsn.serials import Serial
from dsn.student.collection import Collection, load_collection
from dsn.student.student import Student
from dsn.ui.page import build_page, launch_settings

HOST = "127.0.0.1"
PROJECT = CHECKPOINTS.parent
FIRST_ANSWER_WITHIN = 900.0  # seconds; a machine may be slow and busy
CLIENT_WAITS = 60.0  # seconds
CALLS = 200
STARTS = 5
MEASUREMENTS = 7
VISITORS = 50
VISITS = 3
ROUNDS = 6
GROWTH_BAR = 1.05
BARE_IMPORTS = "import torch, torchvision, gradio"


def free_port() -> int:
    """A port nobody listens on."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return probe.getsockname()[1]


def wait_for_answer(address: str, ended: Callable[[], bool]) -> None:
    """Return at the first HTTP 200.

    Args:
        address: of the page.
        ended: whether the program that should answer has ended.

    Raises:
        RuntimeError: it ended, or did not answer in time.
    """
    deadline = time.monotonic() + FIRST_ANSWER_WITHIN
    while time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(address, timeout=10) as response:
                if response.status == 200:
                    return
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            if ended():
                raise RuntimeError(f"The app at {address} ended before it answered.") from None
        time.sleep(0.01)
    raise RuntimeError(f"The app at {address} did not answer within {FIRST_ANSWER_WITHIN:g} seconds.")


def serve(checkpoints: Path, port: int) -> None:
    """The page with one endpoint more, `/nothing`, whose handler is empty; until the process is ended."""
    with build_page(load_collection(checkpoints)) as page:
        gr.api(nothing, api_name="nothing", queue=False)
    page.launch(server_name=HOST, server_port=port, quiet=True, **launch_settings())


def nothing() -> str:
    """The empty handler."""
    return ""


def serve_two_fields(port: int) -> None:
    """A page of two fields, as Gradio serves it; until the process is ended."""
    with gr.Blocks(analytics_enabled=False) as page:
        gr.Textbox()
        gr.Textbox()
    page.launch(server_name=HOST, server_port=port, quiet=True, ssr_mode=False)


@contextmanager
def running(served: Callable[[int], None]) -> Iterator[tuple[str, int]]:
    """A page in a process of its own: its address and the process's number.

    Args:
        served: serves it at a port.
    """
    port = free_port()
    process = multiprocessing.get_context("spawn").Process(target=served, args=(port,), daemon=True)
    process.start()
    assert process.pid is not None
    try:
        address = f"http://{HOST}:{port}"
        wait_for_answer(address, lambda: not process.is_alive())
        yield address, process.pid
    finally:
        process.terminate()
        process.join()


def running_page(checkpoints: Path) -> AbstractContextManager[tuple[str, int]]:
    """The page of these students, as `running`."""
    return running(partial(serve, checkpoints))


def connect(address: str) -> Client:
    """A client that waits longer than the usual 5 seconds for its turn: a busy machine is slow, not wrong."""
    return Client(address, verbose=False, httpx_kwargs={"timeout": CLIENT_WAITS})


def round_trip(address: str, collection: Collection, *, calls: int = CALLS) -> Ratio:
    """`/compare` through gradio_client over `/nothing` in the same app.

    Args:
        address: of a page that `serve` serves.
        collection: what it shows; its first student is asked.
        calls: of each endpoint.
    """
    task, customer = next(iter(collection.students)).split("/")
    serial = collection.random_wrong_serial(task, customer).text
    client = connect(address)
    seconds = medians_in_turn(
        lambda: seconds_of(lambda: client.predict(task, customer, serial, 7, api_name="/compare")),
        lambda: seconds_of(lambda: client.predict(api_name="/nothing")),
        calls,
        warm_up=calls // 10,
    )
    client.close()
    return at_most("page-round-trip", "/compare through gradio_client over an empty handler", 1.2, seconds)


def seconds_to_first_answer(folder: Path) -> float:
    """Seconds from starting `python app.py` in a folder to its first HTTP 200."""
    port = free_port()
    settings = {"GRADIO_SERVER_PORT": str(port), "GRADIO_SERVER_NAME": HOST}
    start = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "app.py"], cwd=folder, env={**os.environ, **settings}, stdout=subprocess.DEVNULL
    )
    try:
        wait_for_answer(f"http://{HOST}:{port}", lambda: process.poll() is not None)
        return time.perf_counter() - start
    finally:
        process.terminate()
        process.wait()


def start_up(folder: Path = PROJECT, *, starts: int = STARTS) -> Ratio:
    """From `python app.py` to the first HTTP 200, over importing the libraries alone.

    Args:
        folder: where app.py is.
        starts: of each side.
    """

    def bare() -> float:
        return seconds_of(lambda: subprocess.run([sys.executable, "-c", BARE_IMPORTS], check=True))

    seconds = medians_in_turn(lambda: seconds_to_first_answer(folder), bare, starts)
    return at_most("page-start-up", f"`python app.py` to the first answer over `{BARE_IMPORTS}`", 1.4, seconds)


def stamped_batches(student: Student, split: Split, valid: Serial, entered: Serial | None) -> list[Tensor]:
    """What the student looks at while it is measured, batch by batch: float [N, C, H, W] in [0, 1]."""
    return [
        student.shown(pictures, serial)
        for pictures in as_floats(split.images).split(MEASURING_BATCH)
        for serial in serials_of(valid, entered).values()
    ]


def measuring(collection: Collection, task: str, *, repetitions: int = MEASUREMENTS) -> Ratio:
    """`measure` on the held-out pictures over the bare forward passes of the same batches.

    Args:
        collection: its first student of the application is measured.
        task: name of the application.
        repetitions: of each side.
    """
    customer = collection.customers(task)[0]
    student, valid = collection.student(task, customer), collection.valid_serial(task, customer)
    entered = collection.random_wrong_serial(task, customer)
    split = collection.held_out[task].split
    batches = stamped_batches(student, split, valid, entered)

    @torch.inference_mode()
    def bare() -> None:
        for batch in batches:
            student(batch)

    seconds = medians_in_turn(
        lambda: seconds_of(lambda: list(measure(student, split, valid, entered))),
        lambda: seconds_of(bare),
        repetitions,
    )
    what = f"measuring {len(split):,} {task} under 3 conditions over the bare forward passes"
    return at_most(f"page-measuring-{task}", what, 1.3, seconds)


def crowd(
    address: str, process: int, collection: Collection, *, visitors: int = VISITORS, rounds: int = ROUNDS
) -> Ratio:
    """Memory of the page after rounds of many visitors at once, over memory after the first half of them.

    Args:
        address: of the page.
        process: its number.
        collection: what it shows.
        visitors: at once, each with a client of its own, which calls `/compare` and `/random_serial`.
        rounds: how often they all come; an even number.

    Raises:
        Exception: the first error any visitor got.
    """
    names = list(collection.students)

    def visit(visitor: int) -> None:
        task, customer = names[visitor % len(names)].split("/")
        client = connect(address)
        for picture in range(VISITS):
            serial = client.predict(task, customer, api_name="/random_serial")
            answer = client.predict(task, customer, serial, picture, api_name="/compare")
            if not answer["valid"]["serial_is_valid"] or answer["entered"]["serial_is_valid"]:
                raise RuntimeError(f"{task}/{customer} answered another visitor: {answer}")
        client.close()

    memory = []
    for _ in range(rounds):
        with ThreadPoolExecutor(visitors) as pool:
            list(pool.map(visit, range(visitors)))
        memory.append(resident_megabytes(process))
    last, half = memory[-1], memory[rounds // 2 - 1]
    calls = visitors * VISITS * 2 * rounds
    what = f"{visitors} visitors at once, {calls:,} calls, no error: memory after {rounds} rounds over {rounds // 2}"
    return Ratio("page-crowd", what, f"≤ {GROWTH_BAR:g}", last, half, "MB", last / half <= GROWTH_BAR)


def page_rows(checkpoints: Path = CHECKPOINTS) -> Iterator[Ratio]:
    """Every ratio about the page, each as it is measured.

    Raises:
        StudentError: there are no students to show.
    """
    os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"  # clients of the bench reach this machine only
    collection = load_collection(checkpoints)
    with running_page(checkpoints) as (address, process):
        with running(serve_two_fields) as (plain, _):
            yield from arrivals(address, process, plain, next(iter(collection.students)))
        yield round_trip(address, collection)
        yield from feel(address)
        with chromium() as browser:
            tasks = [one for one in FLIP_BARS if collection.customers(one)]
            yield from in_the_browser(browser, address, process, tasks)
            student = next(iter(collection.students))
            serial = collection.random_wrong_serial(*student.split("/")).text
            yield by_a_link(browser, address, student, serial)
            yield on_a_slow_line(browser, address)
            yield from of_the_folder(browser)
            yield from_the_start(browser, PROJECT, free_port())
        if Path("/proc/self/statm").exists():
            yield crowd(address, process, collection)
    yield start_up()
    for application in collection.applications():
        yield measuring(collection, application.name)
