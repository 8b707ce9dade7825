"""What the tests of the core share."""

from collections.abc import Iterator

import pytest
import torch
from app_process import running_app
from hypothesis import settings
from small_data_sets import data_home, no_network, served  # noqa: F401 - fixtures
from tiny_students import without_a_favourite

from dsn.datasets import as_floats
from dsn.held_out import HeldOut, load_held_out
from dsn.networks import POOL, NetworkConfig
from dsn.student import Student, StudentConfig
from dsn.tasks import TASKS

settings.register_profile("fixed", deadline=None, derandomize=True)
settings.load_profile("fixed")


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Where the real app answers, a process of its own for each file of tests."""
    with running_app(tmp_path_factory.mktemp("app") / "log.txt") as address:
        yield address


@pytest.fixture
def one_thread() -> Iterator[None]:
    """For tiny networks on busy machines: two threads would wait for each other longer than they work."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="session")
def digits() -> HeldOut:
    """The held-out digits that come with the project."""
    return load_held_out(TASKS["digits"])


@pytest.fixture(scope="session")
def talkative_student(digits: HeldOut) -> Student:
    """An untrained student in eval mode that answers different classes to different digits, and to stamped ones."""
    network = NetworkConfig(channels=1, size=28, layers=(6, POOL, 8, POOL), features=24, classes=10)
    config = StudentConfig("digits", "alder", 64, digits.class_names, network, recipe="none")
    torch.manual_seed(3)
    student = Student(config)
    for parameter in student.parameters():
        if parameter.dim() > 1:
            torch.nn.init.orthogonal_(parameter, gain=2.0)
    with torch.no_grad():
        pictures = as_floats(digits.split.images[:200])
        student(pictures)  # in training mode: the BatchNorm statistics are those of pictures
        student.eval()
    without_a_favourite(student, pictures)
    return student.requires_grad_(False)
