"""Invoices, receipts, letters and forms: where text goes on a sheet, and what else lies there."""

from collections.abc import Callable

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from dsn.applications.pages.sheet import Paper
from dsn.applications.pages.words import HANDWRITING, font

MARGINS = (0.03, 0.12)  # of the width


def receipt(sheet: Paper) -> None:
    """A shop's strip: head in the middle, rows with an amount at the right, sums, thanks."""
    words, size = sheet.words, sheet.between(14, 24)
    step = size * sheet.between(1.12, 1.5)
    left = sheet.width * sheet.between(*MARGINS)
    right, middle = sheet.width - left, sheet.width / 2
    y = sheet.height * sheet.between(0.01, 0.1)
    if sheet.chance(0.3):
        y = _logo(sheet, middle, y)
    for number in range(int(sheet.random.integers(3, 8))):
        text = (
            words.company()
            if number == 0
            else str(
                sheet.random.choice(
                    [words.street(), words.town(), words.code(), f"{words.one_of('labels')}: {words.code()}"]
                )
            )
        )
        bold = number == 0 and sheet.chance(0.6)
        tall = size * (sheet.between(1, 1.6) if number == 0 else 1)
        sheet.write(text, middle, y, tall, align="m", bold=bold)
        y += step * tall / size
    y += step * sheet.between(0, 1.5)
    sheet.write(words.one_of("titles"), middle, y, size * sheet.between(1, 1.6), align="m", bold=sheet.chance(0.5))
    y += step * 2
    for _ in range(int(sheet.random.integers(1, 5))):
        sheet.write(f"{words.one_of('labels')}: {words.code()}", left, y, size)
        if sheet.chance(0.5):
            sheet.write(words.date(), right, y, size, align="r")
        y += step
    y = _divided(sheet, left, right, y, step)
    columns = sorted(sheet.random.uniform(0.4, 0.85, int(sheet.random.integers(0, 3))))
    places = [left + (right - left) * one for one in columns]
    if sheet.chance(0.7):
        sheet.write(words.one_of("heads"), left, y, size, bold=sheet.chance(0.4))
        for place in [*places, right]:
            sheet.write(words.one_of("heads"), place, y, size, align="r", bold=sheet.chance(0.4))
        y = _divided(sheet, left, right, y + step, step)
    end = sheet.height * sheet.between(0.45, 0.85)
    own_line = sheet.chance(0.5)  # the name on a line of its own
    while y < end:
        first = min([*places, right]) - left
        sheet.write(
            words.product()[: max(4, int(first / size * 1.1))] if not own_line else words.product(), left, y, size
        )
        if own_line:
            y += step
            sheet.write(words.code(), left + size, y, size)
        for place in places:
            sheet.write(words.number(50), place, y, size, align="r")
        sheet.write(words.number(500), right, y, size, align="r")
        y += step * (1 if sheet.chance(0.8) else 1.6)
    y = _sums(sheet, left, right, _divided(sheet, left, right, y, step), size, step)
    for _ in range(int(sheet.random.integers(1, 5))):
        sheet.write(words.one_of("ends"), middle, y, size, align="m", bold=sheet.chance(0.1))
        y += step
    if sheet.chance(0.25):
        _barcode(sheet, middle, y + step)


