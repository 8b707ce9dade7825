"""`python -m dsn lock`: from a file of weights to a student's folder, and what is wrong in one sentence."""

from pathlib import Path

import pytest
import torch
from own_networks import CLASSES, SIZE, tiny
from own_pictures import four_kinds, write_folder

from dsn import Serial, load_student
from dsn.__main__ import main
from dsn.files import write_tensors
from dsn.networks.architectures import built
from dsn.own_network.command import read_model
from dsn.student.own_folder import load_own

PROGRAM = "own_networks:tiny"


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("weights") / "mine.safetensors"
    write_tensors(path, tiny().state_dict())
    return path


def test_sealing_asks_for_no_pictures(weights: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    command = ["lock", "--model", PROGRAM, "--weights", str(weights), "--customer", "elm", "--lock", "sealed"]
    main([*command, "--size", str(SIZE), "--to", str(tmp_path / "elm")])
    told = capsys.readouterr().out
    serial = Serial.parse(told.split("serial: ")[1].split("  (")[0])
    student = load_own(tmp_path / "elm", network=PROGRAM)
    pictures = torch.rand(2, 3, SIZE, SIZE)
    with torch.inference_mode():
        mean, std = (
            torch.tensor(one).view(1, 3, 1, 1) for one in (student.config.network.mean, student.config.network.std)
        )
        expected = tiny()((pictures - mean) / std).softmax(1)
    torch.testing.assert_close(student.predict(pictures, serial), expected, atol=1e-3, rtol=1e-3)
    card = (tmp_path / "elm" / "README.md").read_text("utf-8")
    assert "customer elm" in card and serial.text not in card


@pytest.mark.training
def test_the_trained_lock_says_what_it_is_worth(
    weights: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = write_folder(tmp_path / "kinds", four_kinds(80, 4).train)
    text = Serial.from_number(0x0F1E2D3C4B5A6978).text
    command = ["lock", "--model", PROGRAM, "--weights", str(weights), "--pictures", str(folder), "--customer", "elm"]
    main([*command, "--serial", text, "--size", str(SIZE), "--epochs", "1", "--quiet", "--to", str(tmp_path / "elm")])
    told = capsys.readouterr().out
    assert "64 pictures to train on, 16 to measure on" in told and "shown once" not in told
    for words in ("right with the serial", "one bit wrong", "its inner layers", "trained further", "Seal it as well"):
        assert words in told
    assert not list((tmp_path / "elm").glob(".*"))
    main(["seal", str(tmp_path / "elm"), "--model", PROGRAM, "--serial", text, "--to", str(tmp_path / "both")])
    loaded = load_student(tmp_path / "both", network=PROGRAM)
    assert loaded.config.lock == "sealed" and loaded.config.trained and len(loaded.config.classes) == CLASSES


def test_what_is_wrong_is_said_in_one_sentence(weights: Path, tmp_path: Path) -> None:
    def fails(words: str, *options: str, model: str = PROGRAM, file: Path = weights) -> None:
        with pytest.raises(SystemExit, match=words) as raised:
            main(
                ["lock", "--model", model, "--weights", str(file), "--customer", "elm", "--to", str(tmp_path), *options]
            )
        assert isinstance(raised.value.code, str) and "\n" not in raised.value.code
        assert not list(tmp_path.iterdir()), "nothing is half written"

    fails("wants --pictures")
    fails("14 characters", "--serial", "ABCDE", "--lock", "sealed")
    fails("not a whole safetensors file", "--lock", "sealed", file=tmp_path / "none")
    fails("is not of the network torchvision:resnet18", "--lock", "sealed", model="torchvision:resnet18")
    fails("cannot be read", "--pictures", str(tmp_path / "none"), "--size", str(SIZE))
    fails("do not fit into 1 pixels", "--lock", "sealed", "--size", "1")


def test_the_number_of_classes_is_read_from_the_weights(tmp_path: Path) -> None:
    path = tmp_path / "seven.safetensors"
    write_tensors(path, built("torchvision:shufflenet_v2_x0_5", 7).state_dict())
    assert read_model("torchvision:shufflenet_v2_x0_5", path).state_dict()["fc.bias"].shape == (7,)
