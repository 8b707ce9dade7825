"""Command lines, thin over functions: `python -m dsn --help`."""

import argparse
import sys
from importlib.util import find_spec
from pathlib import Path

from dsn.applications import training_share
from dsn.applications.held_out import write_held_out
from dsn.applications.own.survey import FolderError
from dsn.applications.prepared import DataError, load_data_set
from dsn.applications.registry import UnknownApplicationError, application_named, applications, with_training_share
from dsn.arguments import above_0, add_arithmetic, add_device, minutes
from dsn.attacks import recorded, sealed_bars
from dsn.attacks.kit.scene import AttackError
from dsn.attacks.on_pages import attack_pages, attacked_documents
from dsn.attacks.registry import ATTACKS
from dsn.devices import UnknownArithmeticError
from dsn.distilling import demo_teacher, literal_student, rebuild
from dsn.distilling.documents import add_documents_command, run_documents
from dsn.distilling.own_command import add_application_command, run_application
from dsn.distilling.rebuild import Job, NotBuiltError
from dsn.distilling.recipes import HARDENED, PAPER, RECIPES
from dsn.distilling.sealed_copies import write_sealed_copies
from dsn.distilling.splits import measure_splits
from dsn.locks.sealing import SealError
from dsn.measuring.brought import measure as brought
from dsn.measuring.brought import scenes
from dsn.networks.architectures import ArchitectureError
from dsn.own_network.command import add_lock_commands, run_lock, run_own_networks
from dsn.owner.commands import add_owner_commands, add_publish_command, run_owner, run_publish
from dsn.owner.errors import OwnerError
from dsn.owner.keys import has_key, owner_home
from dsn.owner.names import customer_name
from dsn.places import CHECKPOINTS
from dsn.research import distilled_copies
from dsn.research.ideas import IDEAS, IdeaError
from dsn.research.search import try_ideas
from dsn.serials import Serial, SerialError, random_serial
from dsn.student.collection import demo_serials
from dsn.student.commands import add_sealing_commands, run_seal, run_unseal
from dsn.student.hub import StudentError, load_student
from dsn.student.onnx_file import add_onnx_command, run_onnx

EXPLANATION = """\
Deep Serial Numbers: train a private teacher, distil students that need a serial, measure them.

In the order an owner would use them:
  application  make an application from a folder of your own pictures
  teacher   train the private network that students learn from (kept under build/)
  distill   make one customer's student, unlocked by one serial
  evaluate  measure students on the whole test split and record the figures
  rebuild   all of it for every bundled student
  attack    try to use a student without its serial, and record how far that leads
  owner     key, signed serials, ledger, minting, tracing a leak
  publish   put students on the Hub
  static    the demo as a folder of files, for any static host
  seal      make weights noise without a serial, without training; any safetensors file too
  lock      a network of your own, of any architecture: trained to want a serial, or sealed
Data sets are looked for in the folder DSN_DATA names (or data/) and downloaded there if missing.
"""


