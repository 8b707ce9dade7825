"""Measure what a folder of pictures comes to by the two commands, with its time: rows for assets/results/own.json.

    python tests/kit/picture_folders.py signs build/six
    python tests/kit/measure_own.py six build/six --customers alder,birch,cedar

Its teacher's and students' rows are taken from what `rebuild` records. Run it in a copy of the project: the commands
write students, serials and tables into the project they run in.
"""

import argparse
import resource
import subprocess
import sys
import time
from pathlib import Path

from dsn.applications.registry import application_named
from dsn.results.store import read_results, record

KEPT = (
    "valid", "absent", "random_wrong", "one_bit_wrong", "unusual", "probe_on_raw", "chance", "lock", "seed", "commit",
    "device", "arithmetic", "torch", "date",
)  # fmt: skip


def timed(*words: str) -> dict[str, float]:
    """Run a command of the project: its seconds by the clock and of the processors, children included."""
    begun, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, "-m", "dsn", *words, "--quiet"], check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return {"seconds": round(time.perf_counter() - begun, 1), "processor_seconds": round(used, 1)}


def measure(name: str, folder: Path, customers: str) -> None:
    """Both commands, one after the other; then a row for the teacher and one for each student."""
    prepared = timed("application", name, str(folder), "--customers", customers)
    rebuilt = timed("rebuild", name)
    keep(name, {"application": prepared, "rebuild": rebuilt, "customers": len(customers.split(","))})


def keep(name: str, times: dict) -> None:
    """Record what a rebuild wrote down, with its times."""
    application = application_named(name)
    teacher = read_results("teachers")[name]
    record("own", f"{name}/teacher", {"pictures": application.pictures, "times": times, **teacher})
    for key, row in read_results("students").items():
        if row["task"] == name:
            record("own", key, {part: row[part] for part in KEPT if part in row})


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("name")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--customers", default="alder,birch,cedar")
    options = parser.parse_args()
    measure(options.name, options.folder, options.customers)
