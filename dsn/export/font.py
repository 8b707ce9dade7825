"""The font of exported pages: Noto Sans SC, cut down to Latin and the 3,755 most usual Chinese characters.

    npm pack @expo-google-fonts/noto-sans-sc@0.4.3 && tar -xzf expo-google-fonts-noto-sans-sc-0.4.3.tgz
    python -m dsn.export.font package/400Regular/NotoSansSC_400Regular.ttf

makes the one in `assets/fonts/` again; its licence, `OFL.txt`, is the package's `LICENSE_FONT`.
"""

import sys
from pathlib import Path

from fontTools import subset

from dsn.files import write_in_place
from dsn.places import ASSETS

FONT = ASSETS / "fonts" / "NotoSansSC-Regular-subset.ttf"
RANGES = ((0x20, 0x7E), (0xA0, 0x17F), (0x2010, 0x2026), (0x2190, 0x2193), (0x3000, 0x301F), (0xFF01, 0xFF5E))
SIGNS = "•€™−×≤≥≈✓✗●■□"
RARER = "浏馏钮瞄赝篡窥诀嗅滤阈熵掩靶矩卷"  # in the page's Chinese, though not among the most usual
LEVEL_1 = range(0xB0, 0xD8)  # first bytes of GB 2312's most usual characters


def characters() -> set[int]:
    """Code points the font is to have, as far as its source has them."""
    chinese = [bytes((first, second)).decode("gb2312", "ignore") for first in LEVEL_1 for second in range(0xA1, 0xFF)]
    plain = {code for low, high in RANGES for code in range(low, high + 1)}
    return plain | {ord(one) for text in (*chinese, SIGNS, RARER) for one in text}


def cut(source: Path, target: Path = FONT) -> None:
    """Write the part of a font that pages need.

    Args:
        source: the whole font, TrueType.
        target: the file to be.
    """
    options = subset.Options(layout_features=["kern"], hinting=False, name_IDs=[0, 1, 2, 3, 4, 5, 6, 13, 14])
    font = subset.load_font(source, options)
    cutter = subset.Subsetter(options)
    cutter.populate(unicodes=characters())
    cutter.subset(font)

    def write(beside: Path) -> None:
        subset.save_font(font, beside, options)

    write_in_place(target, write)


if __name__ == "__main__":
    cut(Path(sys.argv[1]))
