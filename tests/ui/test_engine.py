"""The engine in the visitor's browser gives torch's answers, for every shipped student and any that could be."""

import dataclasses
import json
import shutil
import subprocess
from copy import deepcopy
from pathlib import Path

import pytest
import torch
from engine_in_browser import Engine, packed
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dsn.applications.held_out import load_held_out
from dsn.applications.prepared import as_floats
from dsn.applications.registry import applications
from dsn.locks.registry import SEALED, STAMPED
from dsn.locks.sealed import Sealed
from dsn.locks.sealing import seal_tensors
from dsn.locks.stamping import spread_place
from dsn.measuring.comparison import compare
from dsn.networks.classifier import Classifier, folded_weights
from dsn.networks.config import POOL, NetworkConfig
from dsn.places import ASSETS, CHECKPOINTS
from dsn.serials import Serial, SerialError, random_serial
from dsn.student.collection import demo_serials
from dsn.student.config import StudentConfig
from dsn.student.folder import load_folder, save_student
from dsn.student.student import Student
from dsn.ui.engine.sources import BUILT, HERE

pytestmark = pytest.mark.browser
SERIALS = demo_serials()
CLOSE = 1e-5
PICTURES = 100  # of each condition; with the valid serial all 1,000 of a stamped student, from which its copy is sealed


def of_their_size(found: torch.Tensor, expected: torch.Tensor) -> float:
    """The largest difference of logits, as a share of the largest of each picture."""
    return ((found - expected).abs() / expected.abs().amax(1, keepdim=True).clamp_min(1)).max().item()


@pytest.mark.parametrize("name", SERIALS)
def test_every_shipped_student_answers_as_in_torch(engine: Engine, name: str) -> None:
    student, valid = load_folder(CHECKPOINTS / name), SERIALS[name]
    engine.open(CHECKPOINTS / name)
    images = as_floats(load_held_out(applications()[student.config.task]).split.images)
    wrong = valid.flipped(0)
    every = len(images) if student.config.lock == STAMPED else PICTURES
    for serial, count in ((valid, every), (wrong, PICTURES), (None, PICTURES)):
        pictures = images[:count]
        with torch.inference_mode():
            expected = student(student.shown(pictures, serial))
        found = engine.logits(pictures, serial)
        assert torch.equal(found.argmax(1), expected.argmax(1))
        if student.config.lock == STAMPED or serial == valid:
            difference = (found.softmax(1) - expected.softmax(1))[:PICTURES].abs().max()
            assert difference <= CLOSE
        # Noise has logits in the thousands, of which float32 keeps the leading digits.
        assert of_their_size(found, expected) <= CLOSE


@pytest.mark.parametrize(
    "before", ["[]", "[[0, entered, valid]]", "[[0, valid, valid], [1, valid, entered], [0, valid, valid]]"]
)
@pytest.mark.parametrize("who", ["it", "a copy of it"])
def test_the_record_of_a_comparison_is_pythons(engine: Engine, before: str, who: str) -> None:
    name = "signs/birch"
    student, valid = load_folder(CHECKPOINTS / name), SERIALS[name]
    engine.open(CHECKPOINTS / name)
    split = load_held_out(applications()["signs"]).split
    picture, label, entered = as_floats(split.images[7])[None], int(split.labels[7]), valid.flipped(3)
    found = engine.ask(
        """([picture, valid, entered, label, isCopied]) => {
            const one = floatsIn(picture);
            const student = isCopied ? dsnEngine.Student.of(structuredClone(students.it.copy(Infinity))) : students.it;
            for (const [add, ...serials] of BEFORE) student.compare(one.map((value) => value + add), ...serials, 1);
            const panels = student.compare(one, valid, entered, label);
            return panels.map((panel) => ({ ...panel, picture: Array.from(panel.picture) }));
        }""".replace("BEFORE", before),
        packed(picture.numpy().tobytes()), list(valid.bits), list(entered.bits), label, who != "it",
    )  # fmt: skip
    for record, panel in zip(found, compare(student, picture, valid, entered, label), strict=True):
        assert record["picture"] == panel.picture.flatten().tolist()
        answers = [
            (one["label"], one["name"], pytest.approx(one["probability"], abs=CLOSE)) for one in record["answers"]
        ]
        assert [dataclasses.astuple(one) for one in panel.answers] == answers
        bits = None if record["serial"] is None else tuple(record["serial"])
        assert bits == (panel.serial.bits if panel.serial else None)
        for field in ("condition", "is_right", "is_even", "serial_is_valid"):
            assert record[field] == getattr(panel, field)


