"""The table of pictures that people bring, drawn from the recorded figures."""

from dsn.results.store import read_results
from dsn.results.text import accuracy_text, made_by, markdown_table


def pictures_table() -> str:
    """Right answers by kind of picture, with the bar; a figure that misses it is in bold."""
    rows = read_results("pictures").values()
    if not rows:
        return "Not measured yet."
    lines = []
    for row in rows:
        text = accuracy_text(row["right"])
        met = row["right"]["percent"] >= row["bar"]
        lines.append([row["kind"], str(row["right"]["n"]), text if met else f"**{text}**", f"≥ {row['bar']}"])
    table = markdown_table(["kind", "pictures", "right, percent", "bar"], lines)
    return f"{table}\n\nMeasured with {made_by(*rows)}."
