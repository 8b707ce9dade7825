"""Training: the owner's teacher, and the students distilled from it. Nothing else trains."""

from collections.abc import Generator, Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from dsn.applications.prepared import Split
from dsn.applications.record import Application
from dsn.devices import autocast
from dsn.distilling.grouped import Grouped
from dsn.distilling.invalid_branch import attacked_count, step_together
from dsn.distilling.learner import Learner, Order, Separate, Together
from dsn.distilling.loop import Training, run
from dsn.distilling.losses import teacher_loss
from dsn.distilling.recipes import Recipe
from dsn.distilling.state import TrainingState, under
from dsn.networks.classifier import Classifier
from dsn.serials import Serial
from dsn.student.config import StudentConfig
from dsn.student.student import Student

TEACHER_LEARNING_RATE = 2e-3
TEACHER_SMOOTHING = 0.05
ATTACKERS_SMOOTHNESS = 5.0  # beta of the softplus that stands for a ReLU: the larger, the nearer to it


def train_teacher(application: Application, split: Split, training: Training) -> Classifier:
    """The private teacher f_T: cross-entropy on raw, augmented pictures (Eq. 1).

    Args:
        application: the application.
        split: its training pictures.
        training: where and how long.
    """
    torch.manual_seed(training.seed)
    split = split.to(training.device)
    teacher = Classifier(application.network).to(training.device).to(memory_format=torch.channels_last)
    optimizer = torch.optim.Adam(teacher.parameters(), lr=TEACHER_LEARNING_RATE)
    about = f"teacher {application.name} seed {training.seed} epochs {training.epochs} in {training.done_in}"

    def loss_of(images: Tensor, labels: Tensor, generator: torch.Generator) -> Tensor:
        return teacher_loss(teacher(images), labels, TEACHER_SMOOTHING)

    teacher.train()
    checkpoint = TrainingState(training.checkpoint, {"teacher": teacher}, optimizer, about)
    steps = run(
        split,
        application.augmentation,
        application.teacher_batch,
        training,
        checkpoint,
        TEACHER_LEARNING_RATE,
        loss_of,
        title=f"{application.name} teacher",
    )
    for _ in steps:
        pass
    return teacher.eval()


@dataclass(frozen=True)
class Distilling:
    """Where a distillation stands.

    Attributes:
        done: steps made.
        total: steps in all.
        students: as they are now, in the order of the orders; only after the last step in eval mode.
    """

    done: int
    total: int
    students: tuple[Student, ...]


def distil_student(
    application: Application,
    config: StudentConfig,
    serial: Serial,
    teacher: nn.Module,
    split: Split,
    recipe: Recipe,
    training: Training,
) -> Student:
    """A student for one customer; arguments and errors as in `distilling`.

    Args:
        application: the application.
        config: of the student to be.
        serial: its one valid serial.
        teacher: see `distilling`, as for the others.
        split: the training pictures.
        recipe: terms of the loss.
        training: where and how long.
    """
    (student,) = distil_students(application, [Order(config, serial)], teacher, split, recipe, training)
    return student


def distil_students(
    application: Application,
    orders: Sequence[Order],
    teacher: nn.Module,
    split: Split,
    recipe: Recipe,
    training: Training,
    *,
    grouped: bool = False,
) -> tuple[Student, ...]:
    """Students for several customers in one program; arguments and errors as in `distilling`."""
    steps = distilling(application, orders, teacher, split, recipe, training, grouped=grouped)
    students = next(steps).students
    for _ in steps:
        pass
    return students


