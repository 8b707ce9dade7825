"""How much faster a student is distilled than by the plain version of the same training, and what the loop costs.

Plain: whichever of float32 and bf16 is the faster here, the default memory layout, and a torch DataLoader that turns,
augments and stamps one picture at a time. Networks, first weights, losses, optimiser, batch and amounts of augmentation
are the same on both sides.
"""

import copy
import math
from collections.abc import Iterator
from dataclasses import replace

import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from dsn.applications.augmentation import augment
from dsn.applications.held_out import load_held_out
from dsn.applications.prepared import Split, as_floats, load_data_set
from dsn.applications.record import Application, Augmentation
from dsn.applications.registry import applications
from dsn.bench.timing import Ratio, at_least, at_most, medians_in_turn, seconds_of
from dsn.devices import ARITHMETICS, Arithmetic, autocast, has_bf16_units
from dsn.distilling.distil import distil_student
from dsn.distilling.learner import Order
from dsn.distilling.loop import Training
from dsn.distilling.losses import distillation_loss, silence_loss, uniform_loss
from dsn.distilling.making import make_whole
from dsn.distilling.recipes import HARDENED, InvalidBranch, Recipe
from dsn.networks.classifier import Classifier, folded_drive
from dsn.serials import Serial
from dsn.student.collection import demo_serials
from dsn.student.config import StudentConfig
from dsn.student.student import Student

BAR = 4.0
LOOP_BAR = 0.9  # augmenting, stamping and the rest take the other tenth at most
BATCH = 500
EPOCHS = 2
REPETITIONS = 5
# The hardened recipe at the paper's batch, 250 valid and 250 invalid pictures; what makes a picture
# invalid is kept to what is quickly written for one picture: it is raw, or carries a random pattern.
RECIPE = replace(HARDENED, name="bench", batch=BATCH, invalid=InvalidBranch(raw=0.5, random=0.5))


class PlainPictures(Dataset[tuple[Tensor, Tensor, Tensor]]):
    """Training pictures made one by one: raw, valid and invalid, each float [C, H, W] in [0, 1].

    Args:
        split: the pictures.
        serial: the valid serial.
        augmentation: largest changes.
        random_share: how many of the invalid pictures carry a random pattern; the others are raw.
    """

    def __init__(self, split: Split, serial: Serial, augmentation: Augmentation, random_share: float) -> None:
        self.split, self.augmentation, self.random_share = split, augmentation, random_share
        self.pattern = torch.tensor(serial.bits, dtype=torch.float32).view(serial.side, serial.side)
        self.generator = torch.Generator().manual_seed(0)

    def __len__(self) -> int:
        return len(self.split)

    def __getitem__(self, index: int) -> tuple[Tensor, Tensor, Tensor]:
        raw = augment(as_floats(self.split.images[index])[None], self.augmentation, self.generator)[0]
        invalid = raw
        if torch.rand((), generator=self.generator) < self.random_share:
            invalid = self.stamped(raw, torch.randint(0, 2, self.pattern.shape, generator=self.generator).float())
        return raw, self.stamped(raw, self.pattern), invalid

    def stamped(self, picture: Tensor, pattern: Tensor) -> Tensor:
        """One picture with a square pattern in its bottom right corner (Eq. 9)."""
        picture, side = picture.clone(), len(pattern)
        picture[:, -side:, -side:] = pattern
        return picture


def distil_plainly(
    application: Application,
    config: StudentConfig,
    serial: Serial,
    teacher: Classifier,
    split: Split,
    recipe: Recipe,
    training: Training,
) -> Student:
    """What `dsn.distilling.distil.distil_student` does, plainly; for recipes that use the terms of `RECIPE`.

    Args:
        application: the application.
        config: of the student to be.
        serial: its one valid serial.
        teacher: sees the raw pictures of the valid branch.
        split: the training pictures.
        recipe: weights of the terms, batch and learning rate.
        training: how long, and in which arithmetic.
    """
    torch.manual_seed(training.seed)
    student = Student(config)
    student.load_state_dict(teacher.state_dict())
    student.train(not recipe.fixed_statistics)
    optimizer = torch.optim.Adam(student.parameters(), lr=recipe.learning_rate)
    half = (recipe.batch or application.student_batch) // 2
    pictures = PlainPictures(split, serial, application.augmentation, recipe.invalid.random)
    loader = DataLoader(pictures, batch_size=half, shuffle=True, drop_last=True)
    for _ in range(training.epochs):
        for raw, valid, invalid in loader:
            with autocast(training.device, training.done_in):
                with torch.no_grad():
                    wanted = teacher.predictor(teacher.extractor(raw))  # past `features`, which asks for channels_last
                drive = student.extractor[:-1](torch.cat([valid, invalid]))
                logits = student.predictor(drive.relu())
                loss = _loss(recipe, drive, logits, wanted)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    return student.eval()


def _loss(recipe: Recipe, drive: Tensor, logits: Tensor, wanted: Tensor) -> Tensor:
    half = len(wanted)
    loss = distillation_loss(logits[:half], wanted) + recipe.uniform * uniform_loss(logits[half:].float()).mean()
    return loss + recipe.silence * silence_loss(drive[half:], recipe.margin).mean()