def parser() -> argparse.ArgumentParser:
    """All commands and their options."""
    top = argparse.ArgumentParser(
        "python -m dsn", description=EXPLANATION, formatter_class=argparse.RawTextHelpFormatter
    )
    commands = top.add_subparsers(dest="command", required=True, metavar="COMMAND")

    def command(name: str, help: str) -> argparse.ArgumentParser:
        return commands.add_parser(name, help=help, description=help)

    def with_job(one: argparse.ArgumentParser) -> argparse.ArgumentParser:
        one.add_argument("--seed", type=int, default=0, help="of all randomness (default 0)")
        add_device(one)
        add_arithmetic(one)
        one.add_argument(
            "--epochs", type=above_0, help="passes over the training pictures (default: the application's own number)"
        )
        one.add_argument("--quiet", action="store_true", help="no progress bars")
        return one

    teacher = with_job(command("teacher", "Train the private teacher of an application."))
    teacher.add_argument("task", choices=list(applications()))

    distill = with_job(command("distill", "Distil a student for one customer from the teacher."))
    distill.add_argument("task", choices=list(applications()))
    distill.add_argument("customer", help="name of its folder, such as alder")
    distill.add_argument("--serial", help="its serial; default: the demo's for a bundled customer, else a random one")
    distill.add_argument(
        "--recipe",
        choices=list(RECIPES),
        default=HARDENED.name,
        help="hardened (default), paper (the literal one), or quick",
    )
    distill.add_argument("--output", type=Path, help="folder to write (default: build/students/TASK/CUSTOMER)")

    evaluate = with_job(
        command("evaluate", "Measure students on the whole test split; writes assets/results/students.json.")
    )
    evaluate.add_argument("students", nargs="*", metavar="TASK/CUSTOMER", help="bundled students (default: all)")

    recipes = with_job(
        command("recipes", "Distil and measure a student by another recipe; writes assets/results/recipes.json.")
    )
    recipes.add_argument("task", choices=list(applications()))
    recipes.add_argument("names", nargs="*", default=[PAPER.name], metavar="RECIPE", help="default: paper")

    everything = with_job(command("rebuild", "Teachers, all bundled students and their figures again, from the data."))
    everything.add_argument(
        "tasks", nargs="*", default=list(applications()), metavar="TASK", help="default: every application"
    )

    everything.add_argument(
        "--sealed", action="store_true", help="only the sealed copies, from the students there are: no training"
    )

    splits = with_job(
        command("splits", "Teacher and student on other splits of few pictures; writes assets/results/splits.json.")
    )
    splits.add_argument("task", choices=[name for name, one in applications().items() if one.splits > 1])
    splits.add_argument("--only", type=int, nargs="+", default=(), metavar="NUMBER", help="of splits (default: all)")

    add_application_command(commands)
    add_documents_command(commands)
    command("held-out", "Draw the 1,000 held-out pictures of each application into assets/.")
    command("training-share", "Draw the training pictures that come with the project into assets/training/.")
    with_job(
        command("demo-teacher", "Train the public demo teacher of the page's quick mint; writes assets/training/.")
    )
    with_job(
        command("literal-student", "Distil the break-in's first network, by the literal recipe, from the demo teacher.")
    )
    command("cards", "Write model cards and the README's tables from the recorded figures.")

    attack = command("attack", "Attack students over several seeds; writes assets/results/attacks.json.")
    attack.add_argument("name", metavar="NAME", help=f"all, or one of: {', '.join(ATTACKS)}")
    attack.add_argument(
        "--student", nargs="+", required=True, metavar="TASK/CUSTOMER", help="bundled students, such as digits/alder"
    )
    attack.add_argument(
        "--data-share", type=float, nargs="+", metavar="SHARE", help="of the training data (default: the attack's own)"
    )
    attack.add_argument("--seeds", type=int, default=3, help="how many runs, for mean and spread (default 3)")
    add_device(attack)
    attack.add_argument(
        "--quick", action="store_true", help="a few pictures and steps, to try it out; writes build/results/ instead"
    )

    bars = command("sealed-bars", "Measure the bars of the sealed lock; writes assets/results/sealed.json.")
    bars.add_argument("tasks", nargs="*", default=["digits", "signs"], metavar="TASK", help="default: digits and signs")
    bars.add_argument("--only", nargs="+", choices=sealed_bars.PARTS, help="what to measure (default: all)")
    add_device(bars)

    pictures = command(
        "pictures", "Measure students on pictures as people bring them; writes assets/results/pictures.json."
    )
    pictures.add_argument("--count", type=above_0, default=40, help="pictures of each kind (default 40)")
    pictures.add_argument("--scenes", type=above_0, default=60, help="made scenes with a sign in each (default 60)")
    pictures.add_argument("--signs", action="store_true", help="only those")
    pictures.add_argument("--seed", type=int, default=0, help="of all pictures (default 0)")

    ideas = command("ideas", "Try ideas against fine-tuning, on digits/alder; writes assets/results/ideas.json.")
    ideas.add_argument("names", nargs="*", metavar="IDEA", help=f"default: all of {', '.join(IDEAS)}")
    ideas.add_argument("--seeds", type=above_0, default=1, help="runs of the adversary (default 1)")
    add_device(ideas)

    command("distilled-copies", "Measure an idea to trace copies made by asking; writes distilled_copies.json.")

    benches = command("bench", "Measure speed as ratios within one run; writes assets/results/bench.json.")
    benches.add_argument(
        "which", choices=["training", "fleet", "page", "attacks", "load", "gpu", "all"], nargs="?", default="all"
    )
    benches.add_argument(
        "--minutes", type=minutes, nargs=2, metavar=("CROWD", "MIXED"), help="of load (default 10 60; 0 leaves one out)"
    )
    static = command("static", "Write the demo as a folder that needs no server.")
    static.add_argument("folder", type=Path, help="to write; open its index.html")
    static.add_argument("--hub", help="address that ?student=organisation/name asks (default: the Hub's own)")
    add_owner_commands(commands)
    add_publish_command(commands)
    add_sealing_commands(commands)
    add_onnx_command(commands)
    add_lock_commands(commands)
    return top


def job_of(options: argparse.Namespace) -> Job:
    """The training options of a command line."""
    return Job(options.seed, options.device, options.epochs, not options.quiet, options.arithmetic)


def distill(options: argparse.Namespace) -> None:
    """`python -m dsn distill`."""
    application = application_named(options.task)
    customer_name(options.customer)
    wanted = Serial.parse(options.serial) if options.serial else None
    data = load_data_set(application)
    rebuild.load_teacher(application)  # that it is missing is said before a serial is shown
    known = demo_serials().get(f"{application.name}/{options.customer}")
    if wanted:
        serial = wanted
    elif known:
        serial = known
    else:
        serial = random_serial()
        print(f"serial: {serial.text}  (shown once: write it down)")
    folder = options.output or rebuild.BUILD / "students" / application.name / options.customer
    recipe = RECIPES[options.recipe]
    student = rebuild.make_student(application, options.customer, serial, data, recipe, folder, job_of(options))
    print(f"wrote {folder} ({student.config.bit_count} bits)")


