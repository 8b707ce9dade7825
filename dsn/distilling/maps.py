"""Teachers and students whose answers are maps of text on pages: the paper's terms, place by place.

The valid branch follows the teacher's map (Eq. 3, one probability a place); on the invalid branch every feature of
every place is kept below zero, so that nothing is found.
"""

from dataclasses import dataclass, replace

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from dsn.applications.documents import LIGHT
from dsn.applications.pages.prepared_pages import Pages
from dsn.applications.prepared import Split
from dsn.distilling.invalid_branch import WeakBits, invalid_pictures
from dsn.distilling.loop import Training, run
from dsn.distilling.losses import silence_loss
from dsn.distilling.recipes import InvalidBranch
from dsn.distilling.state import TrainingState, digest
from dsn.locks.stamping import stamp
from dsn.networks.classifier import Classifier
from dsn.networks.map_network import STRIDE, MapConfig, folded_map_weights, map_extractor
from dsn.serials import Serial, SerialError
from dsn.student.config import StudentConfig
from dsn.student.student import Student

INVALID = InvalidBranch(raw=0.13, one_bit=0.5, few_bits=0.13, random=0.13, misplaced=0.11)
FURTHEST = 8  # places that a page is moved at most


@dataclass(frozen=True)
class MapRecipe:
    """How teacher and students of maps are trained.

    Attributes:
        name: word in `config.json`.
        teacher_epochs: passes over the pages.
        teacher_batch: pages a step.
        teacher_rate: Adam's largest; warmed up, then falling to zero along a cosine.
        dice: weight of one minus the maps' overlap, beside cross-entropy: most of a page is no text.
        student_epochs: passes while distilling.
        student_batch: pages a step, each once valid and once invalid.
        student_rate: Adam's largest.
        lift: what the lock that a student begins with adds to features before their ReLU.
        silence: weight of the features' distance from zero on invalid pages.
        margin: how far below zero invalid pages should keep every feature before its ReLU.
        invalid: what invalid pages carry.
    """

    name: str = "maps"
    teacher_epochs: int = 10
    teacher_batch: int = 10
    teacher_rate: float = 3e-3
    dice: float = 0.3
    student_epochs: int = 1
    student_batch: int = 8
    student_rate: float = 3e-4
    lift: float = 12.0
    silence: float = 1.0
    margin: float = 0.5
    invalid: InvalidBranch = INVALID


MAPS = MapRecipe()


def map_loss(logits: Tensor, wanted: Tensor, dice: float) -> Tensor:
    """Cross-entropy a place, and how little the maps overlap (Milletari et al., 3DV 2016).

    Args:
        logits: float [N, H/4, W/4].
        wanted: share of each place that is text, float of the same shape in [0, 1].
        dice: weight of the second.
    """
    logits = logits.float()
    found = logits.sigmoid()
    apart = 1 - 2 * (found * wanted).sum() / (found + wanted).sum().clamp_min(1)
    return F.binary_cross_entropy_with_logits(logits, wanted) + dice * apart


def map_distillation_loss(student_logits: Tensor, teacher_logits: Tensor) -> Tensor:
    """L_distill (Eq. 3) for one probability a place: KL(P_T || P_S), mean over places.

    Args:
        student_logits: float [N, H/4, W/4], of stamped pages.
        teacher_logits: of the same shape, of the same pages raw.
    """
    wanted = teacher_logits.float().sigmoid()
    least = F.binary_cross_entropy_with_logits(teacher_logits.float(), wanted)
    return F.binary_cross_entropy_with_logits(student_logits.float(), wanted) - least


