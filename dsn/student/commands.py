"""`python -m dsn seal` and `unseal`: a student's folder, or any safetensors file."""

import argparse
from pathlib import Path

from dsn.files import write_tensors, write_text
from dsn.locks.modules import SealedModule, read_weights, seal_module
from dsn.locks.sealing import SealError
from dsn.serials import Serial
from dsn.student.own import OwnStudent
from dsn.student.own_folder import load_any
from dsn.student.public import card_of, save_any, seal, unseal
from dsn.student.sealing import serial_inside
from dsn.student.student import Student


def add_sealing_commands(commands: argparse._SubParsersAction) -> None:
    """Add `seal` and `unseal`."""
    for name, help in (
        ("seal", "Make the weights of a student, or of any safetensors file, noise without a serial."),
        ("unseal", "Open what was sealed, with its serial; the copy can be read by everybody."),
    ):
        one = commands.add_parser(name, help=help, description=help)
        one.add_argument("source", type=Path, metavar="FOLDER_OR_FILE", help="a student's folder, or model.safetensors")
        one.add_argument("--serial", required=True, metavar="TEXT", help="14 characters (or 3, for 9 bits)")
        one.add_argument("--model", metavar="NAME", help="package.module:function, where that makes an own network")
        one.add_argument("--to", required=True, type=Path, metavar="PATH", help="folder or file to write")


def run_seal(options: argparse.Namespace) -> None:
    """`python -m dsn seal`."""
    serial = Serial.parse(options.serial)
    _check_places(options)
    if options.source.is_dir():
        _write_folder(seal(load_any(options.source, network=options.model), serial), options.to)
    else:
        module = seal_module(read_weights(options.source), serial)
        module.save(options.to)
        if module.readable:
            print(f"{len(module.readable)} tensors of whole numbers (counters, say) stay readable.")
    print(f"wrote {options.to}: noise without the serial")


def run_unseal(options: argparse.Namespace) -> None:
    """`python -m dsn unseal`."""
    serial = Serial.parse(options.serial)
    _check_places(options)
    if options.source.is_dir():
        sealed = load_any(options.source, network=options.model)
        _write_folder(unseal(sealed, serial), options.to)
        inside = serial_inside(sealed, serial) if isinstance(sealed, Student) else serial
        if inside != serial:
            print(f"The serial that it wants in the picture from now on is {inside.text}.")
    else:
        write_tensors(options.to, SealedModule.load(options.source).state_dict(serial))
    print(f"wrote {options.to}: everybody can read it. With a wrong serial it is noise, which nothing here can tell.")


def _write_folder(student: Student | OwnStudent, folder: Path) -> None:
    save_any(student, folder)
    write_text(folder / "README.md", card_of(student))


def _check_places(options: argparse.Namespace) -> None:
    if options.to.exists() and options.to.resolve() == options.source.resolve():
        raise SealError("--to is the source itself: give another place, so that the original stays.")
