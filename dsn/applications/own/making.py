"""From a folder of pictures to an application: what is chosen, and the files that make it one."""

import hashlib
import json
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch

from dsn.applications.described import (
    DESCRIPTION,
    LONGEST_NAME,
    SIZES,
    WORD,
    DescriptionError,
    described,
    plain_text,
    write_description,
)
from dsn.applications.held_out import held_out_path, write_held_out
from dsn.applications.own.choices import (
    Impression,
    Mirroring,
    augmentation_for,
    channels_for,
    course_for,
    mirroring,
    network_for,
    size_for,
)
from dsn.applications.own.reading import Read, read, sample
from dsn.applications.own.survey import FolderError, Survey, survey
from dsn.applications.prepared import DEFAULT_FOLDER, Arrays, Split, data_folder, keep_arrays, prepared_path
from dsn.applications.record import Application
from dsn.applications.registry import BUILT_IN

OWN_PICTURES = "Pictures from a folder of its maker's own."
RESERVED = ("own",)


@dataclass(frozen=True)
class Wishes:
    """What its maker says of an application; None is for what is chosen from the pictures.

    Attributes:
        title: what people read.
        channels: 1 or 3.
        size: in pixels, 28 to 64.
        mirrored: whether training pictures are mirrored too.
        seed: of the split.
        attribution: whom to credit.
        licence: terms of the pictures.
    """

    title: str | None = None
    channels: int | None = None
    size: int | None = None
    mirrored: bool | None = None
    seed: int = 0
    attribution: str = ""
    licence: str = ""


@dataclass(frozen=True)
class Prepared:
    """An application that was made, nothing of it written yet.

    Attributes:
        application: its record.
        train: training pictures.
        test: the others.
        seen: the folder, with what was left out.
        like: what a sample of the pictures is like.
        looked: whether mirroring keeps the classes; None where that was said.
    """

    application: Application
    train: Read
    test: Read
    seen: Survey
    like: Impression
    looked: Mirroring | None

    def counts(self) -> list[tuple[str, int, int]]:
        """Each class with how many pictures it has to learn from and to measure on."""
        classes = self.application.classes
        train, test = (np.bincount(half.labels, minlength=len(classes)) for half in (self.train, self.test))
        return list(zip(classes, train.tolist(), test.tolist(), strict=True))


def check_name(name: str, checkpoints: Path) -> None:
    """Refuse a name that cannot be an application's, or is one's that is not somebody's own.

    Raises:
        FolderError: why.
    """
    if WORD.fullmatch(name) is None:
        raise FolderError(
            f"“{plain_text(name, LONGEST_NAME)}” cannot be an application's name: use up to 40 small letters, digits, "
            "hyphens and underscores, with a letter or digit at both ends, such as leaves."
        )
    if name in BUILT_IN or name in RESERVED:
        raise FolderError(f"{name} is an application that comes with the project: choose another name.")
    folder = checkpoints / name
    if folder.is_dir() and any(folder.iterdir()) and not (folder / DESCRIPTION).exists():
        raise FolderError(f"{folder} holds something else already: choose another name.")


