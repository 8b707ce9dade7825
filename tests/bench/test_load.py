"""The page under load, for seconds: what visitors do works, errors are counted, and they leave nothing behind."""

import asyncio
import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from dsn.bench.load.people import HABITS, habits_on
from dsn.bench.load.rows import Crowd, Mixed, Visits, Watch, crowd_rows, mixed_rows, visiting
from dsn.bench.load.tab import PageError, Tab
from dsn.bench.load.watch import RunningApp, running_app

pytestmark = pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="the system does not tell what it takes")


@pytest.fixture(scope="module")
def app() -> Iterator[RunningApp]:
    with running_app("tests/kit/small_page.py") as app:
        yield app


def test_a_crowd_of_seconds_has_no_error(app: RunningApp) -> None:
    crowd = Crowd(comparing=8, uploading=2, attacking=1, minting=1, minutes=0.1, pause=(0.05, 0.3))
    rows = {row.key: row for row in crowd_rows(crowd, app)}
    assert set(rows) == {"load-errors", "load-memory", "load-compare", "load-peak"}
    assert rows["load-errors"].met and rows["load-errors"].denominator >= 12
    assert "8 visitors comparing, 2 uploading, 1 attacking and 1 minting for 0.1 minutes" in rows["load-errors"].what
    assert rows["load-compare"].numerator >= 0 and rows["load-peak"].numerator > 100


def test_mixed_use_of_seconds_leaves_no_error_and_no_file(app: RunningApp) -> None:
    mixed = Mixed(visitors=4, minutes=0.1, settled=0.05, stays=3, pause=(0.0, 0.2), idle=0.5, patience=90)
    rows = {row.key: row for row in mixed_rows(mixed, app)}
    assert set(rows) == {"mixed-errors", "mixed-memory", "mixed-threads", "mixed-files", "mixed-peak"}
    assert rows["mixed-errors"].met and rows["mixed-files"].met, rows


def test_all_habits_can_be_had_on_the_page_in_both_languages(app: RunningApp) -> None:
    async def look(visits: Visits, _: Watch) -> None:
        for layout in visits.layouts:
            assert habits_on(Tab(visits.client, layout, "nobody", visits.log)).keys() == HABITS.keys()

    asyncio.run(visiting(app, 0, look))


def test_what_goes_wrong_is_counted_and_what_is_refused_is_told(app: RunningApp) -> None:
    async def go_wrong(visits: Visits, _: Watch) -> None:
        with visits.noting_errors():
            async with visits.tab(random.Random(0)) as tab:
                await tab.press("mint-button", mint_name="")
                assert sum(visits.log.refused.values()) == 1 and visits.log.errors == []
                await tab.call("compare", "digits", "nobody", "", 0, None, "")
        (error,) = visits.log.errors
        assert "PageError" in error and "nobody" in error
        with pytest.raises(PageError, match="not-there: 500"):
            await visits.tab(random.Random(0)).call("not-there")

    asyncio.run(visiting(app, 0, go_wrong))
