"""The README's tables of the owner's side, drawn from the recorded figures."""

from dsn.results.store import read_results
from dsn.results.text import accuracy_text, group_text, made_by, markdown_table


def mint_table() -> str:
    """The README's table of quick mints, one a seed, and of the demo teacher behind them."""
    rows = list(read_results("mint").values())
    minted = [row for row in rows if row["what"] == "quick mint"]
    if not minted:
        return "Not measured yet."
    lines = [
        [
            f"{row['task']}, seed {row['seed']}",
            f"{row['seconds']:.0f} ({row['processor_seconds']:.0f}; {row['load_before']:.1f})",
            accuracy_text(row["valid"]),
            accuracy_text(row["absent"]),
            group_text(row["random_wrong"]),
            group_text(row["one_bit_wrong"]),
            accuracy_text(row["probe_on_raw"]),
        ]
        for row in minted
    ]
    head = ["quick mint", "seconds (of processor time; load before)", "valid", "absent"]
    head += ["random wrong: mean / worst", "one bit wrong: mean / worst", "linear probe on raw"]
    teachers = [
        f"The demo teacher of {row['task']} is right on {accuracy_text(row['test'])} % without any serial."
        for row in rows
        if row["what"] == "demo teacher"
    ]
    return f"{markdown_table(head, lines)}\n\n{' '.join(teachers)}\nMeasured with {made_by(*minted)}."


def trace_table() -> str:
    """The README's table of traces: how often they are right, and how long one takes."""
    rows = read_results("trace")
    traces = [row for row in rows.values() if row["what"] == "traces"]
    if not traces:
        return "Not measured yet."

    def ledger_text(row: dict | None) -> str:
        if row is None:
            return "not measured yet"
        return f"{row['seconds']:.1f} ({row['processor_seconds']:.1f}; {row['load_before']:.1f})"

    lines = [
        [
            row["task"],
            *(f"{row[kind]['correct']} of {row[kind]['n']}" for kind in ("ours", "foreign")),
            ledger_text(rows.get(f"{row['task']}-ledger")),
        ]
        for row in traces
    ]
    head = ["application", "ours: named rightly", "not ours: nobody named"]
    head += ["a ledger of 1,000 entries: seconds (of processor time; load before)"]
    return f"{markdown_table(head, lines)}\n\nMeasured with {made_by(*traces)}."
