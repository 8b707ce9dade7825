"""Whatever a visitor brings becomes what the network saw in training, or one sentence."""

import base64
import io
import warnings
from pathlib import Path

import numpy as np
import pytest
import torch
from hostile_files import png_claiming
from hypothesis import example, given
from hypothesis import strategies as st
from PIL import Image

from dsn.applications.digits import fit_digit
from dsn.applications.held_out import HeldOut
from dsn.applications.pictures import to_data_uri
from dsn.applications.prepared import as_floats
from dsn.applications.reading import PictureError, drawing, open_picture
from dsn.applications.registry import BUILT_IN


def as_bytes(picture: Image.Image, kind: str = "PNG", **settings) -> bytes:
    file = io.BytesIO()
    picture.save(file, kind, **settings)
    return file.getvalue()


def only_colour(picture: Image.Image) -> tuple[int, ...]:
    colours = picture.getcolors(1 << 20)
    assert picture.mode == "RGB" and colours and len(colours) == 1
    return colours[0][1]  # type: ignore[return-value]


@pytest.mark.parametrize(
    ("content", "colour"),
    [
        (as_bytes(Image.new("L", (9, 9), 77)), (77, 77, 77)),
        (as_bytes(Image.new("1", (9, 9), 1)), (255, 255, 255)),
        (as_bytes(Image.new("RGB", (9, 9), (1, 2, 3))), (1, 2, 3)),
        (as_bytes(Image.new("RGBA", (9, 9), (0, 0, 0, 0))), (255, 255, 255)),
        (as_bytes(Image.new("RGBA", (9, 9), (0, 0, 0, 128))), (127, 127, 127)),
        (as_bytes(Image.new("LA", (9, 9), (10, 0))), (255, 255, 255)),
        (as_bytes(Image.new("P", (9, 9), 0)), (0, 0, 0)),
        (as_bytes(Image.fromarray(np.full((9, 9), 32896, np.uint16))), (128, 128, 128)),
        (as_bytes(Image.new("CMYK", (9, 9), (0, 0, 0, 255)), "TIFF"), (0, 0, 0)),
        (as_bytes(Image.new("RGB", (1, 1), (9, 8, 7))), (9, 8, 7)),
        (as_bytes(Image.new("RGB", (1, 5000), (9, 8, 7))), (9, 8, 7)),
        (as_bytes(Image.new("RGB", (9, 9), "red"), "GIF"), (255, 0, 0)),
    ],
)
def test_every_mode_comes_out_in_its_colour(content: bytes, colour: tuple[int, int, int]) -> None:
    assert only_colour(open_picture(content)) == colour


def test_an_animation_gives_its_first_frame() -> None:
    frames = [Image.new("RGB", (8, 8), colour) for colour in ("blue", "red", "green")]
    content = as_bytes(frames[0], "GIF", save_all=True, append_images=frames[1:])
    assert only_colour(open_picture(content)) == (0, 0, 255)


def test_a_photograph_is_turned_upright(tmp_path: Path) -> None:
    picture = Image.new("RGB", (20, 10))
    picture.paste((255, 255, 255), (0, 0, 10, 10))
    exif = Image.Exif()
    exif[0x0112] = 6  # the camera was turned: the left of the file is the top
    picture.save(tmp_path / "photo.jpg", exif=exif, quality=95)
    upright = open_picture(tmp_path / "photo.jpg")
    assert upright.size == (10, 20)
    grey = np.asarray(upright.convert("L"))
    assert grey[:8].mean() > 240 and grey[12:].mean() < 15


@pytest.mark.parametrize("size", [(10_000, 10_000), (1, 30_000_000), (60_000, 60_000), (5001, 5000)])
def test_bombs_are_refused_before_they_unpack(size: tuple[int, int]) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(PictureError, match="25 megapixels"):
            open_picture(png_claiming(*size))


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "known kind"),
        (b"this is no picture", "known kind"),
        (b"%PDF-1.7 hello", "known kind"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", "known kind"),
        (as_bytes(Image.effect_noise((64, 64), 90))[:-700], "damaged"),
        (as_bytes(Image.effect_noise((64, 64), 90), "JPEG")[:300], "damaged"),
        (png_claiming(100, 100), "damaged"),
        (b"\0" * 20_000_001, "20 MB"),
    ],
)
def test_junk_is_one_sentence(content: bytes, reason: str) -> None:
    with pytest.raises(PictureError, match=reason) as caught:
        open_picture(content)
    assert str(caught.value).count(".") <= 1 and len(str(caught.value)) < 120


def test_a_missing_file_and_a_folder_are_told(tmp_path: Path) -> None:
    for path in (tmp_path / "nothing.png", tmp_path):
        with pytest.raises(PictureError, match="cannot be read"):
            open_picture(path)


