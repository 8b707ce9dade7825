"""The bars of the sealed lock, measured or read from what attacks recorded: `python -m dsn sealed-bars`.

A sealed student without its serial should be no more than a network of random weights. So most of its figures stand
beside those of networks of random codes under the same scales, which scatter around guessing: the best of many of them
is what luck gives. Rows go to `assets/results/sealed.json`, each with `figure`, `limit` and whether the bar is met.
"""

import math
import statistics
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import torch

from dsn.applications.prepared import as_floats, load_data_set
from dsn.attacks.kit.noise import random_codes
from dsn.attacks.kit.record import CUSTOMER
from dsn.attacks.kit.scene import AttackError, Scene
from dsn.attacks.opening import FULL as REPLACEMENTS
from dsn.attacks.opening import Opened, bare, bent, centred, drives
from dsn.attacks.recorded import application_of, scene_of
from dsn.attacks.sealed_codes import codes_in, gzip_ratio, uniform_bytes
from dsn.measuring.evaluate import SEALED_PICTURES, accuracy, drawn, linear_probe
from dsn.networks.classifier import Classifier
from dsn.places import CHECKPOINTS
from dsn.results.store import RESULTS, provenance, read_results, record
from dsn.serials import Serial
from dsn.student.collection import SEALED_COPY, demo_serials
from dsn.student.hub import load_student
from dsn.student.sealing import as_it_lies
from dsn.student.student import Student

TABLE = "sealed"
AT_MOST, AT_LEAST, WITHIN = "at most", "at least", "within"
ALIKE = 0.02  # points between a sealed student and the stamped one in it
AROUND = 1.5  # points around guessing evenly
LUCK = 2.0  # points over the worst of as many random networks
PROBE = 1.0  # points between probes
GAIN = 0.15  # points over scratch
SOONER = 0.95  # of scratch's epochs
RIGHT_BITS, OFF = 32.0, 8.0  # of 64 that a search gets right by guessing, and how far from it
RATIO = 0.99  # of gzip
LEAST_P = 0.001  # and one less this at most
FIRST, AGAIN = 150.0, 1.1  # milliseconds more than a stamped student's answer; times as long
TRAININGS = ("searched-tuning", "fine-tuning", "patient-tuning", "pruned-tuning", "transfer", "overwriting")
BUDGET = ("passes", "pictures", "scratch_last_quarter")
WRONG = ("random_wrong", "one_bit_wrong")
TRIED = "no serial, random wrong ones, one bit wrong"
PARTS = (
    "valid",
    "wrong",
    "luckiest",
    "opening",
    "probe",
    "codes",
    "answers",
    "recorded",
)  # what can be measured by itself

Report = Callable[[str], None]


@dataclass(frozen=True)
class Bar:
    """One bar and what was measured for it.

    Attributes:
        name: of the row.
        what: in words.
        figure: what was measured; None where nothing was.
        limit: what it is held to.
        kind: "at most" the limit, "at least", or "within": so far at most from `around`.
        around: where it should be, of those within.
        unit: of figure and limit.
        beside: other figures that belong to it, by name.
    """

    name: str
    what: str
    figure: float | None
    limit: float
    kind: str = AT_MOST
    around: float = 0.0
    unit: str = "percent"
    beside: dict[str, Any] = field(default_factory=dict)

    @property
    def met(self) -> bool | None:
        """Whether the bar is met; None without a figure."""
        if self.figure is None:
            return None
        if self.kind == AT_LEAST:
            return self.figure >= self.limit
        return (abs(self.figure - self.around) if self.kind == WITHIN else self.figure) <= self.limit


@dataclass(frozen=True)
class Many:
    """How many random networks stand beside a sealed one.

    Attributes:
        opened: under every replacement of the last ReLU.
        probed: by linear probes, for every customer's copy.
        timed: questions, of which the median counts.
    """

    opened: int = 16
    probed: int = 4
    timed: int = 15


