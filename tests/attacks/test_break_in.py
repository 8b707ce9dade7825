"""The break-in: which ways open which level, on the networks that are shipped."""

import pytest

from dsn.attacks.break_in import breaking_in, with_literal
from dsn.attacks.kit.levels import LEVELS, TASK
from dsn.student.collection import Collection, load_collection

BY_NAME = {level.name: level for level in LEVELS}


@pytest.fixture(scope="module")
def collection() -> Collection:
    found = with_literal(load_collection())
    assert found
    return found


@pytest.mark.parametrize(
    ("name", "way", "opens"),
    [("literal", "brute-force", True), ("short", "run", False), ("sealed", "run", False), ("sealed", "ask", True)],
)
def test_a_way_opens_a_level_or_does_not(collection: Collection, name: str, way: str, opens: bool) -> None:
    *before, last = breaking_in(collection, BY_NAME[name], way)
    assert last.fell is opens and before and all(moment.fell is None for moment in before)
    right = sum(one.is_right for one in last.copy.readings)
    assert right > 9 if opens else right < 6
    pictures = len(collection.held_out[TASK].split)
    assert last.figures["pictures"] == pictures
    if name == "short":
        assert last.figures["silent"] == pictures and last.figures["right"] == 0


def test_a_page_without_a_levels_network_has_no_break_in(collection: Collection) -> None:
    few = {name: one for name, one in collection.students.items() if name != "digits/alder"}
    assert with_literal(Collection(few, collection.origins, collection.serials, collection.held_out)) is None
