"""`python -m dsn bench`: every ratio of the table of speed, measured, printed and recorded."""

import sys
from collections.abc import Iterator
from importlib.util import find_spec

from dsn.bench_training import training_rows
from dsn.results import provenance, record
from dsn.timing import Ratio

SEED = 0


def rows(which: str) -> Iterator[Ratio]:
    """The ratios of "training", of the "page", or "all", each as it is measured."""
    if which != "page":
        yield from training_rows()
    if which != "training":
        from dsn.ui.bench_page import page_rows  # the only part that needs Gradio

        yield from page_rows()


def line(row: Ratio) -> str:
    """One row in words."""
    sides = f"{row.numerator:.4g} / {row.denominator:.4g} {row.unit}"
    return f"{row.ratio:6.2f}  {row.bar:<6}  {'met' if row.met else 'MISSED':<6}  {sides:<22}  {row.what}"


def run(which: str) -> None:
    """Measure, print each row as it comes, and record it in `assets/results/bench.json`.

    Args:
        which: "training", "page" or "all".
    """
    if which != "training" and find_spec("gradio") is None:
        sys.exit("The page's bench needs Gradio: install requirements.txt, or run `python -m dsn bench training`.")
    print(f"{'ratio':>6}  {'bar':<6}  {'':<6}  {'medians':<22}  what")
    for row in rows(which):
        print(line(row), flush=True)
        record("bench", row.key, row.as_json() | provenance(SEED, "cpu"))
