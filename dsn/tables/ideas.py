"""Every idea against the thief who trains further, and its figures: lines for README and page.

Only recorded figures are read; nothing is measured here.
"""

from dataclasses import dataclass
from typing import Any

from dsn.results.store import read_results

DASH = "–"


@dataclass(frozen=True)
class IdeaLine:
    """One idea with its figures as text; a dash where nothing was recorded.

    Attributes:
        name: in the results.
        what: in a sentence.
        valid: right with the valid serial, in percent.
        one_bit: mean and worst of the serials one bit off.
        stolen: what the thief's best network reaches.
        minus_scratch: that, minus what one begun with nothing reaches.
        grey: what a grey pattern, found by descending through smoothed activations, comes to at most.
        colluded: what three customers come to without a serial.
        kept: whether the shipped students are made this way.
    """

    name: str
    what: str
    valid: str
    one_bit: str
    stolen: str
    minus_scratch: str
    grey: str
    colluded: str
    kept: bool


def idea_lines(rows: dict[str, Any] | None = None) -> list[IdeaLine]:
    """A line for every recorded idea, the shipped recipe first.

    Args:
        rows: of the results; None for the recorded ones.
    """
    rows = read_results("ideas") if rows is None else rows
    lines = [
        IdeaLine(
            name=name,
            what=row["what"],
            valid=f"{row['valid']:.2f}",
            one_bit=f"{row['one_bit_mean']:.2f} / {row['one_bit_worst']:.2f}",
            stolen=f"{row['fine_tuning']['best']['mean']:.2f}",
            minus_scratch=f"{row['fine_tuning']['best_minus_scratch']['mean']:+.2f}",
            grey=f"{row['grey_worst']:.2f}" if "grey_worst" in row else DASH,
            colluded=f"{row['collusion_absent']:.2f}" if "collusion_absent" in row else DASH,
            kept=row["kept"],
        )
        for name, row in rows.items()
    ]
    return sorted(lines, key=lambda line: not line.kept)


def any_colluded(lines: list[IdeaLine]) -> bool:
    """Whether there is anything to say on colluding customers."""
    return any(line.colluded != DASH for line in lines)
