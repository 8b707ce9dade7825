"""Links as data: what a link keeps comes back, and whatever anybody writes into one is checked or left out."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from urllib.parse import parse_qs, urlencode

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from playwright.sync_api import Browser

from dsn.measuring.comparison import CONDITIONS
from dsn.serials import Serial, SerialError
from dsn.student.collection import LOCKS, load_collection
from dsn.ui.compare.chosen_picture import NO_SERIAL, first_wrong
from dsn.ui.compare.page_script import SHARED, as_json, page_data, read_script, sections
from dsn.ui.engine.sources import serials_script
from dsn.ui.lesson.steps import STEPS, step_serial
from dsn.ui.texts import load_texts

COLLECTION, TEXTS = load_collection(), load_texts("en")
STUDENTS = [(one.name, customer) for one in COLLECTION.applications() for customer in COLLECTION.customers(one.name)]
NAMES = ("task", "customer", "lock", "picture", "serial", "condition", "step", "tab")
TABS = tuple(TEXTS["page"]["tabs"])
READ = """(query) => {
  const { state, ...others } = readLink(query);
  return { ...others, ...state, serial: state.serial && serialText(state.serial) };
}"""


@dataclass(frozen=True)
class State:
    """Everything a link keeps."""

    task: str
    customer: str
    picture: int
    serial: Serial | None
    condition: str | None = None
    step: int = 0
    tab: str = TABS[0]
    lock: str = LOCKS[0]

    def to_query(self) -> str:
        """As the page writes it into its address."""
        values = {"task": self.task, "customer": self.customer, "picture": str(self.picture)}
        values["serial"] = self.serial.text if self.serial else NO_SERIAL
        optional = {"lock": self.lock, "condition": self.condition, "step": self.step, "tab": self.tab}
        usual = {"lock": LOCKS[0], "condition": None, "step": 0, "tab": TABS[0]}
        return urlencode(values | {name: str(one) for name, one in optional.items() if one != usual[name]})


Reader = Callable[[str], tuple[State, tuple[str, ...]]]


@pytest.fixture(scope="module")
def read(browser: Browser) -> Iterator[Reader]:
    """What the page's script makes of a query: a state, and the names of what it left out."""
    data = as_json(page_data(TEXTS, COLLECTION))
    known = [f"const TEXTS = {as_json(sections(TEXTS))};", f"const DATA = {data};", serials_script()]
    context = browser.new_context()
    page = context.new_page()
    page.add_script_tag(content="\n".join([*known, *map(read_script, SHARED)]))

    def read_there(query: str) -> tuple[State, tuple[str, ...]]:
        found = page.evaluate(READ, query)
        ignored, serial = tuple(found.pop("ignored")), found.pop("serial")
        return State(picture=found.pop("index"), serial=serial and Serial.parse(serial), **found), ignored

    yield read_there
    context.close()


@st.composite
def states(draw: st.DrawFn) -> State:
    """Any state the page can be in."""
    task, customer = draw(st.sampled_from(STUDENTS))
    count = len(COLLECTION.valid_serial(task, customer).bits)
    serials = st.integers(0, 2**count - 1).map(lambda number: Serial.from_number(number, count))
    return State(
        task,
        customer,
        draw(st.integers(0, len(COLLECTION.held_out[task].split) - 1)),
        draw(st.none() | serials),
        draw(st.none() | st.sampled_from(CONDITIONS)),
        draw(st.integers(0, len(STEPS))),
        draw(st.sampled_from(TABS)),
        draw(st.sampled_from(COLLECTION.locks(task, customer))),
    )


def is_possible(state: State) -> bool:
    """Whether the page has all of it, asked of the collection itself."""
    valid = COLLECTION.serials[f"{state.task}/{state.customer}"]
    return (
        f"{state.task}/{state.customer}" in COLLECTION.students
        and state.picture in range(len(COLLECTION.held_out[state.task].split))
        and (state.serial is None or len(state.serial.bits) == len(valid.bits))
        and state.condition in (None, *CONDITIONS)
        and state.step in range(len(STEPS) + 1)
        and state.tab in TABS
        and state.lock in COLLECTION.locks(state.task, state.customer)
    )