def test_conditions_that_a_flip_leaves_are_not_asked_again(engine: Engine) -> None:
    valid, picture = SERIALS["digits/alder"], as_floats(load_held_out(applications()["digits"]).split.images[:1])
    engine.open(CHECKPOINTS / "digits/alder")
    found = engine.ask(
        """([picture, valid, entered]) => {
            const asked = [];
            const { logits } = students.it;
            students.it.logits = (pictures, count) => (asked.push(count), logits.call(students.it, pictures, count));
            const given = [valid, entered].map((serial) => students.it.compare(floatsIn(picture), valid, serial, 7));
            const isKept = given[0].map((panel, at) => panel === given[1][at]);
            const changed = floatsIn(picture).map((value) => 1 - value);
            students.it.compare(changed, valid, entered, 7);
            students.it.compare(changed, valid, entered, null);
            return [asked, isKept];
        }""",
        packed(picture.numpy().tobytes()), list(valid.bits), list(valid.flipped(3).bits),
    )  # fmt: skip
    assert found == [[3, 1, 3, 3], [True, False, True]]


def test_no_copy_is_made_of_a_student_that_keeps_the_page_waiting(engine: Engine) -> None:
    for name, most in (("digits/alder", 0), ("digits/alder-sealed", 1e6)):
        engine.open(CHECKPOINTS / name)
        assert engine.ask("([most]) => students.it.copy(most)", most) is None


WIDTHS = st.integers(1, 17)


@st.composite
def students(draw: st.DrawFn) -> tuple[Student, Serial, Serial]:
    """A student of any shape, its weights and statistics random; a serial of its length, and the one inside."""
    size, bit_count = draw(st.integers(8, 15)), draw(st.sampled_from((9, 64)))
    layers = draw(st.lists(WIDTHS, max_size=4))
    mixed: list[int | str] = [*layers]
    for place in draw(st.lists(st.integers(0, 4), max_size=3)):
        mixed.insert(min(place, len(mixed)), POOL)
    lock, batch_norm = draw(st.sampled_from((STAMPED, SEALED))), draw(st.booleans())
    shape = NetworkConfig(
        draw(st.sampled_from((1, 3))), size, tuple(mixed), draw(st.integers(1, 20)), draw(st.integers(2, 12)),
        draw(st.sampled_from((1, 3, 5, 7, 15))), batch_norm and lock == STAMPED,
    )  # fmt: skip
    generator = torch.Generator().manual_seed(draw(st.integers(0, 2**32)))
    serial, inside = (Serial.from_number(draw(st.integers(0, 2**bit_count - 1)), bit_count) for _ in range(2))
    names = tuple(f"class {number}" for number in range(shape.classes))
    profile = draw(st.sampled_from(("corner", "spread")))
    config = StudentConfig("digits", "alder", bit_count, names, shape, "none", profile)
    student = Student(config).eval()
    for name, tensor in student.state_dict().items():
        if tensor.is_floating_point():
            values = torch.randn(tensor.shape, generator=generator)
            tensor.copy_(
                values.abs() + 0.1 if name.endswith("running_var") else values / max(1, tensor[0].numel()) ** 0.5
            )
    if lock == SEALED:
        weights = folded_weights(student)
        codes, seal = seal_tensors(
            weights, serial, "0123456789abcdef" * 2, inside=inside if draw(st.booleans()) else None
        )
        student = Student(dataclasses.replace(config, lock=SEALED, seal=seal))
        student.load_state_dict(student.lock.weights(codes), assign=True)
    return student.requires_grad_(False).eval(), serial, inside


def in_float64(student: Student, shown: torch.Tensor, serial: Serial | None) -> torch.Tensor:
    """The logits of pictures as shown with a serial or none: a sealed network opened by it, or as it lies."""
    lock = student.lock
    network = lock.opened(student, serial, student.place) if isinstance(lock, Sealed) else student
    return Classifier.forward(deepcopy(network).double(), shown.double())


