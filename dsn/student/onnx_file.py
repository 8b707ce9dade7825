"""A student as an ONNX file, for programs that run no PyTorch: `python -m dsn export-onnx`."""

import argparse
import warnings
from importlib.util import find_spec
from pathlib import Path

import torch

from dsn.files import write_in_place
from dsn.locks.registry import SEALED
from dsn.serials import Serial
from dsn.student.folder import StudentError
from dsn.student.hub import load_student
from dsn.student.student import Student

OPSET = 17  # of every ONNX Runtime since 1.12
INPUT, OUTPUT = "images", "logits"


def write_onnx(student: Student, path: Path, serial: Serial | None = None) -> None:
    """Write the network: `images`, float [N, C, H, W] in [0, 1], stamped or not, to `logits`, float [N, classes].

    Stamping (Eq. 9) stays with whoever asks: it is in no file.

    Args:
        student: in eval mode.
        path: the file to be.
        serial: that opens a sealed student; what is written then is open to everybody.

    Raises:
        StudentError: a sealed student without its serial, or a machine without the package onnx.
        ValueError: a serial of another length.
        OSError: the file cannot be written.
    """
    if find_spec("onnx") is None:
        raise StudentError("The package onnx is needed to write an ONNX file: pip install onnx.")
    if student.config.lock == SEALED and serial is None:
        raise StudentError("A sealed student is noise as it lies: give the serial that opens it.")
    if serial is not None:
        serial.check_length(student.config.bit_count)
    network = student.opened(serial)
    shape = student.config.network
    example = torch.zeros(1, shape.channels, shape.size, shape.size)

    def write(beside: Path) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # the newer exporter wants two packages more
            torch.onnx.export(
                network,
                (example,),
                str(beside),
                input_names=[INPUT],
                output_names=[OUTPUT],
                dynamic_axes={INPUT: {0: "N"}, OUTPUT: {0: "N"}},
                opset_version=OPSET,
                dynamo=False,
            )

    write_in_place(path, write)


def add_onnx_command(commands: argparse._SubParsersAction) -> None:
    """Add `export-onnx`."""
    help = "Write a student's network as an ONNX file; a sealed one is opened by its serial first."
    one = commands.add_parser("export-onnx", help=help, description=help)
    one.add_argument("source", metavar="FOLDER_OR_NAME", help="a student's folder, or a Hub repository")
    one.add_argument("--serial", metavar="TEXT", help="that opens a sealed student")
    one.add_argument("--to", required=True, type=Path, metavar="FILE", help="to write")


def run_onnx(options: argparse.Namespace) -> None:
    """`python -m dsn export-onnx`."""
    serial = Serial.parse(options.serial) if options.serial else None
    student = load_student(options.source)
    if serial is not None and len(serial.bits) != student.config.bit_count:
        raise StudentError(f"This network takes a serial of {student.config.bit_count} bits.")
    try:
        write_onnx(student, options.to, serial)
    except OSError as error:
        raise StudentError(
            f"{options.to} cannot be written ({error.strerror or error}): give another place."
        ) from error
    print(f"wrote {options.to}: images, float [N, C, H, W] in [0, 1], to logits; stamp the serial before asking")
