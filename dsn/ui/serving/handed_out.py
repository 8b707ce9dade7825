"""What a visitor's browser needs to answer by itself, at addresses that change with their content: the engine, the
public demo students as their two files, and the held-out pictures.
"""

from __future__ import annotations

import hashlib
import json
import zlib
from collections.abc import Callable
from functools import cache, cached_property, lru_cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from gradio import Blocks
from gradio.data_classes import BlocksConfigDict
from gradio.routes import App
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from dsn.applications.held_out import HeldOut
from dsn.student.collection import Collection
from dsn.student.folder import CONFIG, WEIGHTS
from dsn.ui.compare.records import GALLERY_COUNT, gallery_pictures
from dsn.ui.engine.packing import packed_pictures
from dsn.ui.engine.sources import engine_script

if TYPE_CHECKING:
    from dsn.student.student import Student

WHERE = "browser"  # the first part of the addresses
FOR_EVER = {"Cache-Control": "public, max-age=31536000, immutable"}
SHORT = 12  # characters of a hash in an address
KINDS = {"js": "text/javascript", "json": "application/json"}


class HandedOut:
    """The files of one collection, each made when it is first asked for.

    Only students of the project's own folder are handed out: one from a Hub repository may be private.

    Args:
        collection: of the page; its students' serials are public.

    Attributes:
        addresses: for the page's script: the engine, each student's folder by "task/customer/lock", all pictures
            and those of the gallery by application.
        made: gives a file's content, by its address.
    """

    def __init__(self, collection: Collection) -> None:
        self.made: dict[str, Callable[[], bytes]] = {}
        self.addresses: dict[str, Any] = {"students": {}, "pictures": {}, "galleries": {}}
        engine = engine_script().encode()
        self.addresses["engine"] = self._add(f"{WHERE}/{_hash(engine)}/engine.js", lambda: engine)
        for task, held in collection.held_out.items():
            folder = f"{WHERE}/{task}/{_hash(held.images.tobytes(), held.labels.tobytes())}"
            self.addresses["pictures"][task] = self._add(f"{folder}/pictures", partial(_pictures, held.images))
            self.addresses["galleries"][task] = self._add(f"{folder}/gallery.json", partial(_gallery, held))
        for one in collection.applications():
            for customer in collection.customers(one.name):
                for lock in collection.locks(one.name, customer):
                    name = f"{one.name}/{collection.under(one.name, customer, lock)}"
                    if collection.origins[name].kind == "bundled":
                        folder = self._add_student(name, collection)
                        self.addresses["students"][f"{one.name}/{customer}/{lock}"] = folder

    def _add(self, address: str, make: Callable[[], bytes]) -> str:
        self.made[address] = cache(make)
        return address

    def _add_student(self, name: str, collection: Collection) -> str:
        config, place = collection.config(name).to_json().encode(), collection.folder(name)
        weights = partial(_file, place / WEIGHTS) if place else partial(_weights, collection.students[name])
        folder = f"{WHERE}/{name}/{_hash(config, weights())}"
        self._add(f"{folder}/{CONFIG}", lambda: config)
        self._add(f"{folder}/{WEIGHTS}", weights)
        return folder


def _hash(*parts: bytes) -> str:
    return hashlib.sha256(b"".join(parts)).hexdigest()[:SHORT]


def _pictures(images: np.ndarray) -> bytes:
    return zlib.compress(packed_pictures(images), 9)


def _file(path: Path) -> bytes:
    return path.read_bytes()


def _weights(student: Student) -> bytes:
    """`model.safetensors` as a student's folder has it, of one that lies in none."""
    from safetensors.torch import save

    return save({name: value.contiguous() for name, value in student.lock.tensors(student.state_dict()).items()})


def _gallery(held: HeldOut) -> bytes:
    return json.dumps(gallery_pictures(held, held.gallery(GALLERY_COUNT))).encode()


@lru_cache(maxsize=4)
def handed_out(collection: Collection) -> HandedOut:
    """The files of a collection, the same for the pages of all languages."""
    return HandedOut(collection)


class PageWithFiles(Blocks):
    """A page that answers for the files of its collection.

    Attributes:
        files: what it hands out.
    """

    files: HandedOut

    @cached_property
    def app(self) -> App:  # type: ignore[override]
        """Gradio's app of it, made when it is first asked for, as is its configuration: `launch` makes its own."""
        return App.create_app(self, mcp_server=False)

    @cached_property
    def config(self) -> BlocksConfigDict:  # type: ignore[override]
        """What browsers are told of the page."""
        return self.get_config_file()


def answer(request: Request) -> Response:
    """One file. Where visitors log in there is none: the server answers by itself there."""
    app, page = request.app, request.app.blocks
    files = page.files.made if isinstance(page, PageWithFiles) else {}
    make = files.get(f"{WHERE}/{request.path_params['file']}")
    if make is None or app.auth is not None or app.auth_dependency is not None:
        return PlainTextResponse("There is no such file here.\n", 404)
    kind = KINDS.get(request.url.path.rpartition(".")[2], "application/octet-stream")
    return Response(make(), media_type=kind, headers=FOR_EVER)


ROUTE = Route(f"/{WHERE}/{{file:path}}", answer)
