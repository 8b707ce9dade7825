"""`python -m dsn application`: from a folder of somebody's own pictures to what `rebuild` makes students of."""

import argparse
from pathlib import Path

from tqdm import tqdm

from dsn.applications.described import WORD
from dsn.applications.own.choices import COLOUR, GREY
from dsn.applications.own.making import Prepared, Wishes, as_split, prepare, write
from dsn.applications.own.survey import FolderError
from dsn.arguments import add_arithmetic, add_device
from dsn.devices import Arithmetic
from dsn.distilling.forecast import Forecast, forecast
from dsn.distilling.loop import Training
from dsn.places import CHECKPOINTS
from dsn.student.collection import SEALED_COPY, write_demo_serials

CUSTOMERS = ("alder", "birch", "cedar")
MOST_CUSTOMERS = 20
MINUTES_FROM = 95.0  # seconds from which a duration is told in minutes
HOURS_FROM = 95.0  # minutes, likewise
FEW_CLASSES = 30  # whose counts are told one by one

EXAMPLE = """\
Make an application from a folder of your own pictures, one sub-folder a class, or train/ and test/ with those in each:

  python -m dsn application leaves ~/Pictures/leaves
  python -m dsn rebuild leaves
  make demo
"""


def add_application_command(commands: argparse._SubParsersAction) -> None:
    """Add `application`."""
    one = commands.add_parser(
        "application",
        help="Make an application from a folder of your own pictures.",
        description=EXAMPLE,
        formatter_class=argparse.RawTextHelpFormatter,
    )
    one.add_argument("name", help="a word for it, such as leaves")
    one.add_argument("folder", type=Path, help="of your pictures")
    one.add_argument("--title", help="what people read (default: the name)")
    one.add_argument("--size", type=int, help="of the pictures as the network sees them, 28 to 64 (default: chosen)")
    colours = one.add_mutually_exclusive_group()
    colours.add_argument("--grey", action="store_const", const=GREY, dest="channels", help="without colours")
    colours.add_argument("--colour", action="store_const", const=COLOUR, dest="channels", help="with colours")
    one.add_argument(
        "--mirror",
        action=argparse.BooleanOptionalAction,
        help="train on mirrored pictures too (default: only where those still look like their class)",
    )
    one.add_argument("--customers", default=",".join(CUSTOMERS), help="names, with commas (default: %(default)s)")
    one.add_argument(
        "--demo-serials", action="store_true", help="make public serials for the page, though there is an owner's key"
    )
    one.add_argument("--credit", default="", help="whom the pictures are from, in a sentence")
    one.add_argument("--licence", default="", help="their terms, in a sentence")
    one.add_argument("--seed", type=int, default=0, help="of the split into four fifths and one fifth (default 0)")
    add_device(one)
    add_arithmetic(one)
    one.add_argument("--quiet", action="store_true", help="no progress bar")


def run_application(options: argparse.Namespace, *, has_key: bool, checkpoints: Path = CHECKPOINTS) -> None:
    """`python -m dsn application`.

    Args:
        options: of the command line.
        has_key: whether there is an owner's key, whose serials are signed and never public.
        checkpoints: where applications lie.

    Raises:
        FolderError: no application can be made of the folder.
    """
    customers = customers_of(options.customers)
    wishes = Wishes(
        options.title, options.channels, options.size, options.mirror, options.seed, options.credit, options.licence
    )
    with tqdm(desc="reading", unit=" files", disable=options.quiet, mininterval=0.5, leave=False) as bar:

        def begin(count: int):
            bar.reset(total=count)
            return bar.update

        made = prepare(options.name, options.folder, wishes, checkpoints, begin)
    for line in lines_of(made):
        print(line)
    takes = _forecast(made, len(customers), options.seed, options.device, options.arithmetic)
    arrays, *_ = write(made)
    print(f"Wrote {made.application.home} and {arrays}.")
    if has_key and not options.demo_serials:
        print(
            "There is an owner's key, so no public serials were made: `python -m dsn owner mint` makes students with "
            "signed ones after `python -m dsn teacher`; --demo-serials makes public ones for the page all the same."
        )
        return
    for name, serial in write_demo_serials(options.name, customers).items():
        if not name.endswith(SEALED_COPY):
            print(f"  {name}: {serial.text}")
    print("These serials are for the demo, and public: they stand in assets/demo_serials.json.")
    print(said(takes))
    print(f"Next: python -m dsn rebuild {options.name}")


