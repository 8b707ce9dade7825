"""What stands on drawn pages, and in which letters: made-up names and amounts, free fonts that come with libraries."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import matplotlib
import numpy as np
from faker import Faker
from PIL import ImageFont

from dsn.places import ASSETS

LATIN, CHINESE = ("en_US", "en_GB", "de_DE", "fr_FR", "es_ES", "it_IT"), "zh_CN"
_TTF = Path(matplotlib.get_data_path()) / "fonts" / "ttf"
_NOTO = ASSETS / "fonts" / "NotoSansSC-Regular-subset.ttf"
# Regular and bold of every hand; all free, and there wherever the project is installed.
HANDS: tuple[tuple[Path, Path], ...] = (
    (_TTF / "DejaVuSans.ttf", _TTF / "DejaVuSans-Bold.ttf"),
    (_TTF / "DejaVuSansMono.ttf", _TTF / "DejaVuSansMono-Bold.ttf"),
    (_TTF / "DejaVuSerif.ttf", _TTF / "DejaVuSerif-Bold.ttf"),
    (_TTF / "DejaVuSans-Oblique.ttf", _TTF / "DejaVuSans-BoldOblique.ttf"),
    (_TTF / "STIXGeneral.ttf", _TTF / "STIXGeneralBol.ttf"),
    (_TTF / "cmr10.ttf", _TTF / "cmb10.ttf"),
    (_TTF / "cmss10.ttf", _TTF / "DejaVuSans-Bold.ttf"),
    (_TTF / "cmtt10.ttf", _TTF / "DejaVuSansMono-Bold.ttf"),
    (_NOTO, _NOTO),
)
HANDWRITING = _TTF / "STIXGeneralBolIta.ttf"
PLAIN = str.maketrans(dict.fromkeys("\n\r\t"))
WORDS = {
    "en": {
        "titles": "INVOICE;TAX INVOICE;RECEIPT;CASH SALES;ORDER;DELIVERY NOTE;STATEMENT;QUOTATION;APPLICATION FORM",
        "heads": "Item;Description;Qty;Price;Amount;Unit;Tax;Total;Code;Disc",
        "labels": "Date;Invoice No;Customer;Cashier;Table;Tel;Fax;Reg. No;Due date;Account;Terms;Order No;Page;Bill To",
        "sums": "Subtotal;Total;Net Total;Tax;Rounding;Cash;Change;Discount;Balance due;Total incl. tax;Paid",
        "ends": "Thank you, please come again;Goods sold are not returnable;Payable within 14 days;Have a nice day;"
        "Please keep this receipt;Prices include tax;Signature;Questions? Write to us",
        "fields": "First name;Last name;Date of birth;Street;Town;Postcode;Nationality;Telephone;E-mail;Occupation",
    },
    "zh": {
        "titles": "发票;收据;购物小票;订单;送货单;报价单;申请表;对账单",
        "heads": "品名;数量;单价;金额;规格;税率;合计;编号",
        "labels": "日期;发票号;客户;收银员;电话;地址;订单号;页码;开户行;账号",
        "sums": "小计;合计;税额;现金;找零;优惠;应付;实收",
        "ends": "谢谢惠顾，欢迎再来;商品售出概不退换;请保留小票;价格含税;签名;如有疑问请与我们联系",
        "fields": "姓名;性别;出生日期;地址;城市;邮编;国籍;电话;邮箱;职业",
    },
}


@dataclass(frozen=True)
class Words:
    """A source of made-up text in one language.

    Args:
        language: "en" (several languages in Latin letters) or "zh".
        random: that everything is drawn from.
        made_up: names, streets, sentences.
    """

    language: str
    random: np.random.Generator
    made_up: Faker

    def one_of(self, kind: str) -> str:
        """One of the usual words of a kind, such as "titles"."""
        return str(self.random.choice(WORDS[self.language][kind].split(";")))

    def number(self, most: float = 2000) -> str:
        """An amount of money, small ones more often."""
        value = float(most ** self.random.random())
        mark = str(self.random.choice(["", "", "", "€", "RM", "$", "£", "¥"]))
        text = f"{value:,.2f}"
        return f"{mark}{text}" if self.random.random() < 0.8 else f"{text} {mark}".strip()

    def code(self) -> str:
        """A number or code as registers print them."""
        digits = "".join(str(one) for one in self.random.integers(0, 10, int(self.random.integers(4, 13))))
        return str(self.random.choice(["", "", "#", "INV-", "TRN: ", "A", "No. "])) + digits

    def date(self) -> str:
        """A date, perhaps with a time."""
        year, month, day, hour, minute = (
            int(self.random.integers(low, high)) for low, high in ((1995, 2027), (1, 13), (1, 29), (0, 24), (0, 60))
        )
        kinds = (f"{day:02}/{month:02}/{year}", f"{year}-{month:02}-{day:02}", f"{day}.{month}.{year % 100:02}")
        time = f" {hour:02}:{minute:02}" if self.random.random() < 0.4 else ""
        return str(self.random.choice(kinds)) + time

    def company(self) -> str:
        """A firm's name."""
        return self._said(self.made_up.company)

    def person(self) -> str:
        """A person's name."""
        return self._said(self.made_up.name)

    def street(self) -> str:
        """A street and number."""
        return self._said(self.made_up.street_address)

    def town(self) -> str:
        """A town, with its postcode."""
        return f"{self.made_up.postcode()} {self._said(self.made_up.city)}"

    def product(self) -> str:
        """What was bought."""
        if self.language == "zh":
            return self._said(lambda: "".join(self.made_up.words(2)))
        text = " ".join(self.made_up.words(int(self.random.integers(1, 4))))
        return text.upper() if self.random.random() < 0.5 else text.capitalize()

    def sentence(self, words: int) -> str:
        """A sentence without sense."""
        text = self._said(lambda: self.made_up.sentence(nb_words=words))
        return text[: words * 2] if self.language == "zh" else text

    def _said(self, source: Callable[[], str]) -> str:
        text = source().translate(PLAIN)
        return text.upper() if self.random.random() < 0.2 else text


@cache
def _faker(locale: str) -> Faker:
    return Faker(locale, use_weighting=False)


def words_of(random: np.random.Generator, chinese: bool) -> Words:
    """A source of text that says the same for the same generator.

    Args:
        random: that everything is drawn from.
        chinese: whether in Chinese letters.
    """
    made_up = _faker(CHINESE if chinese else str(random.choice(LATIN)))
    made_up.seed_instance(int(random.integers(1 << 31)))
    return Words("zh" if chinese else "en", random, made_up)


@cache
def font(path: Path, size: int) -> ImageFont.FreeTypeFont:
    """A font of a size in pixels."""
    return ImageFont.truetype(str(path), size, layout_engine=ImageFont.Layout.BASIC)


def hand(random: np.random.Generator, chinese: bool) -> tuple[Path, Path]:
    """Regular and bold of one typeface; in Chinese the only one that has the signs."""
    return HANDS[-1] if chinese else HANDS[int(random.integers(len(HANDS)))]
