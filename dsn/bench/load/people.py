"""What visitors do, each by a source of randomness of its own."""

import asyncio
import base64
import io
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from PIL import Image

from dsn.bench.load.tab import Tab
from dsn.measuring.brought.kinds import KINDS
from dsn.serials import random_serial

PICTURES = 24  # files that visitors bring
SHORT = (0.5, 8.0)  # seconds after which a visitor leaves something that takes long
PRUNING = "pruning"  # the attack that has a slider
TASKS = ("digits", "signs")
CUSTOMERS = ("alder", "birch", "cedar")
EXPORTS = ("png", "pdf", "csv", "json")
Doing = Callable[[Tab, random.Random], Awaitable[object]]


@cache
def pictures() -> list[tuple[str, bytes]]:
    """Digits as people bring them: names and files, the same in every run."""
    kinds = list(KINDS.values())
    return [
        (f"{number}.png", kinds[number % len(kinds)](np.random.default_rng([18, number])).content)
        for number in range(PICTURES)
    ]


def _whose(source: random.Random) -> tuple[str, str]:
    return source.choice(TASKS), source.choice(CUSTOMERS)


async def compare(tab: Tab, source: random.Random) -> None:
    """One comparison, under a random serial."""
    serial = random_serial(source=source).text if source.random() < 0.8 else ""
    answer = await tab.call("compare", *_whose(source), serial, source.randrange(1000), None, "")
    if not answer["valid"]["serial_is_valid"] or answer["entered"]["serial_is_valid"]:
        raise RuntimeError(f"another answer than was asked for: {answer}")


async def bring(tab: Tab, source: random.Random) -> None:
    """Upload a picture and have it compared."""
    if tab.layout.has("upload", "change"):
        await tab.press("upload", "change", upload=await tab.give("upload", *source.choice(pictures())))
    else:
        await tab.call("compare", *_whose(source), "", 0, await tab.upload(*source.choice(pictures())), "")


async def attack(tab: Tab, source: random.Random) -> None:
    """One attack from the place in the line to its end."""
    layout = tab.layout
    chosen = source.choice([one for one in layout.choices("attack-choice") if one != PRUNING])
    await tab.press("attack-run", attack_choice=chosen, attack_student=source.choice(layout.choices("attack-student")))


async def mint(tab: Tab, source: random.Random) -> None:
    """One network from the order to its end, at lower quality where that is what is offered."""
    answered = await tab.press("mint-button", mint_name=f"visitor {source.randrange(10_000)}")
    if "note question" in answered:
        await tab.press("mint-go-on")


# What visitors do in mixed use besides.


async def _for_a_while(doing: Doing, tab: Tab, source: random.Random, stop: str) -> None:
    """Begin something, and press a button some seconds later."""
    running = asyncio.ensure_future(doing(tab, source))
    try:
        await asyncio.wait({running}, timeout=source.uniform(*SHORT))
        await tab.press(stop)
        await running
    finally:
        running.cancel()


async def stop_attacking(tab: Tab, source: random.Random) -> None:
    """Begin an attack, and stop it after some seconds."""
    await _for_a_while(attack, tab, source, "attack-stop")


async def prune(tab: Tab, source: random.Random) -> None:
    """Move the slider."""
    await tab.press("attack-amount", "input", attack_amount=5 * source.randrange(20))


async def stop_minting(tab: Tab, source: random.Random) -> None:
    """Order a network, and want it no more after some seconds."""
    await _for_a_while(mint, tab, source, "mint-stop")


async def trace(tab: Tab, source: random.Random) -> None:
    """Trace one of the page's samples."""
    layout = tab.layout
    choices = {one: source.choice(layout.choices(one.replace("_", "-"))) for one in ("trace_sample", "trace_change")}
    await tab.press("trace-button", **choices, trace_upload=None)


async def trace_file(tab: Tab, source: random.Random) -> None:
    """Trace a file that is no network."""
    file = await tab.give("trace-upload", "leaked.safetensors", source.randbytes(source.randrange(10_000)))
    await tab.press("trace-button", trace_sample="", trace_upload=file)


async def look_at_page(tab: Tab, source: random.Random) -> None:
    """Have text looked for on a page of a document."""
    await tab.press("documents-number", "release", documents_number=source.randrange(1, 5))


async def export(tab: Tab, source: random.Random) -> None:
    """Have a file made, and take it."""
    answered = await tab.press("export-buttons", "make", {"kind": source.choice(EXPORTS)})
    path = answered.replace('\\"', '"').partition('<a href="')[2].partition('"')[0]
    if path:
        (await tab.client.get(f"/{path}")).raise_for_status()


async def draw(tab: Tab, source: random.Random) -> None:
    """Draw on the pad."""
    file = io.BytesIO()
    Image.open(io.BytesIO(source.choice(pictures())[1])).convert("L").resize((280, 280)).save(file, "PNG")
    drawn = "data:image/png;base64," + base64.b64encode(file.getvalue()).decode()
    await tab.press("sketch", "click", {"picture": drawn})


def pressing(name: str, event_data: Callable[[random.Random], Any] = lambda _: None) -> Doing:
    """Press something of which no more is to be said."""

    async def press(tab: Tab, source: random.Random) -> None:
        await tab.press(name, "click", event_data(source))

    return press


@dataclass(frozen=True)
class Habit:
    """Something that visitors do in mixed use.

    Attributes:
        often: compared with others.
        does: what is done.
        needs: names of components, with the word for what happens to them, that the page must have for it.
    """

    often: float
    does: Doing
    needs: tuple[tuple[str, str], ...] = ()


# Flips, pictures of the gallery, measurements, links and the lesson are answered by the visitor's own browser.
HABITS = {
    "compare": Habit(30, compare),
    "bring": Habit(8, bring),
    "draw": Habit(4, draw, (("sketch", "click"),)),
    "crop": Habit(4, pressing("crop", lambda _: {"box": [0.2, 0.2, 0.8, 0.8]}), (("crop", "click"),)),
    "export": Habit(4, export, (("export-buttons", "make"),)),
    "attack": Habit(1, attack, (("attack-run", "click"),)),
    "stop-attacking": Habit(3, stop_attacking, (("attack-run", "click"), ("attack-stop", "click"))),
    "prune": Habit(4, prune, (("attack-amount", "input"),)),
    "mint": Habit(0.5, mint, (("mint-button", "click"),)),
    "stop-minting": Habit(2, stop_minting, (("mint-button", "click"), ("mint-stop", "click"))),
    "trace": Habit(2, trace, (("trace-button", "click"),)),
    "trace-file": Habit(2, trace_file, (("trace-button", "click"),)),
    "documents": Habit(2, look_at_page, (("documents-number", "release"),)),
}
LASTING = ("attack", "mint")  # what takes a minute


def habits_on(tab: Tab) -> dict[str, Habit]:
    """What can be done on a page."""
    return {name: one for name, one in HABITS.items() if all(tab.layout.has(*need) for need in one.needs)}
