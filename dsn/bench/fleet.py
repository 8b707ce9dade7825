"""How much sooner eight students are distilled together than one after another."""

from collections.abc import Iterator

import torch

from dsn.applications.held_out import load_held_out
from dsn.applications.prepared import Split
from dsn.applications.record import Application
from dsn.applications.registry import application_named
from dsn.bench.timing import Ratio, at_most, medians_in_turn, seconds_of
from dsn.distilling.distil import distil_students, grouping_pays
from dsn.distilling.learner import Order
from dsn.distilling.loop import Training
from dsn.distilling.recipes import HARDENED
from dsn.networks.classifier import Classifier
from dsn.serials import random_serial
from dsn.student.config import StudentConfig

STUDENTS = 8
EPOCHS = 1
REPETITIONS = 5
BARS = {"cpu": 1.0, "cuda": 0.5}


def fleet_time(
    application: Application, split: Split, device: str, *, students: int = STUDENTS, repetitions: int = REPETITIONS
) -> Ratio:
    """Seconds for all students together, over those for one after another.

    Args:
        application: the application; its teacher's weights are random, which costs the same.
        split: pictures, uint8; their content does not matter either.
        device: "cpu" or "cuda".
        students: how many.
        repetitions: measurements of each side.
    """
    torch.manual_seed(0)
    teacher = Classifier(application.network)
    classes = tuple(str(label) for label in range(application.network.classes))
    orders = [
        Order(
            StudentConfig(application.name, f"customer-{number}", 64, classes, application.network, HARDENED.name),
            random_serial(),
        )
        for number in range(students)
    ]
    training = Training(EPOCHS, device=device, progress=False)

    def distil(chosen: list[Order], grouped: bool) -> None:
        made = distil_students(application, chosen, teacher, split, HARDENED, training, grouped=grouped)
        float(made[-1].predictor.weight.sum())  # a GPU is waited for

    def together() -> float:
        return seconds_of(lambda: distil(orders, grouping_pays(HARDENED, device)))

    def one_after_another() -> None:
        for order in orders:
            distil([order], False)

    kind = torch.device(device).type
    return at_most(
        f"fleet-{kind}",
        f"{application.title}: {students} students together over one after another",
        BARS[kind],
        medians_in_turn(together, lambda: seconds_of(one_after_another), repetitions),
    )


def fleet_rows(device: str) -> Iterator[Ratio]:
    """The ratio for digits, on the pictures that come with the project."""
    application = application_named("digits")
    yield fleet_time(application, load_held_out(application).split, device)
