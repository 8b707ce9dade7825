"""Pictures of a folder, one folder a class, at the size that a network takes."""

from dataclasses import dataclass
from pathlib import Path

from dsn.applications.own.making import as_split
from dsn.applications.own.reading import read
from dsn.applications.own.survey import survey
from dsn.applications.prepared import DataSet


@dataclass(frozen=True)
class Pictures:
    """What a folder holds.

    Attributes:
        data: its pictures; classes in the order of their folders' names.
        left_out: what is not used and why, a line for each reason.
    """

    data: DataSet
    left_out: list[str]


def read_pictures(folder: Path, channels: int, size: int, *, seed: int = 0) -> Pictures:
    """The pictures of a folder, whole frames, shrunk or enlarged.

    Args:
        folder: one folder a class, or `train/` and `test/` of those.
        channels: 3, or 1 for grey.
        size: height and width that they are brought to.
        seed: of the split in 80:20, where there is none.

    Raises:
        FolderError: nothing can be learned from it; one sentence.
    """
    seen = survey(folder)
    train, test = read(seen, channels, size, seed)
    return Pictures(DataSet(as_split(train), as_split(test), seen.classes), seen.left_out.lines())
