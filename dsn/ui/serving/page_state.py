"""What a link says about the page, read as data: every value is checked against what the page has, none is run."""

from dataclasses import dataclass
from typing import Literal
from urllib.parse import parse_qsl, urlencode

from dsn.measuring.comparison import CONDITIONS, Condition
from dsn.serials import Serial, SerialError
from dsn.student.collection import LOCKS, Collection
from dsn.ui.texts import DEFAULT_LANGUAGE, load_texts

Name = Literal["task", "customer", "lock", "picture", "serial", "condition", "step", "tab"]
NAMES: tuple[Name, ...] = ("task", "customer", "lock", "picture", "serial", "condition", "step", "tab")
TABS = tuple(load_texts(DEFAULT_LANGUAGE)["page"]["tabs"])
STEPS = 9  # of the lesson; 0 is none of them
NO_SERIAL = "none"
LONGEST_QUERY = 4096  # characters; a link of the page's own has under 200
LONGEST_VALUE = 64  # characters
MOST_FIELDS = 40


@dataclass(frozen=True)
class PageState:
    """Everything a link keeps.

    Attributes:
        task: an application of the collection.
        customer: one of its customers.
        picture: index of a held-out picture.
        serial: the entered one, of the student's length; None for none.
        condition: the panel in focus; None for none.
        step: of the lesson, 1 to `STEPS`; 0 where it is closed.
        tab: one of `TABS`.
        lock: that the customer's student stands under.
    """

    task: str
    customer: str
    picture: int
    serial: Serial | None
    condition: Condition | None = None
    step: int = 0
    tab: str = TABS[0]
    lock: str = LOCKS[0]

    def to_query(self) -> str:
        """The state as a query, without its question mark; what is usual is left out of its end."""
        values = {
            "task": self.task,
            "customer": self.customer,
            "picture": str(self.picture),
            "serial": self.serial.text if self.serial else NO_SERIAL,
        }
        if self.lock != LOCKS[0]:
            values["lock"] = self.lock
        if self.condition:
            values["condition"] = self.condition
        if self.step:
            values["step"] = str(self.step)
        if self.tab != TABS[0]:
            values["tab"] = self.tab
        return urlencode(values)


def first_wrong(valid: Serial) -> Serial:
    """The serial a first visit tries: the student's own with its diagonal changed."""
    return valid.flipped(*range(0, len(valid.bits), valid.side + 1))


def from_query(query: str, collection: Collection) -> tuple[PageState, tuple[Name, ...]]:
    """The state a query names, and the names of what in it had to be ignored.

    What is missing or ignored is as on a first visit. Other parameters are others' business.

    Args:
        query: of an address, with or without its question mark; from anybody.
        collection: what there is to show.
    """
    values, ignored = _values(query)
    task = _one_of(values.get("task"), [one.name for one in collection.applications()])
    customer = _one_of(values.get("customer"), collection.customers(task))
    lock = _one_of(values.get("lock"), collection.locks(task, customer))
    held = collection.held_out[task]
    picture = _number(values.get("picture"), len(held.labels) - 1)
    valid = collection.valid_serial(task, customer)
    serial, is_read = _serial(values.get("serial"), valid)
    condition = next((name for name in CONDITIONS if name == values.get("condition")), None)
    step = _number(values.get("step"), STEPS)
    tab = _one_of(values.get("tab"), list(TABS))
    understood = {
        "task": task == values.get("task"),
        "customer": customer == values.get("customer"),
        "lock": lock == values.get("lock"),
        "picture": picture is not None,
        "serial": is_read,
        "condition": condition is not None,
        "step": step is not None,
        "tab": tab == values.get("tab"),
    }
    ignored |= {name for name in values if not understood[name]}
    state = PageState(
        task, customer, held.first if picture is None else picture, serial, condition, step or 0, tab, lock
    )
    return state, tuple(name for name in NAMES if name in ignored)


def _values(query: str) -> tuple[dict[Name, str], set[Name]]:
    """The values of our parameters, each given once and short; and the names of the others."""
    if len(query) > LONGEST_QUERY:
        return {}, set(NAMES)
    try:
        pairs = parse_qsl(query.removeprefix("?"), keep_blank_values=True, max_num_fields=MOST_FIELDS)
    except ValueError:  # more fields than that
        return {}, set(NAMES)
    values: dict[Name, str] = {}
    ignored: set[Name] = set()
    for name in NAMES:
        found = [value for key, value in pairs if key == name]
        if len(found) == 1 and len(found[0]) <= LONGEST_VALUE:
            values[name] = found[0]
        elif found:
            ignored.add(name)
    return values, ignored


def _one_of(value: str | None, known: list[str]) -> str:
    return value if value in known else known[0]


def _number(value: str | None, most: int) -> int | None:
    """A plain decimal number from 0 to `most`."""
    if value is None or not (value.isascii() and value.isdecimal()) or len(value) > len(str(most)):
        return None
    return int(value) if int(value) <= most else None


def _serial(value: str | None, valid: Serial) -> tuple[Serial | None, bool]:
    """The serial, and whether the value gave it."""
    if value == NO_SERIAL:
        return None, True
    try:
        serial = Serial.parse(value or "")
    except SerialError:
        return first_wrong(valid), False
    return (serial, True) if serial.side == valid.side else (first_wrong(valid), False)
