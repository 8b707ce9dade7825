"""Serials: what people read, type and mistype, against base32 by hand."""

import json
import math
import random
import string

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from dsn.applications.held_out import ASSETS
from dsn.serials import Serial, SerialError, near_miss, near_misses, random_serial

DIGITS = string.digits + "".join(letter for letter in string.ascii_uppercase if letter not in "ILOU")
CHECK_DIGITS = DIGITS + "*~$=U"
LOOKALIKES = {"0": "0Oo", "1": "1IiLl"}

bit_counts = st.sampled_from([64, 9])
serials = bit_counts.flatmap(
    lambda count: st.integers(0, 2**count - 1).map(lambda number: Serial.from_number(number, count))
)


def written(number: int, characters: int) -> str:
    """Crockford's base32 with the check symbol, by hand."""
    digits, left = "", number
    for _ in range(characters):
        left, digit = divmod(left, 32)
        digits = DIGITS[digit] + digits
    return digits + CHECK_DIGITS[number % 37]


def refusal(text: str) -> str:
    """The sentence a person sees, once it is known to be a single one."""
    with pytest.raises(SerialError) as caught:
        Serial.parse(text)
    message = str(caught.value)
    assert message.endswith(".") and "\n" not in message and ". " not in message
    return message


@given(bit_counts, st.data())
def test_text_is_base32(bit_count: int, data: st.DataObject) -> None:
    number = data.draw(st.integers(0, 2**bit_count - 1))
    serial = Serial.from_number(number, bit_count)
    assert serial.bits == tuple(int(bit) for bit in format(number, f"0{bit_count}b"))
    assert serial.text.replace("-", "") == written(number, 13 if bit_count == 64 else 2)
    assert [len(group) for group in serial.text.split("-")] == ([5, 5, 4] if bit_count == 64 else [3])
    assert Serial.parse(serial.text) == serial == Serial.from_bits(serial.bits)
    assert (serial.number, str(serial)) == (number, serial.text)


def test_published_example_of_the_check_symbol() -> None:
    """1234 is 16J, and 16JD with its check symbol, in the documentation of other implementations."""
    assert Serial.from_number(1234).text == "00000-00000-16JD"


@given(serials, st.data())
def test_forgiven_input(serial: Serial, data: st.DataObject) -> None:
    typed = ""
    for symbol in serial.text.replace("-", ""):
        ways = LOOKALIKES.get(symbol, symbol + symbol.lower())
        typed += data.draw(st.sampled_from(ways)) + data.draw(
            st.sampled_from(["", "", " ", "-", " - ", "\t", "\u00a0", "\u2011", "\u2013", "\u2212"])
        )
    assert Serial.parse(f" {typed}\n") == serial


@pytest.mark.parametrize("bit_count", [64, 9])
def test_every_wrong_character_is_refused(bit_count: int) -> None:
    source = random.Random(1)
    for _ in range(10):
        text = Serial.from_number(source.getrandbits(bit_count), bit_count).text.replace("-", "")
        for place, right in enumerate(text):
            for wrong in set(CHECK_DIGITS) - {right}:
                refusal(text[:place] + wrong + text[place + 1 :])


@pytest.mark.parametrize("bit_count", [64, 9])
def test_every_swap_of_neighbours_is_refused(bit_count: int) -> None:
    source = random.Random(2)
    for _ in range(50):
        text = Serial.from_number(source.getrandbits(bit_count), bit_count).text.replace("-", "")
        for place in range(len(text) - 1):
            swapped = text[:place] + text[place + 1] + text[place] + text[place + 2 :]
            if swapped != text:
                refusal(swapped)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "Type a serial number first"),
        (" - ", "Type a serial number first"),
        ("00000-00000-16J", "this has 13"),
        ("00000-00000-16JDD", "this has 15"),
        ("16", "this has 2"),
        ("00000-00000-1#JD", "'#' at place 12 is not a character"),
        ("00000-00000-1UJD", "'U' at place 12 is not a character"),
        ("00000-00000-16J?", "'?' at place 14 is not a character"),
        ("00000-00000-16JE", "check symbol 'E'"),
        ("BM3", "check symbol '3'"),
    ],
)
def test_each_fault_has_its_sentence(text: str, told: str) -> None:
    assert told in refusal(text)


