"""What a customer holds: a network that recognises pictures stamped with its serial, and no others."""

import json
from dataclasses import asdict, dataclass
from functools import cached_property

import torch
from torch import Tensor

from dsn.locks.registry import SEALED, STAMPED, lock_named
from dsn.locks.sealing import INSIDE_BITS, Seal
from dsn.locks.stamping import CORNER, PLACES, StampPlace, stamp
from dsn.locks.sweep import Swept
from dsn.networks.classifier import Classifier, NetworkConfig
from dsn.networks.map_network import MapConfig
from dsn.serials import BIT_COUNTS, Serial

FORMAT = 1
CLASSES, MAP = "classes", "map"
NETWORKS: dict[str, type[NetworkConfig]] = {CLASSES: NetworkConfig, MAP: MapConfig}  # by what a network answers with


@dataclass(frozen=True)
class StudentConfig:
    """All of a student but its weights: the content of `config.json`. The serial is not in it.

    Attributes:
        task: name of the application.
        customer: whom the student was distilled for.
        bit_count: length of its serial, 64 or 9.
        classes: one name a class.
        network: shape of the network.
        recipe: name of the recipe it was distilled by.
        profile: where its serial goes: "corner" or "spread" over the picture.
        lock: "stamped" or "sealed".
        seal: of a sealed student; None for others.
    """

    task: str
    customer: str
    bit_count: int
    classes: tuple[str, ...]
    network: NetworkConfig
    recipe: str
    profile: str = CORNER
    lock: str = STAMPED
    seal: Seal | None = None

    def __post_init__(self) -> None:
        if self.bit_count not in BIT_COUNTS:
            raise ValueError(f"bit_count is {self.bit_count}: it must be one of {BIT_COUNTS}")
        if self.profile not in PLACES:
            raise ValueError(f"profile is {self.profile!r}: it must be one of {', '.join(PLACES)}")
        if len(self.classes) != self.network.classes:
            raise ValueError(f"{len(self.classes)} class names for a network of {self.network.classes} classes")
        lock_named(self.lock, self.seal)
        if self.lock == SEALED and self.network.batch_norm:
            raise ValueError("a sealed network has its BatchNorm folded: batch_norm must be false")
        if self.seal and self.seal.inside and INSIDE_BITS[len(self.seal.inside)] != self.bit_count:
            raise ValueError(f"the serial inside has another length than {self.bit_count} bits")

    def to_json(self) -> str:
        """The text of `config.json`."""
        values = {"model_type": "dsn-student", "format": FORMAT, **asdict(self)}
        if self.network.batch_norm:
            del values["network"]["batch_norm"]  # what is usual is not said
        if isinstance(self.network, MapConfig):
            values["network"]["answer"] = MAP
        if self.lock == STAMPED:
            del values["lock"], values["seal"]
        elif self.seal:
            values["seal"] = self.seal.to_json()
        return json.dumps(values, indent=2) + "\n"

    @classmethod
    def from_json(cls, text: str) -> "StudentConfig":
        """Read `config.json`.

        Raises:
            ValueError: not JSON, not a student's, or a value that cannot be.
        """
        values = json.loads(text)
        if not isinstance(values, dict) or values.pop("model_type", None) != "dsn-student":
            raise ValueError("it does not describe a DSN student")
        if values.pop("format", None) != FORMAT:
            raise ValueError(f"it is of another format than {FORMAT}")
        try:
            network = values.pop("network")
            if values.get("seal") is not None:
                values["seal"] = Seal.from_json(values["seal"])
            shape = NETWORKS[network.pop("answer", CLASSES)]
            layers = tuple(network.pop("layers"))
            return cls(classes=tuple(values.pop("classes")), network=shape(layers=layers, **network), **values)
        except (TypeError, KeyError, AttributeError) as error:
            raise ValueError(f"a value is missing or not as expected ({error})") from error


class Student(Classifier):
    """A student f_S = G_y(G_e(x)); without G_d and without its serial.

    Calling it gives the logits of pictures as they come, stamped or not: float [N, C, H, W] in [0, 1] to float
    [N, classes]; `features` gives e, float [N, D], of the network as it lies. `dsn.Student` adds huggingface_hub's
    methods (`dsn.student.public`).
    """

    def __init__(self, config: StudentConfig) -> None:
        super().__init__(config.network)
        self.config = config
        self.lock = lock_named(config.lock, config.seal)

    def forward(self, images: Tensor) -> Tensor:
        """Logits, float [N, classes], of pictures as they come, stamped or not: float [N, C, H, W] in [0, 1]."""
        return self.lock.logits(self, images, self.place)

    @cached_property
    def place(self) -> StampPlace:
        """Where this student expects its serial."""
        _, height, width = self.config.network.input_shape
        return PLACES[self.config.profile](self.config.bit_count, height, width, cell=self.config.network.cell)

    def stamp(self, images: Tensor, serial: Serial) -> Tensor:
        """Pictures with the serial stamped in (Eq. 9): a new batch, float [N, C, H, W].

        Args:
            images: float [N, C, H, W] in [0, 1].
            serial: of as many bits as this student's.

        Raises:
            ValueError: a serial of another length.
        """
        serial.check_length(self.config.bit_count)
        bits = torch.tensor(serial.bits, dtype=images.dtype, device=images.device)
        return stamp(images, bits, self.place)

    def shown(self, images: Tensor, serial: Serial | None) -> Tensor:
        """What the student is shown: pictures with the serial stamped in, or as they are without one."""
        return images if serial is None else self.stamp(images, serial)

    def opened(self, serial: Serial | None) -> Classifier:
        """The network that answers whoever brings this serial, right or wrong.

        A stamped student is one network for all; a sealed one is another for every serial, and without one its codes
        as they lie.
        """
        return self.lock.opened(self, serial, self.place)

    def swept(self, images: Tensor, at: StampPlace | None = None, *, dtype: torch.dtype = torch.float32) -> Swept:
        """Pictures made ready to be stamped with one pattern after another.

        Args:
            images: float [N, C, H, W] in [0, 1], or uint8.
            at: where the patterns go; None for this student's place.
            dtype: of the arithmetic, float32 or bfloat16, where the lock has a choice.
        """
        return self.lock.swept(self, images, self.place, at or self.place, dtype)

    @torch.inference_mode()
    def predict(self, images: Tensor, serial: Serial | None = None) -> Tensor:
        """Class probabilities, float [N, classes], with a serial stamped in, or absent (None).

        Where the answer is a map, the probability of what is looked for, float [N, H/4, W/4].

        Args:
            images: float [N, C, H, W] in [0, 1].
            serial: stamped before the network looks; None leaves the pictures raw.
        """
        shown = self.shown(images, serial)
        # What is stamped here need not be read back out of every picture; a serial never issued is none.
        network = self.opened(serial) if serial and serial.is_issuable else self
        return self.config.network.probabilities(network(shown))