@settings(max_examples=25, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(drawn=students(), count=st.integers(1, 40), plain=st.booleans())
def test_a_student_of_any_shape_answers_as_in_torch(
    engine: Engine,
    tmp_path_factory: pytest.TempPathFactory,
    drawn: tuple[Student, Serial, Serial],
    count: int,
    plain: bool,
) -> None:
    student, serial, other = drawn
    folder = tmp_path_factory.mktemp("any")
    save_student(student, folder)
    engine.open(folder, plain=plain)
    shape = student.config.network
    pictures = torch.rand(count, shape.channels, shape.size, shape.size, generator=torch.Generator().manual_seed(1))
    for one in (serial, other, None):
        shown = student.shown(pictures, one)
        with torch.inference_mode():
            of_torch, exact = student(shown), in_float64(student, shown, one)
        # a unit whose sum nearly cancels magnifies rounding: no more of it than a few times what torch has
        assert of_their_size(engine.logits(pictures, one), exact) <= CLOSE + 8 * of_their_size(of_torch, exact)


@pytest.mark.parametrize("name", ["digits/alder", "signs/alder-sealed"])
def test_without_webassembly_the_answers_are_the_same(engine: Engine, name: str) -> None:
    engine.open(CHECKPOINTS / name, "quick")
    engine.open(CHECKPOINTS / name, "plain", plain=True)
    assert engine.ask("() => students.plain.raw.kernel.memory instanceof WebAssembly.Memory") is False
    images = as_floats(load_held_out(applications()[name.split("/")[0]]).split.images[:4])
    found, expected = (engine.logits(images, SERIALS[name], one) for one in ("plain", "quick"))
    assert of_their_size(found, expected) <= CLOSE


@pytest.mark.parametrize(
    "case", json.loads((ASSETS / "sealed_vector.json").read_text("utf-8")).items(), ids=lambda one: one[0]
)
def test_the_fixed_vectors_of_the_sealed_lock_open(engine: Engine, case: tuple[str, dict]) -> None:
    vector = case[1]
    opened = """([vector, bits]) => {
        const seal = { ...vector, scales: new Map(Object.entries(vector.scales)) };
        const codes = new Map(Object.entries(vector.codes).map(([name, values]) =>
            [name, (vector.width[name] === 16 ? Int16Array : Int32Array).from(values)]));
        const { weights, inside } = dsnEngine.openSeal(codes, bits, seal);
        const key = Array.from(dsnEngine.keyOf(bits, seal), (byte) => byte.toString(16).padStart(2, "0")).join("");
        return [key, Object.fromEntries([...weights].map(([name, one]) => [name, Array.from(one)])), inside.join("")];
    }"""
    bits = [int(bit) for bit in vector["bits"]]
    assert engine.ask(opened, vector, bits) == [vector["key"], vector["weights"], vector["bits_inside"]]
    _, wrong, _ = engine.ask(opened, vector, [1 - bits[0], *bits[1:]])
    assert wrong == vector["weights_if_the_first_bit_is_wrong"]


TYPED = st.one_of(
    st.text(max_size=20),
    st.text(st.sampled_from("0123456789ABCDEFGHJKMNPQRSTVWXYZ*~$=UoOiIlL -–é"), min_size=2, max_size=16),
    st.integers(0, 2**64 - 1).map(lambda number: Serial.from_number(number).text),
    st.integers(0, 2**9 - 1).map(lambda number: Serial.from_number(number, 9).text),
)  # fmt: skip


@settings(max_examples=120, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(text=TYPED)
def test_a_typed_serial_is_read_as_in_python(engine: Engine, text: str) -> None:
    found = engine.ask(
        """([text]) => {
            try {
                const bits = dsnEngine.parseSerial(text);
                return [bits, dsnEngine.serialText(bits), dsnEngine.isIssuable(bits)];
            } catch (error) {
                return error.message;
            }
        }""",
        text,
    )
    try:
        serial = Serial.parse(text)
    except SerialError as error:
        assert found == str(error) or not str(error).isprintable() or not text.isascii()
    else:
        assert found == [list(serial.bits), serial.text, serial.is_issuable]


def test_random_serials_could_be_issued(engine: Engine) -> None:
    valid = random_serial(9)
    drawn = engine.ask(
        "([valid]) => Array.from({ length: 300 }, () => dsnEngine.randomSerial(9, valid))", list(valid.bits)
    )
    assert all(Serial.from_bits(one).is_issuable and tuple(one) != valid.bits for one in drawn)
    assert len(set(map(tuple, drawn))) > 100


def test_places_are_pythons(engine: Engine) -> None:
    for size in range(8, 65):
        place = spread_place(64, size, size)
        expected = [row * size + column for row, column in zip(place.rows, place.columns, strict=True)]
        assert engine.ask("([size]) => dsnEngine.placeOf('spread', 64, size)", size) == expected


def test_the_built_files_are_those_of_their_source(tmp_path: Path) -> None:
    if not shutil.which("npm"):
        pytest.skip("npm is not at hand: the built files of the engine are not compared with their source")
    source = tmp_path / "engine" / "source"
    shutil.copytree(HERE / "source", source, ignore=shutil.ignore_patterns("node_modules"))
    (tmp_path / "engine" / "built").mkdir()
    installed = subprocess.run(
        ["npm", "install", "--no-audit", "--no-fund", "--no-package-lock"], cwd=source, capture_output=True, text=True
    )
    if installed.returncode:
        pytest.skip("npm reaches no registry: the built files of the engine are not compared with their source")
    subprocess.run(["npm", "run", "build"], cwd=source, check=True, capture_output=True)
    for name in ("kernel.wasm", "noble.js"):
        assert (tmp_path / "engine" / "built" / name).read_bytes() == (BUILT / name).read_bytes(), (
            f"run `make engine` ({name})"
        )
