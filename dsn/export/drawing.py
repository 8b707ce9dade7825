"""A sheet as a picture and as a page: one drawing for both, landscape A4."""

import io
from typing import Any

import numpy as np
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.backends.backend_pdf import FigureCanvasPdf
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.patches import Ellipse, Rectangle, Wedge

from dsn.export.font import FONT
from dsn.export.sheet import Sheet, SheetBar, SheetPanel
from dsn.measuring.comparison import Condition

WIDTH, HEIGHT = 11.69, 8.27  # inches: A4, landscape
MARGIN, GAP = 0.55, 0.3  # inches
DOTS = 160  # an inch, of the picture
TONES = {"valid": "#005ea8", "entered": "#a84c00", "absent": "#55534f"}  # as on the page
HATCHES = {"valid": None, "entered": "///////", "absent": "......."}  # the page's patterns
INK, QUIET, LINE, SINK = "#1d2430", "#59606c", "#dcd8cf", "#efede7"
PLAIN = FontProperties(fname=str(FONT))
FIXED = FontProperties(family="DejaVu Sans Mono")  # comes with the library
SMALLEST = 6.5  # points
FACT_SHARES = (0.24, 0.2, 0.44, 0.12)  # of the width: student, weights, picture, date
LEAST_NAMED = 6  # pixels of a hidden stamp that a word fits into
PDF_SETTINGS: dict[Any, Any] = {"pdf.fonttype": 42}  # text that can be searched and copied


def as_png(sheet: Sheet) -> bytes:
    """The sheet as a picture of 1870 by 1323 pixels."""
    figure = draw(sheet)
    FigureCanvasAgg(figure)
    file = io.BytesIO()
    figure.savefig(file, format="png", dpi=DOTS, metadata={"Title": sheet.title, "Software": "dsn"})
    return file.getvalue()


def as_pdf(sheet: Sheet) -> bytes:
    """The sheet as one page of PDF."""
    figure = draw(sheet)
    FigureCanvasPdf(figure)
    file = io.BytesIO()
    with rc_context(PDF_SETTINGS):
        figure.savefig(file, format="pdf", metadata={"Title": sheet.title, "Creator": "dsn", "CreationDate": None})
    return file.getvalue()


def draw(sheet: Sheet) -> Figure:
    """Everything in its place; lengths are in inches from the top left."""
    figure = Figure(figsize=(WIDTH, HEIGHT), facecolor="white")
    FigureCanvasAgg(figure)  # measures texts
    whole = WIDTH - 2 * MARGIN
    write(figure, sheet.title, MARGIN, 0.48, 21, whole)
    write(figure, sheet.lead, MARGIN, 0.95, 10.5, whole, QUIET)
    _facts(figure, sheet, 1.3)
    column = (whole - 2 * GAP) / 3
    for place, panel in enumerate(sheet.panels):
        _panel(figure, panel, MARGIN + place * (column + GAP), 1.95, column)
    write(figure, sheet.honest, MARGIN, 4.6, 8.5, whole)
    wide = 2 * column + GAP
    _chart(figure, sheet, MARGIN, 4.9, wide)
    write(figure, sheet.convention, MARGIN, 7.2, 7.5, wide, QUIET)
    _table(figure, sheet, MARGIN + wide + GAP, 4.9, column)
    _line(figure, MARGIN, HEIGHT - 0.82, whole)
    for place, text in enumerate(sheet.footer):
        write(figure, text, MARGIN, HEIGHT - 0.72 + 0.16 * place, 7.2, whole, QUIET)
    return figure


