"""Every application by its name: adding one to the project is a file like digits.py and a word here."""

from dsn.applications.digits import DIGITS
from dsn.applications.record import Application
from dsn.applications.signs import SIGNS

BUILT_IN = {one.name: one for one in (DIGITS, SIGNS)}


class UnknownApplicationError(ValueError):
    """An application of another name than those there are."""


def applications() -> dict[str, Application]:
    """Every application by its name."""
    return dict(BUILT_IN)


def application_named(name: str) -> Application:
    """The application of this name.

    Raises:
        UnknownApplicationError: no such application; the message names those there are.
    """
    known = applications()
    if name not in known:
        raise UnknownApplicationError(f"There is no application {name!r}: choose one of {', '.join(known)}.")
    return known[name]


def with_training_share() -> list[Application]:
    """The applications a tenth of whose training pictures comes with the project."""
    return [application for application in applications().values() if application.has_training_share]
