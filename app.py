"""The demo: `python app.py` builds the page over the students in `checkpoints/` and serves it.

`DSN_HUB_REPOS` takes students from the Hugging Face Hub instead; the README says how.
`gradio app.py` does the same, and shows the page anew when a file of the program changes.
"""

import os
import signal
import sys
import threading

import gradio as gr
from gradio.cli.commands.reload import reload_thread

from dsn.student.collection import Collection, load_collection
from dsn.student.hub import StudentError
from dsn.ui.page import build_page, launch_settings
from dsn.ui.serving.loopback import reach_loopback
from dsn.ui.serving.memory import keep_returning, share_arenas
from dsn.ui.serving.own_folder import own_folder
from dsn.ui.serving.warming import warm_up

demo: gr.Blocks | None = None  # the page, where `gradio app.py` looks for it


def students() -> Collection:
    """The students there are; ends the program with one sentence where they cannot be had."""
    try:
        return load_collection(repositories=os.environ.get("DSN_HUB_REPOS"))
    except StudentError as error:
        sys.exit(str(error))


def main() -> None:
    """Load the students, build the page, serve it until interrupted."""
    global demo
    share_arenas()
    reach_loopback()
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, lambda *_: sys.exit())  # as Ctrl-C does: what visitors left is cleared away
    with own_folder() as folder:
        os.environ["GRADIO_TEMP_DIR"] = str(folder)  # nothing else lies where visitors' files are served from
        collection = students()
        demo = build_page(collection)
        warm_up(collection)
        keep_returning()
        demo.launch(**launch_settings())


if __name__ == "__main__":
    if getattr(reload_thread, "running_reload", False):
        demo = build_page(students())  # `gradio app.py` runs this file again, in a thread, for a page in its place
    else:
        main()
