"""Files are written beside their name and moved into place, so that none is ever half there."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from safetensors import SafetensorError

if TYPE_CHECKING:
    from torch import Tensor


def write_in_place(path: Path, write: Callable[[Path], None]) -> None:
    """Let `write` make the file beside `path`, then move it there.

    Args:
        path: the file to be; its folder is made where it is missing.
        write: writes a whole file to the path it is given.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        write(beside)
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)


def write_text(path: Path, text: str) -> None:
    """Write a text file, UTF-8."""

    def write(beside: Path) -> None:
        beside.write_text(text, encoding="utf-8")

    write_in_place(path, write)


def write_private_text(path: Path, text: str) -> None:
    """Write a text file, UTF-8, that only its owner may read from its first byte on."""

    def write(beside: Path) -> None:
        beside.unlink(missing_ok=True)
        with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())

    write_in_place(path, write)


def write_json(path: Path, value: Any) -> None:
    """Write a JSON file, indented, with its keys in the order given."""
    write_text(path, json.dumps(value, indent=2, ensure_ascii=False) + "\n")


def write_tensors(path: Path, tensors: dict[str, Tensor], metadata: dict[str, str] | None = None) -> None:
    """Write a safetensors file, every tensor on the CPU and contiguous.

    Raises:
        OSError: the disk is full or cannot be written.
    """
    from safetensors.torch import save_file

    plain = {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}

    def write(beside: Path) -> None:
        try:
            save_file(plain, beside, metadata={"format": "pt", **(metadata or {})})
        except SafetensorError as error:  # safetensors' own name for a full disk
            raise OSError(str(error)) from error
        beside.chmod(0o644)  # safetensors writes for the owner only

    write_in_place(path, write)
