"""What students of pages find, as a table."""

from typing import Any

from dsn.results.store import read_results
from dsn.results.text import bold_if_missed, made_by, markdown_table

BOXES_BAR, RECEIPTS_BAR, ABSENT_BAR, RECEIPTS_ABSENT_BAR, PAGE_BAR = 0.90, 0.86, 0.05, 0.10, 150.0


def _share(value: float, bar: float, *, at_least: bool) -> str:
    return bold_if_missed(f"{100 * value:.1f}", value >= bar if at_least else value <= bar)


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


def document_attacks_table() -> str:
    """What attacks on students of pages come to: harmonic means in percent, cells and boxes."""
    rows = read_results("document_attacks")
    if not rows:
        return "Not measured yet."
    lines = [
        ["with its serial, for comparison", *(_both(row["valid"]) for row in rows.values())],
        ["last ReLU removed, bent or moved, best way", *(_both(row["opened"]) for row in rows.values())],
        ["one unit of the glance taken to fire", *(_both(row["opened_by_a_unit"]) for row in rows.values())],
        ["bits of the serial that stand in a unit's weights, of 64", *(str(row["bits_read"]) for row in rows.values())],
        ["tuned with a tenth of the pages, best way", *(_both(_best_tuned(row)) for row in rows.values())],
        ["the same pages without the student", *(_both(row["tuned"]["scratch"]) for row in rows.values())],
        ["random serials with which half of a page is found", *(_by_chance(row["chance"]) for row in rows.values())],
    ]
    pages = next(iter(rows.values()))["settings"]["pages"]
    return f"{markdown_table(['attack', *rows], lines)}\n\nOn {pages} unseen pages, {made_by(*rows.values())}."


def _both(found: dict[str, float]) -> str:
    return " / ".join(f"{100 * found[f'{what}_harmonic_mean']:.1f}" for what in ("cells", "boxes"))


def _best_tuned(row: dict[str, Any]) -> dict[str, float]:
    tuned = (one for name, one in row["tuned"].items() if name != "scratch")
    return max(tuned, key=lambda one: one["cells_harmonic_mean"])


def _by_chance(chance: dict[str, float]) -> str:
    return f"{chance['working']} of {chance['serials']}, {chance['serials_a_second']:g} a second"
