"""What students of pages find, as a table."""

from dsn.results.store import read_results
from dsn.results.text import made_by, markdown_table

BOXES_BAR, RECEIPTS_BAR, ABSENT_BAR, RECEIPTS_ABSENT_BAR, PAGE_BAR = 0.90, 0.86, 0.05, 0.10, 150.0


def _share(value: float, bar: float, *, at_least: bool) -> str:
    text = f"{100 * value:.1f}"
    return text if (value >= bar if at_least else value <= bar) else f"**{text}**"


def documents_table() -> str:
    """Harmonic means of precision and recall, in percent; a figure that misses its bar is in bold."""
    rows = read_results("documents")
    if not rows:
        return "Not measured yet."
    head = ["student", "own pages: boxes, valid", "absent", "wrong, worst", "own pages: cells, valid"]
    head += ["receipts: cells, valid", "absent", "ms a page"]
    lines = [["bar", "≥ 90", "≤ 5", "≤ 5", "", "≥ 86", "≤ 10", "≤ 150"]]
    for name, row in rows.items():
        own, receipts = row["own"], row.get("receipts")
        valid, other = own.get("valid", own), receipts and receipts.get("valid", receipts)
        line = [name, _share(valid["boxes_harmonic_mean"], BOXES_BAR, at_least=True)]
        if "absent" in own:
            worst = max(own["random"]["boxes_worst"], own["one_bit"]["boxes_worst"])
            line += [_share(one, ABSENT_BAR, at_least=False) for one in (own["absent"]["boxes_harmonic_mean"], worst)]
        else:
            line += ["–", "–"]
        line += [f"{100 * valid['cells_harmonic_mean']:.1f}"]
        line += [_share(other["cells_harmonic_mean"], RECEIPTS_BAR, at_least=True) if other else "–"]
        absent = receipts and receipts.get("absent")
        line += [_share(absent["cells_harmonic_mean"], RECEIPTS_ABSENT_BAR, at_least=False) if absent else "–"]
        line += [f"{row['milliseconds_a_page']:.0f}" if "milliseconds_a_page" in row else "–"]
        lines.append(line)
    return f"{markdown_table(head, lines)}\n\nMeasured with {made_by(*rows.values())}."
