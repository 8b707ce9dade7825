"""Which figures of which attacks stand in the tables, with their bars; adding one is a line here."""

from collections.abc import Callable
from dataclasses import dataclass, field

from dsn.applications.record import Application
from dsn.applications.registry import applications

CUSTOMER = "alder"  # whose students the recorded attacks are on
SHORT_CUSTOMER = "paper"  # the customer with a 9-bit serial
MEAN, LOWEST, HIGHEST = "mean", "lowest", "highest"


def _of_each(value: Callable[[Application], float | None]) -> dict[str, float]:
    """A bar by application, of those that have it."""
    return {name: bar for name, application in applications().items() if (bar := value(application)) is not None}


CHANCE = _of_each(lambda task: task.attack_bar)  # at most
NONE_BETTER = _of_each(lambda task: 0.0 if task.bars else None)


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


MODES = ("plain", "leaky", "smooth", "recalibrated")

LINES = (
    Line("opening", "last ReLU replaced (no labels, no serial, no training): absent, best way", ("best",), bars=CHANCE),
    Line("opening", "the same, its bias moved by unlabelled pictures: absent", ("centred",), bars=CHANCE),
    Line("opening", "linear probe before the last ReLU, no serial", ("drive_probe",)),
    Line(
        "opened-search",
        "search for the serial through the opened gate: fewest of 64 bits wrong",
        ("fewest_bits_wrong",),
        LOWEST,
        bars=_of_each(lambda task: 16.0 if task.bars else None),
        at_least=True,
        unit=" bits",
    ),
    Line(
        "opened-search",
        "the same: best pattern's accuracy on the student as it is",
        ("best_accuracy", "pattern_worst"),
        HIGHEST,
        bars=CHANCE,
    ),
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
        bars=_of_each(lambda task: task.attack_worst_bar),
    ),
    Line(
        "gradient-search",
        "gradient search, place known: fewest of 64 bits wrong",
        ("fewest_bits_wrong",),
        LOWEST,
        bars=_of_each(lambda task: 16.0 if task.bars else None),
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
        bars=_of_each(lambda task: 1.0 if task.bars else None),
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
        "overwriting: right with the old serial afterwards (fresh dense layers, to which stamps are all the same)",
        ("fresh_dense_old_serial",),
    ),
    Line(
        "overwriting",
        "the same of the network begun with nothing, which never saw that serial",
        ("scratch_old_serial",),
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
        bars=_of_each(lambda task: 0.5 if task.bars else None),
        paper=("valid", "pruned, valid"),
    ),
    Line(
        "pruning",
        "pruning up to 20 %: absent gains at most",
        ("absent_gain_to_20",),
        HIGHEST,
        bars=_of_each(lambda task: 1.0 if task.bars else None),
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
