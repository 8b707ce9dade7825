"""The way from the page's server to itself, which Gradio takes when it starts."""

import os

LOOPBACK = ("127.0.0.1", "localhost", "::1", "0.0.0.0")


def reach_loopback() -> None:
    """Let no proxy stand before this machine itself: `NO_PROXY`, which httpx and so Gradio follows, is added to."""
    for name in ("NO_PROXY", "no_proxy"):
        known = [word.strip() for word in os.environ.get(name, "").split(",") if word.strip()]
        os.environ[name] = ",".join([*known, *(host for host in LOOPBACK if host not in known)])
