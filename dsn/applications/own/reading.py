"""The pictures of a survey, read and fitted: each as the page will fit a visitor's, each content once."""

import hashlib
import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from dsn.applications.own.choices import Impression, look
from dsn.applications.own.survey import TEST, TRAIN, FolderError, LeftOut, Survey
from dsn.applications.pictures import fit_frame
from dsn.applications.reading import PictureError, open_picture

SAMPLE = 120  # pictures that colours and size are chosen by
TEST_SHARE = 0.2
LEAST = 2  # pictures a class, one to learn from and one to measure on
MOST_BYTES = 2_000_000_000  # of prepared pictures
AT_ONCE = 64  # files handed to the readers

# A reader's sentence up to its colon, and the reason that is said of a file.
REASONS = {
    "This is not a picture of a known kind": "no picture of a known kind",
    "The picture is damaged or cut off": "damaged or cut off",
    "The picture has more than 25 megapixels": "of more than 25 megapixels",
    "The file is larger than 20 MB": "larger than 20 MB",
    "The file cannot be read": "not readable",
}
TWICE = "the same picture as another of its class"
IN_TWO = "the same picture in two classes"
IN_BOTH = "the same picture in train/ as in test/"


@dataclass(frozen=True)
class Read:
    """Pictures with their labels, in the order they were found, each content once.

    Attributes:
        images: uint8 [N, C, S, S].
        labels: int64 [N].
        keys: SHA-256 of each picture's prepared pixels.
    """

    images: np.ndarray
    labels: np.ndarray
    keys: tuple[str, ...]

    def chosen(self, places: np.ndarray) -> "Read":
        """Those at these places."""
        return Read(self.images[places], self.labels[places], tuple(self.keys[place] for place in places))


