"""What a customer holds of an owner's own network: the same few methods as a `Student`, around any architecture."""

import copy
import json
import reprlib
import threading
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from functools import cached_property

import torch
from torch import Tensor, nn

from dsn.applications.prepared import as_floats
from dsn.locks.lock import TensorSpec
from dsn.locks.modules import SealedModule, seal_module
from dsn.locks.registry import LOCKS, SEALED, STAMPED, lock_named
from dsn.locks.sealing import USUAL_COST, ScryptCost, Seal, SealError, as_they_lie
from dsn.locks.stamping import StampPlace, corner_place, stamp
from dsn.networks.own import OwnNetwork, OwnShape
from dsn.serials import BIT_COUNTS, Serial

MODEL_TYPE, FORMAT = "dsn-own-student", 1
KEPT = 2  # opened networks a sealed student keeps
BATCH = 100  # pictures at a time
HIGHEST = {"size": 1024, "classes": 100_000, "features": 100_000}
TYPES = {
    torch.float32: "F32",
    torch.int64: "I64",
    torch.int32: "I32",
    torch.int16: "I16",
    torch.uint8: "U8",
    torch.bool: "BOOL",
}


@dataclass(frozen=True)
class OwnConfig:
    """All of such a student but its weights: the content of `config.json`. The serial is not in it.

    Attributes:
        architecture: "torchvision:NAME", "timm:NAME" or "package.module:function"; empty where only Python had it.
        task: what the owner calls what is recognised.
        customer: whom it was made for.
        bit_count: length of its serial, 64 or 9.
        classes: one name a class, in the order of the answers.
        network: what it is besides.
        cell: pixels that a bit is high and wide in the picture's corner.
        trained: whether it learned to answer no pictures without its serial; else only the seal locks it.
        lock: "stamped" or "sealed".
        seal: of a sealed one; None for others.
    """

    architecture: str
    task: str
    customer: str
    bit_count: int
    classes: tuple[str, ...]
    network: OwnShape
    cell: int
    trained: bool
    lock: str = STAMPED
    seal: Seal | None = None

    def __post_init__(self) -> None:
        shape = self.network
        sizes = [("size", shape.size, 1), ("classes", shape.classes, 1), ("features", shape.features, 0)]
        for name, value, least in sizes:
            if type(value) is not int or not least <= value <= HIGHEST[name]:
                told = reprlib.repr(value)
                raise ValueError(f"{name} is {told}: it must be a whole number from {least} to {HIGHEST[name]}")
        if shape.channels not in (1, 3) or self.bit_count not in BIT_COUNTS:
            raise ValueError(f"channels must be 1 or 3, and bit_count one of {BIT_COUNTS}")
        if type(self.cell) is not int or not 1 <= self.cell * round(self.bit_count**0.5) <= shape.size:
            raise ValueError(f"cell is {reprlib.repr(self.cell)}: the serial has no place on {shape.size} pixels")
        numbers = [*shape.mean, *shape.std]
        if len(shape.mean) != shape.channels or len(shape.std) != shape.channels:
            raise ValueError(f"mean and std must be {shape.channels} numbers each")
        if not all(type(one) in (int, float) and abs(one) < 1000 for one in numbers) or min(shape.std) <= 0:
            raise ValueError("mean and std must be numbers, std above 0")
        if not isinstance(shape.head, str | None) or (shape.head is None) != (shape.features == 0):
            raise ValueError("head must name a layer, with its features")
        if type(shape.thin) is not bool or type(self.trained) is not bool:
            raise ValueError("thin and trained must be true or false")
        if self.trained and shape.head is None:
            raise ValueError("a trained lock wants a head")
        if len(self.classes) != shape.classes:
            raise ValueError(f"{len(self.classes)} class names for a network of {shape.classes} classes")
        if not all(isinstance(one, str) for one in (self.architecture, self.task, self.customer, *self.classes)):
            raise ValueError("architecture, task, customer and every class name must be texts")
        if self.lock not in LOCKS:
            raise ValueError(f"lock is {reprlib.repr(self.lock)}: it must be one of {', '.join(LOCKS)}")
        lock_named(self.lock, self.seal)

    def to_json(self) -> str:
        """The text of `config.json`."""
        values = {"model_type": MODEL_TYPE, "format": FORMAT, **asdict(self)}
        if self.seal is None:
            del values["lock"], values["seal"]
        else:
            values["seal"] = self.seal.to_json()
        return json.dumps(values, indent=2) + "\n"

    @classmethod
    def from_json(cls, text: str) -> "OwnConfig":
        """Read `config.json`.

        Raises:
            ValueError: not JSON, not of an own network's student, or a value that cannot be.
        """
        values = json.loads(text)
        if not isinstance(values, dict) or values.pop("model_type", None) != MODEL_TYPE:
            raise ValueError("it does not describe the student of an own network")
        if values.pop("format", None) != FORMAT:
            raise ValueError(f"it is of another format than {FORMAT}")
        try:
            if values.get("seal") is not None:
                values["seal"] = Seal.from_json(values["seal"])
            network = values.pop("network")
            mean, std = tuple(network.pop("mean")), tuple(network.pop("std"))
            shape = OwnShape(mean=mean, std=std, **network)
            config = cls(classes=tuple(values.pop("classes")), network=shape, **values)
        except (TypeError, KeyError, AttributeError) as error:
            raise ValueError(f"a value is missing or not as expected ({error})") from error
        if not config.trained and config.lock == STAMPED:
            raise ValueError("it has no lock at all: trained must be true, or lock sealed")
        return config


