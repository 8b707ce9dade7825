"""Students of a few hundred random weights, for tests of everything but accuracy."""

import json
from pathlib import Path

import pytest
import torch
from torch import Tensor

from dsn.applications.registry import BUILT_IN
from dsn.networks.classifier import Classifier
from dsn.networks.config import POOL, NetworkConfig
from dsn.student.config import StudentConfig
from dsn.student.folder import CONFIG
from dsn.student.student import Student


def tiny_student(name: str = "digits/alder", seed: int = 0) -> Student:
    """An untrained student that takes the task's pictures, in eval mode, every tensor of it random."""
    task, customer = name.split("/")
    whole = BUILT_IN[task].network
    network = NetworkConfig(whole.channels, whole.size, (4, POOL, 6, POOL), features=8, classes=whole.classes)
    classes = tuple(f"class {index}" for index in range(network.classes))
    student = Student(StudentConfig(task, customer, 64, classes, network, recipe="none")).eval()
    generator = torch.Generator().manual_seed(seed)
    for tensor in student.state_dict().values():
        tensor.copy_(torch.rand(tensor.shape, generator=generator) * 2)
    return student


@torch.no_grad()
def without_a_favourite(network: Classifier, pictures: Tensor) -> None:
    """Turn the predictor so that its mean logits over these pictures, float [N, C, H, W], are zero."""
    mean = network.features(pictures).mean(0)
    network.predictor.weight -= torch.outer(network.predictor.weight @ mean, mean) / mean.square().sum()


def answer(student: Student) -> list[float]:
    """What a student says to one fixed picture: its logits."""
    network = student.config.network
    picture = torch.linspace(0, 1, network.channels * network.size**2).view(1, network.channels, network.size, -1)
    with torch.inference_mode():
        return student(picture)[0].tolist()


def close_to(expected: list[float]) -> object:
    """Equal to these logits but for the order of summation, which the memory format changes."""
    return pytest.approx(expected, rel=1e-5)


def edit_config(folder: Path, place: str, value: object) -> None:
    """Give one value of config.json, such as "network.size", another content."""
    config = json.loads((folder / CONFIG).read_text("utf-8"))
    *above, last = place.split(".")
    part = config
    for key in above:
        part = part[key]
    part[last] = value
    (folder / CONFIG).write_text(json.dumps(config), "utf-8")
