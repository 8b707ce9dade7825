"""A visitor's file as a picture, whatever camera, scanner or program wrote it; or one sentence."""

import base64
import io
import struct
import warnings
from pathlib import Path
from typing import BinaryIO

import numpy as np
from PIL import Image, ImageCms, ImageFile, UnidentifiedImageError

# Raster only: none starts another program. pillow-heif adds HEIF where a file says that it is one.
FORMATS = ("PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF", "PPM", "AVIF")
HEIF_BRANDS = {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"}
MOST_PIXELS = 25_000_000
MOST_PIXELS_OF_A_JPEG = 120_000_000  # decoded at a half, a quarter or an eighth of its size
MOST_BYTES = 20_000_000
LIGHT = 160  # grey level; what is nowhere darker, and lies on nothing, is ink for a dark ground
VISIBLE = 32  # opacity, of 255
ORIENTATION = 0x0112  # the EXIF tag
UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
RANGES = (1, 255, 1023, 4095, 16383, 65535)  # the largest values of 1, 8, 10, 12, 14 and 16 bits
PNG_START = b"\x89PNG\r\n\x1a\n"
PNG_NOTES = {b"tEXt", b"zTXt", b"iTXt", b"iCCP"}  # say nothing of the pixels, and unpack to any size
YCBCR, PHOTOMETRIC = 6, 262  # a TIFF's tag and its value
UNKNOWN_KIND = "This is not a picture of a known kind: choose a PNG, JPEG, HEIC, AVIF, WEBP or GIF file."


class PictureError(ValueError):
    """A picture that cannot be used; its message is one sentence for the visitor."""


def open_picture(source: str | Path | bytes | BinaryIO) -> Image.Image:
    """Decode a picture of any usual mode as RGB, upright.

    Transparent places become white, or black where all that is visible is light. Animations give their first frame.
    Values of more than 8 bits are scaled by the range they use, not by the one their type has. A JPEG of more than
    25 megapixels is decoded at a half, a quarter or an eighth of its size.

    Args:
        source: a file's path, its content, or an open binary file.

    Raises:
        PictureError: not a picture, damaged, or too large (more than 20 MB or 25 megapixels).
    """
    try:
        content = source if isinstance(source, bytes) else _content(source)
    except OSError as error:
        raise PictureError("The file cannot be read: choose another picture.") from error
    if len(content) > MOST_BYTES:
        raise PictureError("The file is larger than 20 MB: choose a smaller picture.")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a decoder's doubts are of no use to a visitor
            return _decoded(content)
    except PictureError:
        raise
    except UnidentifiedImageError as error:
        raise PictureError(UNKNOWN_KIND) from error
    except Image.DecompressionBombError as error:
        raise PictureError("The picture has more than 25 megapixels: choose a smaller one.") from error
    except Exception as error:  # a decoder may raise anything at a damaged file
        raise PictureError("The picture is damaged or cut off: choose another file.") from error


def _content(source: str | Path | BinaryIO) -> bytes:
    if isinstance(source, str | Path):
        with Path(source).open("rb") as file:
            return file.read(MOST_BYTES + 1)
    return source.read(MOST_BYTES + 1)


def _decoded(content: bytes) -> Image.Image:
    formats: tuple[str, ...] = FORMATS
    if content[4:8] == b"ftyp" and content[8:12] in HEIF_BRANDS:
        from pillow_heif import register_heif_opener  # 0.1 s that only those with such a picture wait

        register_heif_opener(thumbnails=False)
        formats = ("HEIF",)  # which Pillow does not know before
    if content.startswith(PNG_START):
        content = _without_notes(content)
    picture = Image.open(io.BytesIO(content), formats=formats)
    pixels = picture.width * picture.height
    # A progressive JPEG is unpacked whole before it can be made smaller; any other is decoded smaller.
    is_plain_jpeg = picture.format in ("JPEG", "MPO") and "progressive" not in picture.info
    if is_plain_jpeg and MOST_PIXELS < pixels <= MOST_PIXELS_OF_A_JPEG:
        picture.draft("RGB", (picture.width // 2, picture.height // 2))
        pixels = picture.width * picture.height
    if pixels > MOST_PIXELS:
        raise PictureError("The picture has more than 25 megapixels: choose a smaller one.")
    turned = UPRIGHT.get(_orientation(picture))
    upright = _as_rgb(_loaded(picture))
    return upright.transpose(turned) if turned is not None else upright


def _without_notes(content: bytes) -> bytes:
    """A PNG without its texts and its colour profile, which Pillow unpacks and then refuses where they are long."""
    kept, place = [PNG_START], len(PNG_START)
    while place + 8 <= len(content):
        length, kind = struct.unpack_from(">I4s", content, place)
        end = place + length + 12  # length, kind, content and checksum
        if kind not in PNG_NOTES:
            kept.append(content[place:end])
        place = end
    return b"".join(kept)


def _orientation(picture: Image.Image) -> int:
    """How the camera was held, 1 to 8 as EXIF counts; 1 where nobody knows."""
    try:
        return int(picture.getexif().get(ORIENTATION, 1))
    except Exception:  # noqa: BLE001 - whatever else is wrong with the notes, the picture can be looked at
        return 1


def _loaded(picture: ImageFile.ImageFile) -> Image.Image:
    """The pixels, in a mode of Pillow's that says what they mean."""
    notes = getattr(picture, "tag_v2", {})
    if notes.get(PHOTOMETRIC) == YCBCR and picture.tile and picture.tile[0].codec_name == "raw":
        # Pillow takes the three bytes of a pixel for four: it expects what libtiff makes of compressed ones.
        picture.tile = [tile._replace(args=("RGB", *(tile.args or ())[1:])) for tile in picture.tile]
        return Image.frombytes("YCbCr", picture.size, picture.tobytes())
    picture.load()
    return picture


def _as_rgb(picture: Image.Image) -> Image.Image:
    if picture.mode.startswith(("I", "F")):  # 16 bits, 32 bits, floating point
        return Image.fromarray(_as_bytes(np.array(picture, dtype=np.float32))).convert("RGB")
    if picture.mode == "LAB":
        profiles = ImageCms.createProfile("LAB"), ImageCms.createProfile("sRGB")
        converted = ImageCms.profileToProfile(picture, *profiles, outputMode="RGB")
        assert converted is not None  # None is for conversions in place
        return converted
    if picture.has_transparency_data:
        return _on_ground(picture.convert("RGBA"))
    return picture.convert("RGB")


def _as_bytes(values: np.ndarray) -> np.ndarray:
    """Values of any range as uint8: by the smallest usual range that holds them all, else from least to most.

    Args:
        values: float32 [H, W], changed on the way; NaN and infinities are taken for the value in the middle.
    """
    sound = np.isfinite(values)
    if not sound.any():
        return np.zeros(values.shape, np.uint8)
    if not sound.all():
        values[~sound] = np.median(values[sound])
    least, most = float(values.min()), float(values.max())
    top: float = next((top for top in RANGES if least >= 0 and most <= top), 0)
    if not top:
        values -= least
        top = most - least or 1
    values *= 255 / top
    return values.round(out=values).astype(np.uint8)


def _on_ground(picture: Image.Image) -> Image.Image:
    """An RGBA picture on white; on black where all that is visible of it is light, as white ink on nothing is."""
    grey, opacity = np.asarray(picture.convert("L")), np.asarray(picture.getchannel("A"))
    visible = grey[opacity >= VISIBLE]
    is_light = visible.size > 0 and visible.size < grey.size and np.percentile(visible, 2) >= LIGHT
    on_ground = Image.new("RGB", picture.size, "black" if is_light else "white")
    on_ground.paste(picture, mask=picture.getchannel("A"))
    return on_ground


def picture_at(address: str) -> Image.Image:
    """A picture, as `open_picture` gives it, whose content stands in its `data:image/...;base64,` address.

    Raises:
        PictureError: another kind of address, or what `open_picture` refuses.
    """
    head, _, content = address.partition(",")
    try:
        if not (head.startswith("data:image/") and head.endswith(";base64")):
            raise ValueError(head)
        found = base64.b64decode(content, validate=True)
    except ValueError as error:  # binascii.Error is one
        raise PictureError(UNKNOWN_KIND) from error
    return open_picture(found)


def drawing(address: str) -> Image.Image:
    """What was drawn on the page's pad: white strokes on black, RGB.

    Args:
        address: the pad's content as a `data:image/png;base64,` address.

    Raises:
        PictureError: another kind of address, or a damaged one.
    """
    head, _, content = address.partition(",")
    try:
        if head != "data:image/png;base64":
            raise ValueError(head)
        return open_picture(base64.b64decode(content, validate=True))
    except ValueError as error:  # binascii.Error is one
        raise PictureError("The drawing did not arrive whole: draw it again.") from error
