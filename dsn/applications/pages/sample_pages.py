"""The pages that come with the project: a few drawn ones that no network was trained on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dsn.applications.registry import OF_PAGES
from dsn.files import write_tensors
from dsn.places import ASSETS

if TYPE_CHECKING:
    from torch import Tensor

PATH = ASSETS / f"{OF_PAGES}.safetensors"
# Numbers in the series of the test pages: of every kind, in both scripts, well and badly lit.
CHOSEN = (0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11)


def write_sample_pages() -> None:
    """Draw them into `assets/`."""
    import torch

    from dsn.applications.documents import DOCUMENTS
    from dsn.applications.pages.drawn import draw_page  # what draws takes a second to import
    from dsn.applications.pages.prepared_pages import TEST

    pages = torch.stack([torch.from_numpy(draw_page(TEST, number).picture)[None] for number in CHOSEN])
    notes = {
        "data_set": "drawn pages of the test series",
        "licence": DOCUMENTS.licence,
        "attribution": DOCUMENTS.attribution,
    }
    write_tensors(PATH, {"images": pages, "places": torch.tensor(CHOSEN)}, notes)


def sample_pages() -> Tensor:
    """uint8 [N, 1, 512, 256], N as many as there are in `CHOSEN`."""
    from safetensors.torch import load_file

    return load_file(PATH)["images"]
