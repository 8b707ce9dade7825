"""Training: the owner's teacher, and the students distilled from it. Nothing else trains."""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor
from tqdm import tqdm

from dsn.augmentation import augment
from dsn.datasets import Split, as_floats
from dsn.early_silence import EarlyActivations
from dsn.invalid_branch import PersistentAttackers, WeakBits, invalid_pictures
from dsn.losses import adversary_loss, distillation_loss, entanglement, silence_loss, teacher_loss, uniform_loss
from dsn.networks import Classifier, adversary, reverse_gradient, take_statistics
from dsn.recipes import Recipe
from dsn.serials import Serial, SerialError
from dsn.stamping import CORNER, stamp
from dsn.student import Student, StudentConfig
from dsn.tasks import Augmentation, Task
from dsn.thieves import PersistentThieves
from dsn.training_state import TrainingState, digest

TEACHER_BATCH = 500  # as in the paper
TEACHER_LEARNING_RATE = 2e-3
TEACHER_SMOOTHING = 0.05
WARM_UP = 0.1  # share of all steps
STATISTICS_PICTURES, STATISTICS_BATCH = 5000, 500


@dataclass(frozen=True)
class Training:
    """Where and how long to train.

    Attributes:
        epochs: passes over the training pictures.
        seed: of all randomness.
        device: "cpu", "cuda", ...
        checkpoint: file to go on from after an interruption, or none.
        progress: whether to show a bar with the time left.
    """

    epochs: int
    seed: int = 0
    device: str = "cpu"
    checkpoint: Path | None = None
    progress: bool = True


def autocast(device: str) -> torch.autocast:
    """bf16 arithmetic where it is safe; several times faster than float32, on CPUs too."""
    return torch.autocast(torch.device(device).type, dtype=torch.bfloat16)


def _batches(split: Split, batch: int, generator: torch.Generator) -> Iterator[tuple[Tensor, Tensor]]:
    order = torch.randperm(len(split), generator=generator, device=generator.device)
    for start in range(0, len(split) - batch + 1, batch):
        chosen = order[start : start + batch]
        yield as_floats(split.images[chosen]), split.labels[chosen]


def _rate_at(step: int, steps: int) -> float:
    """Share of the largest learning rate: a linear warm-up, then a cosine to zero."""
    warm = max(1, int(WARM_UP * steps))
    if step < warm:
        return (step + 1) / warm
    return 0.5 * (1 + math.cos(math.pi * (step - warm) / max(1, steps - warm)))


def _run(
    split: Split,
    augmentation: Augmentation,
    batch: int,
    training: Training,
    checkpoint: TrainingState,
    learning_rate: float,
    loss_of: Callable[[Tensor, Tensor, torch.Generator], Tensor],
    extra: Callable[[], dict[str, Tensor]] = dict,
    restore: Callable[[dict[str, Tensor]], None] = lambda tensors: None,
    title: str = "training",
    after_backward: Callable[[Tensor, Tensor], None] = lambda images, labels: None,
    after_step: Callable[[], None] = lambda: None,
) -> Iterator[int]:
    """The loop that teacher and students share: epochs, schedule, progress, checkpoints; yields finished steps."""
    done, tensors = checkpoint.load(training.device)
    if done:
        restore(tensors)
    steps = len(split) // batch
    total = steps * training.epochs
    bar = tqdm(total=total, initial=done * steps, desc=title, disable=not training.progress, mininterval=1.0)
    with bar:
        for epoch in range(done, training.epochs):
            generator = torch.Generator(training.device).manual_seed(training.seed * 100_003 + epoch)
            mean_loss = torch.zeros((), device=training.device)
            for index, (images, labels) in enumerate(_batches(split, batch, generator)):
                rate = learning_rate * _rate_at(epoch * steps + index, total)
                for group in checkpoint.optimizer.param_groups:
                    group["lr"] = rate
                images = augment(images, augmentation, generator)
                with autocast(training.device):
                    loss = loss_of(images, labels, generator)
                checkpoint.optimizer.zero_grad(set_to_none=True)
                loss.backward()
                after_backward(images, labels)
                checkpoint.optimizer.step()
                after_step()
                mean_loss += loss.detach()
                bar.update()
                yield epoch * steps + index + 1
            bar.set_postfix(epoch=epoch + 1, loss=f"{mean_loss.item() / steps:.4f}")
            checkpoint.save(epoch + 1, extra())


