"""A browser's tab as the page's server sees one: its requests and its heartbeat, without the browser."""

import asyncio
import json
import time
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

import httpx

API = "/gradio_api"
PATIENCE = httpx.Timeout(120.0)  # seconds; a busy machine is slow, not wrong
LASTING = httpx.Timeout(120.0, read=None)  # of what is sent over a long time
REFUSAL = 'class="note error"'  # of templates/note.html


class PageError(RuntimeError):
    """The page answered with an error."""


@dataclass(frozen=True)
class Event:
    """What the page can be asked for by its components.

    Attributes:
        number: of its function.
        inputs: numbers of the components whose values are sent along.
        outputs: numbers of the components that get what comes back.
        queued: whether it waits for its turn.
    """

    number: int
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    queued: bool


@dataclass(frozen=True)
class Layout:
    """The page of one language, as its configuration says.

    Attributes:
        path: its address, "/" or "/zh".
        ids: numbers of the components that have a name.
        props: of every component, by number.
        events: by the number of the component and the word for what happens to it.
    """

    path: str
    ids: dict[str, int]
    props: dict[int, dict[str, Any]]
    events: dict[tuple[int, str], list[Event]]

    @classmethod
    def of(cls, path: str, config: dict[str, Any]) -> "Layout":
        """Read a configuration, which holds the pages of all languages."""
        page = config["page"][path.strip("/")]
        props = {one["id"]: one["props"] for one in config["components"] if one["id"] in page["components"]}
        ids = {name: number for number, one in props.items() if (name := one.get("elem_id"))}
        events = defaultdict[tuple[int, str], list[Event]](list)
        for one in config["dependencies"]:
            if one["id"] in page["dependencies"] and one["backend_fn"]:
                event = Event(one["id"], tuple(one["inputs"]), tuple(one["outputs"]), one["queue"] is not False)
                for number, word in one["targets"]:
                    events[number, word].append(event)
        return cls(path, ids, props, dict(events))

    def has(self, name: str, word: str = "click") -> bool:
        """Whether something of this name is there that answers to a word."""
        return name in self.ids and (self.ids[name], word) in self.events

    def choices(self, name: str) -> list[str]:
        """The values there are to choose from."""
        return [value for _, value in self.props[self.ids[name]]["choices"]]


class Log:
    """What came of all visits.

    Attributes:
        seconds: that each answer took, by what was asked for.
        errors: in words.
        refused: how often the page said in words why not.
    """

    def __init__(self) -> None:
        self.seconds: defaultdict[str, list[float]] = defaultdict(list)
        self.errors: list[str] = []
        self.refused: Counter[str] = Counter()

    @contextmanager
    def timing(self, what: str) -> Iterator[None]:
        """Note how long something took that came to its end."""
        begun = time.perf_counter()
        yield
        self.seconds[what].append(time.perf_counter() - begun)

    @property
    def calls(self) -> int:
        """Answers in all."""
        return sum(map(len, self.seconds.values()))


