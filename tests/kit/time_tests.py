"""Time the tests on an idle machine and record it: `PYTHONPATH=. python tests/kit/time_tests.py check` (or `test`)."""

import argparse
import os
import re
import subprocess
import sys
import time

import torch
from app_process import PROJECT

from dsn.devices import arithmetic_for
from dsn.results.store import provenance, record

BARS = {"check": 120.0, "test": 720.0}  # seconds, on two idle cores


def main(command: str) -> None:
    """Run `make check` or `make test`, and write its row of `assets/results/tests.json` if all passed."""
    load, begun = os.getloadavg()[0], time.perf_counter()
    ran = subprocess.run(["make", command], cwd=PROJECT, stdout=subprocess.PIPE, text=True)
    seconds = time.perf_counter() - begun
    if ran.returncode:
        sys.exit(ran.stdout)
    passed = re.findall(r"(\d+) passed", ran.stdout)[-1]
    instructions = torch.backends.cpu.get_cpu_capability()
    row = {
        "what": f"make {command}",
        "tests": int(passed),
        "seconds": round(seconds, 1),
        "bar": BARS[command],
        "met": seconds <= BARS[command],
        "cores": os.cpu_count(),
        "instructions": instructions,
        "load_before": round(load, 2),
        **provenance(0, "cpu", arithmetic_for("cpu")),
    }
    record("tests", f"{command}-{instructions}-{row['arithmetic']}".lower(), row)
    print(f"make {command}: {passed} tests in {seconds:.0f} s")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("command", choices=BARS)
    main(parser.parse_args().command)
