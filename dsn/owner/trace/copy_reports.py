"""What patterns tell about a network, in words and as plain values."""

from typing import Any

from dsn.owner.copies.carriers import Carriers
from dsn.owner.trace.reports import REVOKED, p_text


def copy_lines(found: Carriers) -> list[str]:
    """The report as lines of text: none where there was nothing to compare with."""
    if not found.compared:
        return []
    if not found.named:
        return [f"It carries the pattern of none of the {found.compared:,} copies in the ledger."]
    labels = [one.entry.label for one in found.named]
    if len(labels) == 1:
        lines = [f"This was made from the copy of {labels[0]}: it carries that customer's pattern."]
    else:
        lines = [f"This was made from the copies of {' and '.join(labels)}, mixed: it carries each one's pattern."]
    for one in found.named:
        lines.append(
            f"  {one.entry.label} ({one.entry.status}): {one.score:.1f} standard deviations; p {p_text(one.p)} that "
            f"any of {found.compared:,} patterns scores so high without being there"
        )
        if one.entry.revoked_on:
            why = one.entry.reason or "no reason given"
            lines.append(f"  {one.entry.label} was revoked on {one.entry.revoked_on}: {why}. {REVOKED}")
    return lines


def copies_as_json(found: Carriers) -> dict[str, Any]:
    """Plain values, without serials."""
    return {
        "compared": found.compared,
        "named": [one.entry.label for one in found.named],
        "strongest": [{"label": one.entry.label, "score": one.score, "p": one.p} for one in found.strongest],
    }
