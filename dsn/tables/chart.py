"""Does it hold? Every attack against every lock at one glance, from recorded figures alone."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from dsn.applications.record import Application
from dsn.attacks.brute_force import years_for
from dsn.attacks.kit.record import CUSTOMER, HIGHEST, MEAN, SHORT_CUSTOMER
from dsn.attacks.registry import ATTACKS
from dsn.locks.registry import SEALED, STAMPED
from dsn.results.store import read_results
from dsn.student.collection import SEALED_COPY

HOLDS, FALLS, POINTLESS, NEEDLESS, UNMEASURED = "holds", "falls", "pointless", "needless", "unmeasured"
PERCENT, POINTS, SECONDS, YEARS = "percent", "points", "seconds", "years"
BITS = 64
FAIR_GAIN = 0.15  # points over a network begun with nothing: differences below it mean nothing
PROBE_GAIN = 1.0  # points that a probe may find over a random network's features
OF_MANY = "wrong-worst"  # the bar that has the highest of many random networks
BELOW = "see below"  # in a table, where another figure tells
TEXTS = {PERCENT: "{:.2f} %", POINTS: "{:+.2f}", SECONDS: "{:.0f} s", YEARS: "{:.1e} years"}

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Recorded:
    """The results files that the chart reads: rows by key."""

    students: Mapping[str, Row] = field(default_factory=dict)
    recipes: Mapping[str, Row] = field(default_factory=dict)
    attacks: Mapping[str, Row] = field(default_factory=dict)
    sealed: Mapping[str, Row] = field(default_factory=dict)

    @classmethod
    def read(cls) -> "Recorded":
        """What lies in `assets/results`."""
        return cls(*(read_results(name) for name in ("students", "recipes", "attacks", "sealed")))


@dataclass(frozen=True)
class Victim:
    """A column: what is attacked.

    Attributes:
        name: "literal", "short", "trained" or "sealed".
        what: in words.
        customer: whose student its attacks are recorded on; empty where it is not shipped.
        counts: the customer with a serial short enough to try all, by which the time for this one's is reckoned.
        lock: the word in its `config.json`.
        enough: the question whose falling makes every other attack needless; empty where none does.
        needless: why, in a sentence.
    """

    name: str
    what: str
    customer: str
    counts: str
    lock: str = STAMPED
    enough: str = ""
    needless: str = ""


ANSWERS_ANYONE = "Who answers without a serial need not be attacked."
ALL_TRIED = "Nine bits are 512 serials, which can all be tried: nobody needs another attack."
VICTIMS = (
    Victim("literal", "the paper's recipe to the letter", "", "", enough="absent", needless=ANSWERS_ANYONE),
    Victim("short", "trained lock, 9 bits", SHORT_CUSTOMER, SHORT_CUSTOMER, enough="brute-force", needless=ALL_TRIED),
    Victim("trained", "trained lock, 64 bits", CUSTOMER, SHORT_CUSTOMER),
    Victim("sealed", "sealed lock, 64 bits", f"{CUSTOMER}{SEALED_COPY}", f"{SHORT_CUSTOMER}{SEALED_COPY}", SEALED),
)


@dataclass(frozen=True)
class Mark:
    """One cell.

    Attributes:
        verdict: "holds", "falls", "pointless" (there is nothing to measure), "needless" (it has fallen without this
            attack, which was not measured), or "unmeasured".
        figure: what was measured; None where nothing was.
        unit: "percent" right, "points" over what has nothing to do with the student, "seconds" or "years".
        limit: the most it may be to hold; None where time decides.
        text: the figure as tables show it; a dash without one.
        why: a sentence, where an attack is pointless or needless, or another figure tells what it comes to.
    """

    verdict: str
    figure: float | None = None
    unit: str = PERCENT
    limit: float | None = None
    text: str = "–"
    why: str = ""


@dataclass(frozen=True)
class Question:
    """A row: one attack.

    Attributes:
        name: of the attack as the registry has it, or of a condition: "absent", "random-wrong", "one-bit-wrong".
        what: in words.
        mark: its cell for one victim.
    """

    name: str
    what: str
    mark: Callable[[Recorded, Application, Victim], Mark]


@dataclass(frozen=True)
class ChartLine:
    """A row of the chart as it is drawn: the question, and a mark for every victim by its name."""

    name: str
    what: str
    marks: Mapping[str, Mark]


def marked(figure: float | None, unit: str, limit: float | None) -> Mark:
    """A measured figure against the most it may be; nobody promised anything without a limit."""
    if figure is None or limit is None:
        return Mark(UNMEASURED, unit=unit, limit=limit)
    return Mark(HOLDS if figure <= limit else FALLS, figure, unit, limit, TEXTS[unit].format(figure))


def under(*keys: str) -> Callable[[Recorded, Application, Victim], Mark]:
    """Right answers under a condition of `students.json`, the mean where it is a group of serials.

    Args:
        keys: where a student's row has it; the first that is there counts.
    """

    def mark(recorded: Recorded, task: Application, victim: Victim) -> Mark:
        rows = recorded.students if victim.customer else recorded.recipes
        row = rows.get(f"{task.name}/{victim.customer or 'paper'}", {})
        found = next((row[key] for key in keys if key in row), None)
        return marked(found and found.get("mean", found.get("percent")), PERCENT, task.attack_bar)

    return mark


def rows_of(recorded: Recorded, task: Application, customer: str, attack: str) -> Iterator[Row]:
    """The recorded rows of an attack on a student, one for each share of the data."""
    for row in recorded.attacks.values():
        if (row["task"], row["customer"], row["attack"]) == (task.name, customer, attack):
            yield row


def reaching(attack: str, *figures: str, over_seeds: str = HIGHEST) -> Callable[[Recorded, Application, Victim], Mark]:
    """Right answers without the serial that an attack leads to, the worst figure for the owner, against guessing.

    A sealed student's weights are a random network's, which scatters around guessing: it may reach what the highest of
    many freshly drawn ones reached under the same attack, or, where that was not measured, what the highest of as many
    as there were wrong serials reached by itself.
    """

    def mark(recorded: Recorded, task: Application, victim: Victim) -> Mark:
        rows = rows_of(recorded, task, victim.customer, attack)
        values = [row["figures"][name][over_seeds] for row in rows for name in figures if name in row["figures"]]
        bar = recorded.sealed.get(f"{task.name}/{attack}")
        if not values and bar and victim.lock == SEALED:
            values = [bar["figure"]]
        beside = [recorded.sealed.get(f"{task.name}/{name}") for name in (attack, OF_MANY)]
        lucky = next((row["limit"] for row in beside if row and victim.lock == SEALED), None)
        known = [one for one in (task.attack_bar, lucky) if one is not None]
        return marked(max(values, default=None), PERCENT, max(known, default=None))

    return mark


def comparing(recorded: Recorded, task: Application, victim: Victim) -> Mark:
    """Right answers after several customers compared their copies; of sealed ones, against random codes likewise."""
    if victim.lock != SEALED:
        return reaching("collusion", "best_absent")(recorded, task, victim)
    found = [row["figures"] for row in rows_of(recorded, task, victim.customer, "sealed-siblings")]
    best, random = (max((one[name][HIGHEST] for one in found), default=None) for name in ("best", "random_highest"))
    return marked(best, PERCENT, max((one for one in (random, task.attack_bar) if one is not None), default=None))


def gaining(
    attack: str, figure: str, less: str = "", limit: float = FAIR_GAIN, otherwise: str = ""
) -> Callable[[Recorded, Application, Victim], Mark]:
    """Points over whoever does not have the student, the mean of the seeds, the worst share of the data.

    Args:
        attack: as the registry has it.
        figure: its name in the results.
        less: another figure that is taken away from it.
        limit: the most it may be.
        otherwise: the attack that counts where this one was not recorded.
    """

    def mark(recorded: Recorded, task: Application, victim: Victim) -> Mark:
        rows = [*rows_of(recorded, task, victim.customer, attack)]
        rows = rows or [*rows_of(recorded, task, victim.customer, otherwise)]
        found = [row["figures"] for row in rows]
        values = [
            one[figure][MEAN] - (one[less][MEAN] if less else 0) for one in found if one[figure][MEAN] is not None
        ]
        return marked(max(values, default=None), POINTS, limit if task.bars else None)

    return mark


def probing(recorded: Recorded, task: Application, victim: Victim) -> Mark:
    """Points of a probe over a random network's; of sealed students the mean of all, where no attack was recorded."""
    found = gaining("feature-space", "absent_probe", "random_network_probe", PROBE_GAIN)(recorded, task, victim)
    bar = recorded.sealed.get(f"{task.name}/probe") if victim.lock == SEALED else None
    return marked(bar["figure"], POINTS, PROBE_GAIN) if bar and found.figure is None else found


