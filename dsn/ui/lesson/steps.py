"""The guided lesson: which state of the page each step shows, which prediction is right, which figures it quotes.

The sentences are the page's; nothing here is measured: recorded figures are read.
"""

import random
from dataclasses import dataclass
from typing import Any, Literal

from dsn.results.store import read_results
from dsn.serials import Serial, near_miss, random_serial
from dsn.student.collection import LOCKS, Collection

SEED = 2023  # of every serial the lesson draws, so that a rehearsed talk repeats exactly
DRAWN = 20  # serials of a step, its own among them: after these they come again
FURTHER = "digits/alder/fine-tuning/10"  # the recorded attack that trains further
OPENING = "digits/alder/opening/10"  # the one that replaces the last ReLU
EVERY = "digits/paper/brute-force/10"  # and the one that tries every serial of nine bits
SerialChoice = Literal["none", "near", "random", "another"]
Shown = Literal["panels", "clouds", "training", "attacks", "locks"]


@dataclass(frozen=True)
class LessonStep:
    """One step.

    Attributes:
        name: key of its sentences in the texts.
        task: application the page is set to.
        customer: whose student.
        picture: index of a held-out picture.
        serial: what is entered: none, the valid one with one bit wrong, a random wrong one, another customer's.
        choices: how many predictions there are to choose from.
        correct: which of them is right, counted from 0.
        lock: that the student stands under.
        shown: what the step is about: the three panels, or a drawing of its own.
    """

    name: str
    task: str
    customer: str
    picture: int
    serial: SerialChoice
    choices: int
    correct: int
    shown: Shown = "panels"
    lock: str = LOCKS[0]


STEPS = (
    LessonStep("theft", "digits", "alder", 3, "none", 3, 2),
    LessonStep("serial", "digits", "alder", 13, "another", 3, 1),
    LessonStep("near", "digits", "alder", 7, "near", 3, 2),
    LessonStep("length", "digits", "paper", 14, "random", 3, 2),
    LessonStep("inside", "digits", "alder", 4, "random", 3, 0, "clouds"),
    LessonStep("training", "digits", "alder", 34, "random", 3, 1, "training"),
    LessonStep("attacks", "digits", "alder", 1, "near", 3, 1, "attacks"),
    LessonStep("sealed", "digits", "alder", 2, "near", 3, 1, lock="sealed"),
    LessonStep("limits", "digits", "alder", 6, "none", 3, 1, "locks"),
)
# The stages of the training's diagram, and the symbols each one's equation uses.
STAGES: dict[str, tuple[str, ...]] = {
    "teacher": ("p_t", "softmax", "f_t", "x"),
    "valid": ("kl", "p_t", "g_e", "g_y", "stamped"),
    "adversary": ("ce", "g_d", "grl", "y", "theta", "eta", "lambda"),
    "silence": ("a_j", "d", "m", "other"),
    "handed": (),
}


def fits(collection: Collection) -> bool:
    """Whether a collection has every student that the lesson shows."""
    return all(
        f"{step.task}/{step.customer}" in collection.students
        and step.lock in collection.locks(step.task, step.customer)
        for step in STEPS
    )


def step_serial(collection: Collection, step: LessonStep, count: int = 0) -> Serial | None:
    """The serial a step enters: its own at first, then wrong ones in an order that is always the same.

    Args:
        collection: the page's.
        step: of the lesson.
        count: how often another one was asked for.
    """
    valid = collection.valid_serial(step.task, step.customer)
    source = random.Random(f"{SEED} {step.name} {count}")
    if count > 0 or step.serial == "random":
        return random_serial(len(valid.bits), unlike=valid, source=source)
    if step.serial == "near":
        return near_miss(valid, source=source)
    return collection.serial_of_another(step.task, step.customer, None) if step.serial == "another" else None


def states_of_steps(collection: Collection) -> list[dict[str, Any]]:
    """What each step shows, for the page's script; no steps where the collection does not have every student."""
    if not fits(collection):
        return []
    return [
        {
            "task": step.task,
            "customer": step.customer,
            "lock": step.lock,
            "picture": step.picture,
            "serials": [
                serial.text if (serial := step_serial(collection, step, count)) else None for count in range(DRAWN)
            ],
        }
        for step in STEPS
    ]


