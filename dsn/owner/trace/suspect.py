"""Reading a network that may be stolen, from a file that may be hostile: bounded, and never unpickled.

The header is checked in full before a single weight is read (format: github.com/huggingface/safetensors).
"""

import json
import math
import stat
from dataclasses import dataclass, replace
from functools import cache
from itertools import product
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor

from dsn.applications.record import Application
from dsn.applications.registry import applications
from dsn.locks.sealing import Seal
from dsn.networks.classifier import Classifier, folded_weights
from dsn.networks.config import NetworkConfig
from dsn.owner.errors import OwnerError
from dsn.owner.trace.norm_places import in_their_places
from dsn.owner.trace.renaming import renamed
from dsn.student.config import StudentConfig
from dsn.student.folder import CONFIG, LARGEST_CONFIG, LARGEST_HEADER, LARGEST_STUDENT, WEIGHTS
from dsn.student.student import Student

# Bytes of one value, for what a trained network is kept in.
BYTES = {"F64": 8, "F32": 4, "F16": 2, "BF16": 2, "F8_E4M3": 1, "F8_E5M2": 1, "I64": 8, "I16": 2}
LARGEST_FILE = 8 * LARGEST_STUDENT + LARGEST_HEADER  # bytes
MOST_TENSORS = 1000


@dataclass(frozen=True)
class Suspect:
    """A network whose origin is asked for.

    Attributes:
        application: the application whose networks have its shape.
        tensors: its weights, float32 (counters int64), by name, as a student's; of a sealed one its codes as they lie.
        original: the same in the file's own types.
        seal: what goes with the codes of a sealed one, where the file came with its `config.json`.
        others: the same read as a network of every other application whose networks have its shape.
    """

    application: Application
    tensors: dict[str, Tensor]
    original: dict[str, Tensor]
    seal: Seal | None = None
    others: "tuple[Suspect, ...]" = ()

    @property
    def is_sealed(self) -> bool:
        """Whether it holds codes, which are nothing without a serial."""
        return all(tensor.dtype == torch.int16 for tensor in self.original.values())

    @property
    def network(self) -> NetworkConfig:
        """Its shape: the application's, with BatchNorm or with that folded, as in a copy that was sealed once."""
        return replace(self.application.network, batch_norm=any("running_mean" in name for name in self.tensors))

    def folded(self) -> dict[str, Tensor]:
        """The weights of the same network with BatchNorm folded into its convolutions, float32 by name."""
        with torch.device("meta"):
            network = Classifier(self.network)
        network.load_state_dict(self.tensors, assign=True)
        return folded_weights(network.requires_grad_(False).eval())


def read_suspect(path: Path) -> Suspect:
    """Read `model.safetensors`, or a folder that has one; what it is called and in which order makes no difference.

    Raises:
        OwnerError: no such file, a hostile or damaged one, or a network of no application's shape.
    """
    path = path / WEIGHTS if path.is_dir() else path
    check_header(path)
    try:
        with safe_open(path, "pt") as file:
            original = {name: file.get_tensor(name).clone() for name in sorted(file.keys())}
    except (SafetensorError, OSError, ValueError) as error:
        raise _refusal(path, str(error)) from error
    first, *others = [_read_as(application, ours, path) for application, ours in _recognised(original, path)]
    return replace(first, others=tuple(others))


def _read_as(application: Application, original: dict[str, Tensor], path: Path) -> Suspect:
    """Tensors under the names of an application's students, as a network of it."""
    tensors = {name: tensor.float() if _is_weight(tensor) else tensor for name, tensor in original.items()}
    for name, tensor in tensors.items():
        if not tensor.isfinite().all():
            raise _refusal(path, f"{name} holds values that are no numbers")
    return Suspect(application, tensors, original, _seal_beside(path, original))


def shapes_of(application: Application) -> tuple[dict[str, tuple[int, ...]], dict[str, tuple[int, ...]]]:
    """Shapes of the tensors of its students, by name: with BatchNorm, and with that folded."""
    return _shapes(application.network), _shapes(replace(application.network, batch_norm=False))


@cache
def _shapes(network: NetworkConfig) -> dict[str, tuple[int, ...]]:
    with torch.device("meta"):
        return {name: tuple(one.shape) for name, one in Classifier(network).state_dict().items()}


def _is_weight(tensor: Tensor) -> bool:
    return tensor.is_floating_point() or tensor.dtype == torch.int16


def suspected_student(suspect: Suspect, bit_count: int) -> Student:
    """The suspect as a student that expects a serial of so many bits, in eval mode."""
    config = StudentConfig(
        suspect.application.name,
        "unknown",
        bit_count,
        suspect.application.classes,
        suspect.network,
        recipe="unknown",
    )
    with torch.device("meta"):
        student = Student(config)
    student.load_state_dict({name: tensor.clone() for name, tensor in suspect.tensors.items()}, assign=True)
    return student.requires_grad_(False).eval().to(memory_format=torch.channels_last)


