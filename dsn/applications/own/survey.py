"""What lies in somebody's folder of pictures: its classes, the files to be read, and what is left out and why."""

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from dsn.applications.described import LONGEST_NAME, MOST_CLASSES, plain_text

TRAIN, TEST = "train", "test"
SYSTEM_FILES = {"thumbs.db", "desktop.ini", "__macosx"}  # hidden files without a dot
MOST_FILES = 200_000
EXAMPLES = 3  # names of files that are said with a reason


class FolderError(ValueError):
    """A folder that no application can be made of; its message is one sentence."""


@dataclass
class LeftOut:
    """What is not used, by the reason in words.

    Attributes:
        counts: how many files or folders.
        examples: the first few, as they may be shown.
    """

    counts: dict[str, int] = field(default_factory=dict)
    examples: dict[str, list[str]] = field(default_factory=dict)

    def add(self, reason: str, path: Path, top: Path) -> None:
        """One more; `path` is under `top`."""
        self.counts[reason] = self.counts.get(reason, 0) + 1
        few = self.examples.setdefault(reason, [])
        if len(few) < EXAMPLES:
            few.append(plain_text(str(path.relative_to(top)), 2 * LONGEST_NAME))

    def lines(self) -> list[str]:
        """A line for each reason, the most frequent first."""
        told = []
        for reason, count in sorted(self.counts.items(), key=lambda pair: -pair[1]):
            few = self.examples[reason]
            told.append(f"{count:,} {reason}: {', '.join(few)}{', …' if count > len(few) else ''}")
        return told


@dataclass(frozen=True)
class Survey:
    """A folder as it lies, before any file in it is read.

    Attributes:
        top: the folder.
        classes: a name each, as it may be shown, in the order of the sub-folders' names.
        files: path and label of each file that may be a picture, by "train" and "test"; all under "train" where the
            folder has no such sub-folders.
        is_split: whether it has.
        left_out: what is known so far of what is not used.
    """

    top: Path
    classes: tuple[str, ...]
    files: dict[str, list[tuple[Path, int]]]
    is_split: bool
    left_out: LeftOut

    def count(self) -> int:
        """How many files there are to read."""
        return sum(map(len, self.files.values()))


def survey(top: Path) -> Survey:
    """Look through a folder: one sub-folder a class, or `train/` and `test/` with those in each.

    Links are not followed, wherever they lead; what lies deeper is not looked at.

    Raises:
        FolderError: no application can be made of it.
    """
    try:
        return _surveyed(top.expanduser().resolve(strict=True))
    except OSError as error:
        where = plain_text(error.filename or str(top), 200) if isinstance(error.filename, str) else top
        raise FolderError(f"{where} cannot be read ({error.strerror}): give the folder of your pictures.") from error


def _surveyed(top: Path) -> Survey:
    shown = plain_text(str(top), 200)
    if not top.is_dir():
        raise FolderError(f"{shown} is no folder: give the folder that holds a sub-folder of pictures for each class.")
    left_out = LeftOut()
    folders, loose = _inside(top, top, left_out)
    halves = {folder.name.lower(): folder for folder in folders if folder.name.lower() in (TRAIN, TEST)}
    within = {name: _inside(folder, top, LeftOut())[0] for name, folder in halves.items()}
    is_split = set(halves) == {TRAIN, TEST} and all(within.values())
    is_half = set(halves) == {TRAIN} and len(folders) == 1 and bool(within[TRAIN])
    for path in loose:
        left_out.add("loose file beside the sub-folders", path, top)
    if not (is_split or is_half):
        classes, files = _classes(folders, top, shown, left_out)
        return Survey(top, classes, {TRAIN: files}, False, left_out)
    for folder in folders:
        if folder not in halves.values():
            left_out.add("folder beside train/ and test/", folder, top)
    sides = {}
    for name, folder in halves.items():
        inner, loose = _inside(folder, top, left_out)
        for path in loose:
            left_out.add("loose file beside the sub-folders", path, top)
        sides[name] = inner
    names = {name: {folder.name for folder in inner} for name, inner in sides.items()}
    if is_split and names[TRAIN] != names[TEST]:
        only = sorted(names[TRAIN] ^ names[TEST])[0]
        side = TRAIN if only in names[TRAIN] else TEST
        raise FolderError(
            f"{side}/ has a class “{plain_text(only, LONGEST_NAME)}” that {TEST if side == TRAIN else TRAIN}/ lacks: "
            "give both the same sub-folders."
        )
    found = {name: _classes(inner, top, shown, left_out) for name, inner in sides.items()}
    return Survey(top, found[TRAIN][0], {name: files for name, (_, files) in found.items()}, is_split, left_out)


def _classes(
    folders: list[Path], top: Path, shown: str, left_out: LeftOut
) -> tuple[tuple[str, ...], list[tuple[Path, int]]]:
    """A name for each class, and the files of all."""
    if not folders:
        raise FolderError(f"{shown} has no sub-folders: put the pictures of each class into a sub-folder of its own.")
    if len(folders) == 1:
        raise FolderError(
            f"{shown} has one class, “{plain_text(folders[0].name, LONGEST_NAME)}”: at least two are needed to tell "
            "them apart."
        )
    if len(folders) > MOST_CLASSES:
        raise FolderError(
            f"{shown} has {len(folders):,} sub-folders: an application has at most {MOST_CLASSES} classes."
        )
    files: list[tuple[Path, int]] = []
    for label, folder in enumerate(folders):
        deeper, found = _inside(folder, top, left_out)
        for path in deeper:
            left_out.add("folder inside a class", path, top)
        files += [(path, label) for path in found]
        if len(files) > MOST_FILES:
            raise FolderError(f"{shown} holds more than {MOST_FILES:,} files: bring fewer.")
    return _names(folders), files


def _names(folders: list[Path]) -> tuple[str, ...]:
    """Names of classes as they may be shown, each another."""
    names: list[str] = []
    for folder in folders:
        plain = plain_text(folder.name, LONGEST_NAME) or f"class {len(names) + 1}"
        turn, name = 1, plain
        while name in names:
            turn += 1
            name = f"{plain[: LONGEST_NAME - 6]} ({turn})"
        names.append(name)
    return tuple(names)


def _inside(folder: Path, top: Path, left_out: LeftOut) -> tuple[list[Path], list[Path]]:
    """The folders and the files in one, each in the order of their names."""
    folders, files = [], []
    for entry in _entries(folder):
        path = Path(entry.path)
        if entry.name.startswith(".") or entry.name.lower() in SYSTEM_FILES:
            left_out.add("hidden", path, top)
        elif entry.is_symlink():
            left_out.add("link (links are not followed)", path, top)
        elif entry.is_dir(follow_symlinks=False):
            folders.append(path)
        elif entry.is_file(follow_symlinks=False):
            files.append(path)
        else:
            left_out.add("neither file nor folder", path, top)
    return folders, files


def _entries(folder: Path) -> Iterator[os.DirEntry[str]]:
    with os.scandir(folder) as entries:
        found = []
        for entry in entries:
            found.append(entry)
            if len(found) > MOST_FILES:
                raise FolderError(f"{plain_text(str(folder), 200)} holds more than {MOST_FILES:,} files: bring fewer.")
    yield from sorted(found, key=lambda entry: os.fsencode(entry.name))
