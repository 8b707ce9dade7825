"""A student's folder: what is written is read back, and what is damaged is named."""

from pathlib import Path

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from safetensors import safe_open
from safetensors.torch import load_file, save_file
from tiny_students import answer, close_to, edit_config, tiny_student

from dsn import StudentError, load_student
from dsn.locks.registry import LOCKS, lock_named
from dsn.locks.sealing import Seal, new_salt
from dsn.networks.config import POOL, NetworkConfig
from dsn.student.config import StudentConfig
from dsn.student.folder import CONFIG, WEIGHTS, bundled, check_folder, expected_tensors, load_folder, save_student
from dsn.student.hub import load_students
from dsn.student.student import Student

HUGE = "9" * 5000


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A sound student's folder, for a test to damage."""
    save_student(tiny_student(), tmp_path / "alder")
    return tmp_path / "alder"


def read(folder: Path) -> Student:
    """The student, which the page's start, without torch, refuses or not as loading does, in the same sentence."""
    refused = ""
    try:
        config = check_folder(folder, str(folder))
    except StudentError as error:
        refused = str(error)
    try:
        student = load_student(folder)
    except StudentError as error:
        assert str(error) == refused
        raise
    assert not refused and config == student.config
    return student


def edit_weights(folder: Path, **changed: torch.Tensor | None) -> None:
    """Replace or add tensors of model.safetensors ("__" for "."); None leaves one out."""
    tensors = load_file(folder / WEIGHTS)
    for name, tensor in changed.items():
        tensors.pop(name.replace("__", "."), None)
        if tensor is not None:
            tensors[name.replace("__", ".")] = tensor
    save_file(tensors, folder / WEIGHTS)


def test_a_saved_student_answers_the_same(folder: Path) -> None:
    student = load_student(str(folder))
    assert answer(student) == close_to(answer(tiny_student()))
    assert student.config == tiny_student().config
    assert {path.name for path in folder.iterdir()} == {CONFIG, WEIGHTS}
    with safe_open(folder / WEIGHTS, "pt") as file:
        assert file.metadata() == {"format": "pt"}


def test_a_loaded_student_is_ready_to_answer(folder: Path) -> None:
    student = read(folder)
    assert not student.training
    assert not any(parameter.requires_grad for parameter in student.parameters())
    kernels = [parameter for parameter in student.parameters() if parameter.ndim == 4]
    assert all(kernel.is_contiguous(memory_format=torch.channels_last) for kernel in kernels) and kernels
    assert {tensor.device.type for tensor in student.state_dict().values()} == {"cpu"}


def test_a_loaded_student_outlives_its_file(folder: Path) -> None:
    student = read(folder)
    (folder / WEIGHTS).write_bytes(bytes((folder / WEIGHTS).stat().st_size))
    assert answer(student) == close_to(answer(tiny_student()))


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    for source in (tmp_path / "nobody", str(tmp_path / "nobody"), "checkpoints/digits/nobody"):
        with pytest.raises(StudentError, match=r"There is no folder .*nobody"):
            load_student(source)


@pytest.mark.parametrize("name", [CONFIG, WEIGHTS])
def test_a_missing_file_is_named(folder: Path, name: str) -> None:
    (folder / name).unlink()
    with pytest.raises(StudentError, match=f"alder/{name} is missing"):
        read(folder)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (b"", "Expecting value"),
        (b"not JSON", "Expecting value"),
        (b"\xff\xfe\x00", "utf-8"),
        (b"[]", "does not describe a DSN student"),
        (b'{"model_type": "bert"}', "does not describe a DSN student"),
        (b'{"model_type": "dsn-student", "format": 2}', "another format"),
        (b'{"model_type": "dsn-student", "format": 1}', "missing"),
        (b"[" * 200_000, "recursion"),
        (b" " * 2_000_000, "larger than"),
    ],
)
def test_a_config_that_is_not_a_students_is_named(folder: Path, text: bytes, reason: str) -> None:
    (folder / CONFIG).write_bytes(text)
    with pytest.raises(StudentError, match=f"alder/{CONFIG} is not a student's .*{reason}"):
        read(folder)


