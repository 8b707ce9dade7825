"""Applications that are a file: `checkpoints/<name>/application.json`, made from somebody's own folder of pictures.

The file may come from anybody. It is bounded, every value is checked, and texts are cleaned of what cannot be seen.
"""

import json
import re
import reprlib
import textwrap
import unicodedata
from dataclasses import asdict, fields
from functools import lru_cache
from pathlib import Path
from typing import Any

from dsn.applications.record import Application, Augmentation
from dsn.files import write_json
from dsn.networks.config import NetworkConfig
from dsn.networks.limits import check_network

DESCRIPTION = "application.json"
KIND, FORMAT = "dsn-application", 1
WORD = re.compile(r"[a-z0-9](?:[a-z0-9_-]{0,38}[a-z0-9])?")  # as customers' names are: safe as a folder, in a table
LARGEST = 200_000  # bytes
MOST_CLASSES = 200  # the page draws a matrix of them
SIZES = (28, 64)  # pixels, the least and the most
MOST_EPOCHS = 10_000
MOST_BATCH = 4096
LONGEST_NAME = 60  # characters, of a class or a title
LONGEST_TEXT = 400  # characters, of a credit
INVISIBLE = ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp")  # controls, marks of direction, halves of characters, none
LARGEST_CHANGES = {"rotation": 180.0, "scale": 0.9, "shift": 32.0, "brightness": 1.0, "contrast": 1.0}


class DescriptionError(ValueError):
    """An `application.json` that cannot be used; its message is one sentence."""


def plain_text(text: str, most: int) -> str:
    """A text as it may be shown: composed, without what cannot be seen, in one line, at most so many characters."""
    composed = unicodedata.normalize("NFC", text[: 8 * most])
    visible = "".join(" " if one.isspace() else one for one in composed if one.isspace() or _is_visible(one))
    line = " ".join(visible.split())
    return line if len(line) <= most else f"{line[: most - 1].rstrip()}…"


def _is_visible(character: str) -> bool:
    return unicodedata.category(character) not in INVISIBLE


def described(folder: Path) -> Application:
    """The application that a folder's `application.json` describes; read again only where it has changed.

    Args:
        folder: under `checkpoints/`; its name is the application's.

    Raises:
        DescriptionError: the file is damaged, or not an application's.
    """
    path = folder / DESCRIPTION
    try:
        known = path.stat()
    except OSError as error:
        raise DescriptionError(f"{path} cannot be read ({error.strerror}): check its permissions.") from error
    return _read(path, known.st_mtime_ns, known.st_size)


@lru_cache(maxsize=64)
def _read(path: Path, changed: int, size: int) -> Application:
    try:
        if size > LARGEST:
            raise ValueError(f"it is larger than {LARGEST:,} bytes")
        with path.open("rb") as file:
            content = file.read(LARGEST + 1)
        return _application(json.loads(content.decode("utf-8")), path.parent)
    except OSError as error:
        raise DescriptionError(f"{path} cannot be read ({error.strerror}): check its permissions.") from error
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        why = textwrap.shorten(plain_text(str(error), 200), 200) or type(error).__name__
        raise DescriptionError(
            f"{path} does not describe an application ({why}): make it again with `python -m dsn application`."
        ) from error


def write_description(application: Application, folder: Path) -> Path:
    """Write `application.json`.

    Args:
        application: made from somebody's own pictures.
        folder: `checkpoints/<name>`, made where it is missing.
    """
    values = {"kind": KIND, "format": FORMAT, **asdict(application)}
    kept = {key: values[key] for key in ("kind", "format", *_KEPT)}
    del kept["network"]["batch_norm"]  # what is usual is not said
    write_json(folder / DESCRIPTION, kept)
    return folder / DESCRIPTION


