"""Gradio's scripts, styles and fonts, and the engine: sent from memory, compressed once, and kept by browsers for good.

The names in its build change with what is in the files, so that a browser need never ask for one again.
"""

from urllib.parse import parse_qs

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import Response

from dsn.ui.serving.file_guard import Application, Receive, Scope, Send
from dsn.ui.serving.first_visit import ASSETS, NAMED, first_visit, kinds_of
from dsn.ui.serving.handed_out import FOR_EVER, WHERE
from dsn.ui.serving.kept_answers import KeptAnswers

A_WHILE = "public, max-age=3600"  # for what has no version in its name
MOST_KEPT = 400  # files; Gradio's build has twice as many, of which a page needs a quarter
LARGEST_KEPT = 300_000  # bytes; the few larger ones are of components that this page has not
KINDS = {".json": "application/json", ".css": "text/css; charset=utf-8"}


def how_long(path: str, query: str) -> str | None:
    """What browsers are told of keeping a file; None for what is no such file.

    Args:
        path: below the page's address.
        query: of the address.
    """
    is_engine = path.startswith(f"/{WHERE}/") and path.endswith(".js")  # weights and pictures are not made smaller
    if path.startswith("/assets/") or is_engine or (path.endswith("/theme.css") and "v" in parse_qs(query)):
        return FOR_EVER["Cache-Control"]
    return A_WHILE if path.startswith("/static/") or path == "/favicon.ico" else None


class Assets:
    """ASGI middleware within Gradio's app.

    Args:
        app: what stands behind it.
    """

    def __init__(self, app: Application) -> None:
        self.app = app
        self._kept = KeptAnswers[tuple[str, str]](MOST_KEPT)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer from memory, or say how long the answer may be kept; pass everything else on."""
        if scope["type"] != "http" or scope["method"] != "GET" or "range" in Headers(scope=scope):
            await self.app(scope, receive, send)
            return
        path = scope["path"].removeprefix(scope.get("root_path", ""))
        query = scope.get("query_string", b"").decode("latin-1")
        keep = how_long(path, query)
        if keep is None:
            await self.app(scope, receive, send)
            return

        async def answered(scope: Scope, receive: Receive, send: Send) -> None:
            """The file's answer, by whoever has it, with how long it may be kept."""

            async def saying(message: Scope) -> None:
                if message["type"] == "http.response.start" and message["status"] == 200:
                    MutableHeaders(scope=message)["Cache-Control"] = keep
                await send(message)

            await (of_first_visit(path, scope) or self.app)(scope, receive, saying)

        if is_large(path):
            await answered(scope, receive, send)
            return
        answer = await self._kept.get((path, keep), answered, {**scope, "headers": [], "client": None})
        if answer is None:
            await self.app(scope, receive, send)
        else:
            await answer.send(scope, send)


def of_first_visit(path: str, scope: Scope) -> Response | None:
    """One of the two files of a first visit; None for any other."""
    visit = first_visit(kinds_of(scope["app"])) if path.startswith(f"/{NAMED}") else None
    content = visit.files.get(path.removeprefix("/")) if visit else None
    return None if content is None else Response(content, media_type=KINDS[path[path.rindex(".") :]])


def is_large(path: str) -> bool:
    """Whether a file of Gradio's build is too large to be kept in memory."""
    try:
        return (ASSETS / path.removeprefix("/assets/")).stat().st_size > LARGEST_KEPT
    except (OSError, ValueError):  # another folder's, or a name that cannot be
        return False
