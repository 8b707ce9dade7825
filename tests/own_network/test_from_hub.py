"""Own networks from a Hub: larger than other students may be, once their `config.json` says what they are."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from hub_programs import ask
from tiny_students import tiny_student
from troubled_hub import Trouble

from dsn.networks.architectures import built
from dsn.networks.own import adapt
from dsn.student.folder import CONFIG, LARGEST_FILES, WEIGHTS, save_student
from dsn.student.own import OwnConfig, OwnStudent
from dsn.student.own_folder import save_own

NAME = "torchvision:resnet34"  # 21 million weights


def serve(hub: Trouble, folder: Path) -> None:
    hub.files.update({name: (folder / name).read_bytes() for name in (CONFIG, WEIGHTS)})


def test_a_large_network_comes_if_it_is_somebody_s_own(hub: Trouble, tmp_path: Path) -> None:
    hub.is_well.set()
    torch.manual_seed(0)
    network = adapt(built(NAME, 3), size=32)
    config = OwnConfig(NAME, "leaves", "elm", 64, ("a", "b", "c"), network.shape, 1, trained=True)
    student = OwnStudent(config, network)
    save_own(student, tmp_path / "own")
    assert (tmp_path / "own" / WEIGHTS).stat().st_size > LARGEST_FILES[WEIGHTS]
    serve(hub, tmp_path / "own")
    picture = torch.linspace(0, 1, 3 * 32 * 32).view(1, 3, 32, 32)
    (told,) = ask(hub.address[0], tmp_path / "home", [{"source": "acme/elm"}])
    assert told.get("answer") == pytest.approx(student(picture)[0].tolist(), rel=1e-3, abs=1e-3), told

    hub.sent.clear()
    save_student(tiny_student(), tmp_path / "tiny")
    hub.files[CONFIG] = (tmp_path / "tiny" / CONFIG).read_bytes()
    (told,) = ask(hub.address[0], tmp_path / "other", [{"source": "acme/elm"}])
    assert f"a student's has at most {LARGEST_FILES[WEIGHTS]:,}" in told["error"]
    assert not [path for path in hub.sent if path.endswith(WEIGHTS)]
    with pytest.raises(ValueError, match="no lock at all"):
        OwnConfig.from_json(replace(config, trained=False).to_json())