def write(
    figure: Figure,
    text: str,
    left: float,
    top: float,
    size: float,
    width: float,
    colour: str = INK,
    *,
    to_the_left: bool = False,
    font: FontProperties = PLAIN,
    smallest: float = SMALLEST,
) -> None:
    """One line of text, made smaller and then cut short where it is wider than it may be.

    Args:
        figure: to write on.
        text: the line.
        left: inches, of its left edge; of its right one where it runs to the left.
        top: inches.
        size: points.
        width: inches it may take.
        colour: as hexadecimal.
        to_the_left: whether it ends there.
        font: its letters.
        smallest: points it may be made.
    """
    line = figure.text(
        left / WIDTH,
        1 - top / HEIGHT,
        text,
        color=colour,
        fontproperties=font,
        fontsize=size,
        va="top",
        ha="right" if to_the_left else "left",
        parse_math=False,  # a dollar sign is a dollar sign
    )

    def inches() -> float:
        return line.get_window_extent().width / figure.dpi

    found = inches()
    if found > width:
        line.set_fontsize(max(smallest, size * width / found * 0.99))
    while inches() > width and len(text) > 1:
        text = text[:-1]
        line.set_text(text.rstrip() + "...")


def _axes(figure: Figure, left: float, top: float, width: float, height: float) -> Axes:
    axes = figure.add_axes((left / WIDTH, 1 - (top + height) / HEIGHT, width / WIDTH, height / HEIGHT))
    axes.set_axis_off()
    return axes


def _box(figure: Figure, left: float, top: float, width: float, height: float, colour: str, **settings: Any) -> None:
    settings = {"facecolor": colour, "edgecolor": "none", **settings}
    corner = (left / WIDTH, 1 - (top + height) / HEIGHT)
    figure.add_artist(Rectangle(corner, width / WIDTH, height / HEIGHT, transform=figure.transFigure, **settings))


def _filled(figure: Figure, left: float, top: float, width: float, height: float, tone: Condition) -> None:
    """A bar in a condition's colour and pattern."""
    hatch = HATCHES[tone]
    settings = {"hatch": hatch, "edgecolor": TONES[tone], "linewidth": 0} if hatch else {}
    _box(figure, left, top, width, height, SINK if hatch else TONES[tone], **settings)


def _shape(figure: Figure, left: float, top: float, size: float, tone: Condition) -> None:
    """A condition's shape: a full circle, a half one, an empty one."""
    middle = ((left + size / 2) / WIDTH, 1 - (top + size / 2) / HEIGHT)
    settings: dict[str, Any] = {"edgecolor": TONES[tone], "linewidth": 1.2, "transform": figure.transFigure}
    fill = TONES[tone] if tone == "valid" else "none"
    figure.add_artist(Ellipse(middle, size / WIDTH, size / HEIGHT, facecolor=fill, **settings))
    if tone == "entered":
        inches = figure.dpi_scale_trans
        half = Wedge((left + size / 2, HEIGHT - top - size / 2), size / 2, 90, 270, color=TONES[tone], transform=inches)
        figure.add_artist(half)


def _line(figure: Figure, left: float, top: float, width: float, colour: str = LINE) -> None:
    _box(figure, left, top, width, 0.01, colour)


def _facts(figure: Figure, sheet: Sheet, top: float) -> None:
    """The student, its weights, the picture and the day, side by side."""
    left = MARGIN
    for share, (name, value) in zip(FACT_SHARES, sheet.facts, strict=True):
        column = share * (WIDTH - 2 * MARGIN)
        write(figure, name, left, top, 7.5, column - 0.15, QUIET)
        write(figure, value, left, top + 0.16, 9.5, column - 0.15)
        left += column


