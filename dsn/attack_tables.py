"""What the attacks came to, beside their bars and the paper's figures: lines for README and page.

Only recorded figures are read; nothing is measured here.
"""

from dataclasses import dataclass, field
from typing import Any

from dsn.results import read_results
from dsn.tasks import TASKS

CUSTOMER = "alder"  # whose students the recorded attacks are on
SHORT_CUSTOMER = "paper"  # the customer with a 9-bit serial
MEAN, LOWEST, HIGHEST = "mean", "lowest", "highest"
CHANCE = {"digits": 12.0, "signs": 8.0}  # at most: guessing, with the room the demo's own bars for absent give
NONE_BETTER = {"digits": 0.0, "signs": 0.0}
SHARES_APART = " / "  # between the figures for several shares of the data


@dataclass(frozen=True)
class Line:
    """One figure of one attack, for every application.

    Attributes:
        attack: name in the registry.
        what: the figure in words.
        figures: its names in the results; of several the worst for the owner counts.
        over_seeds: "mean", "lowest" or "highest".
        bars: the most it may be, by application; none where nothing was promised.
        at_least: the bars are the least it may be.
        paper: which of the paper's figures stand beside it; of two, the first minus the second.
        customer: whose student.
        unit: after every figure, such as " bits".
    """

    attack: str
    what: str
    figures: tuple[str, ...]
    over_seeds: str = MEAN
    bars: dict[str, float] = field(default_factory=dict)
    at_least: bool = False
    paper: tuple[str, ...] = ()
    customer: str = CUSTOMER
    unit: str = ""


@dataclass(frozen=True)
class Cell:
    """A line for one application.

    Attributes:
        text: the figures, one for each recorded share of the data; a dash where nothing was recorded.
        bar: as text, or a dash.
        paper: what the paper reports, or a dash.
        met: whether every share meets the bar; None without bar or figures.
        shares: of the training data, in percent.
    """

    text: str
    bar: str
    paper: str
    met: bool | None
    shares: tuple[int, ...] = ()

    @property
    def paper_is_by_share(self) -> bool:
        """Whether the paper has a figure for each of several shares of the data."""
        return SHARES_APART in self.paper

    @property
    def is_by_share(self) -> bool:
        """Whether it has to be said which shares of the data ours are for: they or the paper's are several."""
        return bool(self.shares) and (len(self.shares) > 1 or self.paper_is_by_share)


MODES = ("plain", "leaky", "smooth", "recalibrated")

LINES = (
    Line(
        "reverse-engineering",
        "reverse engineering (Eq. 10), plain: mean of 10 restarts",
        ("plain_mean",),
        bars=CHANCE,
        paper=("reverse-engineering",),
    ),
    Line(
        "reverse-engineering",
        "the same, the best of three adaptive ways: mean of 10 restarts",
        tuple(f"{mode}_mean" for mode in MODES[1:]),
        bars=CHANCE,
    ),
    Line(
        "reverse-engineering",
        "the same, every way: best restart of all seeds",
        tuple(f"{mode}_worst" for mode in MODES),
        HIGHEST,
        bars={"digits": 20.0, "signs": 15.0},
    ),
    Line(
        "gradient-search",
        "gradient search, place known: fewest of 64 bits wrong",
        ("fewest_bits_wrong",),
        LOWEST,
        bars={"digits": 16.0, "signs": 16.0},
        at_least=True,
        unit=" bits",
    ),
    Line("gradient-search", "gradient search: best pattern's accuracy", ("best_accuracy",), HIGHEST, bars=CHANCE),
    Line(
        "hill-climbing",
        "hill climbing on answers, 100,000 queries",
        ("classes_accuracy", "probabilities_accuracy"),
        HIGHEST,
        bars=CHANCE,
    ),
    Line("fine-tuning", "fine-tuning, the best way", ("best",), paper=("fine-tuning",)),
    Line("fine-tuning", "the same data without the student", ("scratch_last",), paper=("fine-tuning, scratch",)),
    Line(
        "fine-tuning",
        "fine-tuning minus scratch",
        ("best_minus_scratch",),
        bars=NONE_BETTER,
        paper=("fine-tuning", "fine-tuning, scratch"),
    ),
    Line(
        "fine-tuning",
        "epochs to scratch's final accuracy, over scratch's own",
        ("epochs_over_scratch",),
        bars={"digits": 1.0, "signs": 1.0},
        at_least=True,
    ),
    Line("patient-tuning", "fine-tuning in no hurry, the best way", ("best",)),
    Line("patient-tuning", "fine-tuning in no hurry, minus scratch", ("best_minus_scratch",), bars=NONE_BETTER),
    Line(
        "overwriting",
        "overwriting with a new serial, minus scratch",
        ("best_minus_scratch",),
        bars=NONE_BETTER,
    ),
    Line(
        "overwriting",
        "the same, on raw pictures, as the paper has it",
        ("raw_best_minus_scratch",),
        bars=NONE_BETTER,
        paper=("overwriting", "fine-tuning, scratch"),
    ),
    Line(
        "overwriting",
        "overwriting: right with the old serial afterwards",
        tuple(f"{way}_old_serial" for way in ("labels", "fresh_dense", "recalibrated", "own_answers")),
    ),
    Line(
        "transfer",
        "transfer to other classes, minus scratch",
        ("best_minus_scratch",),
        bars=NONE_BETTER,
        paper=("transfer", "transfer, scratch"),
    ),
    Line(
        "pruning",
        "pruning up to 20 %: valid loses at most",
        ("valid_loss_to_20",),
        HIGHEST,
        bars={"digits": 0.5, "signs": 0.5},
        paper=("valid", "pruned, valid"),
    ),
    Line(
        "pruning",
        "pruning up to 20 %: absent gains at most",
        ("absent_gain_to_20",),
        HIGHEST,
        bars={"digits": 1.0, "signs": 1.0},
        paper=("pruned, absent", "absent"),
    ),
    Line("pruning", "pruning up to 90 %: absent, highest", ("absent_highest",), HIGHEST),
    Line("unlabelled", "distilling on unlabelled pictures, no serial", ("best",), HIGHEST, bars=CHANCE),
    Line("collusion", "three customers compare weights: absent", ("best_absent",), HIGHEST, bars=CHANCE),
    Line(
        "collusion", "two customers' serials and mixtures, on a third's student", ("best_guess",), HIGHEST, bars=CHANCE
    ),
    Line("neuron-pruning", "adversarial neuron pruning: absent", ("best",), HIGHEST, bars=CHANCE),
    Line("pruned-tuning", "pruning, then fine-tuning, minus scratch", ("best_minus_scratch",)),
    Line(
        "extraction",
        "copying through a student with its serial, minus scratch (not stopped by design)",
        ("best_minus_scratch",),
    ),
    Line(
        "nearness",
        "random serials two or more bits off, 1,000 pictures: highest",
        ("two_or_more_highest",),
        HIGHEST,
        bars=CHANCE,
    ),
    Line("feature-space", "linear probe on e, no serial", ("absent_probe",)),
    Line("feature-space", "silhouette of the classes in e: valid serial", ("valid_silhouette",)),
    Line("feature-space", "pictures whose features are all zero, no serial", ("absent_silent",)),
    Line(
        "brute-force",
        "brute force over 9 bits: serials that work (of 512)",
        ("working",),
        HIGHEST,
        customer=SHORT_CUSTOMER,
    ),
    Line("brute-force", "brute force over 9 bits: seconds", ("seconds",), customer=SHORT_CUSTOMER, unit=" s"),
)