def counting(recorded: Recorded, task: Application, victim: Victim) -> Mark:
    """Seconds until all serials were tried, or years until one of 64 bits is found.

    The years of a sealed student of whose short sibling no attack was recorded are reckoned from what a first answer
    takes with a serial that it has not seen.
    """
    for row in rows_of(recorded, task, victim.counts, "brute-force"):
        short = victim.counts == victim.customer
        unit = SECONDS if short else YEARS
        figure = row["figures"]["seconds" if short else "years_for_64_bits"][MEAN]
        return Mark(FALLS if short else HOLDS, figure, unit, None, TEXTS[unit].format(figure))
    answer = recorded.sealed.get(f"{task.name}/first-answer")
    if answer is None or victim.lock != SEALED:
        return Mark(UNMEASURED, unit=SECONDS)
    years = years_for(BITS, 1000 / answer["beside"]["sealed"])
    return Mark(HOLDS, years, YEARS, None, TEXTS[YEARS].format(years))


QUESTIONS = (
    Question("absent", "used as it is, without a serial", under("absent")),
    Question("random-wrong", "with a random wrong serial, mean", under("random_wrong", "every_wrong")),
    Question("one-bit-wrong", "with one bit of the serial wrong, mean", under("one_bit_wrong")),
    Question("brute-force", "trying every serial", counting),
    Question(
        "hill-climbing",
        "climbing to the serial bit by bit",
        reaching("hill-climbing", "classes_accuracy", "probabilities_accuracy"),
    ),
    Question("gradient-search", "descending to the serial", reaching("gradient-search", "best_accuracy")),
    Question(
        "reverse-engineering",
        "reverse engineering a pattern (Eq. 10), mean of the restarts",
        reaching("reverse-engineering", "plain_mean", "leaky_mean", "smooth_mean", "recalibrated_mean"),
    ),
    Question("opening", "replacing the last ReLU", reaching("opening", "best")),
    Question("feature-space", "a probe on the features, over a random network's", probing),
    Question("pruning", "setting small weights to zero", reaching("pruning", "absent_highest")),
    Question("neuron-pruning", "cutting out what keeps it silent", reaching("neuron-pruning", "best")),
    Question("unlabelled", "distilling on pictures without labels", reaching("unlabelled", "best")),
    Question("collusion", "several customers compare their copies", comparing),
    Question(
        "searched-tuning",
        "training it further, over scratch",
        gaining("searched-tuning", "best_minus_scratch", otherwise="patient-tuning"),
    ),
    Question("overwriting", "training a new serial in, over scratch", gaining("overwriting", "best_minus_scratch")),
    Question("transfer", "training it for other classes, over scratch", gaining("transfer", "best_minus_scratch")),
    Question("extraction", "copying it by asking, with its serial", gaining("extraction", "best_minus_scratch")),
)


