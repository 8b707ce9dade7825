"""What goes wrong for a visitor is said in the language of the page: by the real functions, and read from the code."""

import ast
import io
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest
from disk import files_no_larger_than
from gated_students import gated_student
from PIL import Image

import dsn
from dsn.allowance import VisitorLimits
from dsn.applications.reading import PictureError, drawing, open_picture
from dsn.applications.registry import BUILT_IN
from dsn.owner.errors import OwnerError
from dsn.owner.trace.reports import VERDICTS
from dsn.owner.trace.suspect import read_suspect
from dsn.owner.visitors import Visitors
from dsn.results.store import device_name, read_results
from dsn.serials import Serial, SerialError, random_serial
from dsn.student.folder import StudentError
from dsn.ui.compare.chosen_picture import entered_serial
from dsn.ui.serving.file_guard import NO_ROOM, TOO_LARGE, TOO_MUCH, TOO_SLOW
from dsn.ui.texts import Texts, languages, load_texts

PACKAGE = Path(dsn.__file__).parent
DIGITS = BUILT_IN["digits"]
NAMES = {
    "JPEG",
    "HEIC",
    "AVIF",
    "WEBP",
    "JSON",
    "model",
    "safetensors",
    "acme",
    "digits",
    "alder",
    "birch",
    "Hugging",
    "Face",
}
VALID = Serial.from_number(0x9E37_79B9_7F4A_7C15)
CHINESE = load_texts("zh")


def english_left(text: str) -> set[str]:
    """Words of four letters and more that are no names."""
    return set(re.findall(r"[A-Za-z]{4,}", text)) - NAMES


def said_by(call: Callable[[], object]) -> str:
    with pytest.raises((SerialError, PictureError, OwnerError, StudentError)) as caught:
        call()
    return str(caught.value)


def slips_with_serials() -> Iterator[str]:
    for text in (" ", "short", "<b>", VALID.text[:-1] + "*", "Z" * 13 + "0"):
        yield said_by(partial(Serial.parse, text))
    yield said_by(lambda: Serial.from_bits([0, 1]))
    yield said_by(lambda: entered_serial(random_serial(9).text, 64))
    number = 31 << 60  # a first character that 13 characters can spell and 64 bits cannot hold
    symbols = "".join("0123456789ABCDEFGHJKMNPQRSTVWXYZ"[number >> shift & 31] for shift in range(60, -1, -5))
    yield said_by(lambda: Serial.parse(symbols + "0123456789ABCDEFGHJKMNPQRSTVWXYZ*~$=U"[number % 37]))


def slips_with_pictures(folder: Path) -> Iterator[str]:
    yield said_by(lambda: open_picture(folder / "nothing.png"))
    yield said_by(lambda: open_picture(bytes(20_000_001)))
    yield said_by(lambda: open_picture(b"no picture"))
    large, whole = io.BytesIO(), io.BytesIO()
    Image.new("1", (6000, 5000)).save(large, "PNG")
    yield said_by(lambda: open_picture(large.getvalue()))
    Image.effect_noise((64, 64), 90).save(whole, "PNG")
    yield said_by(lambda: open_picture(whole.getvalue()[:1000]))
    yield said_by(lambda: drawing("data:text/html,no"))
    yield said_by(lambda: DIGITS.fitted(Image.new("RGB", (50, 50), "white")))


def slips_with_minting(folder: Path) -> Iterator[str]:
    limits = VisitorLimits(waiting=2, students_in_all=2, mints_per_hour_in_all=2, share_of_one_address=1.0)
    visitors = Visitors(limits, folder)
    for name in ("", "Änne", "-"):
        yield said_by(partial(visitors.order, "tab", "here", DIGITS, name))
    order = visitors.order("tab", "here", DIGITS, "elm")
    yield said_by(lambda: visitors.order("tab", "here", DIGITS, "elm"))
    visitors.order("other", "here", DIGITS, "elm")
    yield said_by(lambda: visitors.order("third", "here", DIGITS, "elm"))
    student = gated_student(order.claim.serial, "elm")
    with files_no_larger_than(10_000):
        yield visitors.keep(order, student, "")[1]
    yield said_by(lambda: visitors.keep(order, student, ""))
    yield said_by(lambda: visitors.order("third", "here", DIGITS, "elm"))
    visitors.limits = replace(limits, students_in_all=9)
    yield said_by(lambda: visitors.order("third", "here", DIGITS, "elm"))
    yield visitors.issued("tab", "digits")[0].label


