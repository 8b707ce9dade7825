"""The scripts and styles that a first visit needs, in one file each, where Gradio's build has eighty.

A browser asks for six files at a time, so that on a slow line eighty small ones cost many times what they weigh.
Which ones they are is read from Gradio's own build; where that is not as expected, the page is sent as Gradio makes it.
"""

import hashlib
import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Any

from gradio.routes import BUILD_PATH_LIB
from markupsafe import Markup

from dsn.ui.rendering import render_template, script

ASSETS = Path(BUILD_PATH_LIB)
NAMED = "assets/first-visit-"  # the two files' addresses begin with this, so that the styles' own addresses stay right
ENTRY = re.compile(r'<script type="module" crossorigin src="\./assets/([\w.-]+\.js)"></script>')
STYLES = re.compile(r'<link rel="stylesheet" crossorigin href="\./assets/([\w.-]+\.css)">')
BASE = re.compile(r"<base [^>]*>")
THEME = re.compile(r'"theme_hash":\s*"(\w+)"')
TABLE = re.compile(r"m\.f=\[(.*?)\]")  # a script's list of what its imports need; they name it by place
IMPORT = r"import\(`\./{name}`\)[^_]{{0,80}}?__vite__mapDeps\(\[([\d,]+)\]\)"
CLOCK = re.compile(r"([\w$]+)\(\(\)=>\{\w+\.status===`pending`\?([\w$]+)\(\)")  # an effect, and what starts a clock
COMPONENT = r"(?<![\w$]){kind}:\{{[^{{}}]*?component:\(\)=>\w+\(\(\)=>"


def kinds_of(app: Any) -> frozenset[str]:
    """The kinds of components on the pages of Gradio's app."""
    return frozenset(str(one["type"]) for one in app.blocks.config["components"])


@dataclass(frozen=True)
class FirstVisit:
    """What a page's first visit needs of Gradio's build.

    Attributes:
        entry: name of the script that starts the page.
        style: name of its first style sheet.
        texts: of all files, by name.
    """

    entry: str
    style: str
    texts: dict[str, str]

    @cached_property
    def scripts(self) -> str:
        """All scripts by their names, and the names of the style sheets, as JSON."""
        scripts = {name: text for name, text in self.texts.items() if name.endswith(".js")}
        return json.dumps({"scripts": scripts, "styles": [name for name in self.texts if name.endswith(".css")]})

    @cached_property
    def styles(self) -> str:
        """All style sheets as one."""
        return "\n".join(text for name, text in self.texts.items() if name.endswith(".css"))

    @cached_property
    def files(self) -> dict[str, str]:
        """Content by address, below the page's: of the scripts, and of the styles."""
        version = hashlib.sha256((self.scripts + self.styles).encode()).hexdigest()[:16]
        return {f"{NAMED}{version}.json": self.scripts, f"{NAMED}{version}.css": self.styles}

    def put_into(self, page: str) -> str:
        """A page of Gradio's with the two files in place of its own."""
        address, styles = self.files
        theme = THEME.search(page)
        early = render_template(
            "first_visit_early.html", address=address, styles=styles, theme=theme[1] if theme else ""
        )
        start = Markup(script("first_visit.js"))
        late = render_template(
            "first_visit.html", entry=self.entry, style=self.style, address=address, styles=styles, start=start
        )
        page = BASE.sub(lambda found: f"{found[0]}\n{early}", page, count=1)
        return STYLES.sub("", ENTRY.sub(lambda _: late, page))


def needed_by(text: str, name: str, before: str = "") -> list[str]:
    """Names of the files that a script's import of another, or of one of a kind, needs; the imported one first.

    Args:
        text: of the script.
        name: regular expression for the imported script's name.
        before: regular expression for what stands before.
    """
    table, found = TABLE.search(text), re.search(before + IMPORT.format(name=name), text)
    if not table or not found:
        return []
    names = json.loads(f"[{table[1]}]")
    return [names[int(place)].removeprefix("./") for place in found[1].split(",")]


def files_of(entry: str, kinds: Iterable[str]) -> list[str]:
    """Names of all scripts and style sheets of a page with these kinds of components, the entry first.

    Raises:
        OSError, ValueError, IndexError: Gradio's build is not as expected.
    """

    def text(name: str) -> str:
        return (ASSETS / name).read_text("utf-8")

    start = needed_by(text(entry), r"Index-[\w-]+\.js")
    blocks = needed_by(text(start[0]), r"Blocks-[\w-]+\.js")
    components = text(next(name for name in start if re.fullmatch(r"core-[\w-]+\.js", name)))
    found = [entry, *start, *blocks]
    for kind in kinds:
        found += needed_by(components, r"[\w-]+\.js", COMPONENT.format(kind=re.escape(kind)))
    return list(dict.fromkeys(found))


def ending_its_clock(text: str) -> str:
    """A script of Gradio's; its sign of work under way stops its clock when it is taken away.

    As Gradio has it, the sign that a page is loading goes on to count at every frame for as long as the page is open.
    """
    effect = CLOCK.search(text)
    ticks = effect and re.search(rf"function {re.escape(effect[2])}\(\)\{{([\w$]+)\|\|", text)
    if not effect or not ticks:
        return text
    return f"{text[: effect.start()]}{effect[1]}(()=>()=>{{{ticks[1]}=!1}}),{text[effect.start() :]}"


@cache
def first_visit(kinds: frozenset[str]) -> FirstVisit | None:
    """What stands in place of Gradio's scripts and styles; None where its build is not as expected.

    Args:
        kinds: of all components.
    """
    try:
        page = (ASSETS.parent / "index.html").read_text("utf-8")
        entry, style = ENTRY.search(page), STYLES.search(page)
        if not entry or not style:
            return None
        names = files_of(entry[1], sorted(kinds))
        texts = {name: ending_its_clock((ASSETS / name).read_text("utf-8")) for name in [*names, style[1]]}
    except (OSError, ValueError, IndexError, StopIteration):
        return None
    return FirstVisit(entry[1], style[1], texts)