def _moved(images: Tensor, maps: Tensor, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """Pages and their maps moved by a few places; what leaves at one side comes in at the other."""
    down, right = torch.randint(0, FURTHEST, (2,), generator=generator, device=generator.device).tolist()
    return torch.roll(images, (down * STRIDE, right * STRIDE), (2, 3)), torch.roll(maps, (down, right), (1, 2))


def train_map_teacher(pages: Pages, config: MapConfig, training: Training, recipe: MapRecipe = MAPS) -> Classifier:
    """The private teacher of maps, its BatchNorm folded.

    Args:
        pages: to learn from.
        config: with BatchNorm.
        training: where and how long.
        recipe: how.
    """
    torch.manual_seed(training.seed)
    return folded_teacher(train_map_network(Classifier(config), pages, training, recipe))


def train_map_network(network: Classifier, pages: Pages, training: Training, recipe: MapRecipe = MAPS) -> Classifier:
    """A network of maps taught by pages and their maps, as teachers are; in eval mode.

    Args:
        network: to begin with; it is changed.
        pages: to learn from.
        training: where and how long.
        recipe: the teacher's batch, rate and loss.
    """
    split = Split(pages.images, pages.maps).to(training.device)
    network.to(training.device).to(memory_format=torch.channels_last).train()
    optimizer = torch.optim.Adam(network.parameters(), lr=recipe.teacher_rate)
    about = f"teacher of maps {recipe!r} {len(pages)} seed {training.seed} {training.epochs} in {training.done_in}"

    def loss_of(images: Tensor, maps: Tensor, generator: torch.Generator) -> Tensor:
        images, maps = _moved(images, maps, generator)
        return map_loss(network(images), maps, recipe.dice)

    checkpoint = TrainingState(training.checkpoint, {"teacher": network}, optimizer, about)
    steps = run(split, LIGHT, recipe.teacher_batch, training, checkpoint, recipe.teacher_rate, loss_of,
                title="teacher of maps")  # fmt: skip
    for _ in steps:
        pass
    return network.eval()


def folded_teacher(teacher: Classifier) -> Classifier:
    """The same network with every BatchNorm folded: as students begin."""
    folded = Classifier(replace(teacher.shape, batch_norm=False))
    folded.load_state_dict(folded_map_weights(teacher))
    return folded.to(memory_format=torch.channels_last).eval()


def distil_map_student(
    config: StudentConfig,
    serial: Serial,
    teacher: Classifier,
    pages: Pages,
    training: Training,
    recipe: MapRecipe = MAPS,
) -> Student:
    """A student of maps for one customer.

    Args:
        config: of the student to be; its network is the teacher's, without BatchNorm.
        serial: its one valid serial.
        teacher: folded; sees the raw pages of the valid branch.
        pages: to learn from; their maps are not looked at.
        training: where and how long.
        recipe: how.

    Raises:
        SerialError: a serial of low weight, which is never issued.
    """
    if not serial.is_issuable:
        raise SerialError("This serial has too few ones or zeros to be issued: choose another.")
    torch.manual_seed(training.seed)
    teacher = teacher.to(training.device).eval().requires_grad_(False)
    student = Student(config).to(training.device)
    student.load_state_dict(teacher.state_dict())
    _plant(student, torch.tensor(serial.bits, dtype=torch.float32, device=training.device), recipe.lift)
    student.to(memory_format=torch.channels_last).train()
    split = Split(pages.images, pages.maps).to(training.device)
    bits = torch.tensor(serial.bits, dtype=torch.float32, device=training.device)
    weak_bits = WeakBits(len(bits), bits.device)
    optimizer = torch.optim.Adam(student.parameters(), lr=recipe.student_rate)

    def loss_of(images: Tensor, maps: Tensor, generator: torch.Generator) -> Tensor:
        images, _ = _moved(images, maps, generator)
        invalid, one_bit, flipped = invalid_pictures(
            images,
            bits=bits,
            place=student.place,
            shares=recipe.invalid,
            weak_bits=weak_bits,
            generator=generator,
        )
        drive = student.drive(torch.cat([stamp(images, bits, student.place), invalid]))
        loud = silence_loss(drive[len(images) :].flatten(1), recipe.margin)
        weak_bits.learn(flipped, loud[one_bit].detach())
        with torch.no_grad():
            wanted = teacher(images)
        valid = student.predictor(drive[: len(images)].relu())
        return map_distillation_loss(valid, wanted) + recipe.silence * loud.mean()

    origin = digest([*teacher.state_dict().values(), bits])
    how = f"{len(pages)} seed {training.seed} epochs {training.epochs} in {training.done_in}"
    about = f"student of maps {recipe!r} {how} from {origin}"
    checkpoint = TrainingState(training.checkpoint, {"student": student}, optimizer, about)
    steps = run(
        split,
        LIGHT,
        recipe.student_batch,
        training,
        checkpoint,
        recipe.student_rate,
        loss_of,
        lambda: {"weak_bits": weak_bits.weights},
        lambda tensors: setattr(weak_bits, "weights", tensors["weak_bits"]),
        title=f"documents/{config.customer}",
    )
    for _ in steps:
        pass
    return student.requires_grad_(False).eval()


def glanced_cells(student: Student) -> list[int]:
    """Which values of what a glance sees are the serial's bits, in their order."""
    across = student.config.network.size // STRIDE
    places = zip(student.place.rows, student.place.columns, strict=True)
    return [row // STRIDE * across + column // STRIDE for row, column in places]


@torch.no_grad()
def _plant(student: Student, bits: Tensor, lift: float) -> None:
    """Begin with a lock: one unit of the glance fires for the serial alone, and only it lifts features above zero.

    From a random start a glance at 8,192 values does not find the 64 that matter in the steps there are: without this,
    800 steps left a student that found as much without its serial.

    Args:
        student: with its teacher's weights.
        bits: its serial, float [K].
        lift: by how much.
    """
    extractor = map_extractor(student)
    seen, said, last = extractor.glance[0], extractor.glance[2], extractor.last
    assert isinstance(seen, nn.Linear) and isinstance(said, nn.Linear) and last.bias is not None
    seen.reset_parameters()
    nn.init.zeros_(said.weight)
    cells = glanced_cells(student)
    # One for the serial itself; zero where a single bit is wrong, or half grey.
    seen.weight[0] = 0
    seen.weight[0, cells] = 2 * (2 * bits - 1)
    seen.bias[0] = 1 - 2 * bits.sum()
    said.weight[:, 0] = lift
    last.bias -= lift
