"""What Tesseract makes of boxes: the letters in them, and none beside them."""

import matplotlib.font_manager as fonts
import numpy as np
import pytest
import torch
from PIL import Image, ImageDraw, ImageFont

from dsn.applications.pages.read_text import can_read, read_text

pytestmark = pytest.mark.skipif(not can_read(), reason="Tesseract is not installed")


def test_only_what_is_in_boxes_is_read() -> None:
    picture = Image.new("L", (256, 512), 255)
    font = ImageFont.truetype(fonts.findfont("DejaVu Sans"), 14)
    draw = ImageDraw.Draw(picture)
    draw.text((20, 40), "INVOICE TOTAL", 0, font)
    draw.text((20, 200), "SECRET NUMBER", 0, font)
    page = torch.from_numpy(np.array(picture, dtype=np.float32) / 255)[None]
    above, below = (draw.textbbox((20, y), text, font) for y, text in ((40, "INVOICE TOTAL"), (200, "SECRET NUMBER")))
    assert read_text(page, torch.tensor([above], dtype=torch.float32)) == "INVOICE TOTAL"
    assert read_text(page, torch.tensor([below], dtype=torch.float32)) == "SECRET NUMBER"
    assert read_text(page, torch.zeros(0, 4)) == ""
