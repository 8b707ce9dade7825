"""Every file that a camera, a scanner or a program writes is read rightly, or refused with one sentence."""

import io
import struct
import warnings
import zlib

import numpy as np
import pytest
from hostile_files import png_claiming
from PIL import Image, PngImagePlugin

from dsn.applications.digits import fit_digit
from dsn.applications.reading import PictureError, open_picture

Image.init()
MODES = ("1", "L", "P", "LA", "PA", "RGB", "RGBA", "RGBX", "CMYK", "YCbCr", "LAB", "HSV", "I", "F", "I;16", "I;16B")
NO_PIXELS = {"PDF", "EPS", "WMF", "BUFR", "GRIB", "HDF5"}  # documents and data: never started, whatever they hold


def halves() -> Image.Image:
    """White with a black right half, where every mode and every format keeps light and dark apart."""
    picture = Image.new("RGB", (64, 64), "white")
    picture.paste((0, 0, 0), (32, 0, 64, 64))
    return picture


def in_mode(mode: str) -> Image.Image:
    if mode.startswith("I;16"):
        values = np.asarray(halves().convert("L"), dtype=np.uint16) * 257
        return Image.fromarray(values.astype(">u2" if mode == "I;16B" else "<u2"))
    if mode == "PA":
        return halves().convert("P").convert("PA")
    if mode == "LAB":
        light = np.zeros((64, 64, 3), np.uint8)
        light[:, :32, 0] = 255
        return Image.frombytes("LAB", (64, 64), light.tobytes())
    return halves().convert(mode)


def written(kind: str, mode: str) -> bytes | None:
    file = io.BytesIO()
    try:
        in_mode(mode).save(file, kind)
    except Exception:  # noqa: BLE001 - this format does not know this mode
        return None
    return file.getvalue()


@pytest.mark.parametrize("kind", sorted(Image.SAVE))
def test_every_format_in_every_mode_is_right_or_a_sentence(kind: str) -> None:
    for mode in MODES:
        content = written(kind, mode)
        if content is None:
            continue
        try:
            grey = np.asarray(open_picture(content).convert("L"), dtype=float)
        except PictureError as error:
            assert str(error).endswith(".") and len(str(error)) < 120
            assert kind not in {"PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF", "PPM", "AVIF", "MPO"}, (kind, mode, error)
            continue
        assert kind not in NO_PIXELS
        assert grey[:, :28].mean() > 215 and grey[:, 36:].mean() < 40, (kind, mode)


def upright_one() -> np.ndarray:
    ink = np.zeros((40, 40))
    ink[6:34, 18:22] = 1
    return ink


def is_a_one(content: bytes) -> bool:
    found = fit_digit(open_picture(content))[0, 0] > 0.5
    return int(found.any(1).sum()) >= 18 and int(found.any(0).sum()) <= 5


@pytest.mark.parametrize("top", [1, 255, 1023, 4095, 65535])
@pytest.mark.parametrize("kind", ["I;16", "I", "F"])
def test_the_range_comes_from_the_values_and_not_from_the_type(top: int, kind: str) -> None:
    values = np.round((1 - upright_one()) * top)
    array = values.astype({"I;16": np.uint16, "I": np.int32, "F": np.float32}[kind])
    file = io.BytesIO()
    Image.fromarray(array).save(file, "TIFF")
    assert is_a_one(file.getvalue())


def test_a_float_picture_with_a_hole_and_one_below_zero_are_read() -> None:
    values = (1 - upright_one()).astype(np.float32)
    values[0, 0], values[1, 1] = np.nan, np.inf
    for array in (values, upright_one().astype(np.float32) * -3.5 - 7):
        file = io.BytesIO()
        Image.fromarray(array).save(file, "TIFF")
        assert is_a_one(file.getvalue())


def chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


@pytest.mark.parametrize("kind", [b"zTXt", b"iTXt", b"iCCP", b"tEXt"])
def test_long_notes_in_a_png_do_not_matter(kind: bytes) -> None:
    long = b"x" * 3_000_000
    notes = {
        b"zTXt": b"Comment\0\0" + zlib.compress(long),
        b"iTXt": b"Comment\0\1\0\0\0" + zlib.compress(long),
        b"iCCP": b"profile\0\0" + zlib.compress(long),
        b"tEXt": b"Comment\0" + long,
    }
    file = io.BytesIO()
    Image.fromarray(((1 - upright_one()) * 255).astype(np.uint8)).save(file, "PNG", pnginfo=PngImagePlugin.PngInfo())
    whole = file.getvalue()
    assert is_a_one(whole[:33] + chunk(kind, notes[kind]) + whole[33:])


def test_a_negative_rational_in_exif_does_not_matter_and_the_picture_is_upright() -> None:
    exif = b"II*\0" + struct.pack("<I", 8) + struct.pack("<H", 2)
    exif += struct.pack("<HHII", 0x0112, 3, 1, 6)  # held on its side
    exif += struct.pack("<HHII", 0x011A, 5, 1, 38) + struct.pack("<I", 0) + struct.pack("<ii", -72, -1)
    file = io.BytesIO()
    lying = np.rot90((1 - upright_one()) * 255).astype(np.uint8)
    Image.fromarray(lying).save(file, "JPEG", quality=95, exif=b"Exif\0\0" + exif)
    assert is_a_one(file.getvalue())


@pytest.mark.parametrize("error", [struct.error, MemoryError, RuntimeError, AssertionError, ZeroDivisionError])
def test_whatever_a_decoder_raises_is_the_sentence(monkeypatch: pytest.MonkeyPatch, error: type[Exception]) -> None:
    def broken(*_: object) -> Image.Image:
        raise error("inside")

    monkeypatch.setattr("dsn.applications.reading._decoded", broken)
    with pytest.raises(PictureError, match="damaged"):
        open_picture(b"any")


def test_heic_and_avif_are_read() -> None:
    import pillow_heif

    picture = Image.fromarray(((1 - upright_one()) * 255).astype(np.uint8)).convert("RGB").resize((160, 160))
    heif = io.BytesIO()
    pillow_heif.from_pillow(picture).save(heif)
    avif = io.BytesIO()
    picture.save(avif, "AVIF")
    assert is_a_one(heif.getvalue()) and is_a_one(avif.getvalue())


def test_a_photograph_of_48_megapixels_is_read_smaller() -> None:
    picture = Image.new("L", (8000, 6000), 250)
    picture.paste(10, (3800, 1500, 4200, 4500))
    file = io.BytesIO()
    picture.save(file, "JPEG", quality=60)
    found = open_picture(file.getvalue())
    assert found.width * found.height <= 25_000_000
    assert is_a_one(file.getvalue())


def test_a_tiff_in_ycbcr_keeps_its_colours() -> None:
    for compression in (None, "jpeg", "tiff_lzw"):
        file = io.BytesIO()
        try:
            Image.new("RGB", (32, 32), (200, 40, 90)).convert("YCbCr").save(file, "TIFF", compression=compression)
        except (OSError, KeyError):
            continue
        found = np.asarray(open_picture(file.getvalue()), dtype=float).mean((0, 1))
        assert np.abs(found - [200, 40, 90]).max() < 8, compression


def test_a_bomb_in_any_dress_is_refused_without_a_warning() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(PictureError, match="25 megapixels"):
            open_picture(png_claiming(20_000, 20_000))
