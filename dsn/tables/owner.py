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
            f"{row['threads']}, {row['arithmetic']}, {row['instructions']}",
            f"{row['seconds']:.0f} ({row['processor_seconds']:.0f}; {row['load_before']:.1f})",
            accuracy_text(row["valid"]),
            accuracy_text(row["absent"]),
            group_text(row["random_wrong"]),
            group_text(row["one_bit_wrong"]),
            accuracy_text(row["probe_on_raw"]),
        ]
        for row in minted
    ]
    head = ["quick mint", "threads, arithmetic, instructions", "seconds (of processor time; load before)"]
    head += ["valid", "absent", "random wrong: mean / worst", "one bit wrong: mean / worst", "linear probe on raw"]
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


def copies_table() -> str:
    """The README's tables of copies: minting them, what a pattern costs, and whom it names."""
    rows = read_results("copies")
    tasks = dict.fromkeys(row["task"] for row in rows.values())
    patterns = [row for row in rows.values() if row["what"] == "patterns"]
    if not rows:
        return "Not measured yet."
    costs = [
        [task, *_minting_cells(rows.get(f"{task}-minting")), *_accuracy_cells(rows.get(f"{task}-accuracy"))]
        for task in tasks
    ]
    head = ["application", "copies minted: seconds (of processor time; load before)", "memory grew by"]
    head += ["in the ledger: MB, files", "one delivered: seconds", "accuracy of the original"]
    head += ["of copies: mean, worst"]
    named = [
        [
            f"{row['task']}, {row['change']}",
            *(f"{row['named'][size]} of {row['trials']}" for size in row["named"]),
            " / ".join(str(count) for count in row["falsely"].values()),
            " / ".join(f"{score:.0f}" for score in row["weakest"].values()),
            f"{row['stranger']:.1f} ({row['least_score'][max(row['least_score'], key=int)]:.1f})",
        ]
        for row in patterns
    ]
    sizes = [f"{int(size):,}" for size in patterns[0]["named"]] if patterns else []
    titles = ["copies of 1 to 5 customers, averaged and then", *(f"one of them named among {size}" for size in sizes)]
    titles += [f"anybody else named, of {' / '.join(sizes)}", "weakest score of the best of 1 / 2 / 3 / 4 / 5"]
    titles += ["highest score of anybody else (named from)"]
    tables = [markdown_table(head, costs), *([markdown_table(titles, named)] if named else [])]
    return "\n\n".join([*tables, f"Measured with {made_by(*rows.values())}."])


def distilled_table() -> str:
    """The README's table of copies made by asking, and whether a customer's own answers on odd pictures name him."""
    rows = list(read_results("distilled_copies").values())
    if not rows:
        return "Not measured yet."
    lines = [
        [
            f"{row['task']}, {words}",
            *(f"{side[key]:.2f}" for key in ("valid", "absent", "copies_right", "agreement")),
            f"{side['copies_agreement']['mean']:.2f} ({side['copies_agreement']['lowest']:.2f} to "
            f"{side['copies_agreement']['highest']:.2f})",
            f"{side['named']} of {side['copies']}",
            f"{side['falsely']} of {side['copies']}",
        ]
        for row in rows
        for words, side in (("taught own answers", row["taught"]), ("not taught", row["plain"]))
    ]
    head = ["students, percent", "valid", "absent", "copies of them", "agreeing with their customer's answers"]
    head += ["copies agreeing: mean (from to)", "copies that name their customer", "that name another"]
    (row,) = rows
    settings = row["settings"]
    least = 100 * row["least_agreement"] / settings["odd"]
    asked = f"{settings['odd']:,} odd pictures, {settings['listed']} customers; named from {least:.2f} % on."
    return f"{markdown_table(head, lines)}\n\n{asked} Measured with {made_by(*rows)}."


def _minting_cells(row: dict | None) -> list[str]:
    if row is None:
        return ["–"] * 4
    return [
        f"{row['customers']:,}: {row['seconds']:.0f} ({row['processor_seconds']:.0f}; {row['load_before']:.1f})",
        f"{row['memory_growth_mb']:.0f} MB",
        f"{row['ledger_customers']:,}: {row['ledger_mb']:.1f} MB, {row['files']} files",
        f"{row['delivery_seconds']:.2f}",
    ]


def _accuracy_cells(row: dict | None) -> list[str]:
    if row is None:
        return ["–"] * 2
    worst = row["worst"]["percent"]
    return [accuracy_text(row["before"]), f"{row['mean']:.2f}, {worst:.2f} (N = {row['customers']})"]
