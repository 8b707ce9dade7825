"""The table of how long the tests take, drawn from the recorded runs."""

from dsn.results.store import read_results
from dsn.results.text import made_by, markdown_table


def tests_table() -> str:
    """Each command on each kind of processor: how many tests, how long."""
    rows = read_results("tests").values()
    if not rows:
        return "Not measured yet."
    lines = [
        [
            f"`{row['what']}`",
            f"{row['tests']:,}",
            f"{row['cores']} cores, {row['instructions']}, {row['arithmetic']}; load before {row['load_before']:.1f}",
            f"{row['seconds']:.0f}",
            f"≤ {row['bar']:.0f}",
            "yes" if row["met"] else "**no**",
        ]
        for row in rows
    ]
    return (
        f"{markdown_table(['command', 'tests', 'on', 'seconds', 'bar', 'met'], lines)}\n\nTimed with {made_by(*rows)}."
    )
