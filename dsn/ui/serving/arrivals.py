"""What every visitor is sent first, the page and its configuration: made once and kept, not made for each of them."""

from collections.abc import Collection
from functools import partial
from typing import NamedTuple
from urllib.parse import parse_qs, urlencode

from dsn.ui.serving.file_guard import Application, Receive, Scope, Send
from dsn.ui.serving.first_visit import first_visit, kinds_of
from dsn.ui.serving.kept_answers import Header, KeptAnswer, KeptAnswers
from dsn.ui.serving.skeleton import put_skeleton

CONFIG = ("/config", "/config/")
PAGE = "page"  # the parameter of `CONFIG` that names a page
OTHERS_BUSINESS = {"deep_link", "all_endpoints"}  # parameters that make an answer one visitor's, or a program's
MOST_KEPT = 16  # answers; a visitor can invent addresses
# From these and the connection Gradio reads where the page is, and writes it into every answer.
PLACES = (b"host", b"x-forwarded-host", b"x-forwarded-proto", b"x-gradio-server")


class Asked(NamedTuple):
    """All that an answer depends on.

    Attributes:
        path: of the request.
        page: whose configuration is asked for; None for that of all pages, and where a page itself is asked for.
        root_path: where the app is mounted.
        connection: scheme, and the server's own address.
        places: headers that say where the page is.
    """

    path: str
    page: str | None
    root_path: str
    connection: tuple
    places: tuple[Header, ...]

    def scope(self, scope: Scope) -> Scope:
        """A request's scope with nothing in it of who asks."""
        query = {} if self.page is None else {PAGE: self.page}
        return {**scope, "headers": list(self.places), "query_string": urlencode(query).encode(), "client": None}


def asked(scope: Scope, pages: Collection[str]) -> Asked | None:
    """What is asked for; None where it is not the same for all who ask alike.

    Args:
        scope: of a request.
        pages: names of the pages, "" for the first.
    """
    if scope["type"] != "http" or scope["method"] != "GET":
        return None
    root = scope.get("root_path", "")
    path = scope["path"].removeprefix(root) or "/"
    query = parse_qs(scope.get("query_string", b"").decode("latin-1"), keep_blank_values=True)
    page = query[PAGE][-1] if path in CONFIG and PAGE in query else None
    is_page = path.startswith("/") and path[1:] in pages
    if not (is_page or path in CONFIG) or (page is not None and page not in pages) or OTHERS_BUSINESS & query.keys():
        return None
    server = scope.get("server")
    connection = (scope.get("scheme"), server and tuple(server))
    places = tuple((name, value) for name, value in scope["headers"] if name in PLACES)
    return Asked(scope["path"], page, root, connection, places)


class Arrivals:
    """ASGI middleware within Gradio's app: answers from memory what is the same for everybody.

    Whoever asks while an answer is being made waits for that one. Where visitors log in, nothing is kept.

    Args:
        app: what stands behind it.
    """

    def __init__(self, app: Application) -> None:
        self.app = app
        self._config: object = None  # what the kept answers are made of
        self._kept = KeptAnswers[Asked](MOST_KEPT)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer what is kept, or can be; pass everything else on."""
        wanted = self.wanted(scope)
        answer = await self.answer(wanted, scope) if wanted else None
        if answer is None:
            await self.app(scope, receive, send)
        else:
            await answer.send(scope, send)

    def wanted(self, scope: Scope) -> Asked | None:
        """As `asked`, of this app's pages."""
        app = scope.get("app")
        if app is None or app.blocks is None or app.auth is not None or app.auth_dependency is not None:
            return None
        config = app.blocks.config
        if config is not self._config:  # Gradio makes another while it starts
            self._config, self._kept = config, KeptAnswers(MOST_KEPT)
        return asked(scope, config["page"])

    async def answer(self, wanted: Asked, scope: Scope) -> KeptAnswer | None:
        """What is kept, made where nothing is; None where it is no answer to keep."""
        is_page = not wanted.path.endswith(CONFIG)
        change = partial(as_sent, path=wanted.path, kinds=kinds_of(scope["app"])) if is_page else None
        return await self._kept.get(wanted, self.app, wanted.scope(scope), change)


def as_sent(page: str, path: str, kinds: frozenset[str]) -> str:
    """A page of Gradio's with all that a first visit needs in few files, and something to be seen at once.

    Args:
        page: HTML.
        path: it is asked for by.
        kinds: of its components.
    """
    visit = first_visit(kinds)
    return put_skeleton(visit.put_into(page) if visit else page, path)
