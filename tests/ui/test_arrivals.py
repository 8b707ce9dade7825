"""Visitors who arrive: what they are sent first is made once, is right for each of them, and holds no network."""

import asyncio
import copy
import gzip
import json
import re
import socket
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import product
from typing import Any
from urllib.error import HTTPError

import brotli
import gradio as gr
import pytest
from torch import Tensor, nn

from dsn.bench.arrivals import MEMORY_BAR, failures, resident_megabytes
from dsn.bench.page import running_page
from dsn.places import CHECKPOINTS
from dsn.student.collection import Collection, load_collection
from dsn.ui.page import build_page, launch_settings
from dsn.ui.rendering import render_template
from dsn.ui.serving.arrivals import Arrivals, asked
from dsn.ui.serving.first_visit import first_visit
from dsn.ui.serving.kept_answers import KeptAnswers
from dsn.ui.texts import load_texts

VISITORS = 30
PAGES = ("", "zh")
SPACE = {"X-Forwarded-Host": "someone-demo.hf.space", "X-Forwarded-Proto": "https"}


@pytest.fixture(scope="module")
def running() -> Iterator[tuple[str, int]]:
    """The whole page in a process of its own: its address, and the process's number."""
    with running_page(CHECKPOINTS) as of_its_own:
        yield of_its_own


def sent(address: str, **headers: str) -> tuple[bytes, dict[str, str]]:
    """Body and headers of an answer."""
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    with urllib.request.urlopen(urllib.request.Request(address, headers=names), timeout=60) as response:
        found = response.headers
        return response.read(), {name.lower(): ", ".join(found.get_all(name) or ()) for name in found}


def config(address: str, query: str = "", headers: dict[str, str] | None = None) -> dict[str, Any]:
    return json.loads(sent(f"{address}/config{query}", **(headers or {}))[0])


def values(found: dict[str, Any]) -> str:
    """All texts of a configuration's components."""
    return json.dumps([one["props"].get("value") for one in found["components"]], ensure_ascii=False)


def deeply_copied(value: object) -> list[object]:
    """All that a deep copy of a value had to make again: `copy` keeps the originals in its memo."""
    memo: dict[int, Any] = {}
    copy.deepcopy(value, memo)
    return memo.get(id(memo), [])


def test_the_configuration_holds_no_network() -> None:
    blocks = build_page(load_collection())
    for found in (blocks.config, blocks.get_config_file()):
        copied = deeply_copied(found)
        assert len(copied) > 1000
        assert [type(one) for one in copied if isinstance(one, Tensor | nn.Module | Collection)] == []


def test_a_network_that_is_held_would_be_found() -> None:
    class Tab:
        def __init__(self) -> None:
            self.student = nn.Linear(2, 2)

        def forget(self) -> None: ...

    assert any(isinstance(one, Tensor) for one in deeply_copied({"callback": Tab().forget}))


def test_many_at_once_get_the_same_and_the_memory_stays(running: tuple[str, int]) -> None:
    address, process = running
    before = resident_megabytes(process)
    for path in ("/", "/zh", "/config", "/config?page=zh"):
        with ThreadPoolExecutor(VISITORS) as pool:
            bodies = list(pool.map(lambda _, path=path: sent(address + path)[0], range(VISITORS)))
        assert len(set(bodies)) == 1 and len(bodies[0]) > 50_000, path
    assert resident_megabytes(process) - before < MEMORY_BAR


def test_what_is_kept_is_what_gradio_answers(running: tuple[str, int]) -> None:
    address, _ = running
    for query in ("?", "?page=zh&"):
        passed_on = config(address, f"{query}deep_link=none")
        assert passed_on.pop("deep_link_state") == "invalid"
        assert config(address, query) == passed_on == config(address, query)


def test_each_language_has_its_own(running: tuple[str, int]) -> None:
    address, _ = running
    english, chinese = load_texts("en")["compare"], load_texts("zh")["compare"]
    for found, own, other in (
        (config(address, "?page="), english, chinese),
        (config(address, "?page=zh"), chinese, english),
    ):
        labels = {one["props"].get("label") for one in found["components"]}
        assert own["customer"] in labels and other["customer"] not in labels
    assert len(config(address)["components"]) > len(config(address, "?page=zh")["components"])
    for path, own in (("/", english), ("/zh", chinese)):
        text = sent(address + path)[0].decode()
        assert own["licensed"] in text and text.lstrip().startswith("<!doctype html>")


def test_what_is_not_in_view_does_not_come_with_the_page(running: tuple[str, int]) -> None:
    address, _ = running
    for query, language in (("?page=", "en"), ("?page=zh", "zh")):
        texts, shown = load_texts(language), values(config(address, query))
        assert shown.count(json.dumps(render_template("awaited.html", t=texts), ensure_ascii=False)) == 6
        assert texts["compare"]["licensed"] in shown and texts["page"]["heading"] in shown
        for hidden in (texts["figures"]["ideas"]["title"], texts["method"]["idea"], texts["attack"]["hint"]):
            assert hidden not in shown, hidden