def sample(seen: Survey) -> Impression:
    """What the pictures of a folder are like, by some of every class.

    Raises:
        FolderError: there is not one among them.
    """
    by_class: dict[int, list[Path]] = {}
    for files in seen.files.values():
        for path, label in files:
            by_class.setdefault(label, []).append(path)
    each = -(-SAMPLE // max(1, len(by_class)))
    paths = [paths[place] for paths in by_class.values() for place in _spread(len(paths), each)]

    def opened(path: Path) -> Image.Image | None:
        try:
            return open_picture(path)
        except PictureError:
            return None

    with ThreadPoolExecutor(_workers()) as pool:
        pictures = [one for one in pool.map(opened, paths) if one is not None]
    if not pictures:
        raise FolderError("There is not one picture in the sub-folders: they hold other files, or damaged ones.")
    return look(pictures, seen.count())


def _spread(count: int, most: int) -> list[int]:
    """At most `most` places of `count`, evenly over them."""
    return sorted({place * count // min(count, most) for place in range(min(count, most))})


def _workers() -> int:
    return max(1, min(8, os.cpu_count() or 1))


def read(
    seen: Survey, channels: int, size: int, seed: int, told: Callable[[int], None] = lambda count: None
) -> tuple[Read, Read]:
    """The training and the test pictures, fitted; what cannot be used is added to what the survey left out.

    Of one content, the same file or the same pixels once fitted, one is kept, and none where two classes have it. A
    test/ of the folder's own stays whole, and what it has is taken out of train/.

    Args:
        seen: the folder.
        channels: 1 or 3.
        size: in pixels.
        seed: of the split, where the folder has none.
        told: how many more files were read, for a bar.

    Raises:
        FolderError: a class is too small, or the pictures are too many.
    """
    if seen.count() * channels * size * size > MOST_BYTES:
        raise FolderError(
            f"{seen.count():,} pictures of {size}x{size} pixels are more than this project holds in memory: bring "
            "fewer, or give a smaller --size."
        )
    halves = {name: _fitted(seen, files, channels, size, told) for name, files in seen.files.items()}
    if TEST in halves:
        (train, paths), (test, _) = halves[TRAIN], halves[TEST]
        train, paths = _once(train, paths, seen)
        in_test = set(test.keys)
        kept = [place for place, key in enumerate(train.keys) if key not in in_test]
        for place in sorted(set(range(len(train.keys))) - set(kept)):
            seen.left_out.add(IN_BOTH, paths[place], seen.top)
        train = train.chosen(np.array(kept, dtype=np.int64))
        for name, half in ((TRAIN, train), (TEST, test)):
            _check_classes(half, seen, 1, f" in {name}/")
        return train, test
    whole, _ = _once(*halves[TRAIN], seen)
    _check_classes(whole, seen, LEAST)
    return _split(whole, len(seen.classes), seed)


def _fitted(
    seen: Survey, files: list[tuple[Path, int]], channels: int, size: int, told: Callable[[int], None]
) -> tuple[Read, list[Path]]:
    """What of these files can be read, and their paths."""
    images = np.empty((len(files), channels, size, size), np.uint8)
    labels: list[int] = []
    keys: list[str] = []
    paths: list[Path] = []

    def fitted(path: Path) -> np.ndarray | str:
        try:
            picture = fit_frame(open_picture(path), channels, size)
        except PictureError as error:
            return REASONS.get(str(error).split(":")[0], "not readable")
        return (picture[0] * 255).round().byte().numpy()

    with ThreadPoolExecutor(_workers()) as pool:
        for some in _batches(files):
            found = pool.map(fitted, [path for path, _ in some])
            for (path, label), picture in zip(some, found, strict=True):
                if isinstance(picture, str):
                    seen.left_out.add(picture, path, seen.top)
                    continue
                images[len(labels)] = picture
                labels.append(label)
                keys.append(hashlib.sha256(picture.tobytes()).hexdigest())
                paths.append(path)
            told(len(some))
    return Read(images[: len(labels)], np.array(labels, np.int64), tuple(keys)), paths


def _batches(files: list[tuple[Path, int]]) -> Iterator[list[tuple[Path, int]]]:
    for start in range(0, len(files), AT_ONCE):
        yield files[start : start + AT_ONCE]


def _once(found: Read, paths: list[Path], seen: Survey) -> tuple[Read, list[Path]]:
    """Each content once; none of what two classes have."""
    labels_of: dict[str, set[int]] = {}
    for key, label in zip(found.keys, found.labels.tolist(), strict=True):
        labels_of.setdefault(key, set()).add(label)
    kept: list[int] = []
    known: set[str] = set()
    for place, key in enumerate(found.keys):
        if len(labels_of[key]) > 1:
            seen.left_out.add(IN_TWO, paths[place], seen.top)
        elif key in known:
            seen.left_out.add(TWICE, paths[place], seen.top)
        else:
            known.add(key)
            kept.append(place)
    return found.chosen(np.array(kept, dtype=np.int64)), [paths[place] for place in kept]


def _check_classes(found: Read, seen: Survey, least: int, where: str = "") -> None:
    counts = np.bincount(found.labels, minlength=len(seen.classes))
    small = int(counts.argmin())
    if counts[small] < least:
        had = ("no picture", "one picture")[int(counts[small])]
        why = "" if not seen.left_out.counts else f"; left out were {_briefly(seen.left_out)}"
        raise FolderError(
            f"The class “{seen.classes[small]}” has {had}{where} that can be used{why}: give every class at least "
            f"{max(least, LEAST) if not where else 'one'}, better a hundred, or take its sub-folder away."
        )


def _briefly(left_out: LeftOut) -> str:
    return ", ".join(f"{count:,} {reason}" for reason, count in left_out.counts.items())


def _split(whole: Read, classes: int, seed: int) -> tuple[Read, Read]:
    """Four fifths and one fifth of every class, by the seed and the pictures alone: names and dates change nothing."""
    train: list[int] = []
    test: list[int] = []
    for label in range(classes):
        places = sorted(np.flatnonzero(whole.labels == label).tolist(), key=lambda place: whole.keys[place])
        order = np.random.default_rng([seed, label]).permutation(len(places))
        count = max(1, round(TEST_SHARE * len(places)))
        mixed = [places[one] for one in order]
        test += mixed[:count]
        train += mixed[count:]
    return whole.chosen(np.array(sorted(train))), whole.chosen(np.array(sorted(test)))
