"""Who asks for something, as far as limits need to know."""

import gradio as gr


def visitor(request: gr.Request) -> tuple[str, str]:
    """The browser tab and the address that a request comes from; each "" where it is not known."""
    client = getattr(request, "client", None)  # a request that came by no network has no such attribute
    return request.session_hash or "", client.host if client else ""
