"""A visitor's page, a picture or the first page of a PDF, as networks of maps take it; or one sentence."""

import io
import subprocess
import sys
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from dsn.applications.documents import DOCUMENTS
from dsn.applications.reading import MOST_BYTES, PictureError, open_picture

_, HEIGHT, WIDTH = DOCUMENTS.network.input_shape
PDF_START = b"%PDF-"
DRAW_PDF = Path(__file__).with_name("draw_pdf.py")
SECONDS = 60  # it ends itself after 20 of its own; this is for one that only waits
DAMAGED = "This PDF is damaged, locked with a password, or too large to read: choose another file."


def page_of(source: Path) -> Tensor:
    """A page in grey, fitted into the top left, white beyond it: float [1, 1, 512, 256] in [0, 1].

    Args:
        source: a picture of any usual kind, or a PDF, of which the first page is taken.

    Raises:
        PictureError: neither, damaged, locked, or too large.
    """
    try:
        with source.open("rb") as file:
            start = file.read(1024)
    except OSError as error:
        raise PictureError("The file cannot be read: choose another picture.") from error
    return as_page(first_page(source) if PDF_START in start else open_picture(source))


def as_page(picture: Image.Image) -> Tensor:
    """A picture as a page: float [1, 1, 512, 256] in [0, 1]; the whole of it, in its proportions."""
    share = min(WIDTH / picture.width, HEIGHT / picture.height)
    size = max(1, round(picture.width * share)), max(1, round(picture.height * share))
    page = Image.new("L", (WIDTH, HEIGHT), 255)
    page.paste(picture.convert("L").resize(size, Image.Resampling.LANCZOS), (0, 0))
    return torch.from_numpy(np.array(page, dtype=np.float32) / 255)[None, None]


def first_page(source: Path) -> Image.Image:
    """The first page of a PDF, drawn by PDFium in a program of its own that may take only so much time and memory.

    Raises:
        PictureError: it cannot be read.
    """
    if source.stat().st_size > MOST_BYTES:
        raise PictureError("The file is larger than 20 MB: choose a smaller one.")
    try:
        drawn = subprocess.run(
            [sys.executable, "-I", DRAW_PDF, source.resolve()], capture_output=True, timeout=SECONDS, check=True
        )
    except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as error:
        raise PictureError(DAMAGED) from error
    return Image.open(io.BytesIO(drawn.stdout)).convert("RGB")
