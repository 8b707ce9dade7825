"""Many pages at once, kept in the data folder: drawn once, read as often as wanted."""

import os
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from tqdm import tqdm

from dsn.applications.prepared import DAMAGE, DataError, data_folder
from dsn.files import write_in_place

TRAINING, TEST = 2023, 2025  # seeds of the two series: no page is in both
COUNTS = {TRAINING: 1600, TEST: 500}
CHUNK = 20
RECEIPTS = "receipts-open.npz"  # real ones, for measuring only; never shipped, never trained on


@dataclass(frozen=True)
class Pages:
    """Pages and what is on them.

    Attributes:
        images: uint8 [N, 1, 512, 256].
        boxes: of each page, float32 [B, 4], x1 y1 x2 y2 in pixels.
        maps: share of each cell that is text, float32 [N, 128, 64] in [0, 1].
    """

    images: Tensor
    boxes: tuple[Tensor, ...]
    maps: Tensor

    def __len__(self) -> int:
        return len(self.images)

    def first(self, count: int) -> "Pages":
        """The first so many."""
        return Pages(self.images[:count], self.boxes[:count], self.maps[:count])

    def chosen(self, numbers: Tensor) -> "Pages":
        """Those of these numbers, int64 [K], in their order."""
        return Pages(self.images[numbers], tuple(self.boxes[one] for one in numbers.tolist()), self.maps[numbers])


def draw_pages(seed: int, count: int) -> Pages:
    """The first pages of a series, drawn on all cores.

    Args:
        seed: of the series.
        count: how many.
    """
    from dsn.applications.pages.drawn import draw_page  # SciPy, Matplotlib, Faker: for those who draw

    with ProcessPoolExecutor(os.cpu_count()) as pool:
        drawn = pool.map(partial(draw_page, seed), range(count), chunksize=CHUNK)
        pages = list(tqdm(drawn, "pages", count, mininterval=1.0))
    return _together(np.stack([one.picture for one in pages]), [one.boxes for one in pages])


def load_pages(seed: int) -> Pages:
    """A series of pages from the data folder; drawn and kept there where it is missing.

    Args:
        seed: `TRAINING` or `TEST`.

    Raises:
        DataError: the file is damaged.
    """
    path = data_folder() / f"pages-{seed}.npz"
    if not path.exists():
        pages = draw_pages(seed, COUNTS[seed])
        counts = np.array([len(one) for one in pages.boxes])
        arrays = {"pages": pages.images[:, 0].numpy(), "boxes": torch.cat(pages.boxes).numpy(), "counts": counts}
        path.parent.mkdir(parents=True, exist_ok=True)
        write_in_place(path, lambda beside: _save(beside, arrays))
    return _read(path)


def load_receipts() -> Pages:
    """Real receipts to measure on, from the data folder.

    Raises:
        DataError: they are not there, or damaged.
    """
    path = data_folder() / RECEIPTS
    if not path.exists():
        raise DataError(f"{path} is missing: real receipts are not part of the project, and measuring goes without.")
    return _read(path)


def _save(path: Path, arrays: dict[str, np.ndarray]) -> None:
    with path.open("wb") as file:
        np.savez_compressed(file, **arrays)  # type: ignore[arg-type]


def _read(path: Path) -> Pages:
    try:
        with np.load(path, allow_pickle=False) as file:
            ends = np.cumsum(file["counts"])[:-1]
            return _together(file["pages"], np.split(file["boxes"], ends))
    except (*DAMAGE, KeyError) as error:
        raise DataError(f"{path} is damaged: delete it, and it is made again.") from error


def _together(pictures: np.ndarray, boxes: list[np.ndarray]) -> Pages:
    from dsn.applications.pages.drawn import text_map  # as above

    maps = np.stack([text_map(one) for one in boxes])
    return Pages(
        torch.from_numpy(pictures)[:, None], tuple(torch.from_numpy(one) for one in boxes), torch.from_numpy(maps)
    )
