"""The HTML of a watched attack: its chart, its table, and what it says in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import mean
from typing import TYPE_CHECKING, Any

from dsn.applications.pictures import to_data_uri
from dsn.applications.prepared import as_floats
from dsn.attacks.kit.record import WELL_ABOVE
from dsn.measuring.comparison import Panel
from dsn.student.collection import Collection
from dsn.ui.attack.views import View
from dsn.ui.attack.words import AttackWords
from dsn.ui.rendering import PANEL_SCALE, render_template
from dsn.ui.texts import Texts

if TYPE_CHECKING:
    from dsn.attacks.watched import Copy, Pruned

TABLE_ROWS = 12
COPY_SCALE = 4
LENGTHS = (9, 16, 24, 32, 40, 48, 56, 64)  # bits
PACE = "serials_a_second_at_a_glance"


def span_in_words(texts: Texts, years: float) -> str:
    """A number of years as people say it."""
    for least, words in texts["attack"]["spans"]:
        count = years / float(least)
        if count >= 1:
            return words.format(count=f"{count:,.1f}" if count < 10 else f"{count:,.0f}")
    return texts["attack"]["instant"]


def doubling(texts: Texts, pace: float) -> list[tuple[int, str]]:
    """How long it takes to find serials of more and more bits, in words.

    Args:
        texts: of the page.
        pace: serials tried in a second.
    """
    from dsn.attacks.brute_force import years_for

    return [(bits, span_in_words(texts, years_for(bits, pace))) for bits in LENGTHS]


def said(words: AttackWords, view: View, even: float) -> list[str]:
    """What the finished attack came to, in sentences."""
    if not view.is_over:
        return []
    written: dict[str, object] = {name: f"{value:.1f}" for name, value in view.figures.items()}
    if view.attack.shown_as == "bars":
        written |= {"working_count": int(view.figures["working"]), "serial_count": int(view.figures["serials"])}
        written["rate"] = f"{view.figures[PACE]:,.0f}"
        written["time"] = span_in_words(words.texts, view.figures["years_for_64_bits"])
    return [words.came_to(written, in_vain=view.attack.was_in_vain(view.figures, even))]


def table_of(view: View) -> list[tuple[float, list[float | None]]]:
    """Some rows of the chart as a table: x and each curve's value there."""
    places = sorted({x for curve in view.curves for x, _ in curve.points})
    step = max(1, len(places) // TABLE_ROWS)
    chosen = [*places[::step], *places[-1:]]
    values = [dict(curve.points) for curve in view.curves]
    return [(x, [value.get(x) for value in values]) for x in dict.fromkeys(chosen)]


def table_of_bars(bars: tuple[float, ...]) -> dict[str, Any]:
    """The serials that worked best, and the mean of the others."""
    places = sorted(range(len(bars)), key=lambda place: (-bars[place], place))
    others = [bars[place] for place in places[TABLE_ROWS:]]
    return {
        "best": [(place, bars[place]) for place in places[:TABLE_ROWS]],
        "others": len(others),
        "mean": mean(others) if others else 0.0,
    }


def table_of_clouds(points: Mapping[str, Sequence[tuple[float, float, int]]]) -> list[tuple]:
    """A row a class: its number, its pictures, and the middle of each of its clouds."""
    clouds = list(points.values())
    labels = sorted({label for _, _, label in clouds[0]}) if clouds else []
    rows = []
    for label in labels:
        of_class = [[(x, y) for x, y, one in cloud if one == label] for cloud in clouds]
        middles = [(mean(x for x, _ in cloud), mean(y for _, y in cloud)) for cloud in of_class]
        rows.append((label, len(of_class[0]), middles))
    return rows


@dataclass(frozen=True)
class ShownCopy:
    """The stolen network's panels and readings, ready to be drawn.

    Attributes:
        panels: with the picture looked at.
        aim: the panel that the attack is about.
        is_pattern: whether a pattern stands in the place of a serial.
        readings: pictures with what is read from each, and whether that is right.
        right: how many are.
        names: of the classes.
        truth: name of the panels' true class.
    """

    panels: list[tuple[Panel, str]]
    aim: str
    is_pattern: bool
    readings: list[tuple[str, str | None, bool]]
    right: int
    names: tuple[str, ...]
    truth: str


def shown_copy(texts: Texts, collection: Collection, name: str, copy: Copy) -> ShownCopy:
    """What is drawn of a stolen network.

    Args:
        texts: of the page.
        collection: the page's.
        name: of the network, "task/customer".
        copy: what it answers.
    """
    task = name.split("/")[0]
    held = collection.held_out[task]
    names = texts.class_names(task, held.class_names)
    readings = [
        (
            to_data_uri(as_floats(held.split.images[one.index]), 1),
            None if one.label is None else names[one.label],
            one.is_right,
        )
        for one in copy.readings
    ]
    return ShownCopy(
        [(panel, to_data_uri(panel.picture, COPY_SCALE)) for panel in copy.panels],
        copy.aim,
        copy.is_pattern,
        readings,
        sum(one.is_right for one in copy.readings),
        names,
        names[int(held.split.labels[held.first])],
    )


def render_copy(texts: Texts, copy: ShownCopy, note: str = "") -> str:
    """The stolen network before anything was done to it, with a sentence under it."""
    return render_template("stolen.html", t=texts, copy=copy, note=note)


def got_through(view: View, even: float) -> bool | None:
    """Whether a finished attack has led anywhere, where that is a question."""
    judged = view.is_over and view.attack.judged
    return not view.attack.was_in_vain(view.figures, even) if judged else None


def render_attack(
    texts: Texts,
    view: View,
    even: float,
    copy: ShownCopy | None = None,
    *,
    command: str | None = None,
    recorded: bool = False,
) -> str:
    """An attack at one moment.

    Args:
        texts: of the page.
        view: what there is to see.
        even: what guessing evenly reaches, in percent.
        copy: the stolen network by now; None where it is not at hand.
        command: that makes the recorded figures, where it is shown.
        recorded: whether this is a recorded run.
    """
    images = [(name, to_data_uri(picture, PANEL_SCALE)) for name, picture in view.pictures.items()]
    words = AttackWords(texts, view.attack)
    best = max(range(len(view.bars)), key=view.bars.__getitem__) if view.bars else None
    return render_template(
        "attack.html",
        t=texts,
        view=view,
        even=even,
        rows=table_of(view),
        bar_rows=table_of_bars(view.bars),
        cloud_rows=table_of_clouds(view.points),
        images=images,
        best=best,
        words=words,
        said=said(words, view, even),
        command=command,
        recorded=recorded,
        copy=copy,
        fell=got_through(view, even),
        doubling=doubling(texts, view.figures[PACE]) if view.is_over and PACE in view.figures else [],
    )


def render_pruned(texts: Texts, pruned: Pruned, even: float, copy: ShownCopy) -> str:
    """A student without its smallest weights: its panels, and two bars, valid and absent accuracy."""
    fell = pruned.absent > even + WELL_ABOVE
    return render_template("pruned.html", t=texts, pruned=pruned, even=even, copy=copy, fell=fell)