def train_teacher(task: Task, split: Split, training: Training) -> Classifier:
    """The private teacher f_T: cross-entropy on raw, augmented pictures (Eq. 1).

    Args:
        task: the application.
        split: its training pictures.
        training: where and how long.
    """
    torch.manual_seed(training.seed)
    split = split.to(training.device)
    teacher = Classifier(task.network).to(training.device).to(memory_format=torch.channels_last)
    optimizer = torch.optim.Adam(teacher.parameters(), lr=TEACHER_LEARNING_RATE)
    run = f"teacher {task.name} seed {training.seed} epochs {training.epochs}"

    def loss_of(images: Tensor, labels: Tensor, generator: torch.Generator) -> Tensor:
        return teacher_loss(teacher(images), labels, TEACHER_SMOOTHING)

    teacher.train()
    checkpoint = TrainingState(training.checkpoint, {"teacher": teacher}, optimizer, run)
    steps = _run(
        split,
        task.augmentation,
        TEACHER_BATCH,
        training,
        checkpoint,
        TEACHER_LEARNING_RATE,
        loss_of,
        title=f"{task.name} teacher",
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
        student: as it is now; put it into eval mode only once all steps are made.
    """

    done: int
    total: int
    student: Student


def distil_student(
    task: Task,
    config: StudentConfig,
    serial: Serial,
    teacher: Classifier,
    split: Split,
    recipe: Recipe,
    training: Training,
) -> Student:
    """A student for one customer; arguments and errors as in `distilling`, which tells of its progress."""
    steps = distilling(task, config, serial, teacher, split, recipe, training)
    student = next(steps).student
    for _ in steps:
        pass
    return student.eval()


def distilling(
    task: Task,
    config: StudentConfig,
    serial: Serial,
    teacher: Classifier,
    split: Split,
    recipe: Recipe,
    training: Training,
) -> Iterator[Distilling]:
    """Distil a student for one customer step by step: it follows the teacher on pictures with its serial only.

    Each picture of a batch is there twice, once valid (Eq. 3) and once invalid, so that the serial
    is all that tells the two apart; Eq. 8 with the terms and weights of the recipe.

    Args:
        task: the application.
        config: of the student to be.
        serial: its one valid serial.
        teacher: sees the raw pictures of the valid branch.
        split: the training pictures.
        recipe: terms of the loss.
        training: where and how long.

    Raises:
        SerialError: a serial of low weight, which is never issued.
    """
    if not serial.is_issuable:
        raise SerialError("This serial has too few ones or zeros to be issued: choose another.")
    torch.manual_seed(training.seed)
    device = training.device
    split = split.to(device)
    teacher = teacher.to(device).eval().requires_grad_(False)
    student = Student(config).to(device).to(memory_format=torch.channels_last)
    if recipe.start_from_teacher:
        student.load_state_dict(teacher.state_dict())
        if recipe.fixed_statistics and recipe.profile != CORNER:  # a pattern all over the picture changes them much
            seen = as_floats(split.images[:STATISTICS_PICTURES])
            take_statistics(student, student.stamp(seen, serial).split(STATISTICS_BATCH))
    rival = adversary(config.network).to(device)
    optimizer = torch.optim.Adam([*student.parameters(), *rival.parameters()], lr=recipe.learning_rate)
    bits = torch.tensor(serial.bits, dtype=torch.float32, device=device)
    setup = torch.Generator(device).manual_seed(training.seed)
    shape = (config.network.channels, config.network.size, config.network.size)
    attackers = PersistentAttackers(recipe.attackers, student.place, shape, setup)
    weak_bits = WeakBits(len(bits), bits.device)
    batch = recipe.batch or task.student_batch
    origin = digest([*teacher.state_dict().values(), bits])
    run = f"student {recipe!r} batch {batch} seed {training.seed} epochs {training.epochs} from {origin}"

    def loss_of(images: Tensor, labels: Tensor, generator: torch.Generator) -> Tensor:
        half = len(images)
        attackers.generator = generator
        invalid, one_bit, flipped = invalid_pictures(
            images,
            labels,
            student=student,
            bits=bits,
            place=student.place,
            shares=recipe.invalid,
            attackers=attackers,
            weak_bits=weak_bits,
            generator=generator,
            profile=recipe.profile,
        )
        with torch.no_grad():
            wanted = teacher(images)
        drive = student.drive(torch.cat([stamp(images, bits, student.place), invalid]))
        features = drive.relu()
        logits = student.predictor(features)
        loss = distillation_loss(logits[:half], wanted)
        if recipe.uniform or recipe.silence:
            unlocked = recipe.uniform * uniform_loss(logits[half:].float())
            unlocked = unlocked + recipe.silence * silence_loss(drive[half:], recipe.margin)
            weak_bits.learn(flipped, unlocked[one_bit].detach())
            loss = loss + unlocked.mean()
        if recipe.early_silence.weight:
            loss = loss + recipe.early_silence.weight * early.loss(round(recipe.invalid.raw * half), recipe.margin)
        if recipe.adversary:
            reversed_features = reverse_gradient(features[half:], recipe.adversary)
            loss = loss + adversary_loss(rival(reversed_features), labels)
        if recipe.entanglement:
            stamped = torch.arange(len(features), device=device) < half
            loss = loss - recipe.entanglement * entanglement(features, stamped)
        return loss

    def restore(state: dict[str, Tensor]) -> None:
        weak_bits.weights = state["weak_bits"]
        attackers.restore(state)

    early = EarlyActivations(student, recipe.early_silence.layers)
    thieves = PersistentThieves(recipe.thieves, student, setup)
    student.train(not recipe.fixed_statistics)
    checkpoint = TrainingState(training.checkpoint, {"student": student, "adversary": rival}, optimizer, run)
    title = f"{task.name}/{config.customer}"
    steps = _run(
        split,
        task.augmentation,
        batch // 2,
        training,
        checkpoint,
        recipe.learning_rate,
        loss_of,
        lambda: {**attackers.state(), "weak_bits": weak_bits.weights},
        restore,
        title,
        thieves.resist,
        thieves.follow,
    )
    total = len(split) // (batch // 2) * training.epochs
    yield Distilling(0, total, student)
    try:
        for done in steps:
            yield Distilling(done, total, student)
    finally:
        early.stop()
