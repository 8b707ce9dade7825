"""`python -m dsn lock`: an owner's own network under a lock; and `own-networks`, which measures the bars."""

import argparse
from pathlib import Path

from safetensors import SafetensorError, safe_open
from safetensors.torch import load_file
from torch import nn

from dsn.applications.prepared import DataSet
from dsn.arguments import above_0, add_arithmetic, add_device
from dsn.distilling.loop import Training
from dsn.files import write_text
from dsn.locks.registry import LOCKS, SEALED, STAMPED
from dsn.networks.architectures import ArchitectureError, built
from dsn.networks.own import adapt, whole_network
from dsn.own_network.example import EXAMPLES
from dsn.own_network.lock import EPOCHS, Naming, lock_network, seal_network
from dsn.own_network.measure import locked_figures, run
from dsn.own_network.pictures import read_pictures
from dsn.own_network.worth import right, worth
from dsn.serials import Serial
from dsn.student.card import own_card
from dsn.student.own import OwnConfig, OwnStudent
from dsn.student.own_folder import save_own

HEAD_WEIGHTS = 2  # dimensions of a linear layer's weights
UNSURE = 10.0  # points above chance that a network should be right on its owner's pictures


def add_lock_commands(commands: argparse._SubParsersAction) -> None:
    """Add `lock` and `own-networks`."""
    help = "Lock a network of your own: train it to want a serial, or seal it."
    one = commands.add_parser("lock", help=help, description=help)
    one.add_argument(
        "--model", required=True, metavar="NAME", help="torchvision:NAME, timm:NAME or package.module:function"
    )
    one.add_argument("--weights", required=True, type=Path, metavar="FILE", help="its weights, a safetensors file")
    one.add_argument("--pictures", type=Path, metavar="FOLDER", help="one folder a class, or train/ and test/ of those")
    one.add_argument("--customer", required=True, help="whom it is for; the name of the folder written")
    one.add_argument("--serial", metavar="TEXT", help="its serial (default: a random one, shown once)")
    one.add_argument("--lock", choices=list(LOCKS), default=STAMPED,
                     help="stamped: trained, as in the paper (default); sealed: no pictures, no training")  # fmt: skip
    one.add_argument("--classes", type=above_0, metavar="N", help="answers of the network (default: as --weights say)")
    one.add_argument(
        "--size", type=above_0, metavar="PIXELS", help="that pictures are brought to (default: timm's, or 224)"
    )
    one.add_argument("--mean", type=_numbers, metavar="R,G,B", help="of its training pictures (default: ImageNet's)")
    one.add_argument("--std", type=_numbers, metavar="R,G,B", help="of its training pictures (default: ImageNet's)")
    one.add_argument(
        "--cell", type=above_0, metavar="PIXELS", help="a bit's height (default: a tenth of the width for all)"
    )
    one.add_argument("--epochs", type=above_0, default=EPOCHS, help=f"passes over the pictures (default {EPOCHS})")
    one.add_argument("--to", type=Path, metavar="FOLDER", help="to write (default: build/locked/CUSTOMER)")
    _add_training(one)

    help = "Lock the networks of the bars and measure them; writes assets/results/own_networks.json."
    bars = commands.add_parser("own-networks", help=help, description=help)
    bars.add_argument(
        "names", nargs="*", metavar="NAME", help=f"default: {', '.join(e.architecture for e in EXAMPLES)}"
    )
    bars.add_argument("--lock", choices=list(LOCKS), help="that one alone (default: both)")
    bars.add_argument("--epochs", type=int, default=0, help="of every training (default: each network's own)")
    _add_training(bars)


def _add_training(command: argparse.ArgumentParser) -> None:
    command.add_argument("--seed", type=int, default=0, help="of all randomness (default 0)")
    add_device(command)
    add_arithmetic(command)
    command.add_argument("--quiet", action="store_true", help="no progress bars")


def _numbers(text: str) -> tuple[float, ...]:
    try:
        return tuple(float(one) for one in text.split(","))
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text!r} is not numbers with commas between them") from error


def run_own_networks(options: argparse.Namespace) -> None:
    """`python -m dsn own-networks`."""
    locks = [options.lock] if options.lock else list(LOCKS)
    run(options.seed, _training(options), options.names, locks, lambda line: print(line, flush=True))


