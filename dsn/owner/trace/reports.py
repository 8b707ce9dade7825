"""A trace in words and as plain values."""

from typing import Any

from dsn.owner.trace.tracing import Evidence, Trace

VERDICTS = {
    "exact": "This is {named}: its weights are, bit by bit, those that were issued.",
    "serial": "This is a copy of {named}, changed since: it is unlocked by that customer's serial.",
    "weights": "This is a copy of {named}, changed since: its weights are near that network's and near no other's.",
    "serial and weights": (
        "This is a copy of {named}, changed since: it is unlocked by that customer's serial, and its weights are "
        "near that network's."
    ),
    "conflict": (
        "The evidence contradicts itself: the serial says {first}, the weights say {second}. "
        "Accuse nobody on this alone."
    ),
    "sealed": (
        "It is sealed as it was issued to somebody, and no serial that was issued opens it: "
        "its config.json must lie beside it."
    ),
    "none": "None of ours: no serial unlocks it, and its weights are near none of the networks that are kept.",
}
REVOKED = "Revoking ended updates and marked the ledger; it cannot switch off a network that others hold."


def verdict(trace: Trace) -> str:
    """The verdict in a sentence or two."""
    names = list(trace.named)
    first, second = (*names, "", "")[:2]
    return VERDICTS[trace.how].format(named=" and ".join(names), first=first, second=second)


def lines(trace: Trace, most: int = 5) -> list[str]:
    """The report as lines of text: verdict, confidence, then the strongest pieces of evidence."""
    found = [verdict(trace)]
    if trace.how == "exact":
        found.append("Confidence: certain, as far as SHA-256 is.")
    elif trace.how not in ("none", "sealed"):
        found.append(f"Confidence: p {p_text(trace.p)} if it were not, corrected for all that was compared.")
    for one in trace.evidence:
        if one.issued.label in trace.named and one.issued.note:
            found.append(f"{one.issued.label} was {one.issued.note}. {REVOKED}")
    found.append(f"Tried: {trace.tried} serials; compared: the weights of {trace.compared} kept students.")
    found += [f"  {text}" for one in trace.evidence[:most] for text in _evidence(one)]
    return found


def as_json(trace: Trace) -> dict[str, Any]:
    """Plain values, without serials."""
    return {
        "verdict": verdict(trace),
        "how": trace.how,
        "named": list(trace.named),
        "p": trace.p,
        "tried": trace.tried,
        "compared": trace.compared,
        "evidence": [
            {
                "label": one.issued.label,
                "status": one.issued.status,
                "note": one.issued.note,
                "exact": one.exact,
                "serial": one.unlocking
                and {
                    **one.unlocking.answered.as_json(),
                    "silent": one.unlocking.silent,
                    "best_random": one.unlocking.best_answered.as_json(),
                    "p": one.unlocking.p,
                },
                "weights": one.closeness
                and {"distance": one.closeness.distance, "place": one.closeness.place, "p": one.closeness.p},
            }
            for one in trace.evidence
        ],
    }


def _evidence(one: Evidence) -> list[str]:
    found = [f"{one.issued.label} ({one.issued.status})" + (": the very weights" if one.exact else "")]
    if one.unlocking is not None:
        low, high = one.unlocking.answered.interval
        found.append(
            f"  with its serial {one.unlocking.answered.percent:.1f} % right ({100 * low:.1f}-{100 * high:.1f}, "
            f"N = {one.unlocking.answered.count}), no answer to {one.unlocking.silent}; "
            f"best of {one.unlocking.others} random serials "
            f"{one.unlocking.best_answered.percent:.1f} %; p {p_text(one.unlocking.p)}"
        )
    if one.closeness is not None:
        place = one.closeness.place
        where = "no other to compare with" if place is None else f"place {place:.2f} (0: from it; 1/2 or more: not)"
        found.append(f"  weights {100 * one.closeness.distance:.1f} % away; {where}; p {p_text(one.closeness.p)}")
    return found


def p_text(value: float) -> str:
    """A p-value as people read it, with its sign of relation: "= 0.02", "< 1e-300"."""
    if value < 1e-300:
        return "< 1e-300"
    return f"= {value:.2f}" if value >= 0.01 else f"= {value:.1e}"
