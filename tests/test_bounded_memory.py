"""Hostile files of any size are refused in bounded memory: the system itself sets the bound."""

import json
import os
import struct
import subprocess
import sys
from pathlib import Path

import pytest
from hostile_files import HOSTILE, entry, packed, png_claiming
from hub_programs import KIT
from program_in_bounds import told
from tiny_students import tiny_student

from dsn.places import ROOT
from dsn.student.folder import CONFIG, WEIGHTS, save_student

GIGA = 2**30


def sparse(path: Path, start: bytes, size: int) -> Path:
    """A file of this size that takes no room on the disk."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        file.write(start)
        file.truncate(size)
    return path


def folder_with(tmp_path: Path, name: str, file: str, start: bytes, size: int) -> Path:
    """A student's folder of which one file was replaced."""
    folder = tmp_path / name
    save_student(tiny_student(), folder)
    sparse(folder / file, start, size)
    return folder


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="the system does not tell a program's size")
def test_files_of_gigabytes_are_refused_in_a_quarter_of_one(tmp_path: Path) -> None:
    header = struct.pack("<Q", GIGA)
    many = packed({f"t{n}": entry((0,), (0, 0)) for n in range(300_000)})  # 17 MB of header
    asked = {
        "suspect, header of 1 GB": ("suspect", sparse(tmp_path / "a.safetensors", header, GIGA + 100)),
        "suspect, 100 MB of it": ("suspect", sparse(tmp_path / "b.safetensors", header, 100_000_000)),
        "suspect, 300,000 tensors": ("suspect", sparse(tmp_path / "c.safetensors", many, len(many))),
        "folder, header of 1 GB": ("folder", folder_with(tmp_path, "d", WEIGHTS, header, GIGA + 100)),
        "folder, 60 MB of it": ("folder", folder_with(tmp_path, "e", WEIGHTS, header, 60_000_000)),
        "folder, 300,000 tensors": ("folder", folder_with(tmp_path, "f", WEIGHTS, many, len(many))),
        "folder, config": ("folder", folder_with(tmp_path, "g", CONFIG, b"[", 4 * GIGA)),
        "customers": ("customers", sparse(tmp_path / "h.csv", b"customer\n", 4 * GIGA)),
        "picture, claims": ("picture", sparse(tmp_path / "i.png", (claim := png_claiming(60_000, 60_000)), len(claim))),
        "picture, bytes": ("picture", sparse(tmp_path / "j.png", png_claiming(100, 100), 4 * GIGA)),
        "serial": ("serial", sparse(tmp_path / "k.txt", b"A" * 100, 10_000_000)),
    }
    calls = json.dumps(list(asked.values()), default=str)
    run = subprocess.run(
        [sys.executable, KIT / "program_in_bounds.py", tmp_path / "sound", calls],
        env={**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
    )
    assert run.returncode == 0, run.stderr[-2000:]
    for kind, message in zip(asked, json.loads(run.stdout), strict=True):
        assert message.endswith(".") and message.isprintable() and len(message) < 600, kind


@pytest.mark.parametrize("kind", list(HOSTILE))
def test_a_hostile_file_in_a_students_folder_is_refused_with_one_sentence(tmp_path: Path, kind: str) -> None:
    save_student(tiny_student(), tmp_path / "alder")
    (tmp_path / "alder" / WEIGHTS).write_bytes(HOSTILE[kind])
    message = told("folder", tmp_path / "alder")
    assert message.endswith(".") and message.isprintable() and len(message) < 600
