"""Visitors who mint: what one has no other sees, all of it is bounded, and it goes when they go."""

import base64
import re
import threading
import time
import zipfile
from dataclasses import asdict, replace
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from disk import files, files_no_larger_than
from gated_students import gated_student
from hypothesis import given
from hypothesis import strategies as st

from dsn import Student
from dsn.allowance import Allowance, VisitorLimits
from dsn.applications.held_out import HeldOut
from dsn.applications.registry import BUILT_IN
from dsn.owner.claims import check_claim, read_claim
from dsn.owner.errors import OwnerError
from dsn.owner.keys import read_public
from dsn.owner.mint.lower_quality import LowerQuality
from dsn.owner.mint.progress import QuickMint
from dsn.owner.names import WRITTEN
from dsn.owner.visitors import Visitors, VisitorStudent, customer_word
from dsn.owner.weights import weights_hash
from dsn.places import ROOT

DIGITS = BUILT_IN["digits"]
LOWER = LowerQuality(QuickMint(epochs=1), 1 / 6, 100.0)
LIMITS = VisitorLimits(students_per_tab=2, students_in_all=4, waiting=3, mints_per_hour=4, mints_per_hour_in_all=9)


@pytest.fixture
def visitors(tmp_path: Path) -> Visitors:
    return Visitors(LIMITS, tmp_path)


def mint(visitors: Visitors, tab: str, customer: str, address: str = "somewhere") -> VisitorStudent:
    order = visitors.order(tab, address, DIGITS, customer)
    made, problem = visitors.keep(order, gated_student(order.claim.serial, customer), "# A card\n")
    assert problem == ""
    return made


@given(st.text(max_size=60) | st.text(alphabet="aZ-_ ./\\=\x00\u202e<é", max_size=60))
def test_what_becomes_of_a_name_is_a_word_or_one_sentence(text: str) -> None:
    try:
        word = customer_word(text)
    except OwnerError as error:
        assert len(str(error)) < 250 and "\n" not in str(error)
    else:
        assert WRITTEN.fullmatch(word) and all(one.isascii() or "一" <= one <= "鿿" for one in word)


def test_blanks_and_capitals_are_forgiven() -> None:
    assert customer_word("  Acme   Ltd\t2 ") == "acme-ltd-2"
    assert customer_word("明日 公司") == "明日-公司"


def test_the_parcel_holds_a_student_that_its_claim_unlocks_and_no_private_key(
    visitors: Visitors, tmp_path: Path, digits: HeldOut
) -> None:
    made = mint(visitors, "tab", "elm")
    assert made.download is not None
    with zipfile.ZipFile(made.download) as file:
        file.extractall(tmp_path / "got")
    got = tmp_path / "got"
    assert {str(path.relative_to(got)) for path in files(got)} == {
        "digits-elm/README.md",
        "digits-elm/config.json",
        "digits-elm/model.safetensors",
        "keep-secret/claim.json",
        "keep-secret/serial.txt",
        "public-key.pem",
    }
    student = Student.from_pretrained(got / "digits-elm")
    assert weights_hash(student.state_dict()) == made.weights
    public = read_public(got / "public-key.pem")
    proof = check_claim(read_claim(got / "keep-secret" / "claim.json"), public, student, digits.split)
    assert proof.is_special
    private = visitors._visitors["tab"].key.private_bytes_raw()
    whole = b"".join(path.read_bytes() for path in files(got))
    for spelling in (private, private.hex().encode(), base64.b64encode(private)):
        assert spelling not in whole
    assert b"PRIVATE" not in whole and load_pem_public_key((got / "public-key.pem").read_bytes()) == public


def test_no_visitor_sees_anothers(visitors: Visitors) -> None:
    first, second = mint(visitors, "first", "elm"), mint(visitors, "second", "elm")
    assert visitors.made("first") == [first] and visitors.made("second") == [second]
    assert visitors.made("third") == [] and visitors.issued("third", "digits") == []
    assert first.order.claim.serial != second.order.claim.serial
    assert first.order.claim.key != second.order.claim.key
    assert [one.serial for one in visitors.issued("first", "digits")] == [first.order.claim.serial]
    assert visitors.issued("first", "signs") == []
    assert first.download and second.download and first.download.parent.parent != second.download.parent.parent


def test_who_leaves_leaves_nothing(visitors: Visitors, tmp_path: Path) -> None:
    mint(visitors, "first", "elm")
    stays = mint(visitors, "second", "fir")
    order = visitors.order("first", "somewhere", DIGITS, "oak")
    visitors.leave("first")
    visitors.leave("first")
    assert files(tmp_path) == [stays.download]
    assert visitors.made("first") == [] and not visitors.is_wanted(order)
    with pytest.raises(OwnerError, match="wanted no more"):
        visitors.keep(order, gated_student(order.claim.serial), "")
    assert files(tmp_path) == [stays.download]


def test_whose_time_is_over_is_forgotten_at_the_next_order(tmp_path: Path) -> None:
    visitors = Visitors(replace(LIMITS, minutes_kept=0.0), tmp_path)
    mint(visitors, "first", "elm")
    time.sleep(0.01)
    stays = mint(visitors, "second", "fir")
    assert visitors.made("first") == [] and files(tmp_path) == [stays.download]


def test_the_oldest_goes_when_there_are_too_many(visitors: Visitors, tmp_path: Path) -> None:
    made = [mint(visitors, "tab", name) for name in ("elm", "fir", "oak")]
    assert visitors.made("tab") == made[1:]
    assert files(tmp_path) == sorted(one.download for one in made[1:] if one.download)
    assert [one.order.claim.verifier.number for one in made] == [1, 2, 3]


