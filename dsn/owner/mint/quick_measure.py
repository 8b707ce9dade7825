"""How good and how quick a quick mint is, over several seeds, on the whole test split."""

import os
import random
import time
from collections.abc import Callable, Iterator
from dataclasses import replace

import torch

from dsn.applications.prepared import load_data_set
from dsn.applications.record import Application
from dsn.devices import arithmetic_for
from dsn.distilling.demo_teacher import RESULTS
from dsn.distilling.rebuild import others_of
from dsn.measuring.evaluate import evaluate_student
from dsn.owner.mint.progress import QuickMint
from dsn.owner.mint.quick import quick_mint
from dsn.results.store import provenance, record
from dsn.serials import random_serial
from dsn.student.collection import demo_serials

GOAL_SECONDS = 50.0  # on two idle cores or more of a processor that has AVX2 and nothing beyond
GOAL_SECONDS_ALONE = 110.0  # on one
GOAL_VALID = 97.0  # percent, at least
GOAL_ABSENT = 15.0  # percent, at most


def measure_quick(
    application: Application,
    seeds: int,
    how: QuickMint | None = None,
    *,
    report: Callable[[str], None] = lambda line: None,
) -> Iterator[dict]:
    """Mint quickly with so many seeds, a serial for each; record every row in `assets/results/mint.json`.

    A row is known by the arithmetic, the processor's instructions that torch uses, the threads and the seed.

    Args:
        application: an application with a demo teacher.
        seeds: how many, from 0.
        how: how quick; None for the page's own.
        report: told each step.
    """
    data = load_data_set(application)
    arithmetic, instructions = arithmetic_for("cpu"), torch.backends.cpu.get_cpu_capability()
    for seed in range(seeds):
        settings = replace(how or QuickMint(), seed=seed)
        serial = random_serial(source=random.Random(seed))
        load = os.getloadavg()[0]  # what else the machine was busy with when it began
        processor = time.process_time()
        threads = torch.get_num_threads()
        report(f"seed {seed}: minting")
        *_, last = quick_mint(application, "measured", serial, settings)
        processor = time.process_time() - processor
        assert last.student is not None
        others = others_of(f"{application.name}/measured", {**demo_serials(), f"{application.name}/measured": serial})
        figures = evaluate_student(last.student, serial, others, data, seed=seed, report=report)
        row = {
            "what": "quick mint",
            "task": application.name,
            "epochs": settings.epochs,
            "steps": last.total,
            "seconds": round(last.seconds, 1),
            "processor_seconds": round(processor, 1),
            "load_before": round(load, 2),
            "threads": threads,
            "instructions": instructions,
            "met": last.seconds < (GOAL_SECONDS_ALONE if threads == 1 else GOAL_SECONDS)
            and figures["valid"]["percent"] >= GOAL_VALID
            and figures["absent"]["percent"] <= GOAL_ABSENT,
            **figures,
            **provenance(seed, "cpu", arithmetic),
        }
        record(RESULTS, f"{application.name}-quick-{arithmetic}-{instructions}-{threads}-{seed}".lower(), row)
        yield row