def bars(
    scene: Scene,
    stamped: Student,
    copies: dict[str, Student],
    many: Many,
    report: Report,
    parts: Iterable[str] = PARTS,
) -> Iterator[Bar]:
    """The bars of one application, one after another.

    Args:
        scene: the sealed student that is attacked, with all pictures.
        stamped: the same customer's under the trained lock.
        copies: every sealed student of the application, by customer.
        many: random networks.
        report: told what is measured next.
        parts: of `PARTS`, those that are measured.
    """
    task = scene.application.name
    students, attacks = read_results("students"), read_results("attacks")
    rows = {name: row for name, row in students.items() if name.startswith(f"{task}/") and name.endswith(SEALED_COPY)}
    mine = [row for row in attacks.values() if (row["task"], row["customer"]) == (task, scene.student.config.customer)]
    measured: dict[str, Callable[[], Iterable[Bar]]] = {
        "valid": lambda: [valid_bar(rows, students)],
        "wrong": lambda: wrong_bar(scene, rows),
        "luckiest": lambda: luckiest_bar(scene, rows),
        "opening": lambda: [opening_bar(scene, many.opened)],
        "probe": lambda: probe_bars(scene, rows, copies, many.probed),
        "codes": lambda: code_bars(copies),
        "answers": lambda: answer_bars(scene, stamped, many.timed),
        "recorded": lambda: recorded_bars(mine),
    }
    for part in parts:
        report(f"{task}: {part}")
        yield from measured[part]()


def valid_bar(rows: dict[str, Any], students: dict[str, Any]) -> Bar:
    """With the valid serial, sealed against stamped, on the test split: the largest difference of any customer."""
    apart = {
        name: abs(row["valid"]["percent"] - students[name.removesuffix(SEALED_COPY)]["valid"]["percent"])
        for name, row in rows.items()
    }
    largest = round(max(apart.values()), 4) if apart else None
    return Bar("valid", "valid serial, sealed against stamped", largest, ALIKE, unit="points", beside=apart)


def wrong_bar(scene: Scene, rows: dict[str, Any]) -> Iterator[Bar]:
    """Wrong serials and none, as `students.json` has them: the mean that is furthest from guessing."""
    means = {name: round(_mean(row), 2) for name, row in _long(rows).items()}
    even = 100 / scene.student.config.network.classes
    if means:
        furthest = max(means.values(), key=lambda mean: abs(mean - even))
        yield Bar("wrong-mean", f"{TRIED}: mean", furthest, AROUND, WITHIN, even, beside=means)


def luckiest_bar(scene: Scene, rows: dict[str, Any]) -> Iterator[Bar]:
    """The luckiest of them, beside that of as many random networks on the same pictures."""
    long = _long(rows)
    if not long:
        return
    tried, number = drawn(scene.test, SEALED_PICTURES, 0), max(_tried(row) for row in long.values())
    fresh = [accuracy(random_codes(scene.student, seed), tried).percent for seed in range(number)]
    worst = {
        name: max(row["absent"]["percent"], *(row[key]["worst"]["percent"] for key in WRONG))
        for name, row in long.items()
    }
    beside = {"networks": number, "pictures": len(tried), "random_mean": round(statistics.fmean(fresh), 2), **worst}
    yield Bar("wrong-worst", f"{TRIED}: worst", max(worst.values()), max(fresh) + LUCK, beside=beside)


def _long(rows: dict[str, Any]) -> dict[str, Any]:
    """Those with serials of 64 bits, of which random ones were tried."""
    return {name: row for name, row in rows.items() if all(key in row for key in WRONG)}


def _tried(row: dict[str, Any]) -> int:
    """How many serials a student was tried with, none among them."""
    return 1 + sum(row[key]["serials"] for key in WRONG)


def _mean(row: dict[str, Any]) -> float:
    """Mean accuracy over all of them, in percent."""
    return (row["absent"]["percent"] + sum(row[key]["serials"] * row[key]["mean"] for key in WRONG)) / _tried(row)


def opening_bar(scene: Scene, networks: int) -> Bar:
    """The best replacement of the last ReLU on the codes as they lie, beside the best on any random network."""
    found = best_opening(scene, as_it_lies(scene.student))
    fresh = [best_opening(scene, random_codes(scene.student, seed)) for seed in range(networks)]
    beside = {"networks": networks, "random_mean": round(statistics.fmean(fresh), 2)}
    what = "last ReLU replaced, no labels: the best way, against the best on random networks"
    return Bar("opening", what, found, max(fresh), beside=beside)


@torch.inference_mode()
def best_opening(scene: Scene, network: Student) -> float:
    """Right answers in percent without a serial, of the best replacement of the last ReLU, the ReLU itself too."""
    seen = drives(network, scene.test.images)
    known = drives(network, scene.stolen(0.1, 0).images[: REPLACEMENTS.unlabelled])
    ways = [torch.relu, bare, centred(known), *(bent(softness) for softness in REPLACEMENTS.softness)]
    right = (network.predictor(way(seen)).argmax(1) == scene.test.labels for way in ways)
    return max(100 * one.double().mean().item() for one in right)