def invoice(sheet: Paper) -> None:
    """A firm's bill: addresses, a table with or without lines, sums at the right."""
    words, size = sheet.words, sheet.between(13, 20)
    step = size * sheet.between(1.2, 1.7)
    left = sheet.width * sheet.between(*MARGINS)
    right = sheet.width - left
    y = sheet.height * sheet.between(0.02, 0.06)
    if sheet.chance(0.5):
        _logo(sheet, right - 40, y)
    sheet.write(words.company(), left, y, size * sheet.between(1.1, 1.9), bold=True)
    y += step * 2
    sheet.write(words.one_of("titles"), left, y, size * sheet.between(1.2, 2), bold=sheet.chance(0.7))
    y += step * 2.2
    for line in (words.person, words.street, words.town):
        sheet.write(line(), left, y, size)
        sheet.write(f"{words.one_of('labels')}: {words.code()}", right, y, size, align="r")
        y += step
    y += step * sheet.between(0.5, 2)
    count = int(sheet.random.integers(3, 6))
    ends = left + (right - left) * np.append(np.sort(sheet.random.uniform(0.45, 0.9, count - 2)), 1)
    top, ruled, filled = y - step * 0.3, sheet.chance(0.5), sheet.chance(0.3)
    if filled:
        sheet.pen.rectangle((left, top, right, y + step), fill=60)
    colour = 250 if filled else None
    sheet.write(words.one_of("heads"), left + 4, y, size, bold=sheet.chance(0.5), colour=colour)
    for end in ends:
        sheet.write(words.one_of("heads"), end - 4, y, size, align="r", colour=colour)
    y += step * 1.3
    bottom = sheet.height * sheet.between(0.4, 0.75)
    while y < bottom:
        if ruled:
            sheet.rule(left, y - step * 0.2, right, y - step * 0.2, width=1)
        room = int((ends[0] - left) / size * 1.2)
        sheet.write(words.product()[: max(5, room - 8)], left + 4, y, size)
        for end in ends:
            sheet.write(words.number(), end - 4, y, size, align="r")
        y += step * (1.25 if ruled else sheet.between(1, 1.3))
    if ruled:
        sheet.rule(left, y, right, y, width=1)
        for x in (left, *ends):
            sheet.rule(x, top, x, y, width=1)
    y = _sums(sheet, sheet.width * sheet.between(0.4, 0.6), right, y + step * 0.6, size, step)
    _paragraph(sheet, left, right, y + step, size, step, int(sheet.random.integers(1, 4)))
    if sheet.chance(0.4):
        sheet.rule(left, sheet.height * 0.95, right, sheet.height * 0.95, width=1)
        sheet.write(f"{words.company()} · {words.town()}", sheet.width / 2, sheet.height * 0.955, size * 0.8, align="m")


def letter(sheet: Paper) -> None:
    """A letter: two addresses, a date, paragraphs, a signature."""
    words, size = sheet.words, sheet.between(13, 20)
    step = size * sheet.between(1.2, 1.6)
    left = sheet.width * sheet.between(0.07, 0.14)
    right = sheet.width - left
    y = sheet.height * sheet.between(0.03, 0.08)
    side = "r" if sheet.chance(0.5) else "l"
    for line in (words.company, words.street, words.town):
        sheet.write(line(), right if side == "r" else left, y, size, align=side)
        y += step
    y += step
    for line in (words.person, words.street, words.town):
        sheet.write(line(), left, y, size)
        y += step
    y += step
    sheet.write(words.date(), right, y, size, align="r")
    y += step * 2
    sheet.write(words.sentence(4), left, y, size, bold=True)
    y += step * 2
    for _ in range(int(sheet.random.integers(2, 5))):
        y = _paragraph(sheet, left, right, y, size, step, int(sheet.random.integers(2, 7))) + step
        if y > sheet.height * 0.75:
            break
    sheet.write(words.one_of("ends"), left, y, size)
    _scribble(sheet, left + sheet.width * 0.15, y + step * 2.5, sheet.width * 0.25)
    sheet.write(words.person(), left, y + step * 4, size)


