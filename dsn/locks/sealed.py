"""The sealed lock: the weights themselves are noise without the serial. Not in the paper.

Inside lies a stamped student: opened, it still wants its serial in the picture. So the serial travels as it always did
(Eq. 9), and is read from the picture's corner. A copy made for one of many customers wants another serial inside than
the one that opens it; that was sealed with the weights, and is stamped over the customer's.
"""

import threading
from collections import OrderedDict

import torch
from torch import Tensor

from dsn.applications.prepared import as_floats
from dsn.locks.lock import TensorSpec
from dsn.locks.sealing import Seal, as_they_lie, codes_of, open_codes
from dsn.locks.stamping import StampPlace, stamp
from dsn.networks.classifier import Classifier
from dsn.networks.config import NetworkConfig
from dsn.serials import Serial

AT_LEAST_ONE, AT_MOST_ZERO = 0.9, 0.1  # a pixel between them is no bit
KEPT = 4  # opened networks a student keeps
CACHED = 250  # pictures at a time


class Sealed:
    """A lock with its seal, and the few networks it has opened lately; no two students share one.

    Args:
        seal: salt, scales and what finding a key costs.
    """

    name = "sealed"

    def __init__(self, seal: Seal) -> None:
        self.seal = seal
        self._kept: OrderedDict[tuple[Serial, torch.device], Classifier] = OrderedDict()
        self._one_at_a_time = threading.Lock()

    def __deepcopy__(self, memo: dict) -> "Sealed":
        return Sealed(self.seal)

    def __reduce__(self) -> tuple:
        return Sealed, (self.seal,)

    def expected(self, network: Classifier) -> dict[str, TensorSpec]:
        """A 16-bit code for every weight."""
        return {name: TensorSpec("I16", tuple(one.shape)) for name, one in network.state_dict().items()}

    def weights(self, tensors: dict[str, Tensor]) -> dict[str, Tensor]:
        """The codes as numbers."""
        return as_they_lie(tensors, self.seal)

    def tensors(self, weights: dict[str, Tensor]) -> dict[str, Tensor]:
        """The numbers' codes."""
        return codes_of(weights, self.seal)

    def opened(self, network: Classifier, serial: Serial | None, place: StampPlace) -> Classifier:
        """The network that this serial gives, its own or another's; without one the codes as they lie."""
        if serial is None:
            return network
        key = serial, network.predictor.weight.device
        with self._one_at_a_time:
            if key not in self._kept:
                self._kept[key] = self._open(network, serial, place)
                if len(self._kept) > KEPT:
                    self._kept.popitem(last=False)
            self._kept.move_to_end(key)
            return self._kept[key]

    def logits(self, network: Classifier, images: Tensor, place: StampPlace) -> Tensor:
        """Each picture is answered by the network that the serial in its corner gives."""
        read = _read(images, place)
        if torch.equal(read, read[:1].expand_as(read)):  # one serial for all, as nearly always
            return Classifier.forward(self.opened(network, _serial(read[0]), place), images)
        patterns, groups = torch.unique(read, dim=0, return_inverse=True)
        answers = []
        for number, pattern in enumerate(patterns):
            opened = self.opened(network, _serial(pattern), place)
            answers.append(Classifier.forward(opened, images[groups == number]))
        return torch.cat(answers)[groups.argsort(stable=True).argsort()]

    def swept(
        self, network: Classifier, images: Tensor, place: StampPlace, at: StampPlace, dtype: torch.dtype
    ) -> "SealedBatch":
        """A whole pass for every pattern: another network answers each."""
        return SealedBatch(self, network, images, place, at)

    def _open(self, network: Classifier, serial: Serial, place: StampPlace) -> Classifier:
        weights, inside = open_codes(codes_of(network.state_dict(), self.seal), serial, self.seal)
        with torch.device("meta"):
            opened = Classifier(network.shape) if inside == serial else Restamping(network.shape, inside, place)
        opened.load_state_dict(weights, assign=True)
        opened.to(network.predictor.weight.device).to(memory_format=torch.channels_last)
        return opened.requires_grad_(False).eval()


class Restamping(Classifier):
    """A network that puts the serial it wants over the one that opened it, whatever the picture carries.

    Args:
        shape: of the network.
        serial: that it wants.
        place: where.
    """

    def __init__(self, shape: NetworkConfig, serial: Serial, place: StampPlace) -> None:
        super().__init__(shape)
        self.serial, self.place = serial, place

    def drive(self, images: Tensor) -> Tensor:
        """What the last ReLU is given, float [N, D], of pictures, float [N, C, H, W], once they are stamped."""
        bits = torch.tensor(self.serial.bits, dtype=images.dtype, device=images.device)
        return super().drive(stamp(images, bits, self.place))


class SealedBatch:
    """Pictures ready to be stamped with one pattern after another.

    Args:
        lock: of the network.
        network: as it lies.
        images: float [N, C, H, W] in [0, 1], or uint8.
        place: where the network expects its serial.
        at: where the patterns go.
    """

    def __init__(self, lock: Sealed, network: Classifier, images: Tensor, place: StampPlace, at: StampPlace) -> None:
        images = images.to(network.predictor.weight.device)
        self.images = as_floats(images) if images.dtype == torch.uint8 else images
        self.lock, self.network, self.place, self.at = lock, network, place, at

    @torch.inference_mode()
    def logits(self, bits: Tensor) -> Tensor:
        """Logits, float32 [N, classes], of the pictures stamped with `bits`, [K] in [0, 1]."""
        stamped = stamp(self.images, bits.to(self.images.device), self.at)
        parts = stamped.split(CACHED)
        return torch.cat([self.lock.logits(self.network, one, self.place) for one in parts])


def _read(images: Tensor, place: StampPlace) -> Tensor:
    """The bits in the pictures' corners, int8 [N, K]: 0, 1, or -1 for a whole picture where one of them is no bit."""
    rows, columns = (one.to(images.device) for one in place.cells)
    lowest, highest = images.detach()[:, :, rows, columns].aminmax(dim=1)
    ones, zeros = lowest > AT_LEAST_ONE, highest < AT_MOST_ZERO
    is_serial = (ones | zeros).all(1, keepdim=True)
    return ones.to(torch.int8).masked_fill_(~is_serial, -1)


def _serial(pattern: Tensor) -> Serial | None:
    """The serial that bits stand for; None where there is none, or one that is never issued, as on a black corner."""
    bits = tuple(pattern.tolist())
    if -1 in bits:
        return None
    serial = Serial(bits)
    return serial if serial.is_issuable else None