@pytest.mark.parametrize(
    ("place", "value"),
    [
        ("network.size", 10**9),
        ("network.size", 0),
        ("network.size", -28),
        ("network.size", 28.0),
        ("network.size", "28"),
        ("network.size", 4),
        ("network.channels", 10**6),
        ("network.channels", True),
        ("network.features", 10**12),
        ("network.first_kernel", 4),
        ("network.first_kernel", 10**6),
        ("network.first_kernel", [7]),
        ("network.layers", [10**7]),
        ("network.layers", ["conv", 4]),
        ("network.layers", [[4]]),
        ("network.layers", [4] * 1000),
        ("network.layers", ["pool"] * 6),
        ("network.layers", 4),
        ("network", [1, 28]),
        ("network.depth", 3),
        ("bit_count", 65),
        ("bit_count", 64.0),
        ("classes", ["one"]),
        ("classes", list(range(10))),
        ("customer", None),
        ("task", {"name": "digits"}),
    ],
)
def test_a_config_value_that_cannot_be_is_named(folder: Path, place: str, value: object) -> None:
    edit_config(folder, place, value)
    with pytest.raises(StudentError, match=f"alder/{CONFIG} is not a student's") as raised:
        read(folder)
    assert len(str(raised.value)) < 500


def test_a_network_of_billions_of_weights_is_refused_before_it_is_built(folder: Path) -> None:
    for place, value in (("size", 256), ("features", 4096), ("layers", [512, 512])):
        edit_config(folder, f"network.{place}", value)
    with pytest.raises(StudentError, match=r"137,4.* weights: a student has at most"):  # 512 x 256 x 256 x 4096
        read(folder)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"predictor__weight": None}, "lacks predictor.weight"),
        ({"adversary__weight": torch.ones(2)}, "has 'adversary.weight' besides"),
        ({"predictor__weight": torch.ones(10, 9)}, r"predictor.weight is F32 \[10, 9\], not F32 \[10, 8\]"),
        ({"predictor__weight": torch.ones(10, 8).half()}, r"predictor.weight is F16 \[10, 8\], not F32 \[10, 8\]"),
        ({"predictor__weight": torch.ones(10, 8).double()}, r"is F64 \[10, 8\], not F32"),
        ({"predictor__bias": torch.zeros(10)}, "has 'predictor.bias' besides"),
        ({"predictor__weight": torch.full((10, 8), torch.nan)}, "no numbers .in predictor.weight"),
        ({"predictor__weight": torch.full((10, 8), 1.0).fill_diagonal_(torch.inf)}, "no numbers .in predictor.weight"),
    ],
)
def test_weights_of_another_network_are_named(
    folder: Path, change: dict[str, torch.Tensor | None], reason: str
) -> None:
    edit_weights(folder, **change)
    with pytest.raises(StudentError, match=f"alder/{WEIGHTS} .*{reason}"):
        read(folder)


@given(data=st.data())
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_weights_cut_anywhere_are_named(folder: Path, data: st.DataObject) -> None:
    save_student(tiny_student(), folder)
    whole = (folder / WEIGHTS).read_bytes()
    (folder / WEIGHTS).write_bytes(whole[: data.draw(st.integers(0, len(whole) - 1))])
    with pytest.raises(StudentError, match=f"alder/{WEIGHTS} is cut short or damaged"):
        read(folder)


@given(data=st.data())
@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_changed_byte_gives_a_student_error_or_a_student(folder: Path, data: st.DataObject) -> None:
    save_student(tiny_student(), folder)
    path = folder / data.draw(st.sampled_from([CONFIG, WEIGHTS]))
    content = bytearray(path.read_bytes())
    content[data.draw(st.integers(0, min(len(content), 2000) - 1))] ^= data.draw(st.integers(1, 255))
    path.write_bytes(content)
    try:
        student = read(folder)
    except StudentError as error:
        assert "alder/" in str(error)
    else:
        assert all(tensor.isfinite().all() for tensor in student.state_dict().values())