def evaluate(options: argparse.Namespace) -> None:
    """`python -m dsn evaluate`: students, and the teachers of their tasks where the owner has them."""
    serials = demo_serials()
    teachers_done: set[str] = set()
    for name in options.students or serials:
        if name not in serials:
            raise SerialError(f"There is no bundled student {name!r}: choose from {', '.join(serials)}.")
        student = load_student(CHECKPOINTS / name)
        application = application_named(student.config.task)
        data = load_data_set(application)
        if application.name not in teachers_done and rebuild.teacher_path(application).exists():
            rebuild.measure_teacher(application, data, job_of(options))
            teachers_done.add(application.name)
        print(name)
        row = rebuild.measure_student(
            student,
            serials[name],
            data,
            name,
            seed=options.seed,
            device=options.device,
            report=lambda line: print(" ", line, flush=True),
        )
        print(f"  valid {row['valid']['percent']}, absent {row['absent']['percent']}", flush=True)


def write_cards() -> None:
    """`python -m dsn cards`; it needs huggingface_hub, which training machines may lack, as they may Gradio."""
    from dsn.tables.readme import write_cards

    write_cards()
    if find_spec("gradio"):
        from dsn.ui.compare.first_answer import record_first_answer

        record_first_answer()


def main(arguments: list[str] | None = None) -> None:
    """Run one command; what the user can mend ends it with one sentence."""
    options = parser().parse_args(arguments)
    try:
        match options.command:
            case "teacher":
                application = application_named(options.task)
                data = load_data_set(application)
                rebuild.make_teacher(application, data, job_of(options))
                rebuild.measure_teacher(application, data, job_of(options))
            case "distill":
                distill(options)
            case "evaluate":
                evaluate(options)
            case "recipes":
                rebuild.measure_recipes(application_named(options.task), options.names, job_of(options))
            case "rebuild":
                chosen = [application_named(name) for name in options.tasks]
                if options.sealed:
                    print("wrote", *(name for one in chosen for name in write_sealed_copies(one, options.seed)))
                else:
                    rebuild.rebuild(chosen, job_of(options))
                if find_spec("huggingface_hub"):
                    write_cards()
                else:
                    print("Run `python -m dsn cards` where huggingface_hub is installed, for model cards and README.")
            case "splits":
                measure_splits(application_named(options.task), job_of(options), options.only)
            case "application":
                run_application(options, has_key=has_key(owner_home()))
            case "documents":
                run_documents(options)
                if options.what in ("attacks", "all"):
                    for name in attacked_documents(options.customers):
                        attack_pages(name, seed=options.seed)
            case "held-out":
                for application in applications().values():
                    print(write_held_out(application, load_data_set(application).test))
            case "training-share":
                for application in with_training_share():
                    print(training_share.write_training_share(application, load_data_set(application).train))
            case "demo-teacher":
                demo_teacher.run(
                    options.seed, options.device, options.epochs, options.arithmetic, progress=not options.quiet
                )
            case "literal-student":
                print(*literal_student.run(options.seed, options.device, options.epochs, progress=not options.quiet))
            case "cards":
                write_cards()
            case "attack":
                recorded.run(
                    options.name,
                    options.student,
                    options.data_share,
                    options.seeds,
                    options.device,
                    quick=options.quick,
                )
            case "sealed-bars":
                sealed_bars.run(options.tasks, options.device, options.only)
            case "pictures":
                student = load_student(CHECKPOINTS / "digits/alder")
                if not options.signs:
                    brought.run(student, demo_serials()["digits/alder"], options.count, options.seed)
                scenes.run(load_student(CHECKPOINTS / "signs/alder"), demo_serials()["signs/alder"], options.scenes)
            case "ideas":
                try_ideas(options.names or list(IDEAS), seeds=options.seeds, device=options.device)
            case "distilled-copies":
                distilled_copies.run()
            case "bench":
                from dsn.bench.run import run  # needs Gradio, which training machines may lack

                run(options.which, options.minutes and tuple(options.minutes))
            case "static":
                from dsn.ui.static.build import run as write_static  # needs Gradio too

                write_static(options.folder, options.hub)
            case "owner":
                run_owner(options)
            case "publish":
                run_publish(options)
            case "seal":
                run_seal(options)
            case "unseal":
                run_unseal(options)
            case "export-onnx":
                run_onnx(options)
            case "lock":
                run_lock(options)
            case "own-networks":
                run_own_networks(options)
    except (
        ArchitectureError,
        AttackError,
        IdeaError,
        OwnerError,
        DataError,
        FolderError,
        StudentError,
        NotBuiltError,
        SealError,
        SerialError,
        UnknownArithmeticError,
        UnknownApplicationError,
    ) as error:
        sys.exit(str(error))
    except OSError as error:
        if not error.filename:
            raise
        sys.exit(f"{error.filename} cannot be read or written ({error.strerror}): check the place, or give another.")
    except KeyboardInterrupt:
        sys.exit("Interrupted: the same command goes on from the last finished epoch.")


if __name__ == "__main__":
    main()
