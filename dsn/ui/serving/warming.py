"""What the page's start does not wait for, imported once it stands: nor does the first visitor who presses anything."""

import threading
from importlib import import_module

from dsn.student.collection import Collection

AFTER = 10.0  # seconds: whoever waits for the page has it by then, and answers it in their own browser
NEEDED = ("dsn.attacks.watched", "dsn.attacks.registry", "dsn.owner.trace.tracing", "dsn.owner.mint.quick")


def warm_up(collection: Collection, after: float = AFTER) -> threading.Timer:
    """Import torch and what computes with it, and load the students, in a thread of its own.

    It does not step back: whoever presses something meanwhile waits for the same imports.

    Args:
        collection: the page's.
        after: seconds until it begins.
    """

    def work() -> None:
        for name in NEEDED:
            import_module(name)
        for name in collection.students:
            collection.students[name]

    timer = threading.Timer(after, work)
    timer.daemon = True
    timer.start()
    return timer
