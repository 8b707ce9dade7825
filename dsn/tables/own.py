"""The table of applications that were made from folders, as their results file has them."""

from dsn.results.store import read_results
from dsn.results.text import accuracy_text, group_text, made_by, markdown_table

TEACHER = "teacher"


def own_table() -> str:
    """A line for each student that was made from a folder by the two commands, beside its teacher."""
    rows = read_results("own")
    students = {key: row for key, row in rows.items() if not key.endswith(f"/{TEACHER}")}
    if not students:
        return "Not measured yet."
    lines = []
    for key, row in students.items():
        name = key.split("/")[0]
        teacher = rows[f"{name}/{TEACHER}"]
        lines.append(
            [
                key,
                accuracy_text(teacher["test"]),
                accuracy_text(row["valid"]),
                accuracy_text(row["absent"]),
                group_text(row["random_wrong"]),
                group_text(row["one_bit_wrong"]),
                f"{row['chance']['majority']:.2f}",
            ]
        )
    head = ["percent", "teacher", "valid", "no serial", "random wrong: mean / worst", "one bit wrong: mean / worst"]
    table = markdown_table([*head, "most frequent class"], lines)
    times = "; ".join(_times(key, row) for key, row in rows.items() if key.endswith(f"/{TEACHER}"))
    return f"{table}\n\nBoth commands together: {times}. Measured with {made_by(*students.values())}."


def _times(key: str, row: dict) -> str:
    """How long both commands took, with so many customers."""
    times, name = row["times"], key.split("/")[0]
    clock, used = (
        sum(times[part][what] for part in ("application", "rebuild")) for what in ("seconds", "processor_seconds")
    )
    whose = "1 customer" if times["customers"] == 1 else f"{times['customers']} customers"
    return f"{name}, {whose}: {clock:,.0f} s by the clock, {used:,.0f} s of processors, {row['arithmetic']}"
