"""Links as data: what a link keeps comes back, and whatever anybody writes into one is checked or ignored."""

from urllib.parse import parse_qs, urlencode

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from dsn.measuring.comparison import CONDITIONS
from dsn.serials import Serial, SerialError
from dsn.student.collection import Collection, load_collection
from dsn.ui.serving.page_state import NAMES, STEPS, TABS, PageState, first_wrong, from_query

COLLECTION = load_collection()
STUDENTS = [(one.name, customer) for one in COLLECTION.applications() for customer in COLLECTION.customers(one.name)]


@st.composite
def states(draw: st.DrawFn) -> PageState:
    """Any state the page can be in."""
    task, customer = draw(st.sampled_from(STUDENTS))
    count = len(COLLECTION.valid_serial(task, customer).bits)
    serials = st.integers(0, 2**count - 1).map(lambda number: Serial.from_number(number, count))
    return PageState(
        task,
        customer,
        draw(st.integers(0, len(COLLECTION.held_out[task].split) - 1)),
        draw(st.none() | serials),
        draw(st.none() | st.sampled_from(CONDITIONS)),
        draw(st.integers(0, STEPS)),
        draw(st.sampled_from(TABS)),
        draw(st.sampled_from(COLLECTION.locks(task, customer))),
    )


def is_possible(state: PageState, collection: Collection) -> bool:
    """Whether the page has all of it, asked of the collection itself."""
    valid = collection.serials[f"{state.task}/{state.customer}"]
    return (
        f"{state.task}/{state.customer}" in collection.students
        and state.picture in range(len(collection.held_out[state.task].split))
        and (state.serial is None or len(state.serial.bits) == len(valid.bits))
        and state.condition in (None, *CONDITIONS)
        and state.step in range(STEPS + 1)
        and state.tab in TABS
        and state.lock in collection.locks(state.task, state.customer)
    )


@given(states())
def test_a_link_keeps_the_state(state: PageState) -> None:
    assert from_query(state.to_query(), COLLECTION) == (state, ())
    assert from_query("?present=1&" + state.to_query() + "&lang=zh", COLLECTION) == (state, ())


def test_a_first_visit_is_the_first_student_with_a_wrong_serial() -> None:
    state, ignored = from_query("", COLLECTION)
    assert (state.task, state.customer, state.tab, state.step, ignored) == ("digits", "alder", "compare", 0, ())
    assert state.serial is not None and state.serial.distance(COLLECTION.serials["digits/alder"]) == 8


ANYTHING = (
    st.text(max_size=80)
    | st.sampled_from(["digits", "signs", "paper", "none", "0", "999", "1000", "-1", "1e3", "٣", "compare", "absent"])
    | st.sampled_from(["javascript:alert(1)", "http://example.org/x.png", "<script>alert(1)</script>", "../../etc"])
    | st.sampled_from(["0" * 30, "9" * 5000, "é" * 10_000, "\x00", "\ud800", "%", "&", "__class__"])
)


@given(st.lists(st.tuples(st.sampled_from(NAMES) | st.text(max_size=8), ANYTHING), max_size=60), st.text(max_size=40))
def test_whatever_is_written_into_a_link_gives_a_state_the_page_has(pairs: list[tuple[str, str]], rest: str) -> None:
    for query in (urlencode(pairs, errors="replace"), "&".join(f"{name}={value}" for name, value in pairs) + rest):
        state, ignored = from_query(query, COLLECTION)
        assert is_possible(state, COLLECTION)
        assert set(ignored) <= set(NAMES)
        assert from_query(state.to_query(), COLLECTION) == (state, ())


@given(st.sampled_from(NAMES), ANYTHING)
def test_a_value_is_taken_or_named_as_ignored(name: str, value: str) -> None:
    assume("\ud800" not in value)
    state, ignored = from_query(urlencode({name: value}), COLLECTION)
    default, _ = from_query("", COLLECTION)
    if ignored:
        assert state == default and ignored in ((name,), NAMES)  # all of them where the query is too long
    elif name == "serial":
        try:
            assert state.serial == (None if value == "none" else Serial.parse(value))
        except SerialError:
            pytest.fail(f"{value!r} was taken for a serial")
    else:
        taken = str(getattr(state, name))
        assert taken == value or (value.isdecimal() and int(taken) == int(value))


@given(states(), st.sampled_from(NAMES))
def test_a_repeated_parameter_is_ignored(state: PageState, name: str) -> None:
    given_twice = parse_qs(state.to_query()).get(name)
    assume(given_twice)
    _, ignored = from_query(f"{state.to_query()}&{urlencode({name: given_twice}, doseq=True)}", COLLECTION)
    assert name in ignored


def test_a_serial_of_another_length_and_too_much_are_ignored() -> None:
    short = COLLECTION.serials["digits/paper"]
    state, ignored = from_query(f"customer=alder&serial={short.text}", COLLECTION)
    assert ignored == ("serial",) and state.serial == first_wrong(COLLECTION.serials["digits/alder"])
    assert from_query(f"customer=paper&serial={short.text}", COLLECTION)[0].serial == short
    default, _ = from_query("", COLLECTION)
    assert from_query("x=" + "a" * 10_000, COLLECTION) == (default, NAMES)
    assert from_query("&".join("x=1" for _ in range(100)), COLLECTION) == (default, NAMES)
