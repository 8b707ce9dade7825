"""What the page takes under load, drawn from the recorded figures."""

from dsn.results.store import read_results
from dsn.results.text import made_by

PEAKS = ("load-peak", "mixed-peak")


def load_text() -> str:
    """The most memory that the app held, in a sentence."""
    rows = read_results("bench")
    peaks = [rows[key] for key in PEAKS if key in rows]
    if not peaks:
        return "Not measured yet."
    most = max(row["numerator"] for row in peaks)
    return (
        f"Under a crowd, and under mixed use for a long time ([speed](dsn/bench/README.md)), the app held at most "
        f"{most:,.0f} MB of memory. Measured with {made_by(*peaks)}."
    )
