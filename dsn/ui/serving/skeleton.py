"""What is seen before Gradio's scripts have come: the page's title, and the shape of what will be there."""

import re

from markupsafe import Markup

from dsn.ui.rendering import render_template, script
from dsn.ui.texts import DEFAULT_LANGUAGE, languages, load_texts

BODY = re.compile(r"<body\b[^>]*>")


def put_skeleton(page: str, path: str) -> str:
    """A page of Gradio's that shows something at once; as it is where it has no body.

    Args:
        page: HTML.
        path: it is asked for by; its last part is the page's language, if it is one.
    """
    last = path.rstrip("/").rpartition("/")[2]
    texts = load_texts(last if last in languages() else DEFAULT_LANGUAGE)
    skeleton = render_template("skeleton.html", t=texts, early=Markup(script("head.js")))
    return BODY.sub(lambda found: f"{found[0]}\n{skeleton}", page, count=1)
