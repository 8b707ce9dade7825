"""Own networks under both locks: what is written and loaded again, and what a serial does."""

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import torch
import torch.nn.functional as F
from own_networks import SIZE, convolutional, quick, smooth, tiny
from own_pictures import NAMES, four_kinds, write_folder
from torch import nn
from torch.testing import assert_close

import dsn
from dsn import OwnStudent, Serial, StudentError, load_student, lock, seal, unseal
from dsn.applications.own.survey import FolderError
from dsn.applications.prepared import DataSet, as_floats
from dsn.distilling.loop import Training
from dsn.locks.sealing import SealError
from dsn.networks.architectures import ArchitectureError, built
from dsn.networks.own import IMAGENET, adapt
from dsn.own_network.lock import OWN, Naming, lock_network
from dsn.own_network.measure import locked_figures
from dsn.own_network.pictures import read_pictures
from dsn.own_network.worth import right, worth
from dsn.serials import SerialError
from dsn.student.own_folder import save_own

SERIAL = Serial.from_number(0x0F1E2D3C4B5A6978)
WRONG = SERIAL.flipped(5)
PICTURES = torch.rand(3, 3, SIZE, SIZE, generator=torch.Generator().manual_seed(5))


pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.fixture(scope="module")
def data() -> DataSet:
    return four_kinds()


@pytest.fixture(scope="module")
def owners(data: DataSet) -> nn.Module:
    """A network that was trained on the four kinds, outside of the project."""
    model = quick()
    optimizer = torch.optim.Adam(model.parameters(), lr=2e-3)
    mean, std = (torch.tensor(one).view(1, 3, 1, 1) for one in IMAGENET)
    generator = torch.Generator().manual_seed(0)
    for _ in range(4):
        for chosen in torch.randperm(len(data.train), generator=generator).split(32):
            logits = model((as_floats(data.train.images[chosen]) - mean) / std)
            optimizer.zero_grad()
            F.cross_entropy(logits, data.train.labels[chosen]).backward()
            optimizer.step()
    return model.eval()


def briefly(model: nn.Module, folder: Path, **options) -> OwnStudent:
    """A student of one epoch: locked enough to be written and read."""
    return lock(model, folder, serial=SERIAL, epochs=1, size=SIZE, device="cpu", progress=False, **options)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_folder(tmp_path_factory.mktemp("pictures") / "kinds", four_kinds(40, 4).train)


@pytest.mark.training
def test_a_trained_lock_opens_for_its_serial_alone(owners: nn.Module, data: DataSet) -> None:
    serial = Serial.from_number(0b101100110, 9)
    network = adapt(owners, size=SIZE)
    before = right(network, data.test)
    weights = [one.clone() for one in network.state_dict().values()]
    recipe = replace(OWN, learning_rate=2e-3, batch=16)
    training = Training(12, seed=1, progress=False)
    student = lock_network(network, data, serial, Naming(NAMES), training, cell=2, recipe=recipe)
    figures = locked_figures(student, serial, data, seed=0)
    assert before.percent >= 95
    assert figures["valid"]["percent"] >= before.percent - 3
    assert figures["absent"]["percent"] <= 30, "one of four classes is right by chance"
    assert figures["wrong"]["mean"] <= 50
    assert all(torch.equal(*pair) for pair in zip(network.state_dict().values(), weights, strict=True))
    found = worth(student, data, seed=0)
    assert found.pictures == 60 and found.opened.percent > 60, "the inner layers tell the kinds apart all the same"