def distilling(
    application: Application,
    orders: Sequence[Order],
    teacher: nn.Module,
    split: Split,
    recipe: Recipe,
    training: Training,
    *,
    grouped: bool = False,
) -> Generator[Distilling, None, None]:
    """Distil students step by step: each follows the teacher on pictures with its own serial only.

    Each picture of a batch is there twice, once valid (Eq. 3) and once invalid, so that the serial
    is all that tells the two apart; Eq. 8 with the terms and weights of the recipe. Several students share the
    batches and the teacher's answers, and each comes out as it would alone.

    Args:
        application: the application.
        orders: one for each student; all of one network shape.
        teacher: sees the raw pictures of the valid branch.
        split: the training pictures.
        recipe: terms of the loss.
        training: where and how long.
        grouped: run all students' layers in the same kernels (`grouped.py`): for GPUs, and for recipes that keep
            BatchNorm's statistics and have neither adversary, nor extras, nor channel attackers.

    Raises:
        SerialError: a serial of low weight, which is never issued.
        ValueError: a recipe that cannot be grouped.
    """
    if grouped and not can_be_grouped(recipe):
        raise ValueError(f"students of the recipe {recipe.name!r} cannot be grouped")
    split = split.to(training.device)
    teacher = teacher.to(training.device).eval().requires_grad_(False)
    learners = [Learner(order, teacher, split, recipe, training.seed, training.device) for order in orders]
    students = tuple(one.student for one in learners)
    side_by_side = Grouped(students) if grouped else None
    together: Together = side_by_side if side_by_side else Separate(students)
    networks = [side_by_side] if side_by_side else [part for one in learners for part in (one.student, one.rival)]
    optimizer = torch.optim.Adam([p for network in networks for p in network.parameters()], lr=recipe.learning_rate)
    batch = (recipe.batch or application.student_batch) // 2
    attacked = attacked_count(recipe.invalid, batch)

    def answering(inputs: list[Tensor]) -> Sequence[Tensor]:
        modes = [student.training for student in students]
        for student in students:
            student.eval()
        drives = together.drives(inputs)
        smoothed = recipe.attackers.smoothed
        features = [F.softplus(one, beta=ATTACKERS_SMOOTHNESS) if smoothed else one.relu() for one in drives]
        answers = together.predictions(features)
        for student, mode in zip(students, modes, strict=True):
            student.train(mode)
        return answers

    def loss_of(images: Tensor, labels: Tensor, generator: torch.Generator) -> Tensor:
        # Each student draws what it would draw alone, and the first one's draws are what the next batch goes on from.
        sources = [generator, *(generator.clone_state() for _ in learners[1:])]
        for one, source in zip(learners, sources, strict=True):
            one.attackers.generator = one.channels.generator = source
        if attacked:
            pools = [one.attackers for one in learners]
            step_together(pools, answering, images[:attacked], labels[:attacked])
        batches = [one.branches(images, source) for one, source in zip(learners, sources, strict=True)]
        with torch.no_grad():
            wanted = teacher(images)
        drives = together.drives([branches.inputs for branches in batches])
        features = [drive.relu() for drive in drives]
        logits = together.predictions(features)
        losses = [
            one.loss(branches, drive, feature, answers, wanted, labels)
            for one, branches, drive, feature, answers in zip(learners, batches, drives, features, logits, strict=True)
        ]
        return torch.stack(losses).sum()

    extras = [extra for one in learners for extra in one.extras]

    def before_step(images: Tensor, labels: Tensor) -> None:
        with autocast(training.device, training.done_in):
            for one in extras:
                one.before_step(images, labels)

    def after_step() -> None:
        for one in extras:
            one.after_step()

    def state() -> dict[str, Tensor]:
        return {f"{index}/{name}": value for index, one in enumerate(learners) for name, value in one.state().items()}

    def restore(state: dict[str, Tensor]) -> None:
        for index, one in enumerate(learners):
            one.restore(under(state, f"{index}/"))

    origin = " ".join(one.origin(teacher) for one in learners)
    how = f"batch {batch} seed {training.seed} epochs {training.epochs} in {training.done_in}"
    about = f"student {recipe!r} {how} from {origin}"
    checkpoint = TrainingState(training.checkpoint, {str(i): part for i, part in enumerate(networks)}, optimizer, about)
    title = f"{application.name}/{'+'.join(one.order.config.customer for one in learners)}"
    steps = run(split, application.augmentation, batch, training, checkpoint, recipe.learning_rate, loss_of,
                 state, restore, title, before_step, after_step)  # fmt: skip
    total = len(split) // batch * training.epochs
    try:
        yield Distilling(0, total, students)
        for done in steps:
            yield Distilling(done, total, students)
    finally:
        for extra in extras:
            extra.stop()
        for one in learners:
            one.student.eval()
        if side_by_side:
            side_by_side.write_back()


def can_be_grouped(recipe: Recipe) -> bool:
    """Whether students of a recipe can share their kernels."""
    others = recipe.adversary or recipe.extras or recipe.channels.count
    return recipe.fixed_statistics and not others


def grouping_pays(recipe: Recipe, device: str) -> bool:
    """Whether shared kernels are the faster way: on GPUs; processors are slower at grouped convolutions."""
    return torch.device(device).type == "cuda" and can_be_grouped(recipe)
