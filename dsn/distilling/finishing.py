"""Finishing: a second, shorter training of a distilled student, against attackers that see where it is silent.

Not in the paper. Silence hides gradients: attackers in the distilling find nothing to descend on, but one who
smooths the activations does (Athalye et al., ICML 2018), and so does one who removes channels. Here the student
learns to resist those too, while its answers with the serial stay what they are.
"""

import copy
from dataclasses import replace

import torch
from torch import Tensor, nn

from dsn.applications.prepared import Split
from dsn.applications.record import Application
from dsn.distilling.distil import distil_students
from dsn.distilling.learner import Order
from dsn.distilling.loop import Training
from dsn.distilling.recipes import Finishing, Recipe
from dsn.locks.stamping import stamp
from dsn.serials import Serial
from dsn.student.student import Student


class Unlocked(nn.Module):
    """A student that always has its serial: it answers raw pictures as it does valid ones.

    Args:
        student: a copy is kept.
        serial: its valid serial.
    """

    bits: Tensor

    def __init__(self, student: Student, serial: Serial) -> None:
        super().__init__()
        self.student = copy.deepcopy(student).eval()
        self.register_buffer("bits", torch.tensor(serial.bits, dtype=torch.float32))

    def forward(self, images: Tensor) -> Tensor:
        """Logits, float [N, classes], of raw pictures, float [N, C, H, W] in [0, 1]."""
        return self.student(stamp(images, self.bits, self.student.place))


def finishing_recipe(recipe: Recipe) -> Recipe:
    """What a recipe's students are finished by."""
    return replace(
        recipe,
        learning_rate=recipe.finishing.learning_rate,
        attackers=replace(recipe.attackers, smoothed=True),
        channels=recipe.finishing.channels,
        finishing=Finishing(),
    )


def finish_student(
    application: Application, student: Student, serial: Serial, split: Split, recipe: Recipe, training: Training
) -> Student:
    """The student after its second training; itself where the recipe has none.

    Args:
        application: the application.
        student: as distilled; left as it is.
        serial: its valid serial.
        split: the training pictures.
        recipe: it was distilled by.
        training: it was distilled in; the recipe says for which share of its epochs, and its checkpoint gets a
            neighbour.
    """
    if not recipe.finishing.share:
        return student
    path = training.checkpoint and training.checkpoint.with_stem(f"{training.checkpoint.stem}-finishing")
    epochs = max(1, round(recipe.finishing.share * training.epochs))
    order = Order(student.config, serial, start=student)
    (finished,) = distil_students(
        application,
        [order],
        Unlocked(student, serial),
        split,
        finishing_recipe(recipe),
        replace(training, epochs=epochs, checkpoint=path),
    )
    if path is not None:
        path.unlink(missing_ok=True)
    return finished
