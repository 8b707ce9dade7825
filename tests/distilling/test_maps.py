"""Losses of maps against loops in float64; a small student finds only with its serial."""

import math
from dataclasses import replace

import pytest
import torch

from dsn.applications.pages.prepared_pages import Pages
from dsn.distilling.loop import Training
from dsn.distilling.maps import MAPS, distil_map_student, map_distillation_loss, map_loss, train_map_teacher
from dsn.networks.map_network import MapConfig
from dsn.serials import Serial, SerialError
from dsn.student.config import StudentConfig

SMALL = MapConfig(size=64, height=64, layers=(6, 8, 8, 8, 8), features=8, glance=8)


def test_losses_are_what_a_loop_adds_up() -> None:
    torch.manual_seed(0)
    logits, other, wanted = torch.randn(2, 3, 4), torch.randn(2, 3, 4), torch.rand(2, 3, 4)
    crossed = both = total = apart = 0.0
    for a, b, w in zip(logits.flatten().tolist(), other.flatten().tolist(), wanted.flatten().tolist(), strict=True):
        p, q = 1 / (1 + math.exp(-a)), 1 / (1 + math.exp(-b))
        crossed -= w * math.log(p) + (1 - w) * math.log(1 - p)
        both, total = both + p * w, total + p + w
        apart += q * math.log(q / p) + (1 - q) * math.log((1 - q) / (1 - p))
    assert map_loss(logits, wanted, 0.3).item() == pytest.approx(crossed / 24 + 0.3 * (1 - 2 * both / total), abs=1e-5)
    assert map_distillation_loss(logits, other).item() == pytest.approx(apart / 24, abs=1e-5)


def lines(count: int, seed: int) -> Pages:
    """Pages with dark bars for lines: what a small network can learn in seconds."""
    generator = torch.Generator().manual_seed(seed)
    images = torch.full((count, 1, 64, 64), 235, dtype=torch.uint8)
    maps = torch.zeros(count, 16, 16)
    for number in range(count):
        for row in torch.randperm(6, generator=generator)[:3].tolist():
            images[number, 0, 8 * row : 8 * row + 4, 4:44:2] = 20
            maps[number, 2 * row, 1:11] = 1
    return Pages(images, (), maps)


@pytest.mark.training
def test_a_small_student_finds_only_with_its_serial() -> None:
    recipe = replace(MAPS, teacher_batch=8, student_rate=3e-3)
    pages, unseen = lines(96, 1), lines(16, 2)
    training = Training(12, device="cpu", progress=False, arithmetic="float32")
    teacher = train_map_teacher(pages, SMALL, training, recipe)
    serial = Serial.from_number(0x9F3A6C5D2B8E7140)
    network = replace(SMALL, batch_norm=False)
    config = StudentConfig("documents", "alder", 64, ("text",), network, recipe.name)
    student = distil_map_student(config, serial, teacher, pages, replace(training, epochs=30), recipe)
    inputs, wanted = unseen.images.float() / 255, unseen.maps > 0.5

    def f1(serial: Serial | None) -> float:
        found = student.predict(inputs, serial) > 0.5
        return (2 * (found & wanted).sum() / (found.sum() + wanted.sum())).item()

    assert f1(serial) > 0.85
    assert f1(None) < 0.1
    assert f1(Serial(tuple(1 - bit for bit in serial.bits))) < 0.1
    with pytest.raises(SerialError):
        distil_map_student(config, Serial((0,) * 64), teacher, pages, training, recipe)
