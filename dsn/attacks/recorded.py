"""Running attacks over seeds and recording them: what `python -m dsn attack` does."""

import statistics
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from dsn.applications.prepared import DataSet, Split, load_data_set
from dsn.applications.record import Application
from dsn.applications.registry import application_named
from dsn.attacks.kit.record import Attack
from dsn.attacks.kit.scene import AttackError, Licensed, Outcome, Scene, Step, check_share, finish
from dsn.attacks.registry import ATTACKS, attack_named
from dsn.distilling.rebuild import BUILD, others_of
from dsn.places import CHECKPOINTS
from dsn.results.store import RESULTS, provenance, record
from dsn.serials import SerialError
from dsn.student.collection import demo_serials
from dsn.student.hub import load_student

TABLE = "attacks"
QUICK_RESULTS = BUILD / "results"  # trials are no figures: they never reach assets/
QUICK_TRAIN, QUICK_TEST = 4000, 500
SECONDS_BETWEEN_LINES = 5.0

Report = Callable[[str], None]


def application_of(name: str) -> Application:
    """The application of a bundled student.

    Args:
        name: "task/customer".

    Raises:
        SerialError: there is no bundled student of this name.
    """
    if name not in demo_serials():
        raise SerialError(f"There is no bundled student {name!r}: choose from {', '.join(demo_serials())}.")
    return application_named(name.split("/")[0])


def scene_of(name: str, data: DataSet, device: str = "cpu", checkpoints: Path = CHECKPOINTS) -> Scene:
    """The bundled student of this name, with its data set and the other customers' students.

    Args:
        name: "task/customer".
        data: of its application.
        device: "cpu" or "cuda".
        checkpoints: folder of the students.

    Raises:
        SerialError: there is no bundled student of this name.
        StudentError: it cannot be loaded.
    """
    application, serials = application_of(name), demo_serials()

    def licensed(one: str) -> Licensed:
        return Licensed(load_student(checkpoints / one).to(device), serials[one])

    attacked = licensed(name)
    others = {
        customer: licensed(f"{application.name}/{customer}")
        for customer in others_of(name, serials)
        if (checkpoints / application.name / customer).is_dir()
    }
    return Scene(attacked.student, attacked.serial, application, data.train.to(device), data.test.to(device), others)


def shortened(data: DataSet) -> DataSet:
    """A few of the pictures, for trying an attack out."""

    def part(split: Split, count: int) -> Split:
        return Split(split.images[:count], split.labels[:count])

    return DataSet(part(data.train, QUICK_TRAIN), part(data.test, QUICK_TEST), data.class_names)


def summary(outcomes: list[Outcome]) -> dict[str, dict[str, Any]]:
    """Every figure over the seeds: mean, sample standard deviation, lowest, highest, and each seed's value.

    A figure that is None for some seeds (what never happened) is summed up over the others; "never" counts them.
    """
    found: dict[str, dict[str, Any]] = {}
    for name in outcomes[0].figures:
        values = [outcome.figures[name] for outcome in outcomes]
        there = [value for value in values if value is not None]
        found[name] = {
            "mean": _rounded(statistics.fmean(there)) if there else None,
            "spread": _rounded(statistics.stdev(there)) if len(there) > 1 else None,
            "lowest": _rounded(min(there)) if there else None,
            "highest": _rounded(max(there)) if there else None,
            "values": [None if value is None else _rounded(value) for value in values],
        }
        if len(there) < len(values):
            found[name]["never"] = len(values) - len(there)
    return found


def _rounded(value: float) -> float:
    """Two decimals for percentages, four digits for what is very small or very large."""
    return round(value, 2) if 0.1 <= abs(value) < 10_000 else float(f"{value:.4g}")


