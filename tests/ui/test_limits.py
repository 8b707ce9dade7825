"""The page's limits: a class behind one router works, one tab does not get everything, and slow files end."""

import asyncio
from collections.abc import Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

import httpx
import pytest
from app_process import running_app
from gated_students import gated_student
from PIL import Image

from dsn.allowance import Allowance, VisitorLimits
from dsn.applications.registry import BUILT_IN
from dsn.owner.visitors import Visitors
from dsn.ui.serving.file_guard import NO_ROOM, TOO_LARGE, TOO_MUCH, TOO_SLOW, Gate, Receive, Scope, Send

Answered = TypeVar("Answered")
PUPILS, PICTURES = 60, 10
PICTURE = 3_000_000  # bytes, of a phone's
HOURS = VisitorLimits()


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The real app with its usual limits, not that of other tests: this one's uploads count."""
    with running_app(tmp_path_factory.mktemp("app") / "log.txt") as address:
        yield address


def test_sixty_pupils_behind_one_address_upload_ten_pictures_each(address: str, tmp_path: Path) -> None:
    Image.effect_noise((200, 200), 40).save(tmp_path / "noise.png")
    content = (tmp_path / "noise.png").read_bytes()
    with httpx.Client(timeout=600.0, limits=httpx.Limits(max_connections=16)) as client:

        def upload(number: int) -> int:
            files = {"files": (f"{number}.png", content, "image/png")}
            return client.post(f"{address}/gradio_api/upload", files=files).status_code

        with ThreadPoolExecutor(16) as pupils:
            codes = list(pupils.map(upload, range(PUPILS * PICTURES)))
    assert codes == [200] * PUPILS * PICTURES


def test_sixty_phones_send_ten_photographs_each_and_have_them_looked_at() -> None:
    received = Allowance(None, HOURS.megabytes_per_hour_in_all, HOURS.share_of_one_address)
    looks = Allowance(HOURS.looks_per_hour, HOURS.looks_per_hour_in_all, HOURS.share_of_one_address)
    for pupil in range(PUPILS):
        for _ in range(PICTURES):
            assert received.take("", "router", PICTURE // 1_000_000)
            assert looks.take(f"tab {pupil}", "router")
    assert looks.take("another", "elsewhere")


def test_sixty_pupils_behind_one_address_mint_once_each(tmp_path: Path) -> None:
    visitors = Visitors(HOURS, tmp_path)
    orders = [visitors.order(f"tab {pupil}", "router", BUILT_IN["digits"], f"c{pupil}") for pupil in range(PUPILS)]
    student = gated_student(orders[0].claim.serial)
    for order in orders:
        made, problem = visitors.keep(order, student, "# A card\n")
        assert made.download and not problem


def test_one_tab_is_bounded_and_another_is_not_by_it() -> None:
    looks = Allowance(HOURS.looks_per_hour, HOURS.looks_per_hour_in_all, HOURS.share_of_one_address)
    taken = sum(looks.take("greedy", "router") for _ in range(3 * HOURS.looks_per_hour))
    assert taken == HOURS.looks_per_hour
    assert looks.take("modest", "router")


# The gate as an ASGI application: what is sent to it, and what it answers.


class Behind:
    """An application that reads its request to the end and notes how many do so at a time."""

    def __init__(self) -> None:
        self.now = self.most = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.now += 1
        self.most = max(self.most, self.now)
        try:
            while (await receive()).get("more_body"):
                await asyncio.sleep(0)
        finally:
            self.now -= 1
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b""})


def run(answering: Coroutine[Any, Any, Answered]) -> Answered:
    """What comes of it, in a thread of its own: a browser's loop runs in this one."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, answering).result()


def request(page: str = "/", **headers: str) -> Scope:
    said = {"referer": f"http://here{page}", "content_length": "1000", **headers}
    raw = [(name.replace("_", "-").encode(), value.encode()) for name, value in said.items()]
    return {"type": "http", "method": "POST", "path": "/gradio_api/upload", "headers": raw, "client": ("1.2.3.4", 5)}


async def asked(gate: Gate, scope: Scope, *, stuck: bool = False) -> tuple[int, str]:
    """Status and text of the gate's answer."""
    answer: list = []

    async def receive() -> dict:
        if stuck:
            await asyncio.Event().wait()
        await asyncio.sleep(0.001)
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: dict) -> None:
        answer.append(message)

    await gate(scope, receive, send)  # type: ignore[arg-type]
    return answer[0]["status"], b"".join(one.get("body", b"") for one in answer).decode().strip()


def test_calls_of_tools_are_bounded_as_uploads_are(tmp_path: Path) -> None:
    def status(limits: VisitorLimits, **headers: str) -> int:
        scope = {**request(**headers), "path": "/gradio_api/mcp/"}
        return run(asked(Gate(Behind(), limits, tmp_path), scope))[0]

    assert status(HOURS) == 200
    assert status(HOURS, content_length="30000000") == 413
    assert status(HOURS, content_length="") == 411
    assert status(VisitorLimits(megabytes_per_hour_in_all=1), content_length="9000000") == 429
    assert status(VisitorLimits(megabytes_free=10**9)) == 507


def test_refusals_are_in_the_language_of_the_page(tmp_path: Path) -> None:
    def status_and_text(page: str, limits: VisitorLimits, *, stuck: bool = False, **headers: str) -> tuple[int, str]:
        return run(asked(Gate(Behind(), limits, tmp_path), request(page, **headers), stuck=stuck))

    none, full = VisitorLimits(megabytes_per_hour_in_all=1), VisitorLimits(megabytes_free=10**9)
    slow = VisitorLimits(seconds_per_upload=0.05)
    assert status_and_text("/", HOURS, content_length="30000000") == (413, TOO_LARGE)
    assert status_and_text("/", none, content_length="9000000") == (429, TOO_MUCH)
    assert status_and_text("/", full) == (507, NO_ROOM)
    assert status_and_text("/", slow, stuck=True) == (408, TOO_SLOW)
    for code, text in (
        status_and_text("/zh", HOURS, content_length="30000000"),
        status_and_text("/zh/", none, content_length="9000000"),
        status_and_text("/behind/a/proxy/zh?step=3", full),
        status_and_text("/zh", slow, stuck=True),
    ):
        assert code >= 400 and not text.isascii()
    assert status_and_text("/", HOURS, content_length="-5")[0] == 200


def test_uploads_wait_for_their_turn(tmp_path: Path) -> None:
    behind = Behind()

    async def all_at_once() -> list[tuple[int, str]]:
        gate = Gate(behind, VisitorLimits(uploads_at_once=3), tmp_path)
        return await asyncio.gather(*(asked(gate, request()) for _ in range(40)))

    assert [status for status, _ in run(all_at_once())] == [200] * 40
    assert behind.most == 3
