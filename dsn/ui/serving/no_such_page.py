"""A page for a visitor whose address leads nowhere: a sentence and a link to the demo; programs are told as before."""

from starlette.datastructures import Headers
from starlette.responses import HTMLResponse

from dsn.ui.rendering import render_template
from dsn.ui.serving.file_guard import Application, Receive, Scope, Send
from dsn.ui.serving.languages import language_for
from dsn.ui.texts import load_texts

FOR_PROGRAMS = "/gradio_api/"  # addresses below it


def is_visitor(scope: Scope) -> bool:
    """Whether somebody opens an address in a browser."""
    if scope["type"] != "http" or scope["method"] not in ("GET", "HEAD"):
        return False
    path = scope["path"].removeprefix(scope.get("root_path", ""))
    return "text/html" in Headers(scope=scope).get("accept", "") and not path.startswith(FOR_PROGRAMS)


def no_such_page(scope: Scope) -> HTMLResponse:
    """The page, in the visitor's language."""
    query = scope.get("query_string", b"").decode("latin-1")
    texts = load_texts(language_for(query, Headers(scope=scope)))
    html = render_template("no_such_page.html", t=texts, demo=f"{scope.get('root_path', '')}/")
    return HTMLResponse(html, 404, {"Vary": "Accept, Accept-Language, Cookie"})


class NoSuchPage:
    """ASGI middleware.

    Args:
        app: what stands behind it.
    """

    def __init__(self, app: Application) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass everything on, but for the answer to a visitor's address that leads nowhere."""
        if not is_visitor(scope):
            await self.app(scope, receive, send)
            return
        is_lost = False

        async def sending(message: Scope) -> None:
            nonlocal is_lost
            if message["type"] == "http.response.start" and message["status"] == 404:
                is_lost = True
            if not is_lost:
                await send(message)

        await self.app(scope, receive, sending)
        if is_lost:
            await no_such_page(scope)(scope, receive, send)