def probe_bars(scene: Scene, rows: dict[str, Any], copies: dict[str, Student], networks: int) -> Iterator[Bar]:
    """Linear probes, which have labels: before the last ReLU, and behind it, where every copy has its own scales."""

    def probed(network: Classifier) -> float:
        return linear_probe(network, scene.train, scene.test).percent

    before = [probed(Opened(random_codes(scene.student, seed), bare)) for seed in range(networks)]
    own = probed(Opened(as_it_lies(scene.student), bare))
    beside = {"networks": networks, "random": before, "own": own}
    what = "probe before the last ReLU, minus the best on a random network's"
    yield Bar("opening-probe", what, own - max(before), 0.0, unit="points", beside=beside)
    measured = {customer: rows.get(f"{scene.application.name}/{customer}") for customer in copies}
    found = {customer: row["probe_on_raw"]["percent"] for customer, row in measured.items() if row}
    if not found:
        return
    behind = [
        probed(random_codes(copies[customer], networks * place + seed))
        for place, customer in enumerate(found)
        for seed in range(networks)
    ]
    gain = statistics.fmean(found.values()) - statistics.fmean(behind)
    beside = {"networks": len(behind), "random": behind, **found}
    what = "probe on the features, mean of all customers' copies, minus random networks'"
    yield Bar("probe", what, gain, PROBE, WITHIN, unit="points", beside=beside)


def code_bars(copies: dict[str, Student]) -> Iterator[Bar]:
    """Every file's codes: as hard to compress as noise, and every byte as likely as any other."""
    contents = {customer: codes_in(student).tobytes() for customer, student in copies.items()}
    ratios = {customer: round(gzip_ratio(content), 5) for customer, content in contents.items()}
    chances = {customer: round(uniform_bytes(content), 4) for customer, content in contents.items()}
    if not copies:
        return
    yield Bar(
        "gzip", "gzip -9 of the codes, lowest ratio", min(ratios.values()), RATIO, AT_LEAST, unit="", beside=ratios
    )
    furthest = max(chances.values(), key=lambda chance: abs(chance - 0.5))
    what = "chi-squared test of the codes' bytes, p furthest from a half"
    yield Bar("chi-squared", what, furthest, 0.5 - LEAST_P, WITHIN, 0.5, unit="", beside=chances)


def answer_bars(scene: Scene, stamped: Student, times: int) -> Iterator[Bar]:
    """What an answer costs with a serial that was not seen before, and with one that was, over the stamped student's.

    The processor's time, which other programs on the machine lengthen less than the clock's; the two students answer in
    turn, so that they lengthen both alike.
    """
    picture = as_floats(scene.test.images[:1])
    source = torch.Generator().manual_seed(0)
    bits = torch.randint(0, 2, (times, scene.student.config.bit_count), generator=source)
    new = [Serial.from_bits(one.tolist()) for one in bits]

    def spent(student: Student, serial: Serial, again: int = 1) -> float:
        start = time.process_time()
        for _ in range(again):
            student.predict(picture, serial=serial)
        return 1000 * (time.process_time() - start) / again

    student, often = scene.student, 50
    for one in (student, stamped):
        one.predict(picture, serial=scene.serial)
    turns = [(spent(stamped, scene.serial, often), spent(student, scene.serial, often)) for _ in new]
    usual, seen = (statistics.median(one) for one in zip(*turns, strict=True))
    first = statistics.median(spent(student, serial) for serial in new)
    beside = {"stamped": round(usual, 3), "sealed": round(first, 3), "times": times}
    what = "first answer with a serial not seen before, over the stamped student's"
    yield Bar("first-answer", what, first - usual, FIRST, unit="ms", beside=beside)
    beside = {"stamped": round(usual, 3), "sealed": round(seen, 3), "times": times}
    yield Bar(
        "second-answer",
        "answer with a serial seen before, over the stamped student's",
        seen / usual,
        AGAIN,
        unit="times",
        beside=beside,
    )


def recorded_bars(rows: Iterable[dict[str, Any]]) -> Iterator[Bar]:
    """Bars on what `python -m dsn attack` recorded of the sealed student: trainings, searches, timing."""
    for row in rows:
        if row["attack"] in TRAININGS:
            yield training_bar(row)
        if row["attack"] == "searched-tuning":
            yield sooner_bar(row)
        if row["attack"] == "hill-climbing":
            yield bits_bar(row)
        if row["attack"] == "serial-timing":
            chances = [one for name in ("difference_p", "right_bits_p") for one in row["figures"][name]["values"]]
            what = "right and wrong serials take as long, lowest p"
            yield Bar("timing", what, min(chances), LEAST_P, AT_LEAST, unit="", beside={"all": chances})