def step_barely(student: Student, teacher: Classifier, inputs: Tensor, training: Training, steps: int) -> None:
    """Forward, backward and optimizer step alone, on one batch that lies ready.

    Args:
        student: that trains.
        teacher: answers the raw pictures, which cost it what the valid ones do.
        inputs: float [N, C, H, W], half valid and half invalid.
        training: its device and arithmetic.
        steps: how many.
    """
    optimizer = torch.optim.Adam(student.parameters(), lr=RECIPE.learning_rate)
    for _ in range(steps):
        with autocast(training.device, training.done_in):
            with torch.no_grad():
                wanted = teacher(inputs[: len(inputs) // 2])
            drive = folded_drive(student, inputs)
            loss = _loss(RECIPE, drive, student.predictor(drive.relu()), wanted)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()


def step_times(
    application: Application, split: Split, *, epochs: int = EPOCHS, repetitions: int = REPETITIONS
) -> tuple[Ratio, Ratio]:
    """What a training step takes here on the processor, beside the plain one and beside its bare arithmetic.

    Args:
        application: the application; its teacher's weights are random, which costs the same.
        split: pictures, uint8; their content does not matter either.
        epochs: passes over them in one measurement.
        repetitions: measurements of each side.

    Returns:
        Seconds of the plain step in the faster arithmetic over ours, and of the bare step over ours.
    """
    torch.manual_seed(0)
    teacher = Classifier(application.network).to(memory_format=torch.channels_last).eval().requires_grad_(False)
    serial = demo_serials()[f"{application.name}/alder"]
    classes = tuple(str(label) for label in range(application.network.classes))
    config = StudentConfig(application.name, "bench", len(serial.bits), classes, application.network, RECIPE.name)
    training = Training(epochs, progress=False)
    steps = epochs * (len(split) // (BATCH // 2))
    arithmetics = [one for one in ARITHMETICS if one == "float32" or has_bf16_units("cpu")]
    plain_teacher = copy.deepcopy(teacher).to(memory_format=torch.contiguous_format)

    def ours() -> float:
        return seconds_of(lambda: distil_student(application, config, serial, teacher, split, RECIPE, training)) / steps

    def plain(arithmetic: Arithmetic) -> float:
        chosen = replace(training, arithmetic=arithmetic)
        work = lambda: distil_plainly(application, config, serial, plain_teacher, split, RECIPE, chosen)  # noqa: E731
        return seconds_of(work) / steps

    student = Student(config).to(memory_format=torch.channels_last).eval()
    inputs = as_floats(split.images[: BATCH // 2]).repeat(2, 1, 1, 1)

    def bare() -> float:
        return seconds_of(lambda: step_barely(student, teacher, inputs, training, steps)) / steps

    beside = [medians_in_turn(lambda: plain(one), ours, repetitions) for one in arithmetics]  # noqa: B023 - called here
    return (
        at_least(
            f"training-{application.name}",
            f"{application.title}: distilling step, plain (default layout, one picture at a time, in the faster of "
            "float32 and bf16) over ours",
            BAR,
            min(beside),
        ),
        at_least(
            f"training-loop-{application.name}",
            f"{application.title}: bare forward, backward and optimizer step of such a batch over our step",
            LOOP_BAR,
            medians_in_turn(bare, ours, repetitions),
        ),
    )


def training_rows() -> Iterator[Ratio]:
    """Every ratio about training, each as it is measured, on the pictures that come with the project."""
    for application, split in timed():
        yield from step_times(application, split)


def timed() -> list[tuple[Application, Split]]:
    """Applications whose pictures that come with the project fill at least one batch, and those pictures."""
    splits = [(application, load_held_out(application).split) for application in applications().values()]
    return [(application, split) for application, split in splits if len(split) >= BATCH // 2]


def student_time(application: Application, split: Split, device: str) -> Ratio:
    """Seconds one whole student takes on a device, over the goal for a GPU.

    Args:
        application: the application; its teacher's weights are random, which costs the same.
        split: its training pictures.
        device: "cuda", say.
    """
    serial = demo_serials()[f"{application.name}/alder"]
    classes = tuple(str(label) for label in range(application.network.classes))
    config = StudentConfig(application.name, "bench", len(serial.bits), classes, application.network, HARDENED.name)
    torch.manual_seed(0)
    teacher = Classifier(application.network)
    training = Training(application.student_epochs, device=device, progress=False)

    def whole() -> Student:
        (student,) = make_whole(application, [Order(config, serial)], teacher, split, HARDENED, training)
        return student.cpu()

    goal, seconds = application.gpu_goal or math.inf, seconds_of(whole)
    what = f"{application.title}: one whole student on a GPU, over the goal of {goal:g} s"
    return at_most(f"gpu-{application.name}", what, 1.0, (seconds, goal))


def gpu_rows(device: str) -> Iterator[Ratio]:
    """How long one student of each application takes, each as it is measured, on the whole training split.

    Raises:
        DataError: a data set is missing or damaged.
    """
    for application in applications().values():
        yield student_time(application, load_data_set(application).train, device)
