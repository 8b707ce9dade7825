"""An exported student answers in ONNX Runtime as it does in torch."""

from pathlib import Path

import pytest
import torch

from dsn.__main__ import main
from dsn.applications.held_out import load_held_out
from dsn.applications.prepared import as_floats
from dsn.applications.registry import applications
from dsn.places import CHECKPOINTS
from dsn.student.collection import demo_serials
from dsn.student.hub import load_student

onnxruntime = pytest.importorskip("onnxruntime")


@pytest.mark.parametrize("name", ["digits/alder", "signs/paper-sealed"])
def test_the_file_answers_as_the_student(tmp_path: Path, name: str) -> None:
    path, serial = tmp_path / "student.onnx", demo_serials()[name]
    main(["export-onnx", str(CHECKPOINTS / name), "--to", str(path), "--serial", serial.text])
    student = load_student(CHECKPOINTS / name)
    images = as_floats(load_held_out(applications()[name.split("/")[0]]).split.images[:50])
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    opened = student.opened(serial)
    with torch.inference_mode():
        for pictures in (student.stamp(images, serial), images[:7]):
            (found,) = session.run(["logits"], {"images": pictures.numpy()})
            expected = opened(pictures)
            assert torch.allclose(torch.from_numpy(found), expected, atol=1e-4)
            assert torch.equal(torch.from_numpy(found).argmax(1), expected.argmax(1))


def test_a_sealed_student_is_not_exported_without_its_serial(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match="give the serial that opens it"):
        main(["export-onnx", str(CHECKPOINTS / "digits/alder-sealed"), "--to", str(tmp_path / "student.onnx")])
    assert not list(tmp_path.iterdir())