def prepare(
    name: str,
    folder: Path,
    wishes: Wishes,
    checkpoints: Path,
    begin: Callable[[int], Callable[[int], None]] = lambda count: lambda more: None,
) -> Prepared:
    """Read a folder and choose what fits its pictures; nothing is written.

    Args:
        name: of the application.
        folder: see `survey`.
        wishes: what is not to be chosen.
        checkpoints: where applications lie.
        begin: of so many files; gives what is told how many more were read.

    Raises:
        FolderError: no application can be made of it.
    """
    check_name(name, checkpoints)
    if wishes.size is not None and not SIZES[0] <= wishes.size <= SIZES[1]:
        raise FolderError(f"--size {wishes.size} cannot be: give {SIZES[0]} to {SIZES[1]} pixels.")
    seen = survey(folder)
    like = sample(seen)
    channels, size = wishes.channels or channels_for(like), wishes.size or size_for(like)
    train, test = read(seen, channels, size, wishes.seed, begin(seen.count()))
    looked = mirroring(as_split(train), len(seen.classes)) if wishes.mirrored is None else None
    mirrored = looked.is_kept if looked else bool(wishes.mirrored)
    course = course_for(len(train.labels))
    title = plain_text(wishes.title or "", LONGEST_NAME) or name.replace("-", " ").replace("_", " ").capitalize()
    application = Application(
        name=name,
        title=title,
        noun="picture",
        data_file=f"own/{name}",
        classes=seen.classes,
        network=network_for(channels, size, len(seen.classes), len(train.labels)),
        augmentation=augmentation_for(channels, size, mirrored=mirrored),
        teacher_epochs=course.teacher_epochs,
        student_epochs=course.student_epochs,
        student_batch=course.student_batch,
        data_set=title,
        attribution=plain_text(wishes.attribution, 400) or OWN_PICTURES,
        licence=plain_text(wishes.licence, 400),
        source_url="",
        teacher_batch=course.teacher_batch,
        home=checkpoints / name,
    )
    application = replace(application, pictures=_digest(application, train, test))
    _check_students(application)
    return Prepared(application, train, test, seen, like, looked)


def _digest(application: Application, train: Read, test: Read) -> str:
    """Tells these pictures, in this size and with these classes, from others: 12 hexadecimal digits."""
    content = hashlib.sha256(json.dumps([application.classes, application.network.size]).encode())
    for half in (train, test):
        content.update(half.labels.tobytes())
        content.update("".join(half.keys).encode())
    return content.hexdigest()[:12]


def _check_students(application: Application) -> None:
    """Refuse pictures that the students there are already do not take."""
    home = application.home
    assert home is not None
    with suppress(DescriptionError):
        before = described(home) if (home / DESCRIPTION).exists() else application
        if (before.classes, before.network) != (application.classes, application.network) and any(
            path.is_dir() for path in home.iterdir()
        ):
            raise FolderError(
                f"{home} holds students of other classes or another network: delete that folder, or choose another "
                "name."
            )


def as_split(half: Read) -> Split:
    """Pictures as trainings take them."""
    return Split(torch.from_numpy(half.images), torch.from_numpy(half.labels))


def write(made: Prepared) -> list[Path]:
    """Write prepared arrays, held-out pictures, and last the description, which makes it an application.

    Returns:
        The three files.

    Raises:
        FolderError: there is no room, or no permission; what was begun is taken away again.
    """
    application = made.application
    assert application.home is not None
    places = (prepared_path(application), held_out_path(application), application.home)
    before = {path for path in places if path.exists()}
    try:
        arrays = _keep(made)
        held_out = write_held_out(application, as_split(made.test))
        return [arrays, held_out, write_description(application, application.home)]
    except OSError as error:
        for path in places:
            if path not in before:
                with suppress(OSError):
                    path.rmdir() if path.is_dir() else path.unlink(missing_ok=True)
        raise FolderError(
            f"The application cannot be written ({error.strerror or error}): make room, or check the permissions of "
            f"{application.home.parent} and {data_folder()}."
        ) from error


def _keep(made: Prepared) -> Path:
    """The prepared arrays in the data folder, or in `data/` where that one cannot be written."""
    arrays: Arrays = {"class_names": np.array(made.application.classes)}
    arrays["pictures"] = np.array(made.application.pictures)
    for name, half in (("train", made.train), ("test", made.test)):
        arrays[f"{name}_images"] = half.images.transpose(0, 2, 3, 1)
        arrays[f"{name}_labels"] = half.labels.astype(np.uint8)
    path = data_folder() / f"{made.application.data_file}.npz"
    try:
        keep_arrays(path, arrays)
    except OSError:
        if data_folder() == DEFAULT_FOLDER:
            raise
        path = DEFAULT_FOLDER / f"{made.application.data_file}.npz"
        keep_arrays(path, arrays)
    return path
