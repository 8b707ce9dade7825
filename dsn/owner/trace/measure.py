"""How often a trace is right, and how long one takes with a long ledger."""

import json
import os
import random
import re
import time
from collections import defaultdict
from collections.abc import Callable
from functools import partial
from pathlib import Path

from dsn.applications.held_out import load_held_out
from dsn.applications.prepared import Split, load_data_set
from dsn.applications.registry import application_named
from dsn.distilling.rebuild import BUILD
from dsn.files import write_json
from dsn.owner.trace.attempts import Suspected, attempts, shipped
from dsn.owner.trace.changes import CHANGES
from dsn.owner.trace.suspect import Suspect
from dsn.owner.trace.tracing import Issued, trace
from dsn.results.store import RESULTS, commit, provenance, record
from dsn.serials import random_serial
from dsn.statistics import Accuracy
from dsn.student.folder import load_folder

FOREIGN = 300  # networks
LEDGER = 1000  # entries of the timed trace
GOAL_RIGHT = 95.0  # percent of ours, at least
GOAL_SECONDS = 20.0  # of the timed trace, on two cores
LEVELS = (0.05, 0.01, 1e-6)  # of p-values: under a true null no larger share of them is below
Report = Callable[[str], None]
Verdict = tuple[str, list[str], float]  # what decides, who is named, and the least p-value of any evidence


def measure_trace(
    names: list[str],
    *,
    device: str = "cpu",
    foreign_count: int = FOREIGN,
    report: Report = print,
    results: Path = RESULTS,
) -> None:
    """Trace everything and record the figures in `trace.json`; interrupted, the same call goes on.

    Args:
        names: applications.
        device: that trains what is to be traced.
        foreign_count: networks that are none of ours, over all applications.
        report: told each verdict.
        results: the folder of figures.
    """
    for turn, name in enumerate(names):
        application = application_named(name)
        issued, split = shipped(application), load_held_out(application).split
        count = foreign_count // len(names) + (turn < foreign_count % len(names))
        progress = _Progress(BUILD / f"traces-{name}.json")
        traced = partial(_traced, issued, split)
        tried: dict[str, list[bool]] = {"ours": [], "foreign": []}
        wrong, by_change, least = [], defaultdict[str, list[bool]](list), list[float]()
        for attempt in attempts(application, issued, load_data_set(application), count, device):
            how, named, p = progress.of(attempt, traced, report)
            is_right = named == ([attempt.truth] if attempt.truth else [])
            tried["ours" if attempt.truth else "foreign"].append(is_right)
            if attempt.truth:
                by_change[re.sub(r", \d+$", "", attempt.change)].append(is_right)
            else:
                least.append(p)
            if not is_right:
                wrong.append(f"{attempt.what}: {how} {' and '.join(named)}".rstrip())
        row = {
            "what": "traces",
            "task": name,
            "wrong": wrong,
            "met": sum(tried["ours"]) >= GOAL_RIGHT / 100 * len(tried["ours"]) and all(tried["foreign"]),
            **{kind: _figures(rights) for kind, rights in tried.items()},
            "by_change": {change: [sum(rights), len(rights)] for change, rights in by_change.items()},
            "foreign_p_at_most": {str(level): sum(p <= level for p in least) for level in LEVELS},
            **provenance(0, device),
        }
        record("trace", name, row, results)
        progress.path.unlink(missing_ok=True)


def measure_ledger(names: list[str], *, report: Report = print, results: Path = RESULTS) -> None:
    """Time one trace against 1,000 entries, each with a serial and a kept student, and record it."""
    for name in names:
        application = application_named(name)
        issued, split, source = shipped(application), load_held_out(application).split, random.Random(0)
        # Kept students are read anew for each entry; whose they are makes no difference to the time.
        known = issued + [
            Issued(f"{name}/c{number}", random_serial(source=source), "", issued[1 + number % (len(issued) - 1)].folder)
            for number in range(LEDGER - len(issued))
        ]
        assert issued[0].folder is not None
        weights = CHANGES["pruned"](dict(load_folder(issued[0].folder).state_dict()))
        load = os.getloadavg()[0]  # what else the machine was busy with when it began
        begun, processor = time.perf_counter(), time.process_time()
        found = trace(Suspect(application, weights, weights), known, split)
        seconds, processor = time.perf_counter() - begun, time.process_time() - processor
        row = {
            "what": "ledger",
            "task": name,
            "entries": len(known),
            "named": list(found.named),
            "seconds": round(seconds, 1),
            "processor_seconds": round(processor, 1),
            "load_before": round(load, 2),
            "met": seconds < GOAL_SECONDS and found.named == (issued[0].label,),
        }
        record("trace", f"{name}-ledger", {**row, **provenance(0, "cpu")}, results)
        report(f"{name}: {len(known)} entries in {seconds:.1f} s ({processor:.1f} s of processor time)")


def _figures(rights: list[bool]) -> dict[str, float | int]:
    return {"correct": sum(rights), **Accuracy(sum(rights), len(rights)).as_json()}


def _traced(issued: list[Issued], split: Split, attempt: Suspected) -> Verdict:
    known = [one for one in issued if one.label != attempt.hidden]
    found = trace(attempt.suspect(), known, split)
    kinds = [part.p for one in found.evidence for part in (one.unlocking, one.closeness) if part]
    return found.how, list(found.named), min([found.p, *kinds])


class _Progress:
    """What was traced so far, so that an interruption costs one trace; it is void once the code has changed."""

    def __init__(self, path: Path) -> None:
        self.path, self._commit = path, commit()
        kept = json.loads(path.read_text("utf-8")) if path.exists() else {}
        self._done: dict[str, Verdict] = kept["done"] if kept.get("commit") == self._commit else {}

    def of(self, attempt: Suspected, traced: Callable[[Suspected], Verdict], report: Report) -> Verdict:
        if attempt.what not in self._done:
            self._done[attempt.what] = how, named, _ = traced(attempt)
            report(f"{attempt.what}: {how} {' and '.join(named)}".rstrip())
            write_json(self.path, {"commit": self._commit, "done": self._done})
        return self._done[attempt.what]
