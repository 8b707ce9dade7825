"""Locking an owner's own network: by training, as the paper has it, or by a seal alone."""

import copy
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import torch
from torch import Tensor, nn

from dsn.applications.prepared import DataSet, Split
from dsn.applications.record import Augmentation
from dsn.devices import default_device
from dsn.distilling.invalid_branch import PersistentAttackers, WeakBits, attacked_count, invalid_pictures
from dsn.distilling.loop import Training, run
from dsn.distilling.losses import distillation_loss, silence_loss, uniform_loss
from dsn.distilling.recipes import HARDENED, AttackerPool, Finishing, InvalidBranch, Recipe
from dsn.distilling.state import TrainingState, digest
from dsn.locks.stamping import corner_place, paper_cell, stamp
from dsn.networks.architectures import ArchitectureError, built
from dsn.networks.own import OwnNetwork, OwnShape, adapt, whole_network
from dsn.own_network.pictures import read_pictures
from dsn.serials import Serial, SerialError
from dsn.student.own import OwnConfig, OwnStudent, sealed_network
from dsn.student.public import OwnStudent as Public

EPOCHS = 10
# Mild, for nobody knows what is in the pictures: nothing is mirrored, and nothing leaves the frame.
AUGMENTATION = Augmentation(rotation=5, scale=0.08, shift=2, brightness=0.2, contrast=0.2)
# As `HARDENED`, in small batches, for a folder has few pictures and the lock takes about a thousand steps; from the
# model's weights, with fewer and slower attackers. Near misses have the greater part: a single bit is little in a
# picture that a network shrinks fourfold in its first layers.
OWN = replace(
    HARDENED,
    name="own",
    batch=32,
    learning_rate=1e-3,
    attackers=AttackerPool(count=4, steps=1, place_known=2),
    invalid=InvalidBranch(
        raw=0.10, one_bit=0.48, few_bits=0.10, random=0.06, inverted=0.02, misplaced=0.06, grey=0.06, attackers=0.12
    ),
    finishing=Finishing(),
)

# What invalid pictures carry at first: near misses look like the valid serial until the network has begun to look for
# one at all, and only hold that up.
EASY = InvalidBranch(raw=0.4, random=0.5, inverted=0.1)
EASY_UNTIL, HARD_FROM = 0.1, 0.3  # shares of all steps; between them the one turns into the other


@dataclass(frozen=True)
class Naming:
    """What a student is called, and what its answers are.

    Attributes:
        classes: one name a class, in the order of the answers.
        customer: whom it is for.
        task: what is recognised.
        architecture: as in `dsn.networks.architectures`; empty where there is no name for it.
    """

    classes: tuple[str, ...]
    customer: str = "customer"
    task: str = "own"
    architecture: str = ""


