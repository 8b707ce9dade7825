"""`python -m dsn bench`: every ratio of the table of speed, measured, printed and recorded."""

import sys
from collections.abc import Iterator
from importlib.util import find_spec

import torch

from dsn.bench.attacks import attack_rows
from dsn.bench.fleet import fleet_rows
from dsn.bench.timing import Ratio
from dsn.bench.training import gpu_rows, training_rows
from dsn.devices import arithmetic_for, default_device
from dsn.results.store import provenance, record

SEED = 0


def rows(which: str, minutes: tuple[float, float] | None = None) -> Iterator[tuple[Ratio, str]]:
    """The ratios of "training", "fleet", "page", "attacks", "gpu", or of "all" there is, each as it is measured.

    With the device it was measured on; "load" is not part of "all", since it takes more than an hour.

    Args:
        which: as above, or "load".
        minutes: that a crowd stays, and that mixed use lasts; None for the usual.
    """
    if which in ("training", "all"):
        yield from ((row, "cpu") for row in training_rows())
    if which in ("fleet", "all"):
        device = default_device()
        yield from ((row, device) for row in fleet_rows(device))
    if which in ("attacks", "all"):
        yield from ((row, "cpu") for row in attack_rows())
    if which in ("page", "all"):
        from dsn.bench.page import page_rows  # the only part that needs Gradio

        yield from ((row, "cpu") for row in page_rows())
    if which == "load":
        from dsn.bench.load.rows import Crowd, Mixed, load_rows

        crowd, mixed = (Crowd(), Mixed()) if minutes is None else (Crowd(minutes=minutes[0]), Mixed(minutes=minutes[1]))
        yield from ((row, "cpu") for row in load_rows(crowd, mixed))
    if which == "gpu" or (which == "all" and torch.cuda.is_available()):
        yield from ((row, "cuda") for row in gpu_rows("cuda"))


def line(row: Ratio) -> str:
    """One row in words."""
    sides = f"{row.numerator:.4g} / {row.denominator:.4g} {row.unit}"
    return f"{row.ratio:6.2f}  {row.bar:<6}  {'met' if row.met else 'MISSED':<6}  {sides:<22}  {row.what}"


def run(which: str, minutes: tuple[float, float] | None = None) -> None:
    """Measure, print each row as it comes, and record it in `assets/results/bench.json`.

    Args:
        which: "training", "fleet", "page", "attacks", "load", "gpu" or "all".
        minutes: as in `rows`.
    """
    if which == "gpu" and not torch.cuda.is_available():
        sys.exit("There is no GPU that torch can use here: run this on a machine that has one.")
    if which in ("page", "load", "all") and find_spec("gradio") is None:
        sys.exit("The page's bench needs Gradio: install requirements.txt, or run `python -m dsn bench training`.")
    print(f"{'ratio':>6}  {'bar':<6}  {'':<6}  {'medians':<22}  what")
    for row, device in rows(which, minutes):
        print(line(row), flush=True)
        record("bench", row.key, row.as_json() | provenance(SEED, device, arithmetic_for(device)))