def training_bar(row: dict[str, Any]) -> Bar:
    """What the best thief has over the best network begun with nothing; ahead of it by luck alone, at most."""
    gain, share = row["figures"]["best_minus_scratch"], f"{100 * row['data_share']:g}"
    error = gain["spread"] / math.sqrt(row["seeds"]) if gain["spread"] is not None else None
    limit = GAIN if error is None else min(GAIN, 2 * error)
    beside = {"standard_error": error, "values": gain["values"], "seeds": row["seeds"]}
    beside |= {name: row["figures"][name]["mean"] for name in BUDGET if name in row["figures"]}
    what = f"{row['attack']} with {share} % of the data, minus scratch (0.15, and twice its standard error, at most)"
    return Bar(f"{row['attack']}-{share}", what, gain["mean"], limit, unit="points", beside=beside)


def sooner_bar(row: dict[str, Any]) -> Bar:
    """Whether a thief is sooner where the network from scratch ends; one that never gets there is not."""
    found, share = row["figures"]["epochs_over_scratch"], f"{100 * row['data_share']:g}"
    figure = math.inf if found["mean"] is None else found["mean"]
    what = f"{row['attack']} with {share} % of the data, epochs to scratch's final accuracy over scratch's own"
    beside = {"values": found["values"]}
    return Bar(f"{row['attack']}-{share}-epochs", what, figure, SOONER, AT_LEAST, unit="times", beside=beside)


def bits_bar(row: dict[str, Any]) -> Bar:
    """How many of 64 bits a search got right: half of them by guessing."""
    wrong = {name: one["values"] for name, one in row["figures"].items() if name.endswith("bits_wrong")}
    furthest = max((64 - one for values in wrong.values() for one in values), key=lambda one: abs(one - RIGHT_BITS))
    what = "bits right of 64 after climbing on answers, furthest from half"
    return Bar("bits", what, furthest, OFF, WITHIN, RIGHT_BITS, unit="bits", beside=wrong)


def measure(
    scene: Scene,
    stamped: Student,
    copies: dict[str, Student],
    *,
    many: Many | None = None,
    parts: Iterable[str] = PARTS,
    folder: Path = RESULTS,
    report: Report = print,
) -> None:
    """Measure the bars of one application; each goes to `sealed.json` as soon as it is there.

    Args:
        scene: the sealed student that is attacked, with all pictures.
        stamped: the same customer's under the trained lock.
        copies: every sealed student of the application, by customer.
        many: random networks; None for as many as recorded figures have.
        parts: of `PARTS`, those that are measured.
        folder: of results files.
        report: told progress and figures.
    """
    task, device = scene.application.name, str(scene.device)
    for bar in bars(scene, stamped, copies, many or Many(), report, parts):
        write(bar, task, device, folder, report)


def write(bar: Bar, task: str, device: str = "cpu", folder: Path = RESULTS, report: Report = print) -> None:
    """Put one bar of an application into `sealed.json`."""
    figure = None if bar.figure is None or math.isinf(bar.figure) else round(bar.figure, 4)
    row = {"task": task, **asdict(bar), "figure": figure, "limit": round(bar.limit, 4), "met": bar.met}
    record(TABLE, f"{task}/{bar.name}", {**row, **provenance(0, device)}, folder)
    report(f"  {bar.name}: {figure} {bar.unit}, {bar.kind} {bar.limit:.4g}: {'met' if bar.met else 'MISSED'}")


def run(tasks: Iterable[str], device: str = "cpu", parts: Iterable[str] | None = None, report: Report = print) -> None:
    """The bars of applications, each on its first customer's sealed student; what `python -m dsn sealed-bars` does.

    Args:
        tasks: names of applications that have sealed students.
        device: "cpu" or "cuda".
        parts: of `PARTS`, those that are measured; None for all.
        report: told progress and figures.

    Raises:
        AttackError: an application without sealed students.
    """
    parts = PARTS if parts is None else parts
    for task in tasks:
        names = [name for name in demo_serials() if name.startswith(f"{task}/") and name.endswith(SEALED_COPY)]
        if f"{task}/{CUSTOMER}{SEALED_COPY}" not in names:
            raise AttackError(f"There are no sealed students of {task!r}.")
        scene = scene_of(f"{task}/{CUSTOMER}{SEALED_COPY}", load_data_set(application_of(names[0])), device)
        copies = {name.split("/")[1]: load_student(CHECKPOINTS / name) for name in names}
        measure(scene, load_student(CHECKPOINTS / task / CUSTOMER).to(device), copies, parts=parts, report=report)
