"""The table of pictures that people bring, drawn from the recorded figures."""

from typing import Any

from dsn.measuring.brought.scenes import KEY
from dsn.results.store import read_results
from dsn.results.text import accuracy_text, made_by, markdown_table


def pictures_table() -> str:
    """Right answers by kind of picture, with the bar; a figure that misses it is in bold."""
    rows = read_results("pictures")
    places = rows.pop(KEY, None)
    if not rows:
        return "Not measured yet."
    lines = []
    for row in rows.values():
        text = accuracy_text(row["right"])
        met = row["right"]["percent"] >= row["bar"]
        lines.append([row["kind"], str(row["right"]["n"]), text if met else f"**{text}**", f"≥ {row['bar']}"])
    table = markdown_table(["kind", "pictures", "right, percent", "bar"], lines)
    text = f"{table}\n\nMeasured with {made_by(*rows.values())}."
    return f"{text}\n\n{places_text(places)}" if places else text


def places_text(row: dict[str, Any]) -> str:
    """What became of signs in made scenes, in words."""
    return (
        f"Of {row['scenes']} signs in made scenes `signs/alder` reads {row['whole']['correct']} in the whole picture, "
        f"{row['box']['correct']} in the suggested box and {row['place']['correct']} in a box drawn where the sign "
        f"is; {row['found']['correct']} suggestions overlap the sign by more than half. Measured with {made_by(row)}."
    )