def cell(line: Line, task: str, rows: dict[str, Any]) -> Cell:
    """One line for one application, from the rows of `assets/results/attacks.json`."""
    bar = line.bars.get(task)
    bar_text = "–" if bar is None else f"{'≥' if line.at_least else '≤'} {bar:g}"
    student = f"{task}/{line.customer}"
    found = sorted(
        (row["data_share"], _worst(line, row))
        for row in rows.values()
        if f"{row['task']}/{row['customer']}" == student and row["attack"] == line.attack
    )
    if not found:
        return Cell("–", bar_text, paper_text(line, task), None)
    values = [value for _, (value, _) in found]
    met = None if bar is None else all(_meets(value, bar, line.at_least) for value in values)
    texts = (_text(value, spread, line.unit) for _, (value, spread) in found)
    return Cell(
        SHARES_APART.join(texts), bar_text, paper_text(line, task), met, tuple(round(100 * share) for share, _ in found)
    )


def paper_text(line: Line, task: str) -> str:
    """The paper's figures for a line, one for each share of the data, or a dash."""
    published = read_results("published")["attacks"]
    if not line.paper:
        return "–"
    values = published[line.paper[0]][task]
    if len(line.paper) > 1:
        values = [one - other for one, other in zip(values, published[line.paper[1]][task], strict=True)]
    text = SHARES_APART.join(f"{value:.1f}" for value in values)
    deviation = published.get(f"{line.paper[0]}, deviation")
    return f"{text} ± {deviation[task][0]:.1f}" if deviation else text


def _worst(line: Line, row: dict[str, Any]) -> tuple[float | None, float | None]:
    """The value that counts and its spread over the seeds; None for what never happened in any of them."""
    there = [row["figures"][name] for name in line.figures]
    known = [one for one in there if one[line.over_seeds] is not None]
    if not known:
        return None, None
    chosen = (min if line.at_least else max)(known, key=lambda one: one[line.over_seeds])
    return chosen[line.over_seeds], chosen["spread"] if line.over_seeds == MEAN else None


def _meets(value: float | None, bar: float, at_least: bool) -> bool:
    """What never happened meets a bar: epochs that were never reached, for one."""
    return value is None or (value >= bar if at_least else value <= bar)


def _text(value: float | None, spread: float | None, unit: str) -> str:
    if value is None:
        return "never"
    return f"{round(value, 2):g}{unit}" if spread is None else f"{value:.2f} ± {spread:.2f}{unit}"


def attack_lines(rows: dict[str, Any] | None = None) -> list[tuple[Line, dict[str, Cell]]]:
    """Every line with its cells by application.

    Args:
        rows: of the results; None for the recorded ones.
    """
    rows = read_results("attacks") if rows is None else rows
    return [(line, {task: cell(line, task, rows) for task in TASKS}) for line in LINES]


@dataclass(frozen=True)
class Tally:
    """How many lines with a bar meet it, miss it, or have no figures yet."""

    met: int
    missed: int
    unmeasured: int


def tally(cells: list[Cell]) -> Tally:
    """The tally of one application's cells."""
    barred = [one for one in cells if one.bar != "–"]
    found = [sum(one.met is met for one in barred) for met in (True, False, None)]
    return Tally(*found)


def paper_shares() -> tuple[int, ...]:
    """The shares of the training data that the paper's figures are for, in percent."""
    return tuple(read_results("published")["attacks"]["shares"])
