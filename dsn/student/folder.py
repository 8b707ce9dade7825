"""A student as a folder, laid out as a Hub model repository: `config.json` and `model.safetensors`."""

from __future__ import annotations

import math
import reprlib
import textwrap
import threading
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np
from safetensors import SafetensorError, safe_open

from dsn.applications.registry import applications
from dsn.files import write_tensors, write_text
from dsn.locks.lock import TensorSpec
from dsn.locks.registry import SEALED
from dsn.networks.config import MAP, tensors_of
from dsn.networks.limits import check_network
from dsn.student.config import StudentConfig

if TYPE_CHECKING:
    from torch import Tensor

    from dsn.student.student import Student

CONFIG = "config.json"
WEIGHTS = "model.safetensors"
LARGEST_CONFIG = 1_000_000  # bytes
LARGEST_STUDENT = 16_000_000  # weights; the students made here have less than a million
LARGEST_HEADER = 1_000_000  # bytes, of a safetensors file
LARGEST_FILES = {CONFIG: LARGEST_CONFIG, WEIGHTS: 4 * LARGEST_STUDENT + LARGEST_HEADER}  # bytes


class StudentError(RuntimeError):
    """A student that cannot be had; its message is one sentence: which file, what is wrong, what to do."""


def save_student(student: Student, folder: Path) -> None:
    """Write a student's `config.json` and `model.safetensors`; the folder is made where it is missing."""
    write_tensors(folder / WEIGHTS, student.lock.tensors(student.state_dict()))
    write_text(folder / CONFIG, student.config.to_json())


def bundled(checkpoints: Path) -> list[str]:
    """The students there are folders for, as "task/customer", in alphabetical order."""
    folders = [folder for task in applications() for folder in (checkpoints / task).glob("[!.]*") if folder.is_dir()]
    return sorted(f"{folder.parent.name}/{folder.name}" for folder in folders)


def load_folder(folder: Path, name: str | None = None) -> Student:
    """The student in a folder: in eval mode, on the CPU, channels_last, its weights not requiring gradients.

    Args:
        folder: holds `config.json` and `model.safetensors`; nothing else in it is read.
        name: what messages call the folder, where that is not its path.

    Raises:
        StudentError: the folder or a file is missing, damaged, or not a student's.
    """
    import torch

    from dsn.student.student import Student

    name = name or str(folder)
    config = _read_config(folder, name)
    with torch.device("meta"):  # shapes alone: nothing is allocated before the file is known to fit
        student = Student(config)
    _check_shapes(config, {key: tuple(one.shape) for key, one in student.state_dict().items()}, name)
    tensors = read_weights(folder / WEIGHTS, f"{name}/{WEIGHTS}", student.lock.expected(student))
    student.load_state_dict(student.lock.weights(tensors), assign=True)
    return student.requires_grad_(False).eval().to(memory_format=torch.channels_last)


def check_folder(folder: Path, name: str) -> StudentConfig:
    """Refuse what `load_folder` would refuse, for the same reasons, without torch and without building the network.

    Args:
        folder: as there.
        name: what messages call it.

    Returns:
        Its `config.json`.

    Raises:
        StudentError: as there.
    """
    config = _read_config(folder, name)
    if config.network.answer == MAP:
        load_folder(folder, name)
        return config
    expected = expected_tensors(config)
    _check_shapes(config, {key: one.shape for key, one in expected.items()}, name)
    path = folder / WEIGHTS
    with opened(path, f"{name}/{WEIGHTS}", expected, LARGEST_FILES[WEIGHTS], "np") as file:
        _refuse_no_numbers(
            f"{name}/{WEIGHTS}", (key for key in expected if not np.isfinite(file.get_tensor(key)).all())
        )
    return config


def expected_tensors(config: StudentConfig) -> dict[str, TensorSpec]:
    """What the file of a student whose answers are classes must hold, as its lock says once the network is built."""
    counters = "num_batches_tracked"
    return {
        key: TensorSpec("I16" if config.lock == SEALED else "I64" if key.endswith(counters) else "F32", lengths)
        for key, lengths in tensors_of(config.network).items()
    }


class Students(Mapping[str, "Student"]):
    """Students that lie in folders, by their names; each is loaded when it is first asked for.

    Args:
        folders: of each, with what messages call it; `check_folder` has looked into it.
        configs: of each.
    """

    def __init__(self, folders: Mapping[str, tuple[Path, str]], configs: Mapping[str, StudentConfig]) -> None:
        self.folders, self.configs = folders, configs
        self._loaded: dict[str, Student] = {}
        self._one_at_a_time = threading.Lock()

    def __getitem__(self, name: str) -> Student:
        with self._one_at_a_time:
            if name not in self._loaded:
                self._loaded[name] = load_folder(*self.folders[name])
            return self._loaded[name]

    def __contains__(self, name: object) -> bool:
        return name in self.folders

    def __iter__(self) -> Iterator[str]:
        return iter(self.folders)

    def __len__(self) -> int:
        return len(self.folders)

    def only(self, names: Iterable[str]) -> Students:
        """Some of them."""
        chosen = set(names)
        kept = {name: place for name, place in self.folders.items() if name in chosen}
        return Students(kept, {name: self.configs[name] for name in kept})