class Tab:
    """An open tab, as a context: opened at its begin, closed at its end.

    Args:
        client: whose requests go to the page's server.
        layout: of its language.
        session: its name, which no other has.
        log: of all visits.
    """

    def __init__(self, client: httpx.AsyncClient, layout: Layout, session: str, log: Log) -> None:
        self.client, self.layout, self.session, self.log = client, layout, session, log
        self.values = {number: one.get("value") for number, one in layout.props.items()}
        self._heart: asyncio.Task | None = None

    async def __aenter__(self) -> "Tab":
        with self.log.timing("open"):
            for path in (self.layout.path, "/config"):
                sound(await self.client.get(path))
        self._heart = asyncio.create_task(self._beat())
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._heart:
            self._heart.cancel()
            with suppress(asyncio.CancelledError, httpx.HTTPError):
                await self._heart

    async def _beat(self) -> None:
        async with self.client.stream("GET", f"{API}/heartbeat/{self.session}", timeout=LASTING) as response:
            async for _ in response.aiter_raw():
                pass

    async def call(self, name: str, *values: object) -> Any:
        """One of the endpoints for programs, and its answer."""
        with self.log.timing(name):
            body = {"data": values, "session_hash": self.session}
            return sound(await self.client.post(f"{API}/run/{name}", json=body)).json()["data"][0]

    async def upload(self, name: str, content: bytes) -> dict[str, Any]:
        """Send a file; what a field's value then is."""
        with self.log.timing("upload"):
            response = await self.client.post(f"{API}/upload", files={"files": (name, content)})
            (path,) = sound(response).json()
        return {"path": path, "orig_name": name, "size": len(content), "meta": {"_type": "gradio.FileData"}}

    async def give(self, field: str, name: str, content: bytes) -> dict[str, Any]:
        """Put a file into a field, which hears of it; the field's value."""
        file = await self.upload(name, content)
        await self._happen(self.layout.ids[field], "upload", values={self.layout.ids[field]: file})
        return file

    async def press(self, name: str, word: str = "click", event_data: object = None, **values: object) -> str:
        """Let something happen to a component, and all that follows from it.

        Args:
            name: of the component.
            word: for what happens.
            event_data: what the page's script says of it.
            values: that a visitor gave to components before, by their names, with underscores for hyphens.

        Returns:
            All that was sent back, as JSON.
        """
        given = {self.layout.ids[key.replace("_", "-")]: value for key, value in values.items()}
        with self.log.timing(name):
            return await self._happen(self.layout.ids[name], word, event_data, given)

    async def _happen(
        self, component: int, word: str, event_data: object = None, values: dict[int, object] | None = None
    ) -> str:
        self.values |= values or {}
        return "".join([await self._ask(event, component, event_data) for event in self.layout.events[component, word]])

    async def _ask(self, event: Event, component: int, event_data: object) -> str:
        body = {
            "data": [self.values[one] for one in event.inputs],
            "event_data": event_data,
            "fn_index": event.number,
            "trigger_id": component,
            "session_hash": self.session,
        }
        sent = [one async for one in (self._queued(body) if event.queued else self._at_once(body))]
        answered, output = "".join(text for text, _ in sent), sent[-1][1]
        for one, value in zip(event.outputs, output.get("data") or (), strict=False):
            if not isinstance(value, dict) or value.get("__type__") != "update":
                self.values[one] = taken(self.values[one], value)
            elif "value" in value:
                self.values[one] = value["value"]
        for one in output.get("changed_state_ids") or ():
            if (one, "change") in self.layout.events:
                answered += await self._happen(one, "change")
        return answered

    async def _at_once(self, body: dict[str, Any]) -> AsyncIterator[tuple[str, dict[str, Any]]]:
        response = sound(await self.client.post(f"{API}/run/predict", json=body))
        self._note_refusals(response.text)
        yield response.text, response.json()

    async def _queued(self, body: dict[str, Any]) -> AsyncIterator[tuple[str, dict[str, Any]]]:
        """Everything that is sent until the end, each with what it holds as the last word."""
        sound(await self.client.post(f"{API}/queue/join", json=body))
        asked = {"session_hash": self.session}
        async with self.client.stream("GET", f"{API}/queue/data", params=asked, timeout=LASTING) as response:
            async for line in response.aiter_lines():
                message = json.loads(line.removeprefix("data:")) if line.startswith("data:") else {}
                if message.get("success") is False:
                    raise PageError(line[:500])
                if message.get("msg") == "process_completed":
                    self._note_refusals(line)
                    yield line, message["output"]
                    return
                yield line, {}
        raise PageError("the queue's stream ended before the answer")

    def _note_refusals(self, text: str) -> None:
        _, found, rest = text.replace('\\"', '"').partition(REFUSAL)
        if found:
            self.log.refused[rest.partition(">")[2].partition("<")[0]] += 1


def sound(response: httpx.Response) -> httpx.Response:
    """A response with no error.

    Raises:
        PageError: it has one.
    """
    if response.status_code != 200:
        raise PageError(f"{response.request.url.path}: {response.status_code} {response.text[:300]}")
    return response


def taken(before: object, sent: object) -> object:
    """A component's value once the server has sent one: a part of the comparison's record leaves the rest as it was."""
    return {**before, **sent} if isinstance(before, dict) and "task" in before and isinstance(sent, dict) else sent
