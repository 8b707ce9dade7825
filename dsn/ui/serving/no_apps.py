"""Gradio makes an app of eighty addresses at each step of a page's making, and throws all but the last away."""

from collections.abc import Iterator
from contextlib import contextmanager

from gradio.routes import App

CREATE = App.create_app


@contextmanager
def without_apps() -> Iterator[None]:
    """Make none meanwhile: `Blocks.queue` makes one afterwards, and `launch` the one that serves."""
    App.create_app = staticmethod(lambda *_, **__: None)  # type: ignore[assignment, method-assign]
    try:
        yield
    finally:
        App.create_app = staticmethod(CREATE)  # type: ignore[method-assign]