def _check_shapes(config: StudentConfig, shapes: Mapping[str, tuple[int, ...]], name: str) -> None:
    count = sum(map(math.prod, shapes.values()))
    if count > LARGEST_STUDENT:
        raise StudentError(
            f"{name}/{CONFIG} describes a network of {count:,} weights: a student has at most {LARGEST_STUDENT:,}."
        )
    if config.seal and set(config.seal.scales) != set(shapes):
        raise StudentError(f"{name}/{CONFIG} has scales of another network: copy or download the folder again.")


def _check(config: StudentConfig) -> None:
    """Refuse values that no student has.

    Raises:
        ValueError: which value, and what it must be.
    """
    network = config.network
    check_network(network)
    if type(config.bit_count) is not int or math.isqrt(config.bit_count) * network.cell > min(network.input_shape[1:]):
        raise ValueError(f"a serial of {config.bit_count} bits has no place on {min(network.input_shape[1:])} pixels")
    if not all(isinstance(text, str) for text in (config.task, config.customer, config.recipe, *config.classes)):
        raise ValueError("task, customer, recipe and every class name must be texts")


def _read_config(folder: Path, student: str) -> StudentConfig:
    if not folder.is_dir():
        raise StudentError(
            f"There is no folder {student}: give a student's folder, such as checkpoints/digits/<customer>, "
            "or a Hub repository, such as organisation/name."
        )
    path, name = folder / CONFIG, f"{student}/{CONFIG}"
    if not path.is_file():
        raise StudentError(f"{name} is missing: copy or download the student's whole folder again.")
    try:
        if path.stat().st_size > LARGEST_CONFIG:
            raise ValueError(f"it is larger than {LARGEST_CONFIG:,} bytes")
        config = StudentConfig.from_json(path.read_text("utf-8"))
        _check(config)
    except (ValueError, RecursionError) as error:  # the latter from brackets nested by the thousand
        reason = textwrap.shorten(str(error), 200)
        raise StudentError(f"{name} is not a student's ({reason}): copy or download it again.") from error
    except OSError as error:
        raise StudentError(f"{name} cannot be read ({error.strerror}): check its permissions.") from error
    return config


def read_weights(
    path: Path, name: str, expected: dict[str, TensorSpec], largest: int = LARGEST_FILES[WEIGHTS]
) -> dict[str, Tensor]:
    """The tensors of a safetensors file, once it is known to hold those expected and no others.

    Args:
        path: of the file.
        name: what messages call it.
        expected: types and shapes by name.
        largest: bytes that it may have.

    Raises:
        StudentError: it is missing, damaged, or not what was expected.
    """
    with opened(path, name, expected, largest) as file:
        tensors = {key: file.get_tensor(key).clone() for key in expected}  # the file may go
    _refuse_no_numbers(name, (key for key, tensor in tensors.items() if not tensor.isfinite().all()))
    return tensors


def _refuse_no_numbers(name: str, at_fault: Iterable[str]) -> None:
    """Refuse a file for the first tensor with values that are not finite."""
    for key in at_fault:
        raise StudentError(f"{name} holds weights that are no numbers (in {key}): copy or download it again.")


@contextmanager
def opened(
    path: Path, name: str, expected: dict[str, TensorSpec], largest: int, framework: Literal["pt", "np"] = "pt"
) -> Iterator[safe_open]:
    """A safetensors file that is known to hold the tensors expected and no others; arguments and errors as above.

    Args:
        path: of the file.
        name: what messages call it.
        expected: types and shapes by name.
        largest: bytes that it may have.
        framework: whose tensors it gives, torch's or NumPy's.
    """
    if not path.is_file():
        raise StudentError(f"{name} is missing: copy or download the student's whole folder again.")
    try:
        _check_sizes(path, name, largest)
        with safe_open(path, framework) as file:
            _check_tensors(file, name, expected)
            yield file
    except SafetensorError as error:
        reason = textwrap.shorten(str(error), 200)  # which repeats what the file says, however long
        raise StudentError(f"{name} is cut short or damaged ({reason}): copy or download it again.") from error
    except OSError as error:
        raise StudentError(f"{name} cannot be read ({error.strerror or error}): check its permissions.") from error


def _check_sizes(path: Path, name: str, largest: int) -> None:
    """Refuse what would take much memory before any of it is taken."""
    size = path.stat().st_size
    if size > largest:
        raise StudentError(f"{name} has {size:,} bytes: a student's has at most {largest:,}.")
    with path.open("rb") as file:
        length = int.from_bytes(file.read(8), "little")
    if length > LARGEST_HEADER:
        raise StudentError(
            f"{name} is cut short or damaged (its header would have {length:,} bytes): copy or download it again."
        )


def _check_tensors(file: safe_open, name: str, expected: dict[str, TensorSpec]) -> None:
    found = set(file.keys())
    if found != set(expected):
        parts = [f"lacks {key}" for key in sorted(set(expected) - found)[:1]]
        parts += [f"has {reprlib.repr(key)} besides" for key in sorted(found - set(expected))[:1]]
        raise StudentError(
            f"{name} is not of the network in {CONFIG} (it {' and '.join(parts)}): take both files from one student."
        )
    for key, spec in expected.items():
        part = file.get_slice(key)
        there = f"{part.get_dtype()} {part.get_shape()}"
        needed = f"{spec.dtype} {list(spec.shape)}"
        if there != needed:
            raise StudentError(
                f"{name} is not of the network in {CONFIG} ({key} is {there}, not {needed}): "
                "take both files from one student."
            )
