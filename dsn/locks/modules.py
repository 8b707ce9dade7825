"""Sealing any PyTorch network, tensor for tensor, without training."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor, nn

from dsn.files import write_tensors
from dsn.locks.sealing import USUAL_COST, ScryptCost, Seal, SealError, new_salt, open_codes, seal_tensors
from dsn.serials import Serial

METADATA = "dsn_seal"
TYPES = {"float16": torch.float16, "bfloat16": torch.bfloat16, "float32": torch.float32, "float64": torch.float64}


@dataclass(frozen=True)
class SealedModule:
    """The tensors of a network that are noise without a serial.

    Attributes:
        codes: int16 a weight; int32 for vectors (biases, statistics of norms) and float64, which 16 bits are too
            coarse for.
        readable: tensors of whole numbers, such as counters, which are left as they are.
        types: floating-point type of each sealed tensor, by its name.
        bit_count: length of the serial.
        seal: salt, scales and what finding the key costs.
    """

    codes: dict[str, Tensor]
    readable: dict[str, Tensor]
    types: dict[str, str]
    bit_count: int
    seal: Seal

    def state_dict(self, serial: Serial) -> dict[str, Tensor]:
        """What `load_state_dict` takes; with a wrong serial noise, uniform between plus and minus each tensor's scale.

        Raises:
            SealError: a serial of another length.
        """
        if len(serial.bits) != self.bit_count:
            raise SealError(f"This file takes a serial of {self.bit_count} bits, and this one has {len(serial.bits)}.")
        opened, _ = open_codes(self.codes, serial, self.seal)
        return {**{name: one.to(TYPES[self.types[name]]) for name, one in opened.items()}, **self.readable}

    def save(self, path: Path) -> None:
        """Write a safetensors file: codes, and the seal in its metadata."""
        about = {"bit_count": self.bit_count, "types": self.types, "seal": self.seal.to_json()}
        write_tensors(path, {**self.codes, **self.readable}, {METADATA: json.dumps(about)})

    @classmethod
    def load(cls, path: Path) -> "SealedModule":
        """Read what `save` wrote.

        Raises:
            SealError: the file is missing, damaged, or not one of these; one sentence.
        """
        tensors, metadata = _read(path)
        try:
            about = json.loads(metadata[METADATA])
            seal, types, bit_count = Seal.from_json(about["seal"]), about["types"], about["bit_count"]
            codes = {name: tensors[name] for name in types}
            if set(types) != set(seal.scales) or not set(types.values()) <= set(TYPES):
                raise SealError("its seal is of other tensors")
            if any(one.dtype not in (torch.int16, torch.int32) for one in codes.values()):
                raise SealError("its codes are no whole numbers of 16 or 32 bits")
            if type(bit_count) is not int:
                raise SealError("it does not say how long its serial is")
            readable = {name: one for name, one in tensors.items() if name not in types}
            return cls(codes, readable, types, bit_count, seal)
        except (KeyError, TypeError, AttributeError, ValueError, RecursionError) as error:
            why = str(error)[:200] if isinstance(error, SealError) else "it has no seal in its metadata"
            raise SealError(f"{path} is not a sealed file ({why}): give one that `dsn seal` wrote.") from error


def seal_module(
    module: nn.Module | Mapping[str, Tensor],
    serial: Serial,
    *,
    salt: str | None = None,
    scrypt: ScryptCost = USUAL_COST,
) -> SealedModule:
    """Seal a network as it is, whatever it is.

    Args:
        module: any module, or its `state_dict()`; left as it is.
        serial: that will open it.
        salt: 32 hexadecimal digits; None draws a random one.
        scrypt: what finding the key is to cost.

    Raises:
        SealError: no floating-point tensor, or a weight that is not finite.
    """
    tensors = module.state_dict() if isinstance(module, nn.Module) else module
    known = {dtype: name for name, dtype in TYPES.items()}
    floats = {name: one for name, one in tensors.items() if one.dtype in known}
    if not floats:
        raise SealError("There is no floating-point tensor to seal: give the weights of a network.")
    strange = [name for name, one in tensors.items() if one.is_floating_point() and name not in floats]
    if strange:
        raise SealError(f"{strange[0]} is {tensors[strange[0]].dtype}: only {', '.join(TYPES)} can be sealed.")
    wide = frozenset(name for name, one in floats.items() if one.dim() < 2 or one.dtype == torch.float64)
    codes, seal = seal_tensors(floats, serial, salt or new_salt(), scrypt=scrypt, wide=wide)
    readable = {name: one.detach().cpu().clone() for name, one in tensors.items() if name not in floats}
    types = {name: known[one.dtype] for name, one in floats.items()}
    return SealedModule(codes, readable, types, len(serial.bits), seal)


def read_weights(path: Path) -> dict[str, Tensor]:
    """The tensors of a safetensors file that is not sealed.

    Raises:
        SealError: the file is missing or damaged, or sealed already.
    """
    tensors, metadata = _read(path)
    if METADATA in metadata:
        raise SealError(f"{path} is sealed already: unseal it first.")
    return tensors


def _read(path: Path) -> tuple[dict[str, Tensor], dict[str, str]]:
    if not path.is_file():
        raise SealError(f"There is no file {path}: give a safetensors file.")
    try:
        with safe_open(path, "pt") as file:
            return {name: file.get_tensor(name) for name in file.keys()}, file.metadata() or {}  # noqa: SIM118
    except (SafetensorError, OSError) as error:
        raise SealError(f"{path} is not a whole safetensors file ({str(error)[:200]}): give another.") from error
