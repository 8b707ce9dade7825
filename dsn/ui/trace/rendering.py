"""The HTML of a trace."""

from dsn.owner.trace.reports import p_text
from dsn.ui.rendering import render_template
from dsn.ui.texts import Texts


def render_trace(texts: Texts, report: dict) -> str:
    """A trace's verdict and its evidence; `report` as `dsn.owner.trace.reports.as_json` gives it."""
    return render_template("trace.html", t=texts, report=report, p_value=p_text)
