"""Pages that people bring: pictures and PDFs in their proportions, hostile ones a sentence."""

import io
import zlib
from pathlib import Path

import pytest
from PIL import Image, ImageDraw

from dsn.applications.pages.brought import as_page, page_of
from dsn.applications.reading import PictureError


def pdf(*objects: bytes, pages: int = 1, media: str = "0 0 200 300", content: bytes = b"") -> bytes:
    """A PDF by hand: so many pages that share one content, and whatever else is given."""
    stream = zlib.compress(content)
    kids = " ".join(f"{number + 3} 0 R" for number in range(pages))
    body = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        f"<< /Type /Pages /Kids [{kids}] /Count {pages} >>".encode(),
        *[
            f"<< /Type /Page /Parent 2 0 R /MediaBox [{media}] /Contents {pages + 3} 0 R /Resources << >> >>".encode()
            for _ in range(pages)
        ],
        f"<< /Length {len(stream)} /Filter /FlateDecode >>\nstream\n".encode() + stream + b"\nendstream",
        *objects,
    ]
    file, places = io.BytesIO(), []
    file.write(b"%PDF-1.4\n")
    for number, one in enumerate(body, 1):
        places.append(file.tell())
        file.write(f"{number} 0 obj\n".encode() + one + b"\nendobj\n")
    start = file.tell()
    file.write(f"xref\n0 {len(body) + 1}\n0000000000 65535 f \n".encode())
    file.writelines(f"{place:010d} 00000 n \n".encode() for place in places)
    file.write(f"trailer << /Size {len(body) + 1} /Root 1 0 R >>\nstartxref\n{start}\n%%EOF\n".encode())
    return file.getvalue()


SQUARE = b"0 0 0 rg 50 200 100 50 re f"  # black, counted from the bottom left


def test_a_picture_is_laid_in_the_top_left_in_its_proportions(tmp_path: Path) -> None:
    picture = Image.new("RGB", (400, 400), "white")
    ImageDraw.Draw(picture).rectangle((200, 200, 399, 399), fill="black")
    picture.save(tmp_path / "page.png")
    page = page_of(tmp_path / "page.png")
    assert page.shape == (1, 1, 512, 256)
    assert page[0, 0, 140:250, 140:250].max() < 0.05 and page[0, 0, :120].min() > 0.95 and page[0, 0, 258:].min() == 1


def test_the_first_page_of_a_pdf_is_drawn_however_many_there_are(tmp_path: Path) -> None:
    for pages in (1, 3000):
        (tmp_path / "one.pdf").write_bytes(pdf(content=SQUARE, pages=pages))
        page = page_of(tmp_path / "one.pdf")[0, 0]
        scale = 256 / 200
        y1, y2 = round(50 * scale) + 3, round(100 * scale) - 3
        assert page[y1:y2, round(52 * scale) : round(148 * scale)].max() < 0.1
        assert page[: round(45 * scale)].min() > 0.95 and page[round(105 * scale) :].min() > 0.95


@pytest.mark.parametrize(
    "content",
    [
        b"%PDF-1.7 hello",
        pdf(content=SQUARE)[:200],
        pdf(content=b"q " * 10**7),
        pdf(content=SQUARE, media="0 0 0 0")[:-300],
        b"\x00" * 50,
    ],
    ids=["no pdf", "cut off", "a bomb", "no page", "nothing"],
)
def test_hostile_files_get_a_sentence(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "evil.pdf").write_bytes(content)
    try:
        page = page_of(tmp_path / "evil.pdf")
    except PictureError as error:
        assert str(error).count(".") == 1 and str(tmp_path) not in str(error)
    else:
        assert page.shape == (1, 1, 512, 256)  # PDFium mends what it can


def test_a_page_as_large_as_a_field_is_drawn_small(tmp_path: Path) -> None:
    (tmp_path / "field.pdf").write_bytes(pdf(content=SQUARE, media="0 0 14400 14400"))
    assert page_of(tmp_path / "field.pdf").shape == (1, 1, 512, 256)


def test_a_locked_pdf_is_told(tmp_path: Path) -> None:
    locked = pdf(content=SQUARE).replace(
        b"/Root 1 0 R >>",
        b"/Root 1 0 R /Encrypt << /Filter /Standard /V 1 /R 2 /O <" + b"41" * 32 + b"> /U <" + b"42" * 32
        + b"> /P -4 >> /ID [<00> <00>] >>",
    )  # fmt: skip
    (tmp_path / "locked.pdf").write_bytes(locked)
    with pytest.raises(PictureError, match="password"):
        page_of(tmp_path / "locked.pdf")


def test_proportions_hold_for_any_size() -> None:
    for size in ((1, 1), (5000, 3), (3, 5000)):
        assert as_page(Image.new("RGB", size, "black")).min() < 0.5
