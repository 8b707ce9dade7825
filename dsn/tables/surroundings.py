"""The table of where the app was tried, drawn from the recorded tries."""

from dsn.results.store import read_results
from dsn.results.text import made_by, markdown_table


def surroundings_table() -> str:
    """Where the app was started, and whether the page answered; what it said where it did not."""
    rows = read_results("surroundings").values()
    if not rows:
        return "Not tried yet."
    lines = [[row["what"], row["python"], "works" if row["works"] else f"**{row['said']}**"] for row in rows]
    return f"{markdown_table(['started in', 'Python', 'the page'], lines)}\n\nTried with {made_by(*rows)}."