KINDS = [
    as_bytes(Image.effect_noise((24, 24), 80).convert("RGB"), kind)
    for kind in ("PNG", "JPEG", "GIF", "BMP", "TIFF", "WEBP")
]


@given(
    st.sampled_from(KINDS), st.lists(st.tuples(st.floats(0, 1), st.integers(0, 255)), max_size=12), st.floats(0.1, 1)
)
@example(KINDS[4], [(0.01, 255)] * 3, 1.0)
def test_damaged_files_never_do_worse_than_a_sentence(content: bytes, changes: list, keep: float) -> None:
    damaged = bytearray(content[: int(len(content) * keep)])
    for place, value in changes:
        damaged[min(int(place * len(damaged)), len(damaged) - 1)] = value
    try:
        picture = open_picture(bytes(damaged))
    except PictureError:
        return
    assert picture.mode == "RGB"


def test_held_out_digits_come_back_as_they_were(digits: HeldOut) -> None:
    for index in range(40):
        image = digits.split.images[index]
        found = BUILT_IN["digits"].fitted(open_picture(as_bytes(Image.fromarray(image[0].numpy()))))
        assert torch.equal(found[0], as_floats(image))


@pytest.mark.parametrize("light_ground", [True, False])
def test_a_large_digit_anywhere_on_paper_is_fitted_as_mnist_was(light_ground: bool) -> None:
    ink = np.zeros((300, 500), np.uint8)
    ink[40:200, 330:370] = 255  # a stroke four times as high as wide
    picture = Image.fromarray(255 - ink if light_ground else ink).convert("RGB")
    found = fit_digit(picture)[0, 0]
    assert found.shape == (28, 28)
    rows, columns = (found > 0.5).any(1).nonzero().flatten(), (found > 0.5).any(0).nonzero().flatten()
    assert len(rows) == 20 and len(columns) == 5
    mass = found.sum()
    middle = ((found.sum(1) * torch.arange(28)).sum() / mass, (found.sum(0) * torch.arange(28)).sum() / mass)
    assert all(abs(value - 14) <= 0.55 for value in middle)  # as in all of MNIST


def test_digits_redrawn_large_are_near_the_originals(digits: HeldOut) -> None:
    distances = []
    for image in digits.split.images[:50, 0]:
        large = Image.fromarray(255 - image.numpy()).resize((280, 280), Image.Resampling.BICUBIC)
        canvas = Image.new("L", (500, 400), 255)
        canvas.paste(large, (150, 40))
        distances.append((fit_digit(canvas.convert("RGB"))[0, 0] - image / 255).abs().mean().item())
    assert np.mean(distances) < 0.09  # a blank picture is 0.13 away


def test_a_blank_sheet_has_nothing_to_recognise() -> None:
    for colour in ("white", "black", "grey"):
        with pytest.raises(PictureError, match="nothing to be seen"):
            fit_digit(Image.new("RGB", (200, 100), colour))


def test_signs_keep_their_frame_and_colours() -> None:
    picture = Image.new("RGB", (64, 64), (255, 0, 0))
    picture.paste((0, 0, 255), (32, 0, 64, 64))
    found = BUILT_IN["signs"].fitted(picture)
    assert found.shape == (1, 3, 32, 32)
    assert found[0, :, 5, 2].tolist() == [1, 0, 0] and found[0, :, 5, 30].tolist() == [0, 0, 1]
    wide = Image.new("RGB", (300, 100), (0, 255, 0))
    wide.paste((255, 255, 255), (0, 0, 90, 100))
    assert BUILT_IN["signs"].fitted(wide)[0, 0].max() < 0.2  # the middle square is all green


def test_a_drawing_arrives_as_it_was_drawn() -> None:
    pad = np.zeros((280, 280), np.uint8)
    pad[60:220, 130:150] = 255
    address = "data:image/png;base64," + base64.b64encode(as_bytes(Image.fromarray(pad))).decode()
    assert np.array_equal(np.asarray(drawing(address).convert("L")), pad)
    for junk in ("", "http://127.0.0.1/x.png", "data:image/png;base64,???", "data:text/html;base64,PGI+"):
        with pytest.raises(PictureError):
            drawing(junk)


def test_shown_pictures_are_enlarged_pixel_by_pixel() -> None:
    picture = torch.rand(3, 4, 4, generator=torch.Generator().manual_seed(1))
    head, content = to_data_uri(picture, 3).split(",")
    assert head == "data:image/png;base64"
    shown = np.asarray(Image.open(io.BytesIO(base64.b64decode(content))))
    assert shown.shape == (12, 12, 3)
    for row in range(12):
        for column in range(12):
            assert shown[row, column].tolist() == [round(v * 255) for v in picture[:, row // 3, column // 3].tolist()]
