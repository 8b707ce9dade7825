"""The whole page: its tabs, its look, and the endpoints other programs call."""

from pathlib import Path
from typing import Any

import gradio as gr
from gradio.routes import BUILD_PATH_LIB
from gradio.utils import get_upload_folder
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import FileResponse
from starlette.routing import Route

from dsn.allowance import Allowance, VisitorLimits
from dsn.export.visitor_files import VisitorFiles
from dsn.owner.mint.progress import QuickMint
from dsn.owner.visitors import Visitors
from dsn.student.collection import Collection
from dsn.ui.rendering import HERE, render_footer, render_head, render_header, render_template, script
from dsn.ui.serving.arrivals import Arrivals
from dsn.ui.serving.assets import Assets
from dsn.ui.serving.background import Background
from dsn.ui.serving.closed_tabs import ClosedTabs
from dsn.ui.serving.endpoints import add_endpoints
from dsn.ui.serving.file_guard import LARGEST_FILE, Gate
from dsn.ui.serving.handed_out import ROUTE, PageWithFiles, handed_out
from dsn.ui.serving.languages import LanguageDoor
from dsn.ui.serving.no_apps import without_apps
from dsn.ui.serving.no_such_page import NoSuchPage
from dsn.ui.serving.uploads import Uploads
from dsn.ui.serving.waiting_line import WaitingLine
from dsn.ui.tabs import TABS, Parts
from dsn.ui.texts import DEFAULT_LANGUAGE, Texts, languages, load_texts

SESSIONS = 2000  # tabs, and programs that never say that they go, of which something is kept: half a megabyte each
CHINESE_FONTS = ["PingFang SC", "Microsoft YaHei", "Noto Sans CJK SC"]
SYSTEM_FONTS = ["system-ui", "-apple-system", "Segoe UI", "Roboto", "Noto Sans", *CHINESE_FONTS, "sans-serif"]
FIXED_WIDTH_FONTS = ["ui-monospace", "SFMono-Regular", "Menlo", "DejaVu Sans Mono", "monospace"]


# In rem, so that one rule in styles/page.css makes all type grow with the screen.
TYPE = gr.themes.Size(
    xxs="0.625rem", xs="0.75rem", sm="0.8125rem", md="0.9375rem", lg="1rem", xl="1.25rem", xxl="1.5rem", name="rem"
)


def theme() -> gr.themes.Base:
    """Calm and legible; the visitor's own fonts, so that none comes from elsewhere. Colours are in styles/accents.css.

    Everything but the three conditions is ink on paper: the theme's colours point at that file's.
    """
    ink_on_paper = {
        "body_text_color": "var(--ink)",
        "body_text_color_subdued": "var(--quiet)",
        "block_background_fill": "var(--paper)",
        "block_border_color": "var(--line)",
        "block_label_text_color": "var(--quiet)",
        "block_title_text_color": "var(--ink)",
        "block_info_text_color": "var(--quiet)",
        "border_color_primary": "var(--line)",
        "border_color_accent": "var(--ink)",
        "background_fill_primary": "var(--paper)",
        "background_fill_secondary": "var(--sink)",
        "color_accent_soft": "var(--sink)",
        "input_background_fill": "var(--paper)",
        "input_border_color": "var(--edge)",
        "input_border_color_focus": "var(--ink)",
        "input_placeholder_color": "var(--quiet)",
        "button_primary_background_fill": "var(--ink)",
        "button_primary_text_color": "var(--paper)",
        "button_secondary_background_fill": "var(--paper)",
        "button_secondary_text_color": "var(--ink)",
        "link_text_color": "var(--ink)",
        "link_text_color_hover": "var(--ink)",
        "link_text_color_visited": "var(--ink)",
        "link_text_color_active": "var(--ink)",
        "slider_color": "var(--ink)",
    }
    dark = {f"{name}_dark": colour for name, colour in ink_on_paper.items()}
    return gr.themes.Base(
        primary_hue=gr.themes.colors.slate,
        neutral_hue=gr.themes.colors.slate,
        text_size=TYPE,
        radius_size=gr.themes.sizes.radius_md,
        font=SYSTEM_FONTS,
        font_mono=FIXED_WIDTH_FONTS,
    ).set(
        body_background_fill="#f7f6f2",  # the only two a page is painted with before its styles are there
        body_background_fill_dark="#12161c",
        block_border_width="0px",
        input_border_width="1px",
        button_border_width="1px",
        color_accent="var(--ink)",
        **ink_on_paper,
        **dark,
    )