@dataclass(frozen=True)
class Tried:
    """One attack as the lesson tells it.

    Attributes:
        name: key of its sentence in the texts.
        holds: whether the lock holds.
        figures: recorded ones the sentence quotes, by name; in percent, or seconds.
        attack: name of the live attack on the page; None where there is none.
    """

    name: str
    holds: bool
    figures: dict[str, float]
    attack: str | None = None


def attacks_tried() -> list[Tried]:
    """What was tried on the digits' students; an attack without a recorded figure is left out.

    The bar for "holds" is the lesson's own: no more than three points above always naming the most frequent class.
    """
    student = read_results("students").get("digits/alder", {})
    pruned = read_results("attacks").get("digits/alder/pruning/10", {}).get("figures", {})
    reversed_ = read_results("attacks").get("digits/alder/reverse-engineering/10", {}).get("figures", {})
    further = read_results("attacks").get(FURTHER, {}).get("figures", {})
    opened = read_results("attacks").get(OPENING, {}).get("figures", {})
    every = read_results("attacks").get(EVERY, {}).get("figures", {})
    tried = []
    if student:
        bar = student["chance"]["majority"] + 3
        wrong, one_bit = student["random_wrong"], student["one_bit_wrong"]
        probe = student["probe_on_raw"]["percent"]
        tried += [
            Tried("random", wrong["worst"]["percent"] <= bar, {"worst": wrong["worst"]["percent"]}, "hill-climbing"),
            Tried("one_bit", one_bit["worst"]["percent"] <= bar, {"worst": one_bit["worst"]["percent"]}, "nearness"),
            Tried("probe", probe <= bar, {"percent": probe}, "feature-space"),
        ]
        if pruned:
            highest = pruned["absent_highest"]["highest"]
            tried.append(Tried("pruning", highest <= bar, {"highest": highest}, "pruning"))
        if opened:
            tried.append(
                Tried("opening", opened["best"]["highest"] <= bar, {"best": opened["best"]["mean"]}, "opening")
            )
        if reversed_:
            best = max(one["highest"] or 0.0 for name, one in reversed_.items() if name.endswith("_worst"))
            tried.append(Tried("reverse", best <= bar, {"best": best}, "reverse-engineering"))
    if every:
        tried.append(Tried("every", False, {"seconds": every["seconds"]["mean"]}, "brute-force"))
    if further:
        figures = {"stolen": further["best"]["mean"], "scratch": further["scratch_last"]["mean"]}
        tried.append(Tried("further", figures["stolen"] <= figures["scratch"], figures, "fine-tuning"))
    return tried


QUOTED = (
    "pictures", "valid", "absent", "one_bit_mean", "one_bit_worst", "even", "probe", "seconds", "years", "share",
    "stolen", "scratch", "literal", "opened", "sealed_absent", "sealed_one_bit",
)  # fmt: skip


def quoted() -> dict[str, float]:
    """Recorded figures in the lesson's sentences, by name: percent, counts, seconds, years; without those missing."""
    figures: dict[str, float] = {}
    student = read_results("students").get("digits/alder")
    if student:
        figures |= {
            "pictures": student["valid"]["n"],
            "valid": student["valid"]["percent"],
            "absent": student["absent"]["percent"],
            "one_bit_mean": student["one_bit_wrong"]["mean"],
            "one_bit_worst": student["one_bit_wrong"]["worst"]["percent"],
            "even": student["chance"]["uniform"],
            "probe": student["probe_on_raw"]["percent"],
        }
    sealed = read_results("students").get("digits/alder-sealed")
    if sealed:
        figures |= {"sealed_absent": sealed["absent"]["percent"], "sealed_one_bit": sealed["one_bit_wrong"]["mean"]}
    every = read_results("attacks").get(EVERY)
    if every:
        tried = every["figures"]
        figures |= {"seconds": tried["seconds"]["mean"], "years": tried["years_for_64_bits"]["mean"]}
    further = read_results("attacks").get(FURTHER)
    if further:
        best, scratch = further["figures"]["best"]["mean"], further["figures"]["scratch_last"]["mean"]
        figures |= {"share": 100 * further["data_share"], "stolen": best, "scratch": scratch}
    opened = read_results("attacks").get(OPENING)
    if opened:
        figures["opened"] = opened["figures"]["best"]["mean"]
    literal = read_results("recipes").get("digits/paper")
    if literal:
        figures["literal"] = literal["absent"]["percent"]
    return figures
