"""Which language a visitor is shown: the one they chose, else the browser's, else English.

The default language's page is at "/", every other one's at "/CODE". `?lang=CODE` chooses, and a cookie remembers.
"""

from collections.abc import Mapping
from http.cookies import CookieError, SimpleCookie
from urllib.parse import parse_qs, urlencode

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import RedirectResponse

from dsn.ui.serving.file_guard import Application, Receive, Scope, Send
from dsn.ui.texts import DEFAULT_LANGUAGE, languages

PARAMETER, COOKIE = "lang", "dsn-language"
YEAR = 365 * 24 * 3600  # seconds


def accepted(header: str) -> list[str]:
    """The languages an Accept-Language header names, most wanted first, as plain codes such as "zh".

    Source: RFC 9110, 12.5.4.
    """
    wanted = []
    for place, part in enumerate(header.split(",")):
        tag, _, quality = part.strip().partition(";")
        try:
            weight = float(quality.strip().removeprefix("q=")) if quality else 1.0
        except ValueError:
            weight = 0.0
        if tag and weight > 0:
            wanted.append((-weight, place, tag.strip().split("-")[0].lower()))
    return [code for _, _, code in sorted(wanted)]


def language_for(query: str, headers: Mapping[str, str]) -> str:
    """The language of a visitor's page.

    Args:
        query: of the address, without its question mark.
        headers: of the request, by their names in small letters.
    """
    asked = parse_qs(query).get(PARAMETER, [])
    wanted = [*asked, *_remembered(headers.get("cookie", "")), *accepted(headers.get("accept-language", ""))]
    return next((code for code in wanted if code in languages()), DEFAULT_LANGUAGE)


def _remembered(cookies: str) -> list[str]:
    try:
        found = SimpleCookie(cookies).get(COOKIE)
    except CookieError:  # another program's
        return []
    return [found.value] if found else []


def meant(path: str, query: str) -> str | None:
    """The address that a mistyped one of a language's page stands for, "/zh/" or "/en"; None for any other.

    Args:
        path: below where the page is mounted.
        query: of the address, without its question mark; it goes along.
    """
    code = path.strip("/")
    if code not in languages() or path == f"/{code}" != f"/{DEFAULT_LANGUAGE}":
        return None
    chosen = [f"{PARAMETER}={code}"] if code == DEFAULT_LANGUAGE else []
    rest = "&".join(chosen + [query] * bool(query))
    return ("/" if chosen else f"/{code}") + (f"?{rest}" if rest else "")


class LanguageDoor:
    """ASGI middleware: leads from "/" to the page in the visitor's language, and remembers a choice.

    Args:
        app: what stands behind it.
    """

    def __init__(self, app: Application) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Redirect where another page is wanted; pass everything else on."""
        if scope["type"] != "http" or scope["method"] != "GET":
            await self.app(scope, receive, send)
            return
        root = scope.get("root_path", "")
        path, query = scope["path"].removeprefix(root), scope.get("query_string", b"").decode("latin-1")
        if elsewhere := meant(path, query):
            await RedirectResponse(f"{root}{elsewhere}", 307)(scope, receive, send)
            return
        if path not in ("", "/"):
            await self.app(scope, receive, send)
            return
        language = language_for(query, Headers(scope=scope))
        if language != DEFAULT_LANGUAGE:
            rest = {name: values for name, values in parse_qs(query).items() if name != PARAMETER}
            address = f"{root}/{language}" + (f"?{urlencode(rest, doseq=True)}" if rest else "")
            response = RedirectResponse(address, 307, {"Vary": "Accept-Language, Cookie"})
            if PARAMETER in parse_qs(query):
                response.set_cookie(COOKIE, language, YEAR, samesite="lax")
            await response(scope, receive, send)
            return

        async def remembering(message: Scope) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers.append("Vary", "Accept-Language, Cookie")
                if PARAMETER in parse_qs(query):
                    headers.append("Set-Cookie", f"{COOKIE}={language}; Max-Age={YEAR}; Path=/; SameSite=Lax")
            await send(message)

        await self.app(scope, receive, remembering)