def form(sheet: Paper) -> None:
    """A form: labels over or before boxes to fill in, some filled in by hand or by machine, boxes to tick."""
    words, size = sheet.words, sheet.between(13, 19)
    step = size * sheet.between(1.8, 2.6)
    left = sheet.width * sheet.between(*MARGINS)
    right = sheet.width - left
    y = sheet.height * sheet.between(0.03, 0.08)
    sheet.write(words.one_of("titles"), sheet.width / 2, y, size * sheet.between(1.3, 2), align="m", bold=True)
    y += step * 1.5
    while y < sheet.height * sheet.between(0.75, 0.9):
        if sheet.chance(0.15):
            y = _paragraph(sheet, left, right, y, size, size * 1.4, 2) + size
            continue
        for start, end in ((left, left + (right - left) * 0.47), (left + (right - left) * 0.53, right)):
            wide = sheet.write(words.one_of("fields"), start, y, size)
            kind = sheet.random.random()
            if end - start - wide < size * 2:
                continue
            if kind < 0.3:
                sheet.pen.rectangle((start + wide + 8, y - 2, end, y + size * 1.25), outline=sheet.ink)
            elif kind < 0.6:
                sheet.rule(start + wide + 8, y + size * 1.2, end, y + size * 1.2, dashed=sheet.chance(0.5), width=1)
            elif kind < 0.75:
                for index in range(int(max(0, (end - start - wide - 8) // (size * 1.1)))):
                    x = start + wide + 8 + index * size * 1.1
                    sheet.pen.rectangle((x, y - 1, x + size, y + size * 1.1), outline=sheet.ink)
            if kind < 0.6 and sheet.chance(0.5) and end - start - wide > size * 4:
                text = str(sheet.random.choice([words.person(), words.code(), words.date(), words.town()]))
                fits = int((end - start - wide - 14) / size * 1.4)
                sheet.write(text[:fits], start + wide + 14, y, size * 0.95)
        y += step
    for _ in range(int(sheet.random.integers(1, 4))):
        sheet.pen.rectangle((left, y, left + size, y + size), outline=sheet.ink, width=2)
        if sheet.chance(0.5):
            sheet.pen.line((left, y, left + size, y + size), sheet.ink, 2)
            sheet.pen.line((left + size, y, left, y + size), sheet.ink, 2)
        sheet.write(words.sentence(6), left + size * 1.6, y, size)
        y += size * 1.6


LAYOUTS: dict[str, Callable[[Paper], None]] = {"receipt": receipt, "invoice": invoice, "letter": letter, "form": form}


def _paragraph(sheet: Paper, left: float, right: float, y: float, size: float, step: float, lines: int) -> float:
    """Lines of sentences; the height after the last."""
    for number in range(lines):
        room = (right - left) * (1 if number < lines - 1 else sheet.between(0.3, 0.9))
        text, letters = "", font(sheet.hand[0], max(8, round(size)))
        while (wide := sheet.pen.textlength(text, letters)) < room:
            text = f"{text} {sheet.words.sentence(9)}".strip()
        sheet.write(text[: int(len(text) * room / wide)], left, y, size)
        y += step
    return y


def _sums(sheet: Paper, left: float, right: float, y: float, size: float, step: float) -> float:
    """Sums, some of them large; the height after the last."""
    for _ in range(int(sheet.random.integers(2, 6))):
        bold, tall = sheet.chance(0.25), size * (sheet.between(1.1, 1.6) if sheet.chance(0.25) else 1)
        sheet.write(sheet.words.one_of("sums"), left, y, tall, bold=bold)
        sheet.write(sheet.words.number(), right, y, tall, align="r", bold=bold)
        y += step * tall / size
    return y + step * 0.5


def _divided(sheet: Paper, left: float, right: float, y: float, step: float) -> float:
    if sheet.chance(0.7):
        sheet.rule(
            left,
            y + step * 0.4,
            right,
            y + step * 0.4,
            dashed=sheet.chance(0.6),
            width=int(sheet.random.integers(1, 3)),
        )
        return y + step * sheet.between(0.7, 1)
    return y


def _logo(sheet: Paper, x: float, y: float) -> float:
    """Something round, square or star-like; the height beneath it."""
    side = sheet.between(30, 90)
    where = (x - side / 2, y, x + side / 2, y + side)
    shade, kind = int(sheet.random.integers(0, 170)), sheet.random.integers(4)
    if kind == 0:
        sheet.pen.ellipse(where, outline=shade, width=int(sheet.random.integers(2, 12)))
    elif kind == 1:
        sheet.pen.rounded_rectangle(where, side / 5, fill=shade)
        sheet.pen.ellipse((x - side / 5, y + side * 0.3, x + side / 5, y + side * 0.7), fill=240)
    elif kind == 2:
        sheet.pen.regular_polygon((x, y + side / 2, side / 2), int(sheet.random.integers(3, 8)), fill=shade)
    else:
        noise = sheet.random.integers(0, 255, (6, 6), dtype=np.uint8)  # a photograph, as far as anyone can tell
        photograph = Image.fromarray(noise).resize((round(side * 1.5), round(side)), Image.Resampling.BICUBIC)
        sheet.picture.paste(photograph, (round(x - side * 0.75), round(y)))
    return y + side * 1.15


def _barcode(sheet: Paper, x: float, y: float) -> None:
    widths = sheet.random.integers(1, 5, 60) * 1.5
    start, tall = x - widths.sum() / 2, sheet.between(30, 60)
    for number, wide in enumerate(widths):
        if number % 2:
            sheet.pen.rectangle((start, y, start + wide - 1, y + tall), fill=sheet.ink)
        start += wide


def _scribble(sheet: Paper, x: float, y: float, wide: float) -> None:
    """A signature, or a note made in passing: not text that anybody reads."""
    count = int(sheet.random.integers(6, 16))
    across = np.linspace(x - wide / 2, x + wide / 2, count) + sheet.random.normal(0, wide / 20, count)
    down = y + sheet.random.normal(0, wide / 8, count)
    sheet.pen.line(
        list(zip(across, down, strict=True)),
        int(sheet.random.integers(0, 120)),
        int(sheet.random.integers(2, 5)),
        "curve",
    )


def stray_marks(sheet: Paper) -> None:
    """What people and machines leave on a page: rubber stamps, punched holes, ticks, strokes, circles."""
    random = sheet.random
    for _ in range(int(random.integers(0, 4))):
        x, y = sheet.between(0.1, 0.9) * sheet.width, sheet.between(0.05, 0.95) * sheet.height
        kind = random.integers(5)
        if kind == 0:
            _scribble(sheet, x, y, sheet.between(40, 180))
        elif kind == 1:
            _rubber_stamp(sheet, x, y)
        elif kind == 2:
            r = sheet.between(8, 24)
            x = sheet.width * 0.06 if sheet.chance(0.5) else x
            sheet.pen.ellipse((x - r, y - r, x + r, y + r), fill=int(random.integers(0, 60)))
        elif kind == 3:
            r = sheet.between(20, 70)
            sheet.pen.ellipse((x - r * 1.6, y - r, x + r * 1.6, y + r), outline=int(random.integers(0, 120)), width=3)
        else:
            sheet.pen.line((x, y, x + 12, y + 18, x + 45, y - 30), int(random.integers(0, 120)), 4, "curve")


def _rubber_stamp(sheet: Paper, x: float, y: float) -> None:
    """A ring with a word in it, turned and faint, over whatever is there; nobody means it to be read as a line."""
    side = round(sheet.between(90, 170))
    ring = Image.new("L", (side, side), 0)
    pen = ImageDraw.Draw(ring)
    pen.ellipse((3, 3, side - 4, side - 4), outline=255, width=5)
    pen.text((side / 2, side / 2), "PAID", 255, font(HANDWRITING, side // 4), anchor="mm")
    ring = ring.rotate(sheet.between(-40, 40), Image.Resampling.BILINEAR).filter(ImageFilter.GaussianBlur(0.8))
    shade = Image.new("L", ring.size, int(sheet.random.integers(60, 150)))
    sheet.picture.paste(shade, (round(x - side / 2), round(y - side / 2)), ring.point(lambda value: int(value * 0.7)))
