"""The HTML of a watched attack: its chart, its table, and what it says in words."""

from collections.abc import Mapping, Sequence
from statistics import mean
from typing import Any

from dsn.applications.pictures import to_data_uri
from dsn.attacks.brute_force import years_for
from dsn.attacks.watched import Pruned
from dsn.ui.attack.views import View
from dsn.ui.attack.words import Words
from dsn.ui.rendering import PANEL_SCALE, render_template
from dsn.ui.texts import Texts

TABLE_ROWS = 12
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
    return [(bits, span_in_words(texts, years_for(bits, pace))) for bits in LENGTHS]


def said(words: Words, view: View, even: float) -> list[str]:
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


def render_attack(texts: Texts, view: View, even: float, *, command: str | None = None, recorded: bool = False) -> str:
    """An attack at one moment.

    Args:
        texts: of the page.
        view: what there is to see.
        even: what guessing evenly reaches, in percent.
        command: that makes the recorded figures, where it is shown.
        recorded: whether this is a recorded run.
    """
    images = [(name, to_data_uri(picture, PANEL_SCALE)) for name, picture in view.pictures.items()]
    words = Words(texts, view.attack)
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
        doubling=doubling(texts, view.figures[PACE]) if view.is_over and PACE in view.figures else [],
    )


def render_pruned(texts: Texts, pruned: Pruned, even: float) -> str:
    """Two bars: valid and absent accuracy of a student without its smallest weights."""
    return render_template("pruned.html", t=texts, pruned=pruned, even=even)