def test_each_address_has_its_own_root(running: tuple[str, int]) -> None:
    address, _ = running
    root = "https://someone-demo.hf.space"
    for _ in range(2):
        assert config(address)["root"] == address
        assert config(address, headers=SPACE)["root"] == root
        assert config(address, headers={"X-Forwarded-Host": "a.example, b.example"})["root"] == "http://a.example"
        assert config(address, headers={"X-Forwarded-Proto": "https"})["root"] == address.replace("http:", "https:")
        assert config(address, headers={"Host": "c.example"})["root"] == "http://c.example"
        for path in ("/", "/zh"):
            assert root.encode() in sent(address + path, **SPACE)[0]
            assert root.encode() not in sent(address + path)[0]


def test_who_asks_makes_no_difference(running: tuple[str, int]) -> None:
    address, _ = running
    whole = sent(f"{address}/config")[0]
    assert sent(f"{address}/config?task=digits&view=api", Cookie="session=mine; dsn-language=zh")[0] == whole
    for query in ("?task=signs&step=2", "?lang=en", "?__theme=dark"):
        assert sent(f"{address}/{query}")[0] == sent(f"{address}/")[0]
    assert "dsn-language=en" in sent(f"{address}/?lang=en")[1]["set-cookie"]
    assert "set-cookie" not in sent(f"{address}/")[1]


def test_it_is_sent_compressed_to_who_takes_that(running: tuple[str, int]) -> None:
    address, _ = running
    ways = (("br, gzip", "br", brotli.decompress), ("gzip", "gzip", gzip.decompress))
    for path, (accepted, name, decompress) in product(("/", "/config", script_of(address)), ways):
        plain, headers = sent(address + path)
        zipped, compressed = sent(address + path, Accept_Encoding=accepted)
        assert decompress(zipped) == plain and len(zipped) < len(plain) / 3
        assert compressed["content-encoding"] == name and "content-encoding" not in headers
        assert "accept-encoding" in headers["vary"].lower() and "accept-encoding" in compressed["vary"].lower()
        assert int(headers["content-length"]) == len(plain) and int(compressed["content-length"]) == len(zipped)


def script_of(address: str) -> str:
    """Address, below the page's, of the file that holds the scripts of a first visit."""
    found = re.search(r'data-address="\.(/assets/[^"]+)"', sent(address)[0].decode())
    assert found
    return found[1]


def test_what_never_changes_is_kept_by_browsers_for_good(running: tuple[str, int]) -> None:
    address, _ = running
    styles = script_of(address).replace(".json", ".css")
    for path in (script_of(address), styles, "/theme.css?v=1", "/assets/gradio-nothing.js"):
        if "nothing" in path:
            with pytest.raises(HTTPError, match="404") as caught:
                sent(address + path)
            assert "cache-control" not in caught.value.headers
        else:
            assert sent(address + path)[1]["cache-control"] == "public, max-age=31536000, immutable", path
    assert sent(f"{address}/static/img/logo.svg")[1]["cache-control"] == "public, max-age=3600"
    for path in ("/", "/config", "/gradio_api/info"):
        assert "immutable" not in sent(address + path)[1].get("cache-control", "")


def test_where_gradios_build_is_another_the_page_is_as_gradio_makes_it(monkeypatch: pytest.MonkeyPatch) -> None:
    kinds = frozenset({"html", "radio"})
    found = first_visit.__wrapped__(kinds)
    assert found and found.put_into("<html></html>") == "<html></html>"
    one_kind = first_visit.__wrapped__(frozenset({"html"}))
    assert one_kind and one_kind.texts.keys() < found.texts.keys()
    monkeypatch.setattr("dsn.ui.serving.first_visit.TABLE", re.compile("another"))
    assert first_visit.__wrapped__(kinds) is None


def test_an_invented_address_is_answered_and_little_is_kept(running: tuple[str, int]) -> None:
    address, process = running
    before = resident_megabytes(process)
    for number in range(100):
        assert config(address, headers={"X-Forwarded-Host": f"{number}.example"})["root"] == f"http://{number}.example"
    assert resident_megabytes(process) - before < MEMORY_BAR
    assert failures(lambda visitor: sent(f"{address}/config?page=nowhere{visitor}"), 3) == 0
    with pytest.raises(HTTPError, match="404"):
        sent(f"{address}/nowhere")


def scope(path: str, query: str = "", **more: Any) -> dict[str, Any]:
    usual = {"type": "http", "method": "GET", "scheme": "http", "server": ("here", 80), "headers": []}
    return usual | {"path": path, "query_string": query.encode(), **more}