def lock(
    model: nn.Module,
    pictures: str | Path | None = None,
    *,
    serial: Serial,
    epochs: int = EPOCHS,
    sealed: bool = False,
    size: int | None = None,
    mean: tuple[float, ...] | None = None,
    std: tuple[float, ...] | None = None,
    cell: int | None = None,
    customer: str = "customer",
    architecture: str = "",
    classes: tuple[str, ...] | None = None,
    seed: int = 0,
    device: str | None = None,
    progress: bool = True,
) -> Public:
    """A student of your own network that answers only with its serial. The network is the teacher, and left as it is.

    Args:
        model: normalised pictures, float [N, C, S, S], to logits, float [N, classes].
        pictures: a folder with one folder of pictures a class; labels are not trained on. Not needed for sealing.
        serial: its one valid serial, such as `Serial.random(64)`.
        epochs: passes over the pictures.
        sealed: make the weights noise without the serial, and train nothing.
        size: S, height and width that pictures are brought to; None for what timm says of the network, or 224.
        mean: with `std`, what its training pictures were normalised by; None for ImageNet's, or none on grey pictures.
        std: see there.
        cell: pixels that a bit is high and wide; None for a tenth of the picture's width, as the paper has it.
        customer: whom it is for.
        architecture: its name for `config.json`, such as "torchvision:resnet18"; without one `load_student` has to
            be given the network.
        classes: one name a class, in the order of the answers; None for the folders' names, or numbers.
        seed: of all randomness.
        device: "cpu" or "cuda"; None for a GPU where there is one.
        progress: whether to show a bar.

    Returns:
        In eval mode, on the CPU.

    Raises:
        ArchitectureError: a network that cannot be locked so.
        SerialError: a serial of low weight, which is never issued.
        FolderError: a folder that holds no such pictures.
    """
    if sealed:
        network = whole_network(model, size=size, mean=mean, std=std)
        names = classes or tuple(str(number) for number in range(network.shape.classes))
        naming = Naming(_fitting(names, network.shape), customer, architecture=_checked(architecture, model))
        return Public.of(seal_network(network, serial, naming, cell))
    if pictures is None:
        raise ArchitectureError("The trained lock wants pictures: give a folder, or sealed=True, which needs none.")
    network = adapt(model, size=size, mean=mean, std=std)
    data = read_pictures(Path(pictures), network.shape.channels, network.shape.size, seed=seed).data
    naming = Naming(
        _fitting(classes or data.class_names, network.shape),
        customer,
        Path(pictures).resolve().name,
        _checked(architecture, model),
    )
    training = Training(epochs, seed, device or default_device(), progress=progress)
    return Public.of(lock_network(network, data, serial, naming, training, cell))


def seal_network(network: OwnNetwork, serial: Serial, naming: Naming, cell: int | None = None) -> OwnStudent:
    """A student whose weights are noise without its serial; nothing is trained, and no picture is looked at.

    Args:
        network: of the owner.
        serial: that opens it.
        naming: what it is called.
        cell: see `lock`; where a stamp would go.
    """
    _check(serial)
    return sealed_network(_config(network.shape, serial, naming, cell, trained=False), network, serial)


