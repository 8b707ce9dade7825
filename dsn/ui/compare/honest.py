"""What a lock does and does not stop, in one line from recorded figures, and the attack that shows it."""

from dataclasses import dataclass

from markupsafe import Markup

from dsn.results.store import read_results
from dsn.student.config import StudentConfig
from dsn.ui.rendering import fill
from dsn.ui.texts import Texts

SHORT = 9  # bits
OPENING, EVERY = "opening", "brute-force"
RECORDED_ON = "alder"  # the customer whose student the attacks are recorded on


@dataclass(frozen=True)
class Honest:
    """One line.

    Attributes:
        text: what the lock is, and the worst that is known of it.
        see: what the link to the attack says.
        attack: which one it leads to.
    """

    text: Markup
    see: str
    attack: str


def honest_line(texts: Texts, config: StudentConfig) -> Honest:
    """The line for a student's lock; a dash stands for a figure that was not recorded."""
    said, lock = texts["panels"], config.lock
    if config.bit_count == SHORT:
        return Honest(fill(said[f"honest_{lock}_short"]), said["see"], EVERY)
    row = read_results("attacks").get(f"{config.task}/{RECORDED_ON}/{OPENING}/10")
    figure = f"{row['figures']['best']['mean']:.1f}" if row else "–"
    pictures = f"{row['test_pictures']:,}" if row else "–"
    see = said["see" if lock == "stamped" else "see_tried"]
    return Honest(fill(said[f"honest_{lock}"], figure=figure, pictures=pictures), see, OPENING)
