"""`python -m dsn static`: the demo as a folder of files, for any static host, a stick, or offline."""

import hashlib
import json
import re
from pathlib import Path
from typing import Any

from huggingface_hub import constants
from markupsafe import Markup

from dsn.files import write_in_place
from dsn.places import CHECKPOINTS
from dsn.student.collection import LOCKS, SEALED_COPY, Collection, load_collection
from dsn.ui.compare.page_script import SHARED, as_json, known, read_script, sections
from dsn.ui.engine.packing import data_script, packed_pictures, packed_student
from dsn.ui.engine.sources import engine_script
from dsn.ui.lesson.lesson import SCRIPTS, Lesson
from dsn.ui.lesson.steps import states_of_steps
from dsn.ui.rendering import render_note, render_sketch, render_template, script
from dsn.ui.texts import DEFAULT_LANGUAGE, Texts, languages, load_texts

HERE = Path(__file__).parent
UI = HERE.parent
# In it, with the locks that each stands under; any other comes from the Hub by its name. Whoever stands under both is
# there as its sealed copy, which its serial opens.
STUDENTS = {"digits/alder": LOCKS, "digits/paper": LOCKS[:1], "signs/alder": LOCKS[:1]}
STYLES = (
    "accents", "access", "compare", "controls", "lesson", "measure", "page", "present", "share", "text",
)  # fmt: skip
COMPONENTS = {
    "header": ("header.js",),
    "panels": ("feel.js",),
    "sketch": ("sketch.js",),
    "lesson": SCRIPTS,
    "share": ("led.js", "share.js"),
}
PAGE_SCRIPTS = ("data", "hub", "pictures", "brute_force", "page", "offline")  # after those shared with the page
README = """\
---
title: Deep Serial Numbers
emoji: 🔐
colorFrom: green
colorTo: gray
sdk: static
app_file: index.html
pinned: false
license: mit
short_description: Networks that work only with their serial number
---

The demo as a folder: open `index.html`, from any web server or by double click. Everything runs in the visitor's
browser. `?student=organisation/name@revision` loads a student from the Hub.
"""


def build_static(folder: Path, hub: str = constants.ENDPOINT) -> list[Path]:
    """Write the folder.

    Args:
        folder: made where it is missing; files of the same names are replaced.
        hub: address that `?student=` asks.

    Returns:
        The files written.

    Raises:
        OSError: the folder cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)  # what cannot be is said before the work
    collection = load_collection()
    files = {name: text.encode() for name, text in pages(collection, hub.rstrip("/")).items()}
    files |= {"engine.js": engine_script().encode(), "page.js": page_script().encode(), "page.css": styles().encode()}
    files |= {f"data/{name}.js": content for name, content in data(collection).items()}
    version = hashlib.sha256(b"".join(files[name] for name in sorted(files))).hexdigest()[:12]
    worker = (HERE / "scripts" / "service_worker.js").read_text("utf-8")
    worker = worker.replace("{version}", version).replace("{files}", json.dumps(["./", *sorted(files)]))
    files |= {"offline.js": worker.encode(), "README.md": README.encode()}
    for name, content in files.items():
        write_in_place(folder / name, lambda beside, content=content: beside.write_bytes(content))  # type: ignore[misc]
    return [folder / name for name in files]


def data(collection: Collection) -> dict[str, bytes]:
    """The scripts that hold students and pictures, by name."""
    students = {
        name.replace("/", "-"): packed_student(CHECKPOINTS / (f"{name}{SEALED_COPY}" if len(locks) > 1 else name))
        for name, locks in STUDENTS.items()
        if name in collection.students
    }
    pictures = {f"{task}-pictures": packed_pictures(collection.held_out[task].images) for task in tasks(collection)}
    return {name: data_script(name, content) for name, content in (students | pictures).items()}


def tasks(collection: Collection) -> list[str]:
    """The applications that the folder has students for."""
    there = {name.split("/")[0] for name in STUDENTS}
    return [one.name for one in collection.applications() if one.name in there]


def file_of(language: str) -> str:
    """The page in one language."""
    return "index.html" if language == DEFAULT_LANGUAGE else f"{language}.html"


def pages(collection: Collection, hub: str) -> dict[str, str]:
    """The page in every language, by its file's name."""
    return {file_of(language): page(load_texts(language), collection, hub) for language in languages()}


def page(texts: Texts, collection: Collection, hub: str) -> str:
    """The page in one language."""
    shown = [one for one in collection.applications() if one.name in tasks(collection)]
    lesson = Lesson(texts, collection)
    return render_template(
        "static.html",
        t=texts,
        title=texts["page"]["title"],
        early=Markup(script("head.js")),
        every_language=[(load_texts(language), file_of(language)) for language in languages()],
        lesson=Markup(lesson.card.value),
        clouds=Markup(lesson.clouds),
        tasks=shown,
        locks=LOCKS,
        sketch=Markup(render_sketch(texts)),
        loading=Markup(render_note(texts["static"]["loading"])),
        share=Markup(render_template("share.html", t=texts)),
        data=Markup(as_json(page_data(texts, collection, hub))),
    )


def page_script() -> str:
    """The page's script: those of the served page's components, and the folder's own in place of its server."""
    parts = [
        f"{json.dumps(name)}(element, trigger) {{\n{chr(10).join(map(script, names))}\n}},"
        for name, names in COMPONENTS.items()
    ]
    own = [(HERE / "scripts" / f"{name}.js").read_text("utf-8") for name in PAGE_SCRIPTS]
    known_before = (
        'const DATA = JSON.parse(document.getElementById("page-data").textContent);\nconst TEXTS = DATA.texts;'
    )
    return "\n".join(["const dsnComponents = {", *parts, "};", known_before, *map(read_script, SHARED), *own])


def styles() -> str:
    """Every style sheet of the page, the folder's own last; without comments and the spaces that lines begin with."""
    own = [UI / "styles" / f"{name}.css" for name in STYLES] + [HERE / "styles" / "static.css"]
    text = re.sub(r"/\*.*?\*/", "", "\n".join(path.read_text("utf-8") for path in own), flags=re.DOTALL)
    return "\n".join(line.strip() for line in text.splitlines() if line.strip())


def page_data(texts: Texts, collection: Collection, hub: str) -> dict[str, Any]:
    """What the page's scripts know besides the files of data/."""
    everything = known(collection)
    there = {task: everything["tasks"][task] for task in tasks(collection)}
    for task, about in there.items():
        about["customers"] = [name.split("/")[1] for name in STUDENTS if name.split("/")[0] == task]
    serials = {name: {**one, "locks": STUDENTS.get(name, ())} for name, one in everything["students"].items()}
    return {
        "texts": sections(texts, "static"),
        "hub": hub,
        "students": {name: one for name, one in serials.items() if name.split("/")[0] in there},
        "tasks": there,
        "steps": states_of_steps(collection),
        "tabs": ["compare"],
    }


def run(folder: Path, hub: str | None = None) -> None:
    """`python -m dsn static FOLDER`."""
    written = build_static(folder, hub or constants.ENDPOINT)
    size = sum(path.stat().st_size for path in written)
    print(f"wrote {folder}: {len(written)} files, {size / 1e6:.2f} MB; open {folder / 'index.html'}")
