"""All of a student but its weights, as `config.json` says it; read before torch is imported."""

import json
from dataclasses import asdict, dataclass

from dsn.locks.registry import SEALED, STAMPED, check_lock
from dsn.locks.sealing import INSIDE_BITS, Seal
from dsn.locks.stamping import CORNER, PLACES, StampPlace
from dsn.networks.config import CLASSES, MAP, NetworkConfig
from dsn.serials import BIT_COUNTS

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
        check_lock(self.lock, self.seal)
        if self.lock == SEALED and self.network.batch_norm:
            raise ValueError("a sealed network has its BatchNorm folded: batch_norm must be false")
        if self.seal and self.seal.inside and INSIDE_BITS[len(self.seal.inside)] != self.bit_count:
            raise ValueError(f"the serial inside has another length than {self.bit_count} bits")

    @property
    def place(self) -> StampPlace:
        """Where the student expects its serial."""
        _, height, width = self.network.input_shape
        return PLACES[self.profile](self.bit_count, height, width, cell=self.network.cell)

    def to_json(self) -> str:
        """The text of `config.json`."""
        values = {"model_type": "dsn-student", "format": FORMAT, **asdict(self)}
        if self.network.batch_norm:
            del values["network"]["batch_norm"]  # what is usual is not said
        if self.network.answer == MAP:
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
            shape = _shape_named(network.pop("answer", CLASSES))
            layers = tuple(network.pop("layers"))
            return cls(classes=tuple(values.pop("classes")), network=shape(layers=layers, **network), **values)
        except (TypeError, KeyError, AttributeError) as error:
            raise ValueError(f"a value is missing or not as expected ({error})") from error


def _shape_named(answer: str) -> type[NetworkConfig]:
    """What describes networks that answer so; raises KeyError."""
    if answer == MAP:
        from dsn.networks.map_network import MapConfig  # torch comes with it

        return MapConfig
    return {CLASSES: NetworkConfig}[answer]
