"""Answers that are made once, compressed once, and sent from memory to whoever asks the same."""

import asyncio
import gzip
from collections import OrderedDict
from collections.abc import Callable, Hashable, MutableMapping
from dataclasses import dataclass, replace
from typing import Any, Generic, TypeVar

import brotli
from starlette.datastructures import Headers, MutableHeaders

from dsn.ui.serving.file_guard import Application, Receive, Scope, Send

Header = tuple[bytes, bytes]
Key = TypeVar("Key", bound=Hashable)
Change = Callable[[str], str]
TEXTS = ("text/", "application/json", "application/javascript", "image/svg")  # what compression is good for
QUICK, SMALL = 5, 11  # how well Brotli compresses: for the first who asks, and for all others once one has asked again


@dataclass(frozen=True)
class KeptAnswer:
    """A response as it is sent.

    Attributes:
        headers: of the response.
        body: as it is.
        zipped: the same, compressed by gzip; None for what is compressed as it is.
        pressed: the same by Brotli.
        quality: how well that compressed it.
    """

    headers: tuple[Header, ...]
    body: bytes
    zipped: bytes | None = None
    pressed: bytes | None = None
    quality: int = 0

    async def send(self, scope: Scope, send: Send) -> None:
        """Send it, in the smallest form that the browser takes."""
        accepted = Headers(scope=scope).get("accept-encoding", "")
        headers = MutableHeaders(raw=list(self.headers))
        headers.add_vary_header("Accept-Encoding")
        body = self.body
        if self.pressed is not None and "br" in accepted:
            body, headers["Content-Encoding"] = self.pressed, "br"
        elif self.zipped is not None and "gzip" in accepted:
            body, headers["Content-Encoding"] = self.zipped, "gzip"
        headers["Content-Length"] = str(len(body))
        await send({"type": "http.response.start", "status": 200, "headers": headers.raw})
        await send({"type": "http.response.body", "body": body})

    @property
    def is_text(self) -> bool:
        """Whether it can be made smaller."""
        kind = Headers(raw=list(self.headers)).get("content-type", "")
        return kind.startswith(TEXTS)

    @property
    def is_small(self) -> bool:
        """Whether it is as small as it gets."""
        return not self.is_text or self.quality >= SMALL


def compressed(answer: KeptAnswer, quality: int) -> KeptAnswer:
    """An answer with its compressed forms, if it has any."""
    if not answer.is_text:
        return answer
    pressed = brotli.compress(answer.body, mode=brotli.MODE_TEXT, quality=quality)
    zipped = answer.zipped or gzip.compress(answer.body, mtime=0)
    return replace(answer, zipped=zipped, pressed=pressed, quality=quality)


def without_body() -> Receive:
    """What is received of a request without a body, by somebody who stays."""
    asked = False

    async def receive() -> MutableMapping[str, Any]:
        nonlocal asked
        if asked:
            await asyncio.Event().wait()
        asked = True
        return {"type": "http.request", "body": b"", "more_body": False}

    return receive


async def made(app: Application, scope: Scope, change: Change | None = None) -> KeptAnswer | None:
    """The app's answer; None where it is not an ordinary one, or one that sets a cookie.

    Args:
        app: that answers.
        scope: of the request.
        change: what is made of its text; None for nothing.
    """
    start: Scope = {}
    body = bytearray()

    async def take(message: MutableMapping[str, Any]) -> None:
        if message["type"] == "http.response.start":
            start.update(message)
        elif message["type"] == "http.response.body":
            body.extend(message.get("body", b""))

    await app(scope, without_body(), take)
    headers = tuple((name.lower(), value) for name, value in start.get("headers", ()))
    if start.get("status") != 200 or any(name == b"set-cookie" for name, _ in headers):
        return None
    whole = change(body.decode()).encode() if change else bytes(body)
    return await asyncio.to_thread(compressed, KeptAnswer(headers, whole), QUICK)


class KeptAnswers(Generic[Key]):
    """The answers to some questions, the latest.

    Whoever asks while an answer is being made waits for that one. What is asked again is pressed small, which takes
    half a second of a processor: not what was asked once, as by who invents addresses.

    Args:
        most: how many.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._kept: OrderedDict[Key, asyncio.Future[KeptAnswer | None]] = OrderedDict()
        self._pressing: dict[Key, asyncio.Task[None]] = {}

    async def get(self, key: Key, app: Application, scope: Scope, change: Change | None = None) -> KeptAnswer | None:
        """What is kept, made where nothing is; None where it is no answer to keep.

        Args:
            key: all that the answer depends on.
            app: that answers.
            scope: of a request with nothing in it of who asks.
            change: as in `made`.
        """
        if key not in self._kept:
            making = self._kept[key] = asyncio.ensure_future(made(app, scope, change))
            making.add_done_callback(lambda done: self._is_made(key, done))
            while len(self._kept) > self._most:
                self._kept.popitem(last=False)
        else:
            self._press_once(key, self._kept[key])
        self._kept.move_to_end(key)
        return await asyncio.shield(self._kept[key])  # whoever asked first may go: others wait for the same

    def _is_made(self, key: Key, done: "asyncio.Future[KeptAnswer | None]") -> None:
        """Forget what is no answer."""
        if self._kept.get(key) is done and is_vain(done):
            del self._kept[key]

    def _press_once(self, key: Key, done: "asyncio.Future[KeptAnswer | None]") -> None:
        """Begin to press an answer, unless it is still being made, small already, or being pressed."""
        if not done.done() or is_vain(done) or key in self._pressing:
            return
        answer = done.result()
        if answer is not None and not answer.is_small:
            pressing = self._pressing[key] = asyncio.ensure_future(self._press(key, done, answer))
            pressing.add_done_callback(lambda _: self._pressing.pop(key, None))

    async def _press(self, key: Key, done: "asyncio.Future[KeptAnswer | None]", answer: KeptAnswer) -> None:
        small = await asyncio.to_thread(compressed, answer, SMALL)
        if self._kept.get(key) is done:
            self._kept[key] = asyncio.get_running_loop().create_future()
            self._kept[key].set_result(small)


def is_vain(done: "asyncio.Future[KeptAnswer | None]") -> bool:
    """Whether nothing came of making an answer."""
    return done.cancelled() or done.exception() is not None or done.result() is None
