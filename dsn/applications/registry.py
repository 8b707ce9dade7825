"""Every application by its name: adding one to the project is a file like digits.py and a word here.

Those made from somebody's own pictures need no word: each is an `application.json` in a folder under `checkpoints/`.
"""

from dsn.applications.described import DESCRIPTION, WORD, DescriptionError, described
from dsn.applications.digits import DIGITS
from dsn.applications.faces import FACES
from dsn.applications.record import Application
from dsn.applications.signs import SIGNS
from dsn.places import CHECKPOINTS

OF_PAGES = "documents"  # the one whose answers are maps, `applications/documents.py`: it has no held-out pictures
BUILT_IN = {one.name: one for one in (DIGITS, SIGNS, FACES)}


class UnknownApplicationError(ValueError):
    """An application of another name than those there are, or one whose file is damaged."""


def applications() -> dict[str, Application]:
    """Every application by its name: the built-in ones, then those of `checkpoints/<name>/application.json`.

    Those whose file is damaged are left out; `application_named` says why.
    """
    return BUILT_IN | _own()[0]


def damaged_applications() -> list[str]:
    """A sentence on each `application.json` that cannot be used."""
    return list(_own()[1].values())


def _own() -> tuple[dict[str, Application], dict[str, str]]:
    """The applications that are files, and what is wrong with the others, by folder."""
    sound: dict[str, Application] = {}
    damaged: dict[str, str] = {}
    for path in sorted(CHECKPOINTS.glob(f"*/{DESCRIPTION}")):
        folder = path.parent
        if folder.name in BUILT_IN or not WORD.fullmatch(folder.name):
            continue
        try:
            sound[folder.name] = described(folder)
        except DescriptionError as error:
            damaged[folder.name] = str(error)
    return sound, damaged


def application_named(name: str) -> Application:
    """The application of this name.

    Raises:
        UnknownApplicationError: no such application; the message names those there are.
    """
    known = applications()
    if name not in known:
        damage = _own()[1].get(name)
        raise UnknownApplicationError(damage or f"There is no application {name!r}: choose one of {', '.join(known)}.")
    return known[name]


def with_training_share() -> list[Application]:
    """The applications a tenth of whose training pictures comes with the project."""
    return [application for application in applications().values() if application.has_training_share]