@pytest.mark.parametrize("trained", [True, False])
def test_a_library_s_network_is_loaded_by_its_name(trained: bool, folder: Path, tmp_path: Path) -> None:
    torch.manual_seed(0)
    name = "torchvision:shufflenet_v2_x0_5"
    model = built(name, len(NAMES)).eval()
    options = {} if trained else {"sealed": True, "classes": NAMES}
    student = briefly(model, folder, architecture=name, customer="elm", **options)
    save_own(student, tmp_path / "elm")
    config = json.loads((tmp_path / "elm" / "config.json").read_text("utf-8"))
    assert config["architecture"] == name and str(list(SERIAL.bits)) not in json.dumps(config)
    again = load_student(tmp_path / "elm")
    assert isinstance(again, OwnStudent) and again.config == student.config
    for serial in (SERIAL, WRONG, None):
        assert_close(again.predict(PICTURES, serial), student.predict(PICTURES, serial))
    OwnStudent.from_pretrained(tmp_path / "elm").save_pretrained(tmp_path / "copy")
    assert (tmp_path / "copy" / "model.safetensors").read_bytes() == (
        tmp_path / "elm" / "model.safetensors"
    ).read_bytes()


def test_sealing_needs_no_pictures_and_keeps_the_answers() -> None:
    for model in (tiny(), convolutional(), smooth()):
        student = lock(model, serial=SERIAL, sealed=True, size=SIZE)
        shape = student.config.network
        pictures = PICTURES[:, : shape.channels]
        mean, std = (torch.tensor(one).view(1, -1, 1, 1) for one in (shape.mean, shape.std))
        with torch.inference_mode():
            expected = model((pictures - mean) / std).softmax(1)
        assert_close(student.predict(pictures, SERIAL), expected, atol=1e-3, rtol=1e-3)
        for other in (WRONG, None):
            assert student.predict(pictures, other).isfinite().all()
            opened, own = (student.opened(one).state_dict() for one in (other, SERIAL))
            largest = max(own, key=lambda name: own[name].numel())
            # Uniform noise up to the largest weight or more: further from the weights than they are from zero.
            assert (opened[largest] - own[largest]).abs().mean() > own[largest].abs().mean()
        assert not list(student.parameters()) and all(not one.any() for one in student.layers.parameters())


def test_both_locks_on_one_network(folder: Path, tmp_path: Path) -> None:
    stamped = briefly(tiny(), folder)
    both = seal(stamped, SERIAL)
    assert_close(both.predict(PICTURES, SERIAL), stamped.predict(PICTURES, SERIAL), atol=1e-3, rtol=1e-3)
    save_own(both, tmp_path)
    loaded = load_student(tmp_path, network=tiny())
    assert_close(loaded.predict(PICTURES, SERIAL), both.predict(PICTURES, SERIAL))
    assert_close(unseal(both, SERIAL)(PICTURES), both.answer(PICTURES, SERIAL))
    with pytest.raises(SealError, match="sealed already"):
        seal(both, SERIAL)
    with pytest.raises(SealError, match="no lock but its seal"):
        unseal(lock(tiny(), serial=SERIAL, sealed=True, size=SIZE), SERIAL)


def test_the_sweep_is_one_answer_after_another(folder: Path) -> None:
    images = (PICTURES * 255).byte()
    for student in (briefly(tiny(), folder), lock(tiny(), serial=SERIAL, sealed=True, size=SIZE)):
        swept = student.swept(images)
        for serial in (SERIAL, WRONG):
            bits = torch.tensor(serial.bits, dtype=torch.float32)
            assert_close(swept.logits(bits).softmax(1), student.predict(as_floats(images), serial))


