"""Who asks for something, as far as limits need to know."""

import gradio as gr


def visitor(request: gr.Request) -> tuple[str, str]:
    """The browser tab and the address that a request comes from; each "" where it is not known."""
    return request.session_hash or "", request.client.host if request.client else ""
