"""One page with a comparison and its figures, as values: what is to be drawn, not how."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from dsn.locks.stamping import StampPlace
from dsn.measuring.comparison import Condition, Measurement
from dsn.serials import Serial

if TYPE_CHECKING:
    from torch import Tensor

HIDDEN_GREY = 0.55
HIDDEN_SYMBOL = "•"


@dataclass(frozen=True)
class Measured:
    """What was measured on the held-out pictures, and of what.

    Attributes:
        task: the application.
        customer: whose student.
        serial: the entered one; None for none.
        measurement: the whole.
    """

    task: str
    customer: str
    serial: Serial | None
    measurement: Measurement


@dataclass(frozen=True)
class SheetPanel:
    """One condition.

    Attributes:
        tone: its colour, named by the condition.
        title: the condition in words.
        stamped: the serial's text, or what is said in its place.
        picture: what the student looked at, float [C, H, W] in [0, 1]; its stamp is hidden where the serial is.
        stamp: left, top and width of the stamp's square, in pixels; None where nothing is stamped.
        hidden: said across a hidden stamp; empty where the stamp is shown.
        verdict: what the student answers, in words.
        answers: the likeliest classes and their probabilities, 0 to 1, best first.
    """

    tone: Condition
    title: str
    stamped: str
    picture: Tensor
    stamp: tuple[int, int, int] | None
    hidden: str
    verdict: str
    answers: tuple[tuple[str, float], ...]


@dataclass(frozen=True)
class SheetBar:
    """One accuracy of the chart.

    Attributes:
        tone: its colour.
        title: what was measured.
        percent: right answers.
        interval: of 95 %, in percent; None for the mean of several.
        notes: under the figure, a line each, such as "N = 1000".
        silent: percent of the pictures that there was no answer to.
    """

    tone: Condition
    title: str
    percent: float
    interval: tuple[float, float] | None
    notes: tuple[str, ...]
    silent: float = 0.0


@dataclass(frozen=True)
class Sheet:
    """The whole page; every text in the visitor's language.

    Attributes:
        title: in large letters.
        lead: a sentence under it.
        facts: names and values: the student, its weights, the picture, the day.
        honest: a sentence on what the lock does not stop.
        panels: valid, entered, absent.
        chart: what the bars are.
        bars: accuracies.
        levels: what guessing reaches: a name and percent each.
        convention: how the recorded figures count no answer.
        table: what the recorded figures are.
        rows: recorded figures: a name and a value each.
        provenance: of the recorded figures.
        footer: lines in small letters.
    """

    title: str
    lead: str
    facts: tuple[tuple[str, str], ...]
    honest: str
    panels: tuple[SheetPanel, ...]
    chart: str
    bars: tuple[SheetBar, ...]
    levels: tuple[tuple[str, float], ...]
    convention: str
    table: str
    rows: tuple[tuple[str, str], ...]
    provenance: str
    footer: tuple[str, ...]


def hidden_text(serial: Serial) -> str:
    """As many dots as the serial has characters, in its groups."""
    return "".join("-" if symbol == "-" else HIDDEN_SYMBOL for symbol in serial.text)


def without_stamp(picture: Tensor, place: StampPlace) -> Tensor:
    """A stamped picture, float [C, H, W], with one grey in place of every bit: the pattern is the serial."""
    plain = picture.clone()
    plain[:, list(place.rows), list(place.columns)] = HIDDEN_GREY
    return plain
