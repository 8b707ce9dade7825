"""The demo: `python app.py` builds the page over the students in `checkpoints/` and serves it.

`DSN_HUB_REPOS` takes students from the Hugging Face Hub instead; the README says how.
"""

import os
import signal
import sys
import threading
from tempfile import TemporaryDirectory

from dsn.applications.registry import damaged_applications
from dsn.student.collection import load_collection
from dsn.student.hub import StudentError
from dsn.ui.page import build_page, launch_settings
from dsn.ui.serving.loopback import reach_loopback


def main() -> None:
    """Load the students, build the page, serve it until interrupted."""
    try:
        collection = load_collection(repositories=os.environ.get("DSN_HUB_REPOS"))
    except StudentError as error:
        sys.exit(str(error))
    for damage in damaged_applications():
        print(damage, file=sys.stderr)
    reach_loopback()
    if threading.current_thread() is threading.main_thread():  # not under `gradio app.py`, which ends it its own way
        signal.signal(signal.SIGTERM, lambda *_: sys.exit())  # as Ctrl-C does: what visitors left is cleared away
    with TemporaryDirectory(prefix="dsn-page-") as folder:
        os.environ["GRADIO_TEMP_DIR"] = folder  # nothing else lies where visitors' files are served from
        build_page(collection).launch(**launch_settings())


if __name__ == "__main__":
    main()
