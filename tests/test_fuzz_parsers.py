"""Whatever is fed to the three parsers, they answer or refuse with their own error, in one bounded sentence.

`DSN_FUZZ=34000 python -m pytest tests/test_fuzz_parsers.py --hypothesis-seed=1` tries so many cases of each, and
records the run in assets/results/fuzz.json. What broke a parser stays here as an example, or in that parser's tests.
"""

import json
import os
import struct
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from safetensors.torch import save

from dsn.owner.errors import OwnerError
from dsn.owner.ledger.csv_tables import parse_customers, table_text
from dsn.owner.names import CUSTOMER
from dsn.owner.trace.suspect import read_suspect
from dsn.results.store import provenance, record
from dsn.serials import ALPHABET, CHECK_ALPHABET, Serial, SerialError

CASES = settings(
    max_examples=int(os.environ.get("DSN_FUZZ", "150")),
    deadline=None,
    suppress_health_check=list(HealthCheck),
    derandomize="DSN_FUZZ" not in os.environ,
)
LONGEST = 600  # characters of a message
WORTH_RECORDING = 100_000  # cases in all


@pytest.fixture(scope="module")
def cases(request: pytest.FixtureRequest) -> Iterator[Counter[str]]:
    """How many cases each parser was given; a long run that found nothing is recorded."""
    begin, counted = time.monotonic(), Counter[str]()
    yield counted
    if counted.total() >= WORTH_RECORDING and not request.session.testsfailed:
        seconds = round(time.monotonic() - begin)
        seed = int(request.config.getoption("--hypothesis-seed") or 0)
        record("fuzz", "parsers", {"cases": dict(counted), "seconds": seconds, **provenance(seed, "cpu")})


TYPED = st.one_of(
    st.text(max_size=40),
    st.text(st.sampled_from(ALPHABET + CHECK_ALPHABET + "oOiIlL -–\u2212\n\x00é"), max_size=20),
    st.text(st.sampled_from(ALPHABET), min_size=13, max_size=14),
    st.integers(0, 2**64 - 1).map(lambda number: Serial.from_number(number).text),
    st.tuples(st.integers(0, 2**64 - 1), st.integers(0, 15), st.characters()).map(
        lambda drawn: "".join(
            drawn[2] if place == drawn[1] else c for place, c in enumerate(Serial.from_number(drawn[0]).text)
        )
    ),
)


@CASES
@given(text=TYPED)
@example(text="ﬀ" * 14)
@example(text="ß-İ" * 7)
@example(text="٣" * 14)
def test_a_typed_serial(cases: Counter[str], text: str) -> None:
    cases["serial"] += 1
    try:
        serial = Serial.parse(text)
    except SerialError as error:
        assert 0 < len(str(error)) < LONGEST
    else:
        assert Serial.parse(serial.text) == serial


SAMPLE = save({"a": torch.ones(2, 3), "b.c": torch.zeros(4, dtype=torch.int64)}, metadata={"format": "pt"})
VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(-5, 40), st.integers(), st.floats(), st.text(max_size=5)),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
    max_leaves=8,
)
SHAPED = st.fixed_dictionaries(
    {
        "dtype": st.sampled_from(["F32", "F16", "BF16", "F64", "I64", "I8", "BOOL", "F8_E4M3", "U4"]) | VALUES,
        "shape": st.lists(st.integers(-2, 9) | st.just(2**63), max_size=4) | VALUES,
        "data_offsets": st.lists(st.integers(-4, 80) | st.just(2**64), max_size=3) | VALUES,
    }
)
HEADERS = st.dictionaries(st.text(max_size=6) | st.just("__metadata__"), SHAPED | VALUES, max_size=4)
MUTATIONS = st.lists(st.tuples(st.integers(0, len(SAMPLE) - 1), st.integers(0, 255)), min_size=1, max_size=5)


def mutated(changes: list[tuple[int, int]]) -> bytes:
    content = bytearray(SAMPLE)
    for place, value in changes:
        content[place] = value
    return bytes(content)


FILES = st.one_of(
    st.binary(max_size=60),
    MUTATIONS.map(mutated),
    st.integers(0, len(SAMPLE)).map(lambda length: SAMPLE[:length]),
    st.tuples(HEADERS, st.integers(0, 80), st.integers(-3, 3)).map(
        lambda drawn: (
            struct.pack("<Q", max(0, len(json.dumps(drawn[0])) + drawn[2]))
            + json.dumps(drawn[0]).encode()
            + b"\0" * drawn[1]
        )
    ),
)


@pytest.fixture(scope="module")
def upload(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("fuzz") / "model.safetensors"


@CASES
@given(content=FILES)
def test_an_uploaded_safetensors(cases: Counter[str], upload: Path, content: bytes) -> None:
    cases["safetensors"] += 1
    upload.write_bytes(content)
    with pytest.raises(OwnerError) as refused:  # even a sound one: it is not of a student's shape
        read_suspect(upload)
    message = str(refused.value)
    assert 0 < len(message) < LONGEST + len(str(upload)) and message.isprintable()


TABLES = st.one_of(
    st.binary(max_size=60).map(lambda content: b"customer\n" + content),
    st.binary(max_size=40),
    st.text(st.sampled_from('customer,;"\n\r\t =+-@abc-_1é\ufeff\x00'), max_size=40).map(
        lambda text: f"customer,x\n{text}".encode()
    ),
    st.lists(st.from_regex(r"\A[a-z0-9_-]{1,12}\Z"), max_size=6).map(
        lambda names: "\n".join(["customer", *names]).encode()
    ),
)


@CASES
@given(content=TABLES)
@example(content=b'customer\n"' + b"a" * 140_000)
@example(content=b"customer\n\x00\n")
@example(content=b"customer\r\ra\n")
def test_a_table_of_customers(cases: Counter[str], content: bytes) -> None:
    cases["csv"] += 1
    try:
        found = parse_customers(content, "t.csv")
    except OwnerError as error:
        assert 0 < len(str(error)) < LONGEST and "\n" not in str(error)
        return
    assert found and len(set(found)) == len(found)
    assert all(CUSTOMER.fullmatch(name) for name in found)
    assert parse_customers(table_text(["customer"], [[name] for name in found]).encode(), "t.csv") == found