def test_a_pickle_is_never_opened(folder: Path) -> None:
    torch.save(tiny_student().state_dict(), folder / WEIGHTS)
    with pytest.raises(StudentError, match="cut short or damaged"):
        read(folder)


def test_bundled_students_are_listed_in_order(tmp_path: Path) -> None:
    for name in ("signs/fir", "digits/birch", "digits/alder", "digits/.cache", "letters/elm"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "digits" / "notes.txt").touch()
    assert bundled(tmp_path) == ["digits/alder", "digits/birch", "signs/fir"]
    assert bundled(tmp_path / "nowhere") == []


def test_all_bundled_students_are_loaded_with_their_origin(tmp_path: Path) -> None:
    names = ["digits/alder", "signs/fir"]
    for seed, name in enumerate(names):
        save_student(tiny_student(name, seed), tmp_path / "checkpoints" / name)
    students, origins = load_students(tmp_path / "checkpoints")
    assert list(students) == list(origins) == names
    for seed, name in enumerate(names):
        assert answer(students[name]) == close_to(answer(tiny_student(name, seed)))
    assert {(origin.kind, origin.where, origin.revision, origin.note) for origin in origins.values()} == {
        ("bundled", "checkpoints", None, None)
    }


def test_a_folder_without_students_says_how_to_make_them(tmp_path: Path) -> None:
    with pytest.raises(StudentError, match=r"no student in .*make rebuild"):
        load_students(tmp_path)


def test_a_student_in_another_customers_folder_is_named(tmp_path: Path) -> None:
    save_student(tiny_student("digits/alder"), tmp_path / "digits" / "birch")
    with pytest.raises(StudentError, match="digits/birch holds the student digits/alder"):
        load_students(tmp_path)


def test_a_student_for_other_pictures_is_named(folder: Path, tmp_path: Path) -> None:
    student = tiny_student("signs/fir")
    edit_config(folder, "customer", "fir")
    save_student(student, tmp_path / "checkpoints" / "digits" / "fir")
    edit_config(tmp_path / "checkpoints" / "digits" / "fir", "task", "digits")
    with pytest.raises(StudentError, match=f"digits/fir/{CONFIG} is of a network that does not take digits"):
        load_students(tmp_path / "checkpoints")
    assert load_folder(tmp_path / "checkpoints" / "digits" / "fir").config.network.size == 32


LAYERS = st.lists(st.sampled_from([POOL, 1, 3, 8]), max_size=6).filter(lambda layers: layers.count(POOL) < 5)


@given(st.sampled_from([1, 3]), st.integers(16, 40), LAYERS, st.sampled_from([1, 3, 7]), st.booleans())
@settings(max_examples=40, deadline=None)
def test_what_a_file_must_hold_is_known_before_the_network_is_built(
    channels: int, size: int, layers: list, kernel: int, batch_norm: bool
) -> None:
    for lock in LOCKS[: 1 + (not batch_norm)]:
        network = NetworkConfig(channels, size, tuple(layers), 5, 4, kernel, batch_norm)
        seal = Seal(new_salt(), {}) if lock == "sealed" else None
        student = Student(StudentConfig("digits", "alder", 9, tuple("abcd"), network, "none", lock=lock, seal=seal))
        assert expected_tensors(student.config) == lock_named(lock, seal).expected(student)


def test_students_are_loaded_once_and_when_they_are_asked_for(tmp_path: Path) -> None:
    save_student(tiny_student(), tmp_path / "digits" / "alder")
    students, _ = load_students(tmp_path)
    assert students.configs["digits/alder"] == tiny_student().config
    assert students["digits/alder"] is students["digits/alder"] and len(students.only(["digits/birch"])) == 0