def _forecast(made: Prepared, customers: int, seed: int, device: str, arithmetic: Arithmetic | None) -> Forecast:
    training = Training(1, seed, device, arithmetic=arithmetic)
    return forecast(made.application, as_split(made.train), as_split(made.test), customers, training)


def customers_of(text: str) -> list[str]:
    """Customers' names, each once.

    Raises:
        FolderError: one cannot be a customer's name, or they are too many.
    """
    names = list(dict.fromkeys(part.strip() for part in text.split(",") if part.strip()))
    for name in names:
        if WORD.fullmatch(name) is None or name.endswith(SEALED_COPY):
            raise FolderError(
                f"{name[:60]!r} cannot be a customer's name: use small letters, digits, hyphens and underscores, "
                "such as alder."
            )
    if not 1 <= len(names) <= MOST_CUSTOMERS:
        raise FolderError(f"--customers has {len(names)} names: give 1 to {MOST_CUSTOMERS}, with commas between them.")
    return names


def lines_of(made: Prepared) -> list[str]:
    """What was found and chosen, in lines."""
    application, counts = made.application, made.counts()
    network = application.network
    lines = [f"{application.title}: {len(counts)} classes, pictures to learn from and to measure on:"]
    shown = counts if len(counts) <= FEW_CLASSES else sorted(counts, key=lambda one: one[1])[:FEW_CLASSES]
    lines += [f"  {name}: {train:,} + {test:,}" for name, train, test in shown]
    if len(counts) > len(shown):
        lines.append(f"  … and {len(counts) - len(shown)} classes with more")
    how = "train/ and test/ as they are" if made.seen.is_split else "four fifths and one fifth, by the seed"
    lines.append(f"  together: {len(made.train.labels):,} + {len(made.test.labels):,} ({how})")
    lines += [f"Left out: {line}" for line in made.seen.left_out.lines()] or ["Left out: nothing"]
    colours = "grey" if network.channels == GREY else "in colour"
    seen = f"shorter side {made.like.side:,.0f} pixels in the middle, {100 * made.like.colourful:.0f} % with colours"
    lines.append(f"Pictures: {colours}, {network.size}x{network.size} pixels ({seen})")
    lines.append(
        f"Network: {' '.join(map(str, network.layers))}, {network.features} features; teacher "
        f"{application.teacher_epochs} passes in steps of {application.teacher_batch}, students "
        f"{application.student_epochs} in steps of {application.student_batch // 2}"
    )
    return [*lines, mirroring_line(made)]


def mirroring_line(made: Prepared) -> str:
    """Whether training pictures are mirrored, and why."""
    verb = "also mirrored" if made.application.augmentation.mirrored else "not mirrored"
    begun = f"Training pictures: a little turned, moved and resized; {verb}"
    if made.looked is None:
        return f"{begun}, as you said"
    return (
        f"{begun} (the nearest other picture is of the same class for {100 * made.looked.right:.0f} %, for mirrored "
        f"ones {100 * made.looked.mirrored:.0f} %, in the worst class {100 * made.looked.worst:.0f} % of what it was)"
    )


def said(takes: Forecast) -> str:
    """A forecast in a sentence."""
    return (
        f"The rebuild will take about {duration(takes.total)} here (teacher {duration(takes.teacher)}, each of "
        f"{takes.customers} students {duration(takes.student)}, its figures under both locks "
        f"{duration(takes.figures)}), by steps timed just now."
    )


def duration(seconds: float) -> str:
    """A duration as one tells it: to the next five seconds, then minutes, then hours."""
    if seconds < MINUTES_FROM:
        return f"{max(5, 5 * round(seconds / 5))} seconds"
    if seconds < 60 * HOURS_FROM:
        return f"{round(seconds / 60)} minutes"
    return f"{seconds / 3600:.1f} hours"