def test_one_order_at_a_time(visitors: Visitors) -> None:
    order = visitors.order("tab", "somewhere", DIGITS, "elm")
    with pytest.raises(OwnerError, match="still being made"):
        visitors.order("tab", "somewhere", DIGITS, "fir")
    other = visitors.order("other", "somewhere", DIGITS, "fir")
    assert (visitors.before(order), visitors.before(other)) == (0, 1)
    visitors.withdraw("tab")
    assert visitors.before(other) == 0 and not visitors.is_wanted(order)
    assert visitors.order("tab", "somewhere", DIGITS, "fir").claim.verifier.number == 2


def test_the_queue_is_bounded(visitors: Visitors) -> None:
    for tab in "abc":
        visitors.order(tab, tab, DIGITS, "elm")
    with pytest.raises(OwnerError, match="3 visitors are waiting"):
        visitors.order("d", "d", DIGITS, "elm")


def test_the_students_in_all_are_bounded(visitors: Visitors) -> None:
    for tab in ("a", "b", "c", "d"):
        mint(visitors, tab, "elm", tab)
    with pytest.raises(OwnerError, match="as many visitors' networks as it can"):
        visitors.order("e", "e", DIGITS, "elm")
    visitors.leave("b")
    assert mint(visitors, "e", "elm", "e").download


def test_orders_are_bounded_in_an_hour(visitors: Visitors) -> None:
    for _ in range(LIMITS.mints_per_hour):
        visitors.order("tab", "somewhere", DIGITS, "elm")
        visitors.withdraw("tab")
    for address in ("somewhere", "elsewhere"):
        with pytest.raises(OwnerError, match="4 networks an hour for one tab"):
            visitors.order("tab", address, DIGITS, "elm")
    for turn in range(2):
        visitors.order(f"tab {turn}", "somewhere", DIGITS, "elm")
        visitors.withdraw(f"tab {turn}")
    with pytest.raises(OwnerError, match="9 for all"):  # three quarters of them are this address's
        visitors.order("a third tab", "somewhere", DIGITS, "elm")
    for turn in range(3):
        visitors.order(f"tab {turn}", f"elsewhere {turn}", DIGITS, "elm")
        visitors.withdraw(f"tab {turn}")
    with pytest.raises(OwnerError, match="9 for all"):
        visitors.order("a fourth tab", "anywhere", DIGITS, "elm")


def test_an_allowance_is_exact_when_many_take_at_once() -> None:
    allowance, taken = Allowance(5, 12), []

    def take(visitor: int) -> None:
        for _ in range(20):
            if allowance.take(str(visitor), "everywhere"):
                taken.append(visitor)

    threads = [threading.Thread(target=take, args=(visitor % 4,)) for visitor in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(taken) == 12 and max(map(taken.count, taken)) <= 5


def test_a_full_disk_costs_the_file_and_not_the_student(visitors: Visitors, tmp_path: Path) -> None:
    order = visitors.order("tab", "somewhere", DIGITS, "elm")
    student = gated_student(order.claim.serial, "elm")
    with files_no_larger_than(10_000):
        made, problem = visitors.keep(order, student, "# A card\n")
    assert made.download is None and visitors.made("tab") == [made]
    assert problem.startswith("The file with the network could not be written") and problem.endswith(
        "mint again later."
    )
    assert str(tmp_path) not in problem and files(tmp_path) == []
    assert mint(visitors, "tab", "fir").download


def test_an_offer_is_the_same_order_at_the_end_of_the_queue(visitors: Visitors) -> None:
    first, second = (visitors.order(tab, tab, DIGITS, "elm") for tab in ("first", "second"))
    assert visitors.before(second) == 1
    visitors.offer(first, LOWER)
    assert visitors.is_offered("first") and not visitors.is_offered("second") and not visitors.is_offered("third")
    assert visitors.before(second) == 0 and visitors.is_wanted(first)
    agreed = visitors.accept("first")
    assert agreed == replace(first, lower=LOWER) and visitors.waiting_for("first") == agreed
    assert visitors.before(agreed) == 1 and not visitors.is_offered("first") and not visitors.is_wanted(first)
    made, _ = visitors.keep(agreed, gated_student(first.claim.serial, "elm"), "# A card\n")
    assert made.order.claim == first.claim and made.order.number == first.number


def test_an_offer_ends_with_its_time_with_a_new_order_and_with_its_visitor(visitors: Visitors) -> None:
    order = visitors.order("tab", "somewhere", DIGITS, "elm")
    visitors.offer(order, LOWER)
    visitors.limits = replace(visitors.limits, seconds_to_choose=0.0)
    with pytest.raises(OwnerError, match="offer has ended"):
        visitors.accept("tab")
    assert visitors.waiting_for("tab") is None and not visitors.is_offered("tab")
    visitors.limits = LIMITS
    visitors.offer(visitors.order("tab", "somewhere", DIGITS, "elm"), LOWER)
    new = visitors.order("tab", "somewhere", DIGITS, "fir")
    assert visitors.waiting_for("tab") == new and not visitors.is_offered("tab")
    visitors.offer(new, LOWER)
    visitors.leave("tab")
    visitors.offer(new, LOWER)
    assert not visitors.is_offered("tab")
    with pytest.raises(OwnerError, match="offer has ended"):
        visitors.accept("tab")


def test_the_readme_says_what_the_limits_are() -> None:
    lines = (ROOT / "dsn" / "owner" / "README.md").read_text("utf-8").splitlines()
    for name, value in asdict(VisitorLimits()).items():
        (line,) = [line for line in lines if f"`{name}`" in line]
        assert re.search(rf"(?<!\d){value:g}(?!\d)", line), name