def check_header(path: Path) -> None:
    """Refuse a file that is not an honest safetensors file of a student's size; at most 1 MB of it is read.

    Raises:
        OwnerError: what is wrong, in one sentence.
    """
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            raise _refusal(path, "it is not an ordinary file")
        if status.st_size > LARGEST_FILE:
            raise _refusal(path, f"it has {status.st_size:,} bytes, and no network here has more than {LARGEST_FILE:,}")
        with path.open("rb") as file:
            length = int.from_bytes(file.read(8), "little")
            if not 2 <= length <= min(LARGEST_HEADER, status.st_size - 8):
                raise _refusal(path, f"its header would have {length:,} bytes")
            header = file.read(length)
    except OSError as error:
        raise OwnerError(f"{path} cannot be read ({error.strerror}): check the path.") from error
    try:
        _check_entries(json.loads(header, object_pairs_hook=_without_doubles), status.st_size - 8 - length)
    except RecursionError:
        raise _refusal(path, "its header is nested too deeply") from None
    except ValueError as error:
        raise _refusal(path, " ".join(str(error).split())) from None


def _check_entries(entries: Any, size: int) -> None:
    """Raises ValueError where the entries do not fill `size` bytes one after another."""
    if not isinstance(entries, dict):
        raise ValueError("its header is not a table")
    entries.pop("__metadata__", None)
    if not 1 <= len(entries) <= MOST_TENSORS:
        raise ValueError(f"it lists {len(entries):,} tensors")
    spans: list[tuple[int, int]] = []
    for entry in entries.values():
        if not isinstance(entry, dict) or set(entry) != {"dtype", "shape", "data_offsets"}:
            raise ValueError("an entry of its header is not a tensor's")
        kind, shape, offsets = entry["dtype"], entry["shape"], entry["data_offsets"]
        if not isinstance(kind, str) or kind not in BYTES:
            raise ValueError("its values are not of a kind that networks are kept in")
        if not all(isinstance(numbers, list) and len(numbers) <= 8 for numbers in (shape, offsets)):
            raise ValueError("a shape or an offset in its header is not a list")
        if any(type(number) is not int or not 0 <= number <= size for number in [*shape, *offsets]):
            raise ValueError("a shape or an offset in its header cannot be")
        if len(offsets) != 2 or offsets[1] - offsets[0] != math.prod(shape) * BYTES[kind]:
            raise ValueError("the offsets in its header do not fit the shapes")
        spans.append((offsets[0], offsets[1]))
    end = 0
    for first, last in sorted(spans):
        if first != end:
            raise ValueError("its tensors overlap or leave gaps")
        end = last
    if end != size:
        raise ValueError("it is cut short, or there is something behind its tensors")


def _without_doubles(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    values = dict(pairs)
    if len(values) != len(pairs):
        raise ValueError("a name occurs twice in its header")
    return values


def _recognised(tensors: dict[str, Tensor], path: Path) -> list[tuple[Application, dict[str, Tensor]]]:
    """The applications whose networks have this shape, and the tensors by the names of their students'."""
    found = []
    kinds = {tensor.dtype for tensor in tensors.values() if tensor.dim()}
    if torch.int16 not in kinds or len(kinds) == 1:  # codes of a sealed network are all of one kind
        for application, batch_norm in product(applications().values(), (True, False)):
            with torch.device("meta"):
                expected = Classifier(replace(application.network, batch_norm=batch_norm)).state_dict()
            ours = renamed(tensors, expected)
            if ours is not None:
                found.append((application, in_their_places(ours, application)))
    if found:
        return found
    raise OwnerError(
        f"{path} holds a network of another shape than those of {' and '.join(applications())}: it is not a copy of a "
        "student as it was issued, and cannot be traced here."
    )


def _seal_beside(path: Path, original: dict[str, Tensor]) -> Seal | None:
    """The seal in the `config.json` beside a file, where there is one and it is of these tensors."""
    config = path.parent / CONFIG
    try:
        if not config.is_file() or config.stat().st_size > LARGEST_CONFIG:
            return None
        seal = StudentConfig.from_json(config.read_text("utf-8")).seal
    except (OSError, ValueError, RecursionError):
        return None  # whatever it is, it opens nothing
    return seal if seal and set(seal.scales) == set(original) else None


def _refusal(path: Path, reason: str) -> OwnerError:
    return OwnerError(
        f"{path} is not a network that can be read safely ({reason[:200]}): ask for its `{WEIGHTS}` again."
    )