_TEXTS = {"title": LONGEST_NAME, "noun": LONGEST_NAME, "data_set": LONGEST_NAME}
_CREDITS = ("attribution", "licence", "source_url")
_NUMBERS = {"teacher_epochs": MOST_EPOCHS, "student_epochs": MOST_EPOCHS, "teacher_batch": MOST_BATCH}
_NUMBERS |= {"student_batch": MOST_BATCH}
_KEPT = ("name", *_TEXTS, "classes", "network", "augmentation", *_NUMBERS, *_CREDITS, "pictures")


def _application(values: dict[str, Any], home: Path) -> Application:
    """Raises ValueError, TypeError, KeyError or AttributeError where the values are not an application's."""
    if not isinstance(values, dict) or values.get("kind") != KIND or values.get("format") != FORMAT:
        raise ValueError(f"it is not of the kind {KIND}, format {FORMAT}")
    name = home.name
    if values["name"] != name or not WORD.fullmatch(name):
        raise ValueError(f"it is of {reprlib.repr(values['name'])}, in a folder of another name")
    checked: dict[str, Any] = {key: _text(values[key], key, most) for key, most in _TEXTS.items()}
    checked |= {key: _credit(values[key], key) for key in _CREDITS}
    checked |= {key: _number(values[key], key, most) for key, most in _NUMBERS.items()}
    return Application(
        name=name,
        data_file=f"own/{name}",
        classes=_classes(values["classes"]),
        network=_network(values["network"], len(values["classes"])),
        augmentation=_augmentation(values["augmentation"]),
        home=home,
        pictures=_word(values["pictures"]),
        **checked,
    )


def _word(value: Any) -> str:
    if not isinstance(value, str) or not re.fullmatch(r"[0-9a-f]{12}", value):
        raise ValueError("pictures must be 12 hexadecimal digits")
    return value


def _text(value: Any, key: str, most: int) -> str:
    plain = plain_text(value, most) if isinstance(value, str) else ""
    if not plain:
        raise ValueError(f"{key} must be a text of 1 to {most} characters")
    return plain


def _credit(value: Any, key: str) -> str:
    if not isinstance(value, str):
        raise ValueError(f"{key} must be a text")
    plain = plain_text(value, LONGEST_TEXT)
    if key == "source_url" and plain and not re.fullmatch(r"https?://[^\s\"'<>]+", plain):
        raise ValueError("source_url must be an address that begins with https:// or http://, or nothing")
    return plain


def _number(value: Any, key: str, most: int) -> int:
    if type(value) is not int or not 1 <= value <= most:
        raise ValueError(f"{key} is {reprlib.repr(value)}: it must be a whole number from 1 to {most}")
    return value


def _classes(values: Any) -> tuple[str, ...]:
    if not isinstance(values, list) or not 2 <= len(values) <= MOST_CLASSES:
        raise ValueError(f"classes must be 2 to {MOST_CLASSES} names")
    names = tuple(_text(value, "a class", LONGEST_NAME) for value in values)
    if len(set(names)) != len(names):
        raise ValueError("two classes have one name")
    return names


def _network(values: Any, classes: int) -> NetworkConfig:
    network = NetworkConfig(**{**values, "layers": tuple(values["layers"])})
    check_network(network)
    if network.channels not in (1, 3) or not SIZES[0] <= network.size <= SIZES[1] or network.classes != classes:
        raise ValueError(
            f"its network must take pictures of 1 or 3 channels and {SIZES[0]} to {SIZES[1]} pixels, and have as "
            "many classes as there are names"
        )
    if not network.batch_norm:
        raise ValueError("its network must have BatchNorm")
    return network


def _augmentation(values: Any) -> Augmentation:
    known = {field.name for field in fields(Augmentation)}
    if not isinstance(values, dict) or not set(values) <= known or type(values.get("mirrored", False)) is not bool:
        raise ValueError(f"augmentation must be some of {', '.join(sorted(known))}")
    for key, most in LARGEST_CHANGES.items():
        value = values.get(key, 0.0)
        if type(value) not in (int, float) or not 0 <= value <= most:
            raise ValueError(f"{key} is {reprlib.repr(value)}: it must be a number from 0 to {most:g}")
    return Augmentation(**values)
