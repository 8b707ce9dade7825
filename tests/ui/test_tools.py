"""The page's endpoints as tools: a real MCP client against the running page, and what the gate refuses of it."""

import ast
import asyncio
import base64
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from gradio_client import Client
from mcp import ClientSession
from mcp.client.streamable_http import streamable_http_client
from mcp.types import CallToolResult, TextContent

from dsn.applications.held_out import load_held_out
from dsn.applications.pictures import to_png
from dsn.applications.prepared import as_floats
from dsn.applications.registry import BUILT_IN
from dsn.student.collection import demo_serials

VALID = demo_serials()["digits/alder"]
NAMES = {"compare", "measure", "random_serial"}


def asked(address: str, ask: Callable[[ClientSession], Awaitable[Any]]) -> Any:
    """What a client is answered, in a thread of its own: a browser's loop may run in this one."""

    async def connected() -> Any:
        async with (
            streamable_http_client(f"{address}/gradio_api/mcp/") as (receive, send, _),
            ClientSession(receive, send) as session,
        ):
            await session.initialize()
            return await ask(session)

    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, connected()).result()


def called(address: str, tool: str, **arguments: Any) -> CallToolResult:
    return asked(address, lambda session: session.call_tool(tool, arguments))


def said(result: CallToolResult) -> str:
    (content,) = result.content
    assert isinstance(content, TextContent)
    return content.text


def test_the_endpoints_are_tools_that_say_what_they_take_and_give(address: str) -> None:
    tools = {tool.name: tool for tool in asked(address, lambda session: session.list_tools()).tools}
    assert tools.keys() == NAMES
    for tool in tools.values():
        assert tool.description and "Returns: " in tool.description
        properties = tool.inputSchema["properties"]
        assert all(one["description"] for one in properties.values()), tool.name
        assert {"application", "customer"} <= properties.keys()
    assert set(tools["compare"].inputSchema["required"]) == {"application", "customer"}


def test_a_tool_answers_as_the_endpoint_does(address: str) -> None:
    serial = VALID.flipped(3).text
    result = called(address, "compare", application="digits", customer="alder", serial=serial, picture=7)
    assert not result.isError
    client = Client(address, verbose=False, httpx_kwargs={"timeout": 600})
    assert ast.literal_eval(said(result)) == client.predict("digits", "alder", serial, 7, api_name="/compare")
    drawn = said(called(address, "random_serial", application="digits", customer="alder"))
    assert len(drawn) == len(VALID.text) and drawn != VALID.text


def test_a_tool_takes_a_picture(address: str) -> None:
    held = load_held_out(BUILT_IN["digits"])
    picture = base64.b64encode(to_png(as_floats(held.split.images[3]), 6)).decode()
    upload = f"data:image/png;base64,{picture}"
    result = called(
        address, "compare", application="digits", customer="alder", serial="", picture=0, upload=upload, lock=""
    )
    assert not result.isError, said(result)
    answers = ast.literal_eval(said(result))["valid"]["answers"]
    assert answers[0]["class"] == str(int(held.split.labels[3]))


@pytest.mark.parametrize(
    ("tool", "arguments", "reason"),
    [
        ("compare", {"application": "digits", "customer": "nobody"}, "choose one of alder"),
        (
            "compare",
            {"application": "digits", "customer": "alder", "upload": "/etc/hostname"},
            "not a picture of a known kind",
        ),
        ("press_licensed", {}, "Unknown tool"),
    ],
)
def test_mistakes_are_told(address: str, tool: str, arguments: dict[str, Any], reason: str) -> None:
    result = called(address, tool, **arguments)
    assert result.isError and reason in said(result)