class OwnStudent(nn.Module):
    """An owner's network under a lock. Pictures are float [N, C, S, S] in [0, 1]: its mean and deviation are inside.

    Under the trained lock the serial is stamped into the picture (Eq. 9). Under the sealed one it opens the weights;
    where the network inside was not trained to want a stamp, pictures stay as they are. `dsn.OwnStudent` adds
    huggingface_hub's methods.

    Args:
        config: all but the weights.
        network: of the configuration's shape; a sealed student uses its layers, and not its weights.
        sealed: the codes of a sealed student; None for others.
    """

    def __init__(self, config: OwnConfig, network: OwnNetwork, sealed: SealedModule | None = None) -> None:
        super().__init__()
        self.config, self.sealed = config, sealed
        self._layers = (network,)  # in a tuple, so that a sealed student's random weights are no parameters of it
        if sealed is None:
            self.network = network
        self._kept: OrderedDict[Serial | None, OwnNetwork] = OrderedDict()
        self._one_at_a_time = threading.Lock()

    def __deepcopy__(self, memo: dict) -> "OwnStudent":
        return type(self)(self.config, copy.deepcopy(self.layers, memo), self.sealed)

    @property
    def layers(self) -> OwnNetwork:
        """The network under the trained lock; of a sealed student its layers, whose weights mean nothing."""
        return self._layers[0]

    @cached_property
    def place(self) -> StampPlace:
        """Where this student expects its serial, or would."""
        size = self.config.network.size
        return corner_place(self.config.bit_count, size, size, cell=self.config.cell)

    def stamp(self, images: Tensor, serial: Serial) -> Tensor:
        """Pictures with the serial stamped in (Eq. 9): a new batch, float [N, C, S, S].

        Raises:
            ValueError: a serial of another length.
        """
        serial.check_length(self.config.bit_count)
        return stamp(images, torch.tensor(serial.bits, dtype=images.dtype, device=images.device), self.place)

    def shown(self, images: Tensor, serial: Serial | None) -> Tensor:
        """What the network is shown: pictures with the serial stamped in where it was trained to want that."""
        return self.stamp(images, serial) if serial is not None and self.config.trained else images

    def opened(self, serial: Serial | None) -> OwnNetwork:
        """The network that answers whoever brings this serial, right or wrong, in eval mode.

        Raises:
            ValueError: a serial of another length.
        """
        if serial is not None:
            serial.check_length(self.config.bit_count)
        if self.sealed is None:
            return self.layers
        with self._one_at_a_time:
            if serial not in self._kept:
                self._kept[serial] = self._open(self.sealed, serial)
                if len(self._kept) > KEPT:
                    self._kept.popitem(last=False)
            self._kept.move_to_end(serial)
            return self._kept[serial]

    def forward(self, images: Tensor) -> Tensor:
        """Logits, float [N, classes], of pictures as they come, stamped or not; a sealed one's codes as they lie."""
        return self.answer(images, None)

    def answer(self, images: Tensor, serial: Serial | None) -> Tensor:
        """Logits, float [N, classes], of the network that a serial opens, for pictures that are shown as they are.

        What is no number becomes 0: weights of noise may answer anything.
        """
        return self.opened(serial)(images).nan_to_num(0.0, 0.0, 0.0)

    @torch.inference_mode()
    def predict(self, images: Tensor, serial: Serial | None = None) -> Tensor:
        """Class probabilities, float [N, classes], with a serial or without one (None).

        Args:
            images: float [N, C, S, S] in [0, 1].
            serial: of as many bits as this student's.
        """
        return self.answer(self.shown(images, serial), serial).softmax(1)

    def swept(self, images: Tensor, at: StampPlace | None = None, *, dtype: torch.dtype = torch.float32) -> "OwnBatch":
        """Pictures made ready to be tried with one pattern after another.

        Args:
            images: float [N, C, S, S] in [0, 1], or uint8.
            at: where the patterns go; None for this student's place.
            dtype: of the arithmetic, float32 or bfloat16.
        """
        return OwnBatch(self, images, at or self.place, dtype)

    def _open(self, sealed: SealedModule, serial: Serial | None) -> OwnNetwork:
        lying = {**as_they_lie(sealed.codes, sealed.seal), **sealed.readable}
        weights = lying if serial is None else sealed.state_dict(serial)
        network = copy.deepcopy(self.layers)
        # Noise may be a negative variance, of which there is no root; the true ones are not.
        network.load_state_dict({k: v.abs() if k.endswith("running_var") else v for k, v in weights.items()})
        return network.requires_grad_(False).eval().to(memory_format=torch.channels_last)


