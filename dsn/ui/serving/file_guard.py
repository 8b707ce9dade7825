"""Stands before the page: counts uploads, and lets no file out but those the page itself keeps for visitors."""

import re
from collections.abc import Awaitable, Callable, MutableMapping
from pathlib import Path
from typing import Any

from starlette.responses import PlainTextResponse

from dsn.allowance import Allowance, VisitorLimits

TOO_MANY = "Too many files within an hour: try again later.\n"
NOT_HERE = "There is no such file here.\n"
FILE, PROXY, UPLOAD = re.compile(r"/file[=/](.*)", re.DOTALL), "/proxy=", "/upload"  # as Gradio's addresses go

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]


class Gate:
    """ASGI middleware.

    Args:
        app: what stands behind it.
        limits: how many uploads there may be.
        folder: where the page keeps visitors' files.
    """

    def __init__(self, app: Application, limits: VisitorLimits, folder: Path) -> None:
        self.app, self.folder = app, folder
        self.uploads = Allowance(limits.uploads_per_hour, limits.uploads_per_hour_in_all)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer what is refused; pass everything else on."""
        refusal = self.refusal(scope) if scope["type"] == "http" else None
        await (refusal or self.app)(scope, receive, send)

    def refusal(self, scope: Scope) -> PlainTextResponse | None:
        """The answer to a request that is refused; None for all others."""
        path: str = scope["path"]
        if scope["method"] == "POST" and path.rstrip("/").endswith(UPLOAD):
            address = scope["client"][0] if scope.get("client") else ""
            return None if self.uploads.take(address) else PlainTextResponse(TOO_MANY, 429)
        asked = FILE.search(path)
        if PROXY in path or (asked and not self.is_kept(asked[1])):
            return PlainTextResponse(NOT_HERE, 403)
        return None

    def is_kept(self, path: str) -> bool:
        """Whether an ordinary file in the folder has this name, with no link on the way from there."""
        try:
            file = Path(path)
            found = self.folder.resolve() / file.relative_to(self.folder)
            return file.resolve(strict=True) == found and file.is_file()
        except (OSError, ValueError):  # a loop of links, a name that cannot be, another folder
            return False
