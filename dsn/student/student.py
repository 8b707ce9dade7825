"""What a customer holds: a network that recognises pictures stamped with its serial, and no others."""

from functools import cached_property

import torch
from torch import Tensor

from dsn.locks.registry import lock_named
from dsn.locks.stamping import StampPlace, stamp
from dsn.locks.sweep import Swept
from dsn.networks.classifier import Classifier
from dsn.serials import Serial
from dsn.student.config import StudentConfig


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
        return self.config.place

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
