"""A server that follows the Hub's HTTP API for uploads, and keeps what it was sent."""

import base64
import hashlib
import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any


@dataclass
class Kept:
    """What the server was sent.

    Attributes:
        address: where it answers.
        token: the only one that may write.
        repositories: visibility by name.
        files: of each repository, content by path.
        titles: of each commit.
        uploads: large files by their SHA-256.
        refusals: answers to give before the right ones: (path, status, headers, body).
        requests: method and path of every request.
    """

    token: str
    address: str = ""
    repositories: dict[str, str] = field(default_factory=dict)
    files: dict[str, dict[str, bytes]] = field(default_factory=dict)
    titles: list[str] = field(default_factory=list)
    uploads: dict[str, bytes] = field(default_factory=dict)
    refusals: list[tuple[str, int, dict[str, str], bytes]] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)


class HubHandler(BaseHTTPRequestHandler):
    """Answers as the Hub documents."""

    kept: Kept

    def do_POST(self) -> None:
        """Create a repository, check a card, choose how a file is sent, take a commit."""
        body = self.body()
        if self.refused():
            return
        if self.headers["Authorization"] != f"Bearer {self.kept.token}":
            self.answer(401, {"error": "Invalid username or password."})
        elif self.path == "/api/repos/create":
            values = json.loads(body)
            name = f"{values['organization']}/{values['name']}"
            exists = name in self.kept.repositories
            self.kept.repositories.setdefault(name, values.get("visibility") or "public")
            self.answer(409 if exists else 200, {"url": f"{self.kept.address}/{name}"})
        elif self.path == "/api/validate-yaml":
            sound = json.loads(body)["content"].startswith("---\n")
            self.answer(
                200 if sound else 400, {"errors": [] if sound else [{"message": "no metadata"}], "warnings": []}
            )
        elif re.fullmatch(r"/api/models/[\w.-]+/[\w.-]+/preupload/main", self.path):
            files = [
                {
                    "path": one["path"],
                    "uploadMode": "lfs" if one["path"].endswith(".safetensors") else "regular",
                    "shouldIgnore": False,
                }
                for one in json.loads(body)["files"]
            ]
            self.answer(200, {"files": files})
        elif self.path.endswith(".git/info/lfs/objects/batch"):
            objects = [
                {**one, "actions": {"upload": {"href": f"{self.kept.address}/store/{one['oid']}"}}}
                for one in json.loads(body)["objects"]
            ]
            self.answer(200, {"transfer": "basic", "objects": objects})
        elif match := re.fullmatch(r"/api/models/([\w.-]+/[\w.-]+)/commit/main", self.path):
            self.take(match[1], [json.loads(line) for line in body.splitlines()])
        else:
            self.answer(404, {"error": "not found"})

    def do_PUT(self) -> None:
        """Take a large file."""
        body = self.body()
        if self.refused():
            return
        self.kept.uploads[self.path.rpartition("/")[2]] = body
        self.answer(200, {})

    def take(self, repository: str, lines: list[dict[str, Any]]) -> None:
        """A commit, in lines: its title, then its files."""
        files = self.kept.files.setdefault(repository, {})
        for line in lines:
            value = line["value"]
            if line["key"] == "header":
                self.kept.titles.append(value["summary"])
            elif line["key"] == "file":
                assert value["encoding"] == "base64"
                files[value["path"]] = base64.b64decode(value["content"])
            elif line["key"] == "lfsFile":
                content = self.kept.uploads[value["oid"]]
                assert hashlib.sha256(content).hexdigest() == value["oid"] and len(content) == value["size"]
                files[value["path"]] = content
            else:
                raise AssertionError(f"an operation nobody asked for: {line['key']}")
        commit = hashlib.sha1(json.dumps(lines).encode()).hexdigest()
        self.answer(200, {"commitUrl": f"{self.kept.address}/{repository}/commit/{commit}", "commitOid": commit})

    def body(self) -> bytes:
        """The request's content, however it is sent."""
        self.kept.requests.append(f"{self.command} {self.path}")
        if self.headers.get("Transfer-Encoding") != "chunked":
            return self.rfile.read(int(self.headers["Content-Length"] or 0))
        content = b""
        while length := int(self.rfile.readline(), 16):
            content += self.rfile.read(length)
            self.rfile.readline()
        self.rfile.readline()
        return content

    def refused(self) -> bool:
        """Give the answer that was prepared for this path, if any."""
        if not self.kept.refusals or not self.path.startswith(self.kept.refusals[0][0]):
            return False
        _, status, headers, body = self.kept.refusals.pop(0)
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body) + (10 if "X-Cut-Off" in headers else 0)))
        self.end_headers()
        self.wfile.write(body)
        self.close_connection = "X-Cut-Off" in headers
        return True

    def answer(self, status: int, values: dict[str, Any]) -> None:
        """JSON."""
        content = json.dumps(values).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *arguments: object) -> None:
        """Keep the tests' output quiet."""


@contextmanager
def hub_server(token: str) -> Iterator[Kept]:
    """Run the server; what it is sent can be looked at at any time."""
    kept = Kept(token)
    handler = type("Handler", (HubHandler,), {"kept": kept})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        kept.address = f"http://127.0.0.1:{server.server_port}"
        Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield kept
        server.shutdown()