def lock_network(
    network: OwnNetwork,
    data: DataSet,
    serial: Serial,
    naming: Naming,
    training: Training,
    cell: int | None = None,
    recipe: Recipe = OWN,
) -> OwnStudent:
    """A student that was trained to answer only pictures that carry its serial.

    Each picture of a batch is there twice, once valid (Eq. 3) and once invalid, as in `dsn.distilling.distil`. The
    network keeps its BatchNorm statistics, so that it trains exactly as it will answer.

    Args:
        network: adapted; the teacher, left as it is.
        data: of which the training pictures are used, and no labels.
        serial: its one valid serial.
        naming: what it is called.
        training: where and how long.
        cell: see `lock`.
        recipe: weights of the loss, and what invalid pictures carry.
    """
    _check(serial)
    config = _config(network.shape, serial, naming, cell, trained=True)
    torch.manual_seed(training.seed)
    device = training.device
    teacher = copy.deepcopy(network).to(device).requires_grad_(False).eval()
    student = copy.deepcopy(network).to(device).requires_grad_(True).eval()
    place = corner_place(config.bit_count, network.shape.size, network.shape.size, cell=config.cell)
    bits = torch.tensor(serial.bits, dtype=torch.float32, device=device)
    setup = torch.Generator(device).manual_seed(training.seed)
    picture = (network.shape.channels, network.shape.size, network.shape.size)
    attackers = PersistentAttackers(recipe.attackers, place, picture, setup)
    weak_bits = WeakBits(len(bits), bits.device)
    margin = recipe.margin if network.shape.thin else 0.0  # a ReLU's own output is never below zero
    batch = (recipe.batch or 64) // 2
    total, done = max(1, len(data.train) // batch * training.epochs), 0

    def loss_of(images: Tensor, labels: Tensor, generator: torch.Generator) -> Tensor:
        with torch.no_grad():
            wanted = teacher(images)
        attackers.generator = generator
        shares = shares_at(done / total, recipe.invalid)
        attacked = attacked_count(shares, batch)
        if attacked:
            attackers.step(student, images[:attacked], wanted[:attacked].argmax(1))
        invalid, one_bit, flipped = invalid_pictures(
            images, bits=bits, place=place, shares=shares, attackers=attackers, weak_bits=weak_bits,
            generator=generator,
        )  # fmt: skip
        drive = student.drive(torch.cat([stamp(images, bits, place), invalid]))
        logits = student.predictor(drive.relu())
        half = len(images)
        locked = recipe.uniform * uniform_loss(logits[half:].float())
        locked = locked + recipe.silence * silence_loss(drive[half:], margin)
        weak_bits.learn(flipped, locked[one_bit].detach())
        return distillation_loss(logits[:half].float(), wanted.float()) + locked.mean()

    def extra() -> dict[str, Tensor]:
        return {**attackers.state(), "weak_bits": weak_bits.weights}

    def restore(state: dict[str, Tensor]) -> None:
        attackers.restore(state)
        weak_bits.weights = state["weak_bits"]

    split = Split(data.train.images.to(device), data.train.labels.to(device))
    optimizer = torch.optim.Adam(student.parameters(), lr=recipe.learning_rate)
    origin = digest([*teacher.state_dict().values(), bits])
    how = f"cell {config.cell} seed {training.seed} epochs {training.epochs} in {training.done_in}"
    about = f"own {recipe!r} {config.network!r} {how} from {origin}"
    checkpoint = TrainingState(training.checkpoint, {"student": student}, optimizer, about)
    steps = run(split, AUGMENTATION, batch, training, checkpoint, recipe.learning_rate, loss_of, extra, restore,
                title=f"{naming.task}/{naming.customer}")  # fmt: skip
    for step in steps:
        done = step
    return OwnStudent(config, student.cpu().requires_grad_(False)).eval()


def shares_at(progress: float, last: InvalidBranch) -> InvalidBranch:
    """What invalid pictures carry when this share of all steps is done: `EASY` at first, `last` from a third on."""
    part = min(1.0, max(0.0, (progress - EASY_UNTIL) / (HARD_FROM - EASY_UNTIL)))
    easy, hard = asdict(EASY), asdict(last)
    return InvalidBranch(**{name: (1 - part) * easy[name] + part * hard[name] for name in hard})


def _check(serial: Serial) -> None:
    if not serial.is_issuable:
        raise SerialError("This serial has too few ones or zeros to be issued: choose another.")


def _config(shape: OwnShape, serial: Serial, naming: Naming, cell: int | None, *, trained: bool) -> OwnConfig:
    count = len(serial.bits)
    cell = cell or paper_cell(count, shape.size)
    if cell * serial.side > shape.size:
        raise ArchitectureError(f"{serial.side} cells of {cell} pixels do not fit into {shape.size} pixels.")
    return OwnConfig(naming.architecture, naming.task, naming.customer, count, naming.classes, shape, cell, trained)


def _fitting(names: tuple[str, ...], shape: OwnShape) -> tuple[str, ...]:
    if len(names) != shape.classes:
        raise ArchitectureError(
            f"The network has {shape.classes} answers, and there are {len(names)} classes: give those that it was "
            "trained with, in the order of its answers."
        )
    return names


def _checked(architecture: str, model: nn.Module) -> str:
    """The architecture's name, once a network of that name is known to be like this one."""
    if architecture:
        classes = next((one.out_features for one in reversed([*model.modules()]) if isinstance(one, nn.Linear)), 1000)
        with torch.random.fork_rng(devices=[]):
            same = built(architecture, classes)
        shapes, others = ({k: v.shape for k, v in one.state_dict().items()} for one in (model, same))
        if shapes != others:
            raise ArchitectureError(f"The network is not a {architecture}: leave its name out, or correct it.")
    return architecture
