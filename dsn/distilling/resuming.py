"""What an interrupted rebuild had finished: it goes on from there, as a training does from its last epoch."""

import hashlib
import json
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from dsn.applications.record import Application
from dsn.files import write_json


def edition(application: Application) -> str:
    """Tells an application's pictures, network and course of training from what they were before: 12 digits."""
    course = (application.teacher_epochs, application.teacher_batch, application.student_epochs)
    values: list[object] = [application.pictures, asdict(application.network), asdict(application.augmentation), course]
    values.append(application.student_batch)
    return hashlib.sha256(json.dumps(values).encode()).hexdigest()[:12]


@dataclass(frozen=True)
class Finished:
    """The steps of a rebuild that are done, in a file that goes when all are.

    Attributes:
        path: of the file.
        run: what is rebuilt and how; the steps of another run are not taken over.
    """

    path: Path
    run: str

    def steps(self) -> list[str]:
        """Those that are done, in order."""
        with suppress(OSError, ValueError, KeyError, TypeError):
            known = json.loads(self.path.read_text("utf-8"))
            if known["run"] == self.run:
                return [str(step) for step in known["done"]]
        return []

    def has(self, step: str) -> bool:
        """Whether this one is done."""
        return step in self.steps()

    def add(self, step: str) -> None:
        """This one is done."""
        write_json(self.path, {"run": self.run, "done": [*self.steps(), step]})

    def clear(self) -> None:
        """All are done: the next rebuild begins anew."""
        self.path.unlink(missing_ok=True)