def run_attack(
    attack: Attack,
    scene: Scene,
    share: float,
    seeds: int,
    *,
    quick: bool = False,
    report: Report = lambda line: None,
) -> dict[str, Any]:
    """One attack over several seeds: a row for the results file.

    Args:
        attack: from the registry.
        scene: the student and what is around it.
        share: of the training data.
        seeds: how many, counted from 0; one is enough where nothing is random.
        quick: with the settings for trying out.
        report: told a line of progress every few seconds.

    Raises:
        AttackError: there is nothing to try on the student's lock, or the attack cannot be made on it.
    """
    attack.check_lock(scene.student.config.lock)
    settings = attack.settings(scene.application, quick=quick)
    seeds = seeds if attack.is_random else 1
    outcomes: list[Outcome] = []
    start = time.perf_counter()
    for seed in range(seeds):
        last = time.perf_counter()

        def told(step: Step, seed: int = seed) -> None:
            nonlocal last
            if time.perf_counter() - last >= SECONDS_BETWEEN_LINES:
                last = time.perf_counter()
                shown = ", ".join(f"{name} {value:.2f}" for name, value in step.figures.items())
                report(f"seed {seed}: {step.done} of {step.total}  {shown}")

        outcomes.append(finish(attack.run(scene, settings, share, seed), told))
    student = scene.student.config
    return {
        "task": student.task,
        "customer": student.customer,
        "bit_count": student.bit_count,
        "recipe": student.recipe,
        "attack": attack.name,
        "data_share": share,
        "seeds": seeds,
        "settings": asdict(settings),
        "test_pictures": len(scene.test),
        "figures": summary(outcomes),
        "curves": {name: [_rounded(one) for one in curve] for name, curve in outcomes[0].curves.items()},
        "seconds": round(time.perf_counter() - start, 1),
        **provenance(0, str(scene.device)),
    }


def run(
    name: str,
    students: Iterable[str],
    shares: Sequence[float] | None = None,
    seeds: int = 3,
    device: str = "cpu",
    *,
    quick: bool = False,
    report: Report = print,
) -> None:
    """Attack students and record a row for each share in `assets/results/attacks.json`; trials go to `build/results/`.

    Args:
        name: an attack's, or "all".
        students: each as "task/customer".
        shares: of the training data; None for those the attack is recorded with.
        seeds: how many, counted from 0.
        device: "cpu" or "cuda".
        quick: a few pictures and steps only.
        report: told progress and figures.

    Raises:
        AttackError: no such attack, a share or number of seeds that cannot be, or it cannot be made on a student.
    """
    if seeds < 1:
        raise AttackError("An attack needs at least one seed.")
    for share in shares or ():
        check_share(share)
    attacks = list(ATTACKS.values()) if name == "all" else [attack_named(name)]
    folder = QUICK_RESULTS if quick else RESULTS
    for student, task in [(student, application_of(student)) for student in students]:
        data = load_data_set(task)
        scene = scene_of(student, shortened(data) if quick else data, device)
        for attack in attacks:
            try:
                run_and_record(attack, scene, list(shares or attack.shares), seeds, folder, quick=quick, report=report)
            except AttackError as error:
                if name != "all":
                    raise
                report(f"{student} {attack.name}: left out. {error}")


def run_and_record(
    attack: Attack,
    scene: Scene,
    shares: Iterable[float],
    seeds: int,
    folder: Path,
    *,
    quick: bool = False,
    report: Report = print,
) -> None:
    """One attack on one student with every share of the data, each a row of `attacks.json` in the folder.

    Raises:
        AttackError: a share that cannot be, or the attack cannot be made on this student.
    """
    student = f"{scene.student.config.task}/{scene.student.config.customer}"
    for share in shares:
        report(f"{student} {attack.name}, {100 * share:g} % of the data")
        row = run_attack(attack, scene, share, seeds, quick=quick, report=lambda line: report(f"  {line}"))
        record(TABLE, f"{student}/{attack.name}/{100 * share:g}", row, folder)
        for figure, values in row["figures"].items():
            spread = "" if values["spread"] is None else f" ± {values['spread']:g}"
            report(f"  {figure}: {'never' if values['mean'] is None else format(values['mean'], 'g')}{spread}")
        report(f"  in {row['seconds']:g} seconds")