def build_page(
    collection: Collection, limits: VisitorLimits | None = None, quick: QuickMint | None = None
) -> gr.Blocks:
    """The page; launch it with `launch_settings()`.

    Args:
        collection: the students it shows.
        limits: how much it does for visitors; None for the usual.
        quick: how they mint; None for the usual.
    """
    limits, folder = limits or VisitorLimits(), Path(get_upload_folder())
    visitors, visitor_files = Visitors(limits, folder), VisitorFiles(limits, folder)
    looks = Allowance(limits.looks_per_hour, limits.looks_per_hour_in_all, limits.share_of_one_address)
    uploads = Uploads(folder, limits.seconds_per_upload)
    parts = Parts(collection, visitors, quick or QuickMint(), Background(), WaitingLine(), visitor_files, looks)
    with without_apps():
        page = build_languages(parts, uploads)
        page.queue(default_concurrency_limit=8, max_size=200)
    for unmade in ("app", "config"):
        del vars(page)[unmade]
    page.files = handed_out(collection)
    return page


def build_languages(parts: Parts, uploads: Uploads) -> PageWithFiles:
    """The page in every language, as one of Gradio's with a route for each; visitors' things go when they do."""
    texts = load_texts(DEFAULT_LANGUAGE)
    with PageWithFiles(title=texts["page"]["title"], analytics_enabled=False, delete_cache=(3600, 3600)) as page:
        build_tabs(texts, parts)
        uploads.watch()
        add_endpoints(parts.collection)
        closed_tabs = ClosedTabs(page)

        def leave(request: gr.Request) -> None:
            parts.visitors.leave(request.session_hash or "")
            parts.visitor_files.leave(request.session_hash or "")
            parts.waiting_line.give_up(request.session_hash or "")
            page.upload_file_set.difference_update(map(str, uploads.leave(request.session_hash or "")))

        async def forget(request: gr.Request) -> None:  # by the server's own thread, which looks there every second
            closed_tabs.leave(request.session_hash or "")

        page.unload(leave)
        page.unload(forget)
    for language in languages()[1:]:
        texts = load_texts(language)
        with page.route(texts["page"]["name"], f"/{language}", show_in_navbar=False):
            build_tabs(texts, parts)
            uploads.watch()
    return page


def build_tabs(texts: Texts, parts: Parts) -> None:
    """The page in one language."""
    collection, titles = parts.collection, texts["page"]["tabs"]
    gr.Navbar(visible=False)  # languages are chosen in the header
    gr.HTML(render_header(texts, collection), js_on_load=script("header.js"))
    link = "\n".join(map(script, ("led.js", "share.js")))
    gr.HTML(render_template("share.html", t=texts), js_on_load=link, elem_id="share")
    with gr.Tabs(elem_id="tabs") as tabs:
        built = {}
        for name, build in TABS.items():
            with gr.Tab(titles[name], id=name):
                built[name] = build(texts, parts, tabs)
    gr.HTML(render_footer(texts, collection), js_on_load=script("footer.js"))
    built["attack"].follows(built["compare"])


def web_component(request: Request) -> FileResponse:
    """The script that makes <gradio-app src> of this page work in another page, from here and not from elsewhere."""
    return FileResponse(Path(BUILD_PATH_LIB).parent / "gradio.js", media_type="text/javascript")


def launch_settings(limits: VisitorLimits | None = None) -> dict[str, Any]:
    """Arguments of `Blocks.launch` that belong to the page and not to where it runs; `limits` as in `build_page`."""
    gate = Middleware(Gate, limits=limits or VisitorLimits(), folder=Path(get_upload_folder()))
    doors = [gate, Middleware(LanguageDoor), Middleware(NoSuchPage), Middleware(Assets), Middleware(Arrivals)]
    return {
        "app_kwargs": {"middleware": doors, "routes": [Route("/gradio.js", web_component), ROUTE]},
        "head": render_head(),
        "theme": theme(),
        "css_paths": sorted((HERE / "styles").glob("*.css")),
        "footer_links": ["api"],
        "max_file_size": LARGEST_FILE,
        "state_session_capacity": SESSIONS,
        "mcp_server": True,
        "ssr_mode": False,
        "_frontend": False,  # no self-check: it gives a busy machine up that answers after 3 s
    }
