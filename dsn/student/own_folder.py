"""The student of an own network as a folder: `config.json` and `model.safetensors`, as other students'."""

import copy
import textwrap
from pathlib import Path

import torch
from torch import Tensor, nn

from dsn.files import write_tensors, write_text
from dsn.locks.modules import SealedModule
from dsn.networks.architectures import ArchitectureError, built, is_of_a_library
from dsn.networks.own import OwnNetwork
from dsn.student.folder import CONFIG, LARGEST_CONFIG, LARGEST_HEADER, WEIGHTS, StudentError, load_folder, read_weights
from dsn.student.own import MODEL_TYPE, OwnConfig, OwnStudent, expected_tensors
from dsn.student.student import Student

LARGEST_OWN = 200_000_000  # weights
LARGEST_OWN_FILE = 4 * LARGEST_OWN + LARGEST_HEADER  # bytes


def save_own(student: OwnStudent, folder: Path) -> None:
    """Write `config.json` and `model.safetensors`; the folder is made where it is missing."""
    sealed = student.sealed
    tensors = {**sealed.codes, **sealed.readable} if sealed else student.opened(None).state_dict()
    write_tensors(folder / WEIGHTS, tensors)
    write_text(folder / CONFIG, student.config.to_json())


def load_any(folder: Path, name: str | None = None, network: nn.Module | str | None = None) -> Student | OwnStudent:
    """The student in a folder, of whichever kind its `config.json` says.

    Args:
        folder: holds `config.json` and `model.safetensors`; nothing else in it is read.
        name: what messages call the folder, where that is not its path.
        network: of an own network whose architecture is a program: the network, of any weights, or
            "package.module:function".

    Raises:
        StudentError: the folder or a file is missing, damaged, or not a student's.
    """
    return load_own(folder, name, network) if is_own(folder / CONFIG) else load_folder(folder, name)


def load_own(folder: Path, name: str | None = None, network: nn.Module | str | None = None) -> OwnStudent:
    """The student of an own network in a folder; arguments and errors as in `load_any`."""
    name = name or str(folder)
    config = _read_config(folder / CONFIG, f"{name}/{CONFIG}")
    architecture = network or config.architecture
    if network is None and not is_of_a_library(config.architecture):
        said = f"a program, {textwrap.shorten(config.architecture, 80)!r}," if config.architecture else "no network"
        raise StudentError(
            f"{name}/{CONFIG} names {said} and programs that a file names are not run: "
            "give the network yourself, load_student(..., network=...)."
        )
    shapes = _network(architecture, config, name, "meta")
    expected = shapes.state_dict()
    if config.seal and set(config.seal.scales) != {k for k, one in expected.items() if one.is_floating_point()}:
        raise StudentError(f"{name}/{CONFIG} has scales of another network: copy or download the folder again.")
    try:
        specs = expected_tensors(config, expected)
    except ValueError as error:
        raise StudentError(f"{name}/{CONFIG} describes a network that no student has ({error}).") from error
    tensors = read_weights(folder / WEIGHTS, f"{name}/{WEIGHTS}", specs, LARGEST_OWN_FILE)
    # Once more, for real: what lies in no file, such as tables of positions, has to be there too.
    layers = _network(architecture, config, name, "cpu") if shapes.mean.is_meta else shapes
    return _with_weights(config, layers, tensors)


def _with_weights(config: OwnConfig, layers: OwnNetwork, tensors: dict[str, Tensor]) -> OwnStudent:
    sealed = None
    if config.seal is None:
        layers.load_state_dict(tensors)
    else:
        codes = {key: tensors[key] for key in config.seal.scales}
        readable = {key: one for key, one in tensors.items() if key not in codes}
        sealed = SealedModule(codes, readable, dict.fromkeys(codes, "float32"), config.bit_count, config.seal)
    layers.requires_grad_(False).eval().to(memory_format=torch.channels_last)
    return OwnStudent(config, layers, sealed).eval()


def _network(architecture: nn.Module | str, config: OwnConfig, name: str, device: str) -> OwnNetwork:
    """A network of the configuration's shape, of random weights, or of none ("meta")."""
    try:
        with torch.random.fork_rng(devices=[]), torch.device(device):
            if isinstance(architecture, nn.Module):
                model = copy.deepcopy(architecture).float().to(device)
            else:
                model = built(architecture, config.network.classes).float()
            _check_size(model, name)
            return OwnNetwork(model, config.network)
    except StudentError:
        raise
    except ArchitectureError as error:
        raise StudentError(f"{name}/{CONFIG}: {error}") from error
    except Exception as error:
        if device == "meta":  # a few networks compute with values while they are built
            return _network(architecture, config, name, "cpu")
        reason = textwrap.shorten(str(error), 200)
        raise StudentError(f"{name}/{CONFIG} does not fit the network it names ({reason}).") from error


def _check_size(model: nn.Module, name: str) -> None:
    """Refuse what is too large to be a student's while it takes no memory yet."""
    count = sum(one.numel() for one in model.state_dict().values())
    if count > LARGEST_OWN:
        raise StudentError(
            f"{name}/{CONFIG} describes a network of {count:,} weights: a student has at most {LARGEST_OWN:,}."
        )


def is_own(path: Path) -> bool:
    """Whether a `config.json` says that it is of an own network; nothing else in it is looked at."""
    try:
        if path.stat().st_size > LARGEST_CONFIG:
            return False
        return f'"{MODEL_TYPE}"' in path.read_text("utf-8")
    except (OSError, ValueError):
        return False  # whatever is wrong with it, the loader of students says it


def _read_config(path: Path, name: str) -> OwnConfig:
    if not path.is_file():
        raise StudentError(f"{name} is missing: copy or download the student's whole folder again.")
    try:
        if path.stat().st_size > LARGEST_CONFIG:
            raise ValueError(f"it is larger than {LARGEST_CONFIG:,} bytes")
        return OwnConfig.from_json(path.read_text("utf-8"))
    except (ValueError, RecursionError) as error:
        reason = textwrap.shorten(str(error), 200)
        raise StudentError(f"{name} is not a student's ({reason}): copy or download it again.") from error
    except OSError as error:
        raise StudentError(f"{name} cannot be read ({error.strerror}): check its permissions.") from error
