"""Gradio makes an app of eighty addresses and a configuration at each step of a page's making, and throws them away."""

from collections.abc import Iterator
from contextlib import contextmanager

from gradio import Blocks
from gradio.routes import App

APP, CONFIG = App.create_app, Blocks.get_config_file


@contextmanager
def without_apps() -> Iterator[None]:
    """Make neither meanwhile: `launch` makes those that serve."""
    App.create_app = staticmethod(lambda *_, **__: None)  # type: ignore[assignment, method-assign]
    Blocks.get_config_file = lambda _: {}  # type: ignore[assignment, method-assign, typeddict-item]
    try:
        yield
    finally:
        App.create_app = staticmethod(APP)  # type: ignore[method-assign]
        Blocks.get_config_file = CONFIG  # type: ignore[method-assign]