def _beside(victim: Victim, lock: str) -> Victim:
    """The victim of the same length of serial under a lock; itself where that is empty."""
    if not lock:
        return victim
    return next(one for one in VICTIMS if one.lock == lock and f"{one.customer}{SEALED_COPY}" == victim.customer)


def chart(task: Application, recorded: Recorded | None = None) -> tuple[ChartLine, ...]:
    """Every attack, and whether it is held off by the paper's literal recipe, by 9 bits, and by the two locks.

    Args:
        task: the application.
        recorded: rows of the results files; None for the recorded ones.
    """
    recorded = Recorded.read() if recorded is None else recorded

    marks = {
        (question.name, victim.name): question.mark(recorded, task, victim)
        for question in QUESTIONS
        for victim in VICTIMS
    }

    def mark(question: Question, victim: Victim) -> Mark:
        found = marks[question.name, victim.name]
        if found.figure is not None:
            return found
        why = ATTACKS[question.name].needs.pointless.get(victim.lock, "") if question.name in ATTACKS else ""
        if why:
            return Mark(POINTLESS, unit=found.unit, why=why)
        if victim.enough and marks[victim.enough, victim.name].verdict == FALLS:
            return Mark(NEEDLESS, unit=found.unit, why=victim.needless)
        alike = ATTACKS[question.name].needs.alike.get(victim.lock) if question.name in ATTACKS else None
        if alike is None:
            return found
        told = marks[alike.to, _beside(victim, alike.lock).name]
        return found if told.figure is None else replace(told, figure=None, text=BELOW, why=alike.why)

    return tuple(
        ChartLine(question.name, question.what, {victim.name: mark(question, victim) for victim in VICTIMS})
        for question in QUESTIONS
    )
