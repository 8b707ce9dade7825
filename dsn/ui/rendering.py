"""Templates filled in with values, everything escaped, and what every tab and the page around them shows."""

from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from dsn.student.collection import Collection
from dsn.ui.texts import Texts, languages, load_texts

HERE = Path(__file__).parent
PANEL_SCALE = 8
ENVIRONMENT = Environment(
    loader=FileSystemLoader(HERE / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
ENVIRONMENT.filters["percent"] = lambda value: f"{value:.1f} %"
ENVIRONMENT.filters["short"] = lambda value: f"{value:,.2f}".rstrip("0").rstrip(".")  # passes may be parts of one


def fill(text: str, **values: object) -> Markup:
    """A sentence from the texts, which are our own and may hold markup; what is filled in is escaped."""
    return Markup(text).format(**values)


ENVIRONMENT.filters["fill"] = fill


def render_template(template: str, **values: object) -> str:
    """A template of this folder, filled in."""
    return ENVIRONMENT.get_template(template).render(**values)


def render_note(text: str, kind: str = "plain") -> str:
    """One sentence under a control, escaped unless from `fill`; kind is "plain", "error", "question" or "good"."""
    return render_template("note.html", text=text, kind=kind)


def render_heading(title: str, lead: str) -> str:
    """A heading with a sentence under it."""
    return render_template("heading.html", title=title, lead=lead)


def render_tab_heading(texts: Texts, tab: str) -> str:
    """A tab's heading for screen readers; eyes have the tab itself."""
    return render_template("tab_heading.html", title=texts["page"]["tabs"][tab])


def render_header(texts: Texts, collection: Collection) -> str:
    """Title, one sentence on what is shown, the languages, and what went wrong when the students were fetched."""
    origins = list(dict.fromkeys(collection.origins.values()))
    every = [load_texts(language) for language in languages()]
    return render_template("header.html", t=texts, origins=origins, every_language=every)


def render_sketch(texts: Texts) -> str:
    """The pad to draw on."""
    return render_template("sketch.html", title=texts["compare"]["sketch"], clear=texts["compare"]["clear"])


def render_head() -> str:
    """What has to be in force before the page is built."""
    return render_template("head.html", early=Markup(script("head.js")))


def render_footer(texts: Texts, collection: Collection) -> str:
    """Where the students came from."""
    return render_template("footer.html", t=texts, origins=list(dict.fromkeys(collection.origins.values())))


def script(name: str) -> str:
    """The text of a script beside the templates, for a component's `js_on_load`."""
    return (HERE / "scripts" / name).read_text("utf-8")
