"""Bars of locked own networks: `python -m dsn own-networks`; figures go to `assets/results/own_networks.json`."""

import random
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import torch

from dsn.applications.prepared import DataSet, as_floats
from dsn.devices import arithmetic_for
from dsn.distilling.loop import Training
from dsn.locks.registry import SEALED, STAMPED
from dsn.locks.sweep import sweep_accuracy
from dsn.measuring.evaluate import drawn
from dsn.networks.own import adapt
from dsn.own_network.example import EXAMPLES, SIZE, Example, example_pictures, kept_example
from dsn.own_network.lock import Naming, lock_network, seal_network
from dsn.own_network.worth import right, worth
from dsn.places import ROOT
from dsn.results.store import provenance, record
from dsn.serials import Serial, near_misses, random_serial
from dsn.statistics import Accuracy, chance
from dsn.student.own import OwnStudent

RESULTS = "own_networks"
BATCH = 100
FOLDER = ROOT / "build" / "own_networks"
WRONG_SERIALS = 64
GROUP_PICTURES = 240  # drawn from the test pictures, for groups of serials: each serial is a whole pass
SEALED_SERIALS = 8  # each opens another network

Report = Callable[[str], None]


def run(
    seed: int, training: Training, names: list[str], locks: list[str], report: Report, folder: Path = FOLDER
) -> None:
    """Train, lock and measure the examples of these architectures.

    Args:
        seed: of pictures, serials and all randomness.
        training: where; its epochs, where above 0, are those of every training.
        names: architectures; none for all.
        locks: "stamped", "sealed" or both.
        report: told each step.
        folder: of what is kept between runs.
    """
    data = example_pictures(seed)
    for example in EXAMPLES:
        if not names or example.architecture in names:
            for row in measured(example, data, seed, training, locks, report, folder):
                record(RESULTS, f"{example.architecture} {row['lock']}", row)
                valid, absent = (row[key]["percent"] for key in ("valid", "absent"))
                report(f"{example.architecture} {row['lock']}: {valid} with the serial, {absent} without")


def measured(
    example: Example,
    data: DataSet,
    seed: int,
    training: Training,
    locks: list[str],
    report: Report,
    folder: Path = FOLDER,
) -> Iterator[dict[str, Any]]:
    """Rows of the results file, the sealed lock's first, which needs no training; arguments as in `run`."""
    stem = example.architecture.replace(":", "-")
    report(f"{example.architecture}: training")
    base = replace(
        training, epochs=training.epochs or example.epochs, checkpoint=folder / f"{stem}-training.safetensors"
    )
    model = kept_example(example, data, folder / f"{stem}.safetensors", base)
    network = adapt(model, size=SIZE)
    serial = random_serial(64, source=random.Random(seed))
    naming = Naming(data.class_names, "elm", "six-signs", example.architecture)
    levels = chance(data.test.labels, len(data.class_names))
    about = {
        "architecture": example.architecture,
        "parameters": sum(one.numel() for one in network.parameters()),
        "size": SIZE,
        "pictures": len(data.train),
        "thin": network.shape.thin,
        "chance": round(levels.uniform, 2),
        "model": right(network, data.test).as_json(),
        **provenance(seed, training.device, training.done_in),
    }
    if SEALED in locks:
        report(f"{example.architecture}: sealing")
        sealed = seal_network(network, serial, naming)
        yield {**about, "lock": SEALED, **locked_figures(sealed, serial, data, seed, SEALED_SERIALS)}
    if STAMPED not in locks:
        return
    report(f"{example.architecture}: locking")
    locking = replace(
        training, epochs=training.epochs or example.locking, checkpoint=folder / f"{stem}-locking.safetensors"
    )
    student = lock_network(network, data, serial, naming, locking)
    report(f"{example.architecture}: measuring")
    yield {
        **about,
        "lock": STAMPED,
        "cell": student.config.cell,
        "epochs": locking.epochs,
        **locked_figures(student, serial, data, seed),
        "worth": worth(student, data, seed, report=report).as_json(),
    }


def locked_figures(
    student: OwnStudent, serial: Serial, data: DataSet, seed: int, most: int = WRONG_SERIALS
) -> dict[str, Any]:
    """How often a student is right on test pictures: valid, absent, wrong, one bit wrong; `most` serials a group.

    Groups of serials are tried on pictures drawn from them, in the arithmetic that the machine is faster in.
    """
    tried = drawn(data.test, GROUP_PICTURES, seed)
    dtype = torch.bfloat16 if arithmetic_for("cpu") == "bf16" else torch.float32

    def group(serials: list[Serial]) -> dict[str, Any]:
        bits = torch.tensor([one.bits for one in serials], dtype=torch.float32)
        counts = sweep_accuracy(partial(student.swept, dtype=dtype), tried.images, tried.labels, bits)
        return _group([Accuracy(int(count), len(tried)) for count in counts])

    return {
        "valid": _accuracy(student, serial, data).as_json(),
        "absent": _accuracy(student, None, data).as_json(),
        "wrong": group(_wrong(serial, most, seed)),
        "one_bit_wrong": group(near_misses(serial)[:most]),
    }


def _wrong(serial: Serial, count: int, seed: int) -> list[Serial]:
    source = random.Random(seed + 1)
    return [random_serial(len(serial.bits), unlike=serial, source=source) for _ in range(count)]


def _accuracy(student: OwnStudent, serial: Serial | None, data: DataSet) -> Accuracy:
    found = [student.predict(as_floats(batch), serial).argmax(1) for batch in data.test.images.split(BATCH)]
    return Accuracy(int((torch.cat(found) == data.test.labels).sum()), len(data.test))


def _group(found: list[Accuracy]) -> dict[str, Any]:
    worst = max(found, key=lambda one: one.share)
    mean = sum(one.percent for one in found) / len(found)
    return {"serials": len(found), "mean": round(mean, 2), "worst": worst.as_json()}