def test_programs_that_a_file_names_are_not_run(folder: Path, tmp_path: Path) -> None:
    save_own(briefly(tiny(), folder, architecture="own_networks:tiny"), tmp_path / "elm")
    config = tmp_path / "elm" / "config.json"
    (tmp_path / "trap.py").write_text("open('sprung', 'w').close()\ndef tiny(): ...\n")
    config.write_text(config.read_text("utf-8").replace("own_networks:tiny", "trap:tiny"))
    program = """
import sys
from dsn import load_student
assert not {"torchvision", "timm", "dsn.distilling.loop", "dsn.own_network.lock"} & sys.modules.keys(), "slow to import"
try:
    load_student("elm")
except Exception as error:
    print(error)
"""
    path = str(Path(dsn.__file__).parents[1])
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, env={"PYTHONPATH": path}
    )
    assert "are not run: give the network yourself" in done.stdout and done.stdout.count("\n") == 1
    assert not (tmp_path / "sprung").exists()
    assert isinstance(load_student(tmp_path / "elm", network="own_networks:tiny"), OwnStudent)


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"architecture": "torchvision:vit_h_14"}, r"[\d,]+ weights: a student has at most"),
        ({"architecture": "torchvision:nothing"}, "no classifier"),
        ({"architecture": 7}, "must be texts"),
        ({"cell": 5}, "no place"),
        ({"cell": True}, "no place"),
        ({"classes": ["a"]}, "class names"),
        ({"trained": False}, "no lock at all"),
        ({"trained": "yes"}, "true or false"),
        ({"lock": "sealed"}, "seal"),
        ({"format": 9}, "another format"),
        ({"more": 1}, "not as expected"),
        ({"network": {"size": 10**9}}, "size is"),
        ({"network": {"mean": [0.5]}}, "3 numbers"),
        ({"network": {"std": [0, 1, 1]}}, "above 0"),
        ({"network": {"head": "nothing"}}, "does not fit"),
        ({"network": {"head": "conv1"}}, "does not fit"),
        ({"network": {"thin": True}}, "lacks|not of the network"),
    ],
)
def test_a_bad_configuration_is_refused_in_a_sentence(values: dict, words: str, small: Path, tmp_path: Path) -> None:
    content = json.loads((small / "config.json").read_text("utf-8"))
    network = {**content["network"], **values.get("network", {})}
    (tmp_path / "config.json").write_text(json.dumps({**content, **values, "network": network}))
    (tmp_path / "model.safetensors").symlink_to(small / "model.safetensors")
    with pytest.raises(StudentError, match=words) as raised:
        load_student(tmp_path)
    assert "\n" not in str(raised.value)


@pytest.fixture(scope="module")
def small(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    where = tmp_path_factory.mktemp("student")
    name = "torchvision:shufflenet_v2_x0_5"
    save_own(briefly(built(name, len(NAMES)).eval(), folder, architecture=name), where)
    return where


def test_what_cannot_be_locked_is_said(folder: Path, tmp_path: Path) -> None:
    def fails(kind: type[Exception], words: str, model: nn.Module, pictures: Path | None, **options) -> None:
        with pytest.raises(kind, match=words) as raised:
            lock(model, pictures, **{"serial": SERIAL, "size": SIZE, "progress": False, **options})
        assert "\n" not in str(raised.value)

    fails(ArchitectureError, "wants pictures", tiny(), None)
    fails(SerialError, "too few ones", tiny(), folder, serial=Serial.from_number(1), epochs=1)
    fails(ArchitectureError, "do not fit into 32 pixels", tiny(), folder, cell=5)
    fails(ArchitectureError, "is not a torchvision:resnet18", tiny(), folder, architecture="torchvision:resnet18")
    fails(FolderError, "cannot be read", tiny(), tmp_path / "none")
    fails(FolderError, "has no sub-folders", tiny(), tmp_path)
    three = write_folder(tmp_path / "three", four_kinds(40, 4).train)
    for path in (three / "red").iterdir():
        path.unlink()
    fails(FolderError, "“red” has no picture", tiny(), three)
    (three / "red").rmdir()
    fails(ArchitectureError, "4 answers, and there are 3 classes", tiny(), three)


def test_pictures_are_read_by_class_and_split_once(folder: Path) -> None:
    data = read_pictures(folder, 3, SIZE).data
    assert data.class_names == NAMES and data.train.images.dtype == torch.uint8
    assert (len(data.train), len(data.test)) == (32, 8) and data.test.labels.bincount().tolist() == [2] * 4
    again = read_pictures(folder, 3, SIZE).data
    assert torch.equal(again.train.images, data.train.images)
    whole = {one.numpy().tobytes() for split in (data.train, data.test) for one in split.images}
    assert whole == {one.numpy().tobytes() for one in four_kinds(40, 4).train.images}
