"""Stands before the page: bounds what uploads cost, and lets no file out but those the page keeps for visitors."""

import asyncio
import re
import shutil
from collections.abc import Awaitable, Callable, MutableMapping
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.requests import ClientDisconnect
from starlette.responses import PlainTextResponse

from dsn.allowance import Allowance, VisitorLimits
from dsn.ui.serving.own_folder import is_inside
from dsn.ui.texts import DEFAULT_LANGUAGE, languages, load_texts

MEGABYTE = 1_000_000
LARGEST_FILE, LARGEST_REQUEST = 20 * MEGABYTE, 20 * MEGABYTE + 100_000  # bytes; what a form adds to its file
TOO_LARGE = "This file is larger than 20 MB: choose a smaller one."
TOO_MUCH = "This page has received as many files within an hour as it can: try again in some minutes."
NO_ROOM = "This page has no room for another file at the moment: try again in some minutes."
TOO_SLOW = "This file took too long to arrive: try again, or choose a smaller one."
NOT_HERE = "There is no such file here.\n"
UNSAID = "This request does not say how long it is: send a Content-Length.\n"
FILE, PROXY, UPLOAD = re.compile(r"/file[=/](.*)", re.DOTALL), "/proxy=", "/upload"  # as Gradio's addresses go
TOOLS = "/gradio_api/mcp"  # and what is below it: calls of tools, which may hold a picture

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]


def refused(scope: Scope, sentence: str, status: int) -> PlainTextResponse:
    """A refusal in the language of the page that asks, which its address says."""
    page = urlsplit(Headers(scope=scope).get("referer", "")).path.rstrip("/").rpartition("/")[2]
    texts = load_texts(page if page in languages() else DEFAULT_LANGUAGE)
    # The rest of a file that is too large is not awaited: the browser is told that nothing more is read.
    return PlainTextResponse(f"{texts.of_error(sentence)}\n", status, {"Connection": "close"})


class Gate:
    """ASGI middleware.

    Args:
        app: what stands behind it.
        limits: what uploads may cost.
        folder: where the page keeps visitors' files.
    """

    def __init__(self, app: Application, limits: VisitorLimits, folder: Path) -> None:
        self.app, self.limits, self.folder = app, limits, folder
        self.received = Allowance(None, limits.megabytes_per_hour_in_all, limits.share_of_one_address)
        self.turns = asyncio.Semaphore(limits.uploads_at_once)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer what is refused; pass everything else on."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
        elif scope["method"] == "POST" and scope["path"].rstrip("/").endswith(UPLOAD):
            await self.upload(scope, receive, send)
        elif self.is_forbidden(scope["path"]):
            await PlainTextResponse(NOT_HERE, 403)(scope, receive, send)
        elif scope["method"] == "POST" and TOOLS in scope["path"]:
            await (self.refused_call(scope) or self.app)(scope, receive, send)
        else:
            await self.app(scope, receive, send)

    def refused_call(self, scope: Scope) -> PlainTextResponse | None:
        """The answer to a tool's call that is refused: it counts as a file of its length, and has to say it."""
        if not Headers(scope=scope).get("content-length", "").isdecimal():
            return PlainTextResponse(UNSAID, 411)
        return self.refusal(scope)

    async def upload(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a file on in its turn, or say why not."""
        refusal = self.refusal(scope)
        answered = False

        async def noting(message: MutableMapping[str, Any]) -> None:
            nonlocal answered
            answered = True
            await send(message)

        if refusal is None:
            try:
                async with asyncio.timeout(self.limits.seconds_per_upload), self.turns:
                    await self.app(scope, receive, noting)
                return
            except TimeoutError:
                if answered:
                    raise
                await refused(scope, TOO_SLOW, 408)(scope, receive, send)
                return
            except ClientDisconnect:  # nobody is there to be answered
                return
            except OSError:  # the disk became full on the way
                if answered:
                    raise
                refusal = refused(scope, NO_ROOM, 507)
        if refusal.status_code != 413:
            await self.read_on(receive)
        await refusal(scope, receive, send)

    async def read_on(self, receive: Receive) -> None:
        """Take what is still being sent, as far as a file may reach: who is cut off may never read the answer."""
        left = LARGEST_REQUEST
        with suppress(TimeoutError):
            async with asyncio.timeout(self.limits.seconds_per_upload):
                while left > 0 and (message := await receive()).get("more_body"):
                    left -= len(message.get("body", b""))

    def refusal(self, scope: Scope) -> PlainTextResponse | None:
        """The answer to an upload that is refused by what it says of itself; it counts where there is none."""
        said = Headers(scope=scope).get("content-length", "")
        size = int(said) if said.isdecimal() else LARGEST_REQUEST  # one that says nothing counts as the largest
        if size > LARGEST_REQUEST:
            return refused(scope, TOO_LARGE, 413)
        if shutil.disk_usage(self.nearest_folder()).free < self.limits.megabytes_free * MEGABYTE + size:
            return refused(scope, NO_ROOM, 507)
        address = scope["client"][0] if scope.get("client") else ""
        if not self.received.take("", address, max(1, round(size / MEGABYTE))):
            return refused(scope, TOO_MUCH, 429)
        return None

    def nearest_folder(self) -> Path:
        """The folder for files, or where it will be."""
        return next(one for one in (self.folder, *self.folder.parents) if one.exists())

    def is_forbidden(self, path: str) -> bool:
        """Whether an address asks for a file that is none of the page's."""
        asked = FILE.search(path)
        return PROXY in path or (asked is not None and not is_inside(asked[1], self.folder))
