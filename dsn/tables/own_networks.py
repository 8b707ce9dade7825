"""The table of locked own networks, drawn from the recorded figures."""

from dsn.results.store import read_results
from dsn.results.text import accuracy_text, bold_if_missed, group_text, made_by, markdown_table

BELOW_MODEL, ABOVE_CHANCE = 1.0, 2.0  # points: the bars
TITLES = {"stamped": "trained", "sealed": "sealed"}


def own_networks_table() -> str:
    """A line for each network and lock; a figure that misses its bar is in bold."""
    rows = list(read_results("own_networks").values())
    if not rows:
        return "Not measured yet."
    head = ["network", "lock", "the network", "with the serial", "without", "wrong serials: mean / worst"]
    head += ["one bit wrong: mean / worst", "thief: opened", "thief: trained on", "thief: from nothing"]
    lines = []
    for row in rows:
        least, most = row["model"]["percent"] - BELOW_MODEL, row["chance"] + ABOVE_CHANCE
        thief = row.get("worth", {})
        lines.append(
            [
                f"`{row['architecture']}`",
                TITLES[row["lock"]],
                accuracy_text(row["model"]),
                bold_if_missed(accuracy_text(row["valid"]), row["valid"]["percent"] >= least),
                bold_if_missed(accuracy_text(row["absent"]), row["absent"]["percent"] <= most),
                bold_if_missed(group_text(row["wrong"]), row["wrong"]["mean"] <= most),
                group_text(row["one_bit_wrong"]),
                *(accuracy_text(thief.get(key)) for key in ("opened", "tuned", "scratch")),
            ]
        )
    return f"{markdown_table(head, lines)}\n\nMeasured with {made_by(*rows)}."
