"""Figures as text and tables in Markdown."""

from collections.abc import Iterable

from dsn.results.store import provenance_of

MARKUP = frozenset("&<>\"'`*_[]()#|!\\~:")  # the colon ends a scheme of an address


def accuracy_text(value: dict | None) -> str:
    """An accuracy with its interval, as tables show it."""
    return f"{value['percent']:.2f} ({value['low']:.2f}–{value['high']:.2f})" if value else "–"


def group_text(value: dict | None) -> str:
    """A group of serials: mean and worst accuracy."""
    return f"{value['mean']:.2f} / {value['worst']['percent']:.2f}" if value else "–"


def bold_if_missed(text: str, met: bool) -> str:
    """A figure in Markdown, in bold where it misses its bar."""
    return text if met else f"**{text}**"


def markdown_table(head: list[str], lines: list[list[str]]) -> str:
    """A table in Markdown."""
    return "\n".join("| " + " | ".join(line) + " |" for line in [head, ["---"] * len(head), *lines])


def escaped(text: str) -> str:
    """A text that came from elsewhere, so that Markdown shows it as it is: no markup, no links, no cells."""
    return "".join(f"&#{ord(one)};" if one in MARKUP else one for one in text)


def made_by(*rows: dict) -> str:
    """Seed, commit, device and date of rows, in words, each combination once."""
    made = (f"seed {row['seed']}, commit {row['commit']}, {row['device']}, {row['date']}" for row in rows)
    return "; ".join(dict.fromkeys(made))


def made_over(rows: Iterable[dict]) -> str:
    """Seeds, commits, devices and dates of several rows, in a sentence."""
    origin = provenance_of(rows)
    seeds, dates = (
        f"{first}" if first == last else f"{first} to {last}"
        for first, last in ((origin.fewest, origin.most), (origin.first, origin.last))
    )
    where = f"commits {', '.join(origin.commits)}, {' and '.join(origin.devices)}"
    return f"Measured with {seeds} seed{'s' if origin.most > 1 else ''} each, {where}, {dates}."
