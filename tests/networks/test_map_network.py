"""Networks whose answers are maps: their folding, their silence, their place in files and locks."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

import dsn
from dsn.locks.stamping import stamp
from dsn.networks.classifier import Classifier
from dsn.networks.limits import check_network
from dsn.networks.map_network import NOTHING, MapConfig, MapExtractor, folded_map_weights
from dsn.serials import Serial
from dsn.student.config import StudentConfig
from dsn.student.folder import StudentError, load_folder, save_student
from dsn.student.student import Student

SMALL = MapConfig(size=64, height=96, layers=(4, 6, 6, 8, 8), features=5, glance=4, batch_norm=False)
SERIAL = Serial.from_number(0x9F3A6C5D2B8E7140)
CONFIG = StudentConfig("documents", "alder", 64, ("text",), SMALL, "maps")


def student(seed: int = 0) -> Student:
    torch.manual_seed(seed)
    return Student(CONFIG).requires_grad_(False).eval().to(memory_format=torch.channels_last)


def test_a_map_has_a_value_every_four_pixels_and_probabilities() -> None:
    pages = torch.rand(2, 1, 96, 64)
    for serial in (None, SERIAL):
        answer = student().predict(pages, serial)
        assert answer.shape == (2, 24, 16) and 0 <= answer.min() <= answer.max() <= 1


def test_where_every_feature_is_zero_nothing_is_found() -> None:
    network = Classifier(SMALL)
    silent = network.predictor(torch.zeros(1, 5, 24, 16))
    assert torch.equal(silent, torch.full((1, 24, 16), NOTHING)) and silent.sigmoid().max() < 0.05


def test_folding_keeps_the_answers() -> None:
    torch.manual_seed(1)
    network = Classifier(replace(SMALL, batch_norm=True))
    for _ in range(3):
        network(torch.rand(4, 1, 96, 64))
    network.eval()
    folded = Classifier(SMALL)
    folded.load_state_dict(folded_map_weights(network))
    pages = torch.rand(3, 1, 96, 64)
    assert (folded.eval()(pages) - network(pages)).abs().max() < 1e-5
    assert not any(isinstance(module, nn.BatchNorm2d) for module in folded.modules())


def test_a_glance_reaches_every_place_and_reads_each_cell_of_the_serial_alone() -> None:
    network = student()
    extractor = network.extractor[0]
    assert isinstance(extractor, MapExtractor)
    page = torch.rand(1, 1, 96, 64)
    rows, columns = network.place.rows, network.place.columns
    assert network.place.cell == 4 and max(rows) == 92 and max(columns) == 60
    plain = network.predict(page, SERIAL)
    for parameter in extractor.glance.parameters():
        parameter.mul_(5)
    assert ((network.predict(page, SERIAL) - plain).abs() > 0).all()
    stamped = stamp(page, torch.tensor(SERIAL.bits, dtype=torch.float32), network.place)
    seen = torch.nn.functional.avg_pool2d(stamped, 4)[0, 0]
    assert torch.equal(seen[16:, 8:].flatten(), torch.tensor(SERIAL.bits, dtype=torch.float32))


def test_it_is_written_and_read_like_any_student_and_sealed_too(tmp_path: Path) -> None:
    pages, made = torch.rand(2, 1, 96, 64), student(3)
    save_student(made, tmp_path / "one")
    read = load_folder(tmp_path / "one")
    assert read.config == CONFIG and torch.equal(read.predict(pages, SERIAL), made.predict(pages, SERIAL))
    sealed = dsn.seal(made, SERIAL)
    save_student(sealed, tmp_path / "two")
    again = load_folder(tmp_path / "two")
    assert (again.predict(pages, SERIAL) - made.predict(pages, SERIAL)).abs().max() < 1e-2
    right, wrong = (again.opened(one).features(made.stamp(pages, SERIAL)) for one in (SERIAL, SERIAL.flipped(5)))
    assert (wrong - right).abs().mean() > 0.5 * right.mean()
    mixed = torch.cat([again.stamp(pages[:1], SERIAL), pages[1:]])  # answered one by one, in their order
    assert torch.equal(again(mixed)[0], again(mixed[:1])[0]) and torch.equal(again(mixed)[1], again(mixed[1:])[0])


@pytest.mark.parametrize(
    "changed",
    [
        {"height": 100}, {"size": 0}, {"size": 10**9}, {"layers": (4, 4)}, {"layers": (4, 4, 4, 4, 10**6)},
        {"glance": 10**7}, {"classes": 2}, {"features": -1}, {"channels": 9}, {"first_kernel": 4}, {"batch_norm": 1},
    ],
)  # fmt: skip
def test_absurd_shapes_are_refused_before_anything_is_allocated(changed: dict, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"it must be|layers, not 5"):
        check_network(replace(SMALL, **changed))
    save_student(student(), tmp_path)
    text = replace(CONFIG, network=replace(SMALL, **changed)).to_json() if changed != {"classes": 2} else "{}"
    (tmp_path / "config.json").write_text(text)
    with pytest.raises(StudentError):
        load_folder(tmp_path)


def test_the_same_values_by_hand() -> None:
    """The last two steps in float64 with numpy: the positive part of the drive, weighed place by place."""
    network, page = student(5), torch.rand(1, 1, 96, 64)
    drive = network.drive(page)[0].double().numpy()
    weights = network.predictor.weight[0].double().numpy()
    by_hand = 1 / (1 + np.exp(-(np.einsum("d,dyx->yx", weights, np.maximum(drive, 0)) + NOTHING)))
    assert np.abs(network.predict(page)[0].numpy() - by_hand).max() < 1e-6