def _panel(figure: Figure, panel: SheetPanel, left: float, top: float, width: float) -> None:
    tone = TONES[panel.tone]
    _box(figure, left, top, width, 0.04, tone)
    _shape(figure, left, top + 0.16, 0.12, panel.tone)
    write(figure, panel.title, left + 0.2, top + 0.13, 11, width - 0.2, tone)
    write(figure, panel.stamped, left, top + 0.39, 8.5, width, QUIET, font=FIXED if panel.stamp else PLAIN)
    side = 1.62
    axes = _axes(figure, left, top + 0.68, side, side)
    values = panel.picture.clamp(0, 1).permute(1, 2, 0).numpy()
    grey = values.shape[2] == 1
    axes.imshow(np.repeat(values, 3, axis=2) if grey else values, interpolation="nearest", resample=False)
    if panel.stamp:
        column, row, size = panel.stamp
        axes.add_patch(
            Rectangle((column - 0.5, row - 0.5), size, size, fill=False, edgecolor=tone, linewidth=1.8, clip_on=False)
        )
        if panel.hidden and size >= LEAST_NAMED:
            # The word lies across the middle of the grey square, in a colour that reads on it.
            middle = (column + size / 2 - 0.5, row + size / 2 - 0.5)
            axes.text(*middle, panel.hidden, fontproperties=PLAIN, fontsize=6.5, color=INK, ha="center", va="center")
    right = left + side + 0.18
    room = width - side - 0.18
    write(figure, panel.verdict, left, top + 2.38, 11, width)
    for place, (name, probability) in enumerate(panel.answers):
        at = top + 0.68 + 0.335 * place
        write(figure, name, right, at, 7.5, room - 0.5, smallest=7.5)
        write(figure, f"{100 * probability:.1f} %", right + room, at, 8, room, QUIET, to_the_left=True)
        _box(figure, right, at + 0.175, room, 0.055, SINK)
        _filled(figure, right, at + 0.175, room * probability, 0.055, panel.tone)


def _chart(figure: Figure, sheet: Sheet, left: float, top: float, width: float) -> None:
    """Bars with their intervals, and lines where guessing ends."""
    write(figure, sheet.chart, left, top, 10.5, width)
    names, figures = 2.15, 1.1
    start, room = left + names, width - names - figures - 0.1
    first, step = top + 0.42, 0.44
    for place, bar in enumerate(sheet.bars):
        _bar(figure, bar, left, start, first + place * step, room, names)
    bottom = first + len(sheet.bars) * step
    for place, (name, percent) in enumerate(sheet.levels):
        at = start + room * percent / 100
        style = ((0, (3, 2)), (0, (1, 1.5)))[place % 2]
        _rule(figure, at, first - 0.05, bottom - 0.08, INK, style)
        key = bottom + 0.06 + 0.19 * place
        _rule(figure, start + 0.05, key, key + 0.13, INK, style)
        write(figure, name, start + 0.18, key, 8, width - names - 0.2, QUIET)


def _rule(figure: Figure, at: float, top: float, bottom: float, colour: str, style: Any) -> None:
    """An upright line."""
    _box(figure, at, top, 0, bottom - top, "none", edgecolor=colour, linewidth=1.2, linestyle=style)


def _bar(figure: Figure, bar: SheetBar, left: float, start: float, top: float, room: float, names: float) -> None:
    tone = TONES[bar.tone]
    _shape(figure, left, top + 0.085, 0.1, bar.tone)
    write(figure, bar.title, left + 0.17, top + 0.06, 9, names - 0.29, tone)
    _box(figure, start, top, room, 0.28, SINK)
    _filled(figure, start, top + 0.05, room * bar.percent / 100, 0.18, bar.tone)
    if bar.silent:
        width = room * bar.silent / 100
        _box(figure, start + room - width, top + 0.05, width, 0.18, "white", edgecolor=QUIET, linestyle=(0, (2, 2)))
    if bar.interval:
        low, high = (start + room * percent / 100 for percent in bar.interval)
        _box(figure, low, top + 0.135, max(high - low, 0.012), 0.012, INK)
        for end in (low, high):
            _box(figure, end - 0.006, top + 0.09, 0.012, 0.1, INK)
    write(figure, f"{bar.percent:.1f} %", start + room + 0.12, top - 0.02, 10, 1.1)
    for place, note in enumerate(bar.notes):
        write(figure, note, start + room + 0.12, top + 0.15 + 0.11 * place, 7, 1.3, QUIET)


def _table(figure: Figure, sheet: Sheet, left: float, top: float, width: float) -> None:
    """Recorded figures, a line each."""
    write(figure, sheet.table, left, top, 10.5, width)
    at = top + 0.32
    for name, value in sheet.rows:
        _line(figure, left, at, width)
        write(figure, name, left, at + 0.07, 8.5, width - 1.25)
        write(figure, value, left + width, at + 0.07, 8.5, 1.2, to_the_left=True)
        at += 0.285
    write(figure, sheet.provenance, left, at + 0.06, 7, width, QUIET)