def test_only_what_is_the_same_for_all_is_kept() -> None:
    for path in ("/", "/zh", "/config", "/config/"):
        assert asked(scope(path), PAGES)
        assert asked(scope(f"/mount{path}", root_path="/mount"), PAGES)
        assert asked(scope(path, method="HEAD"), PAGES) is None and asked(scope(path, method="POST"), PAGES) is None
        assert asked(scope(path, "deep_link=a"), PAGES) is None and asked(scope(path, "deep_link="), PAGES) is None
    for path in ("/fr", "/gradio_api/info", "/gradio_api/queue/data", "//", "/zh/", "/config/zh"):
        assert asked(scope(path), PAGES) is None, path
    assert asked({"type": "websocket", "path": "/"}, PAGES) is None
    assert asked(scope("/config", "page=fr"), PAGES) is None
    different = [
        scope("/"),
        scope("/zh"),
        scope("/config"),
        scope("/config", "page="),
        scope("/config", "page=zh"),
        scope("/", scheme="https"),
        scope("/", root_path="/mount"),
        scope("/", server=("there", 80)),
        *(scope("/", headers=[(name, b"x")]) for name in (b"host", b"x-forwarded-host", b"x-gradio-server")),
    ]
    assert len({asked(one, PAGES) for one in different}) == len(different)
    found = asked(scope("/config", "page=zh&a=b", headers=[(b"cookie", b"c"), (b"host", b"d")], client=("e", 1)), PAGES)
    assert found
    made = found.scope(scope("/config", client=("e", 1)))
    assert (made["query_string"], made["headers"], made["client"]) == (b"page=zh", [(b"host", b"d")], None)


def test_nothing_is_kept_where_visitors_log_in() -> None:
    with gr.Blocks(analytics_enabled=False) as blocks:
        gr.Textbox("a secret")
    _, address, _ = blocks.launch(
        auth=("owner", "word"), quiet=True, prevent_thread_lock=True, server_name="127.0.0.1", **launch_settings()
    )
    try:
        address = address.rstrip("/")
        form = urllib.request.Request(f"{address}/login", data=b"username=owner&password=word")
        with urllib.request.urlopen(form) as response:
            cookies = [value.split(";")[0] for name, value in response.headers.items() if name.lower() == "set-cookie"]
        found = config(address, headers={"Cookie": "; ".join(cookies)})
        assert found["username"] == "owner" and "a secret" in values(found)
        with pytest.raises(HTTPError, match="401"):
            config(address)
        assert b"a secret" not in sent(f"{address}/")[0]
    finally:
        blocks.close()


def test_an_answer_that_fails_is_made_again() -> None:
    class App:
        """As much of Gradio's as is asked of it."""

        auth, auth_dependency = None, None

        def __init__(self) -> None:
            self.blocks = gr.Blocks(analytics_enabled=False)
            self.calls = 0

        async def answer(self, scope: Any, receive: Any, send: Any) -> None:
            self.calls += 1
            if self.calls == 1:
                raise RuntimeError("the first")
            status = 500 if self.calls in (2, 3) else 200
            await send({"type": "http.response.start", "status": status, "headers": []})
            await send({"type": "http.response.body", "body": str(self.calls).encode()})

    app = App()
    arrivals, bodies = Arrivals(app.answer), []

    async def send(message: Any) -> None:
        bodies.append(message.get("body"))

    async def nothing() -> dict[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def ask() -> None:
        await arrivals(scope("/", app=app), nothing, send)

    async def visits() -> None:
        with pytest.raises(RuntimeError, match="the first"):
            await ask()
        await ask()  # the second fails too, and is then passed on: the third
        await asyncio.gather(ask(), ask(), ask())

    asyncio.run(visits())
    assert [body for body in bodies if body] == [b"3", b"4", b"4", b"4"]
    assert app.calls == 4


def test_what_is_asked_again_is_pressed_small() -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        headers = [(b"content-type", b"text/html")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": scope["path"].encode() * 1000})

    async def visits() -> None:
        kept = KeptAnswers[str](2)

        async def is_small(path: str) -> bool:
            answer = await kept.get(path, app, {"path": path})
            assert answer and answer.pressed and brotli.decompress(answer.pressed) == answer.body
            return answer.is_small

        assert not await is_small("once") and not await is_small("often")
        while not await is_small("often"):
            await asyncio.sleep(0)
        assert not await is_small("once")

    asyncio.run(visits())


def test_a_visitor_who_goes_takes_nothing_from_others(running: tuple[str, int]) -> None:
    address, _ = running
    host, port = address.removeprefix("http://").split(":")
    for number in range(5):
        with socket.create_connection((host, int(port))) as hasty:
            hasty.sendall(f"GET /config HTTP/1.1\r\nHost: gone{number}.example\r\n\r\n".encode())
        found = config(address, headers={"Host": f"gone{number}.example"})
        assert found["root"] == f"http://gone{number}.example"