@given(state=states())
def test_a_link_keeps_the_state(read: Reader, state: State) -> None:
    assert read(state.to_query()) == (state, ())
    assert read("?present=1&" + state.to_query() + "&lang=zh") == (state, ())


def test_a_first_visit_is_the_first_student_with_a_wrong_serial(read: Reader) -> None:
    state, ignored = read("")
    assert (state.task, state.customer, state.tab, state.step, ignored) == ("digits", "alder", "compare", 0, ())
    assert state.serial is not None and state.serial.distance(COLLECTION.serials["digits/alder"]) == 8


def test_a_link_to_a_step_alone_is_what_the_step_shows(read: Reader) -> None:
    for number, step in enumerate(STEPS, start=1):
        serial = step_serial(COLLECTION, step)
        shown = State(step.task, step.customer, step.picture, serial, step=number, lock=step.lock)
        assert read(f"step={number}") == (shown, ())
    first = State("digits", "alder", 0, first_wrong(COLLECTION.serials["digits/alder"]), step=3)
    assert read("step=3&picture=0") == (first, ())


ANYTHING = (
    st.text(max_size=80)
    | st.sampled_from(["digits", "signs", "paper", "none", "0", "999", "1000", "-1", "1e3", "٣", "compare", "absent"])
    | st.sampled_from(["javascript:alert(1)", "http://example.org/x.png", "<script>alert(1)</script>", "../../etc"])
    | st.sampled_from(["0" * 30, "9" * 5000, "é" * 10_000, "\x00", "%", "&", "__class__", "__proto__", "constructor"])
)


@given(
    pairs=st.lists(st.tuples(st.sampled_from(NAMES) | st.text(max_size=8), ANYTHING), max_size=60),
    rest=st.text(max_size=40),
)
def test_whatever_is_written_into_a_link_gives_a_state_the_page_has(
    read: Reader, pairs: list[tuple[str, str]], rest: str
) -> None:
    for query in (urlencode(pairs), "&".join(f"{name}={value}" for name, value in pairs) + rest):
        state, ignored = read(query)
        assert is_possible(state)
        assert set(ignored) <= set(NAMES)
        assert read(state.to_query()) == (state, ())


@given(name=st.sampled_from(NAMES), value=ANYTHING)
def test_a_value_is_taken_or_named_as_ignored(read: Reader, name: str, value: str) -> None:
    state, ignored = read(urlencode({name: value}))
    if ignored:
        assert state == read("")[0] and ignored in ((name,), NAMES)  # all of them where the query is too long
    elif name == "serial":
        try:
            assert state.serial == (None if value == NO_SERIAL else Serial.parse(value))
        except SerialError:
            pytest.fail(f"{value!r} was taken for a serial")
    else:
        taken = str(getattr(state, name))
        assert taken == value or (value.isdecimal() and int(taken) == int(value))


@given(state=states(), name=st.sampled_from(NAMES))
def test_a_repeated_parameter_is_ignored(read: Reader, state: State, name: str) -> None:
    given_twice = parse_qs(state.to_query()).get(name)
    assume(given_twice)
    _, ignored = read(f"{state.to_query()}&{urlencode({name: given_twice}, doseq=True)}")
    assert name in ignored


def test_a_serial_of_another_length_and_too_much_are_ignored(read: Reader) -> None:
    short = COLLECTION.serials["digits/paper"]
    state, ignored = read(f"customer=alder&serial={short.text}")
    assert ignored == ("serial",) and state.serial == first_wrong(COLLECTION.serials["digits/alder"])
    assert read(f"customer=paper&serial={short.text}")[0].serial == short
    default, _ = read("")
    assert read("x=" + "a" * 10_000) == (default, NAMES)
    assert read("&".join("x=1" for _ in range(100))) == (default, NAMES)