class OwnBatch:
    """Pictures ready for one pattern after another: a whole pass for each.

    Args:
        student: whose answers are wanted.
        images: float [N, C, S, S] in [0, 1], or uint8.
        at: where patterns go.
        dtype: of the arithmetic.
    """

    def __init__(self, student: OwnStudent, images: Tensor, at: StampPlace, dtype: torch.dtype) -> None:
        self.student, self.at, self.dtype = student, at, dtype
        self.images = as_floats(images) if images.dtype == torch.uint8 else images

    @torch.inference_mode()
    def logits(self, bits: Tensor) -> Tensor:
        """Logits, float32 [N, classes], of the pictures with the pattern `bits`, [K] in [0, 1]."""
        config = self.student.config
        is_serial = bool(((bits == 0) | (bits == 1)).all())
        serial = Serial.from_bits(bits.int().tolist()) if is_serial and config.lock == SEALED else None
        answers = []
        for part in self.images.split(BATCH):
            shown = stamp(part, bits.to(part.device), self.at) if config.trained else part
            with torch.autocast(part.device.type, self.dtype, enabled=self.dtype != torch.float32):
                answers.append(self.student.answer(shown, serial).float())
        return torch.cat(answers)


def expected_tensors(config: OwnConfig, network: Mapping[str, Tensor]) -> dict[str, TensorSpec]:
    """What `model.safetensors` must hold: the network's tensors, or their codes, as `seal_module` makes them.

    Raises:
        ValueError: a tensor of a type that no student has.
    """
    strange = [name for name, one in network.items() if one.dtype not in TYPES]
    if strange:
        raise ValueError(f"{strange[0]} is {network[strange[0]].dtype}")

    def kind(one: Tensor) -> str:
        if config.lock == SEALED and one.is_floating_point():
            return "I32" if one.dim() < 2 else "I16"
        return TYPES[one.dtype]

    return {name: TensorSpec(kind(one), tuple(one.shape)) for name, one in network.items()}


def seal_own(
    student: OwnStudent, serial: Serial, *, salt: str | None = None, scrypt: ScryptCost = USUAL_COST
) -> OwnStudent:
    """A copy whose weights are noise without the serial; where it was trained, it still wants it in the picture.

    Args:
        student: under the trained lock; left as it is.
        serial: its own.
        salt: 32 hexadecimal digits; None draws a random one.
        scrypt: what finding the key is to cost.

    Raises:
        SealError: a student that is sealed already, or weights that are not finite.
        ValueError: a serial of another length.
    """
    if student.sealed is not None:
        raise SealError("This student is sealed already: unseal it first.")
    serial.check_length(student.config.bit_count)
    network = student.opened(None)
    return sealed_network(student.config, network, serial, salt=salt, scrypt=scrypt)


def sealed_network(
    config: OwnConfig, network: OwnNetwork, serial: Serial, *, salt: str | None = None, scrypt: ScryptCost = USUAL_COST
) -> OwnStudent:
    """A sealed student of a network; arguments and errors as in `seal_own`.

    Args:
        config: of the student to be; what it says of lock and seal is replaced.
        network: to be sealed; its layers are used.
        serial: that opens it.
        salt: see there.
        scrypt: see there.
    """
    module = seal_module(network, serial, salt=salt, scrypt=scrypt)
    layers = copy.deepcopy(network).requires_grad_(False).eval()
    with torch.no_grad():
        for one in [*layers.parameters(), *layers.buffers()]:
            if one.is_floating_point():
                one.zero_()  # so that nothing of the network lies beside its codes
    layers.set_normalisation()
    return OwnStudent(replace(config, lock=SEALED, seal=module.seal), layers, module)


def unseal_own(student: OwnStudent, serial: Serial) -> OwnStudent:
    """A copy of a sealed student under the trained lock alone; with a wrong serial it is noise.

    Raises:
        SealError: a student that is not sealed, or was not trained: opened, it would have no lock.
        ValueError: a serial of another length.
    """
    if student.sealed is None:
        raise SealError("This student is not sealed: there is nothing to unseal.")
    if not student.config.trained:
        raise SealError("This network has no lock but its seal: take it with `student.opened(serial)`.")
    return OwnStudent(replace(student.config, lock=STAMPED, seal=None), copy.deepcopy(student.opened(serial))).eval()
