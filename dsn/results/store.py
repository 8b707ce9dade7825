"""Figures are data: commands write them, with seed, commit, device and date; pages only read them."""

from __future__ import annotations

import datetime
import json
import platform
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dsn.files import write_json
from dsn.places import ASSETS
from dsn.statistics import Accuracy

if TYPE_CHECKING:
    from dsn.devices import Arithmetic

RESULTS = ASSETS / "results"


def device_name(device: str) -> str:
    """The device in words: the card's name, or the processor and the threads in use."""
    import torch

    if torch.device(device).type == "cuda":
        return torch.cuda.get_device_name(device)
    threads = torch.get_num_threads()
    return f"{platform.machine()} CPU, {threads} {'thread' if threads == 1 else 'threads'}"


def commit() -> str:
    """The commit the working tree stands at, with "+" where it has changes; "unknown" outside git."""
    git = ["git", "-C", str(ASSETS.parent)]
    try:
        head = subprocess.run([*git, "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=True)
        changes = subprocess.run([*git, "status", "--porcelain", "dsn"], capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
    return head.stdout.strip() + ("+" if changes.stdout else "")


def provenance(seed: int, device: str, arithmetic: Arithmetic = "float32") -> dict[str, Any]:
    """What every figure carries; the arithmetic is that of what was measured: of the training, where that was."""
    import torch

    return {
        "seed": seed,
        "commit": commit(),
        "device": device_name(device),
        "arithmetic": arithmetic,
        "torch": torch.__version__,
        "date": datetime.datetime.now(datetime.UTC).date().isoformat(),
    }


def read_results(name: str) -> dict[str, Any]:
    """The rows of `assets/results/<name>.json`, by key; empty where nothing was recorded yet.

    They are shared by all who read them: whoever changes one copies it first.
    """
    path = RESULTS / f"{name}.json"
    if not path.exists():
        return {}
    about = path.stat()
    return dict(_rows(path, about.st_mtime_ns, about.st_size, about.st_ino))


@lru_cache(maxsize=32)
def _rows(path: Path, *version: int) -> dict[str, Any]:
    return json.loads(path.read_text("utf-8"))


def record(name: str, key: str, row: dict[str, Any], folder: Path = RESULTS) -> None:
    """Put one row into `assets/results/<name>.json`, in place of an older one of the same key."""
    path = folder / f"{name}.json"
    rows = json.loads(path.read_text("utf-8")) if path.exists() else {}
    rows[key] = row
    write_json(path, dict(sorted(rows.items())))


def teacher_accuracy(task: str) -> Accuracy | None:
    """The teacher's recorded accuracy on the held-out pictures that come with the project."""
    row = read_results("teachers").get(task)
    return Accuracy(row["held_out"]["correct"], row["held_out"]["n"]) if row else None


@dataclass(frozen=True)
class Provenance:
    """When, where and how often several rows were measured.

    Attributes:
        first: date of the oldest.
        last: date of the newest.
        commits: of all, each once.
        devices: of all, each once.
        fewest: seeds of a row.
        most: seeds of a row.
    """

    first: str
    last: str
    commits: tuple[str, ...]
    devices: tuple[str, ...]
    fewest: int
    most: int


def provenance_of(rows: Iterable[dict[str, Any]]) -> Provenance:
    """Where rows come from that were measured over several seeds; there has to be one."""
    rows = list(rows)
    dates, seeds = ([row[key] for row in rows] for key in ("date", "seeds"))
    commits, devices = (tuple(dict.fromkeys(row[key] for row in rows)) for key in ("commit", "device"))
    return Provenance(min(dates), max(dates), commits, devices, min(seeds), max(seeds))