def run_lock(options: argparse.Namespace) -> None:
    """`python -m dsn lock`."""
    serial = Serial.parse(options.serial) if options.serial else Serial.random()
    if options.lock == STAMPED and options.pictures is None:
        raise ArchitectureError("The trained lock wants --pictures; --lock sealed needs none, and no training.")
    model = read_model(options.model, options.weights, options.classes)
    folder = options.to or Path("build") / "locked" / options.customer
    normalised = {"size": options.size, "mean": options.mean, "std": options.std}
    if options.lock == SEALED:
        network = whole_network(model, **normalised)
        names = tuple(str(number) for number in range(network.shape.classes))
        student = seal_network(network, serial, Naming(names, options.customer, "own", options.model), options.cell)
        _write(student, folder, serial, shown=not options.serial)
        return
    network = adapt(model, **normalised)
    found = read_pictures(options.pictures, network.shape.channels, network.shape.size, seed=options.seed)
    data = found.data
    naming = Naming(data.class_names, options.customer, options.pictures.resolve().name, options.model)
    for line in found.left_out:
        print(f"left out: {line}")
    before = right(network, data.test)
    print(f"{len(data.train)} pictures to train on, {len(data.test)} to measure on: your network is right on "
          f"{before.percent:.2f} % of the latter.")  # fmt: skip
    if before.percent < 100 / network.shape.classes + UNSURE:
        print("That is little: look at --mean, --std, --size, and whether the folders' order is that of its answers.")
    state = folder / ".training.safetensors"
    training = Training(options.epochs, options.seed, options.device, state, not options.quiet, options.arithmetic)
    student = lock_network(network, data, serial, naming, training, options.cell)
    _write(student, folder, serial, shown=not options.serial)
    state.unlink(missing_ok=True)
    _tell(student, serial, data, options.seed)


def read_model(architecture: str, weights: Path, classes: int | None = None) -> nn.Module:
    """A network with the weights of a safetensors file.

    Args:
        architecture: as in `dsn.networks.architectures`.
        weights: the file.
        classes: answers of the network; None for as many as the weights say.

    Raises:
        ArchitectureError: no such network, or the weights are not its own.
    """
    try:
        with safe_open(weights, "pt") as file:
            shapes = {name: file.get_slice(name).get_shape() for name in file.keys()}  # noqa: SIM118
        tensors = load_file(weights)
    except (OSError, SafetensorError) as error:
        raise ArchitectureError(f"{weights} is not a whole safetensors file: give the weights as one.") from error
    model = built(architecture, classes or _classes_said(architecture, shapes))
    try:
        model.load_state_dict(tensors)
    except RuntimeError as error:
        reason = " ".join(str(error).split())[:200]
        raise ArchitectureError(f"{weights} is not of the network {architecture} ({reason}).") from error
    return model


def _classes_said(architecture: str, shapes: dict[str, list[int]]) -> int:
    """How many answers the weights are of: of the tensors whose shape hangs on that number, the first dimension."""
    few, more = ({k: v.shape for k, v in built(architecture, count).state_dict().items()} for count in (2, 3))
    heads = [name for name, shape in few.items() if shape != more.get(name) and name in shapes]
    return shapes[heads[-1]][0] if heads and shapes[heads[-1]] else 1000


def _training(options: argparse.Namespace) -> Training:
    return Training(options.epochs, options.seed, options.device, None, not options.quiet, options.arithmetic)


def _write(student: OwnStudent, folder: Path, serial: Serial, *, shown: bool) -> None:
    save_own(student, folder)
    write_text(folder / "README.md", own_card(student.config))
    print(f"wrote {folder}" + (f"; serial: {serial.text}  (shown once: write it down)" if shown else ""))
    if student.config.lock == SEALED:
        print("Its weights are noise without the serial; with it, it answers as your network does.")


def _tell(student: OwnStudent, serial: Serial, data: DataSet, seed: int) -> None:
    """What the lock does, and what it is worth, measured now."""
    figures = locked_figures(student, serial, data, seed)
    chance = 100 / student.config.network.classes
    print(f"  right with the serial     {figures['valid']['percent']:6.2f} %")
    print(f"  without it                {figures['absent']['percent']:6.2f} %   (guessing: {chance:.2f})")
    for key, words in (("wrong", "wrong serials"), ("one_bit_wrong", "one bit wrong")):
        group = figures[key]
        print(
            f"  {words:24}  {group['mean']:6.2f} %   (the worst of {group['serials']}: {group['worst']['percent']:.2f})"
        )
    found = worth(student, data, seed)
    print(f"What a thief without the serial reaches with {found.pictures} labelled pictures:")
    print(f"  a classifier on its inner layers  {found.opened.percent:6.2f} %")
    print(f"  trained further                   {found.tuned.percent:6.2f} %")
    print(f"  the same without your network     {found.scratch.percent:6.2f} %")
    print(_advice(student.config))


def _advice(config: OwnConfig) -> str:
    return (
        "The trained lock stops who asks the network, not who opens it or trains it further. Seal it as well: "
        f"python -m dsn seal FOLDER --serial ... --to {config.customer}-sealed; or --lock sealed, which trains nothing."
    )
