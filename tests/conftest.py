"""What is done with all tests: each is marked with its ring, and finds the fixtures that they share."""

import gc
import os

if "PYTEST_XDIST_WORKER" in os.environ:  # one core for each: threads of two workers wait for each other
    os.environ.setdefault("OMP_NUM_THREADS", "1")

import pytest

# Files of a slower ring as a whole, besides the folders of that name; what asks for a browser is marked by that.
# `make check` leaves them all out.
RINGS = {
    "training": (
        "test_application_record", "test_arrivals", "test_bench", "test_bounded_memory", "test_distill",
        "test_finishing", "test_notebook", "test_own_command", "test_own_notebook",
        "test_owner_fleet", "test_owner_minting", "test_quick_mint", "test_splits", "test_together",
        "test_trace_measure", "test_mint_tab", "test_hub_trouble", "test_ideas",
    ),
    "attacks": ("test_attack_tab",),
    "browser": ("test_disk", "test_load", "test_surroundings"),  # they ask a running page without one
}  # fmt: skip

# Files with a browser that take longest: the first of these, so that short ones end a run and both workers with it.
LONGEST = (
    "test_accessibility", "test_browser", "test_browser_attack", "test_browser_engine", "test_browser_mint",
    "test_browser_mint_offer", "test_look", "test_static",
)  # fmt: skip


def pytest_configure(config: pytest.Config) -> None:
    """Have the fixtures ready; a process that only hands tests out to workers starts without torch and a browser."""
    hands_out = config.getoption("dist", "no") != "no" and not hasattr(config, "workerinput")
    if not hands_out:
        gc.disable()  # what is imported stays, so nothing is looked for in it, time and again
        config.pluginmanager.import_plugin("shared")


def pytest_collection_finish() -> None:
    """From now on garbage is looked for, but not in what was imported."""
    gc.freeze()
    gc.enable()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark every test with its ring. Files with a browser come last: its loop stays in the thread that opened it."""
    for item in items:
        if {"address", "browser"} & set(getattr(item, "fixturenames", ())):
            item.add_marker(pytest.mark.browser)
        for ring, files in RINGS.items():
            if item.path.stem in files or item.path.parent.name == ring:
                item.add_marker(getattr(pytest.mark, ring))
    without_one = RINGS["browser"]
    in_browser = {
        item.path for item in items if item.get_closest_marker("browser") and item.path.stem not in without_one
    }
    items.sort(key=lambda item: (item.path in in_browser, item.path.stem not in LONGEST))