@given(st.integers(2**64, 2**65 - 1), st.integers(2**9, 2**10 - 1))
def test_numbers_beyond_the_bits_are_refused(long: int, short: int) -> None:
    """The first character has a bit to spare, which must be zero: two texts of one serial would be a trap."""
    assert "too large for 64 bits" in refusal(written(long, 13))
    assert "too large for 9 bits" in refusal(written(short, 2))


@pytest.mark.parametrize("number", [-1, 2**9, 2**64])
def test_numbers_that_do_not_fit_make_no_serial(number: int) -> None:
    with pytest.raises(SerialError, match="does not fit into 9 bits"):
        Serial.from_number(number, 9)


@pytest.mark.parametrize("place", [-1, 9, 64])
def test_a_place_beyond_the_serial_is_not_flipped(place: int) -> None:
    with pytest.raises(IndexError):
        Serial.from_number(5, 9).flipped(0, place)


@given(st.text(max_size=20) | st.text(CHECK_DIGITS + "oil- ", min_size=3, max_size=16))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        serial = Serial.parse(text)
    except SerialError:
        refusal(text)
    else:
        assert Serial.parse(serial.text) == serial


def test_bits_of_any_kind_are_taken() -> None:
    bits = (1, 0, 0, 1, 1, 0, 1, 0, 1)
    for same in (list(bits), np.array(bits), torch.tensor(bits), torch.tensor(bits) == 1, (float(bit) for bit in bits)):
        assert Serial.from_bits(same).bits == bits
    assert Serial.from_bits(bits).side == 3
    assert Serial.from_number(0).side == 8


@pytest.mark.parametrize("bits", [[], [1] * 8, [0] * 63, [1] * 65, [2] + [0] * 8, [0.5] + [0] * 8, [-1] + [0] * 63])
def test_other_bits_are_refused(bits: list[float]) -> None:
    with pytest.raises(SerialError):
        Serial.from_bits(bits)


@given(serials)
def test_issuable_serials_have_enough_of_both_bits(serial: Serial) -> None:
    rarer = min(serial.bits.count(0), serial.bits.count(1))
    assert serial.is_issuable == (rarer >= math.ceil(len(serial.bits) / 4))


def test_random_serials_are_all_the_issuable_ones_but_one() -> None:
    every = {Serial.from_number(number, 9) for number in range(512)}
    issuable = {serial for serial in every if 3 <= sum(serial.bits) <= 6}
    unlike = min(issuable, key=lambda serial: serial.number)
    source = random.Random(3)
    assert {random_serial(9, unlike=unlike, source=source) for _ in range(8000)} == issuable - {unlike}


def test_random_serials_follow_their_source() -> None:
    assert random_serial(source=random.Random(4)) == random_serial(source=random.Random(4))
    assert random_serial() != random_serial()


@given(serials, st.integers(0, 2**32))
def test_near_misses(serial: Serial, seed: int) -> None:
    misses = near_misses(serial)
    assert len(set(misses)) == len(serial.bits)
    assert all(
        miss.distance(serial) == 1 and miss.bits[place] != serial.bits[place] for place, miss in enumerate(misses)
    )
    assert near_miss(serial, source=random.Random(seed)) in misses
    assert serial.inverted().number == serial.number ^ (2 ** len(serial.bits) - 1)
    assert serial.flipped(0, 5).flipped(5, 0) == serial


def test_serials_of_different_lengths_have_no_distance() -> None:
    with pytest.raises(ValueError):
        Serial.from_number(0, 64).distance(Serial.from_number(0, 9))


def test_demo_serials() -> None:
    texts = json.loads((ASSETS / "demo_serials.json").read_text("utf-8"))
    read = {name: Serial.parse(text) for name, text in texts.items()}
    assert {name: serial.text for name, serial in read.items()} == texts
    assert all(serial.is_issuable for serial in read.values())
    for task in ("digits", "signs", "faces"):
        lengths = [len(serial.bits) for name, serial in read.items() if name.startswith(f"{task}/")]
        assert sorted(lengths) == [9] * 2 + [64] * 6
    stamped = {name: serial for name, serial in read.items() if not name.endswith("-sealed")}
    assert {f"{name}-sealed": serial for name, serial in stamped.items()} | stamped == read
    assert len(set(stamped.values())) == len(stamped)
