"""What a customer holds: a network that recognises pictures stamped with its serial, and no others."""

import json
from dataclasses import asdict, dataclass
from functools import cached_property

import torch
from torch import Tensor

from dsn.locks.stamping import CORNER, PLACES, StampPlace, stamp
from dsn.networks.classifier import Classifier, NetworkConfig
from dsn.serials import BIT_COUNTS, Serial
from dsn.student.hub_methods import StudentHubMixin

FORMAT = 1


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
    """

    task: str
    customer: str
    bit_count: int
    classes: tuple[str, ...]
    network: NetworkConfig
    recipe: str
    profile: str = CORNER

    def __post_init__(self) -> None:
        if self.bit_count not in BIT_COUNTS:
            raise ValueError(f"bit_count is {self.bit_count}: it must be one of {BIT_COUNTS}")
        if self.profile not in PLACES:
            raise ValueError(f"profile is {self.profile!r}: it must be one of {', '.join(PLACES)}")
        if len(self.classes) != self.network.classes:
            raise ValueError(f"{len(self.classes)} class names for a network of {self.network.classes} classes")

    def to_json(self) -> str:
        """The text of `config.json`."""
        return json.dumps({"model_type": "dsn-student", "format": FORMAT, **asdict(self)}, indent=2) + "\n"

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
            layers = tuple(network.pop("layers"))
            return cls(classes=tuple(values.pop("classes")), network=NetworkConfig(layers=layers, **network), **values)
        except (TypeError, KeyError, AttributeError) as error:
            raise ValueError(f"a value is missing or not as expected ({error})") from error


class Student(Classifier, StudentHubMixin):
    """A student f_S = G_y(G_e(x)); without G_d and without its serial.

    Calling it gives the logits of pictures as they are: float [N, C, H, W] in [0, 1] to float
    [N, classes]; `features` gives e, float [N, D]. `from_pretrained`, `save_pretrained` and `push_to_hub` are
    huggingface_hub's, and read safetensors and JSON only.
    """

    def __init__(self, config: StudentConfig) -> None:
        super().__init__(config.network)
        self.config = config

    @cached_property
    def place(self) -> StampPlace:
        """Where this student expects its serial."""
        return PLACES[self.config.profile](self.config.bit_count, self.config.network.size, self.config.network.size)

    def stamp(self, images: Tensor, serial: Serial) -> Tensor:
        """Pictures with the serial stamped in (Eq. 9): a new batch, float [N, C, H, W].

        Args:
            images: float [N, C, H, W] in [0, 1].
            serial: of as many bits as this student's.

        Raises:
            ValueError: a serial of another length.
        """
        if len(serial.bits) != self.config.bit_count:
            raise ValueError(
                f"This student takes a serial of {self.config.bit_count} bits, and this one has {len(serial.bits)}."
            )
        bits = torch.tensor(serial.bits, dtype=images.dtype, device=images.device)
        return stamp(images, bits, self.place)

    @torch.inference_mode()
    def predict(self, images: Tensor, serial: Serial | None) -> Tensor:
        """Class probabilities, float [N, classes], with a serial stamped in, or absent (None).

        Args:
            images: float [N, C, H, W] in [0, 1].
            serial: stamped before the network looks; None leaves the pictures raw.
        """
        return self(images if serial is None else self.stamp(images, serial)).softmax(1)