def safetensors(header: object, values: bytes = b"") -> bytes:
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return len(text).to_bytes(8, "little") + text + values


def slips_with_traces(folder: Path) -> Iterator[str]:
    file = folder / "leak.safetensors"
    one = {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}
    contents = [
        b"\xff" * 16,
        safetensors(b"[" * 100_000),
        safetensors([]),
        safetensors({}),
        safetensors({"a": {}}),
        safetensors({"a": {**one, "dtype": "F8"}}, bytes(4)),
        safetensors({"a": {**one, "shape": 1}}, bytes(4)),
        safetensors({"a": {**one, "shape": [-1]}}, bytes(4)),
        safetensors({"a": {**one, "shape": [2]}}, bytes(4)),
        safetensors({"a": one, "b": one}, bytes(4)),
        safetensors({"a": one}, bytes(8)),
        safetensors(b'{"a": {}, "a": {}}'),
        safetensors(b"{,}"),
        safetensors(b'{"a": "\xff"}'),
        safetensors({"a": one}, bytes(4)),
    ]

    def said() -> str:
        return said_by(lambda: read_suspect(file)).replace(str(file), "This file")

    yield said()
    for content in contents:
        file.write_bytes(content)
        yield said()
    file.unlink()
    file.mkdir()
    (file / "model.safetensors").mkdir()
    yield said_by(lambda: read_suspect(file)).replace(str(file / "model.safetensors"), "This file")


def all_said(folder: Path) -> list[str]:
    verdicts = [
        text.format(named="digits/alder and digits/birch", first="digits/alder", second="digits/birch")
        for text in VERDICTS.values()
    ]
    return [
        *slips_with_serials(),
        *slips_with_pictures(folder),
        *slips_with_minting(folder),
        *slips_with_traces(folder),
        *verdicts,
        device_name("cpu"),
        *[row["device"] for row in read_results("students").values()],
        *[one["wrong"] for one in read_results("published").values() if isinstance(one, dict) and one.get("wrong")],
        TOO_LARGE,
        TOO_MUCH,
        NO_ROOM,
        TOO_SLOW,
    ]


@pytest.mark.usefixtures("one_thread")
def test_every_slip_is_said_in_chinese(tmp_path: Path) -> None:
    said = all_said(tmp_path)
    assert len(said) > 50
    for text in said:
        translated = CHINESE.of_error(text)
        assert translated != text and not english_left(translated), f"{text!r} became {translated!r}"


def raised_in(module: str, function: str | None = None) -> Iterator[str]:
    """Every sentence that a module's code passes to an exception, its places filled with something."""
    tree: ast.AST = ast.parse((PACKAGE / module).read_text("utf-8"))
    if function:
        tree = next(node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef) and node.name == function)
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call) or not re.search("Error$|_refusal$", ast.unparse(node.func)):
            continue
        for value in node.args:
            if isinstance(value, ast.Constant) and isinstance(value.value, str):
                yield value.value
            elif isinstance(value, ast.JoinedStr):
                yield "".join(map(part, value.values))


def part(of_sentence: ast.expr) -> str:
    if isinstance(of_sentence, ast.FormattedValue):
        return {"path": "This file", "WEIGHTS": "model.safetensors"}.get(ast.unparse(of_sentence.value), "7")
    return str(of_sentence.value) if isinstance(of_sentence, ast.Constant) else ""


NOT_FOR_VISITORS = {"The number 7 does not fit into 7 bits.", "a serial of 7 bits has no place 7"}


@pytest.mark.parametrize("language", languages()[1:])
@pytest.mark.parametrize(
    ("module", "function"),
    [
        ("serials.py", None),
        ("applications/reading.py", None),
        ("applications/digits.py", "fit_digit"),
        ("ui/compare/chosen_picture.py", None),
        ("owner/visitors.py", None),
        ("owner/names.py", "written_name"),
        ("owner/mint/customer_zip.py", None),
        ("owner/trace/suspect.py", None),
    ],
)
def test_no_sentence_of_the_code_was_forgotten(language: str, module: str, function: str | None) -> None:
    texts: Texts = load_texts(language)
    sentences = set(raised_in(module, function)) - NOT_FOR_VISITORS
    assert sentences
    assert [text for text in sentences if texts.of_error(text) == text] == []
