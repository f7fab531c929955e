"""For the tests of the core and of every plugin: what a shared, busy machine asks for."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path, PurePosixPath

import pytest
from hypothesis import HealthCheck, settings

from tests.support import slow_tests

# Speed is not what these laws are about, and a first call pays for an import.
settings.register_profile("unhurried", deadline=None, suppress_health_check=[HealthCheck.too_slow])
# The same cases each time, so that a change is blamed only for what it changed. New ones are
# looked for by HYPOTHESIS_PROFILE=explore.
settings.register_profile("repeatable", settings.get_profile("unhurried"), derandomize=True)
settings.register_profile("explore", settings.get_profile("unhurried"), max_examples=1000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "repeatable"))

# No test may reach for a hub; set before any library reads it.
os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")

ROOT = Path(__file__).parent

SLOW = slow_tests.read()
"""What `make test-fast` leaves out, as `make slow-tests` has measured it."""

SLOW_EVERYWHERE = (
    "test_a_malformed_reply_is_an_abstention_and_never_a_guess",
    "test_importing_its_module_loads_nothing_heavy_and_touches_nothing",
    "test_the_same_seed_gives_the_same_outcome",
)
"""Slow tests of the conformance kit, whose users need not know this marker."""


FAULTS = (path.relative_to(ROOT) for path in ROOT.glob("tests/end_to_end/test_faults_*.py"))

TARGETS = {
    "faults": frozenset(path.as_posix() for path in FAULTS),
    "gallery": frozenset(
        {"tests/end_to_end/test_recipes.py", "tests/end_to_end/test_quickstart.py"}
    ),
    "processes": frozenset(
        {"plugins/rlaif-trl/tests/processes/", "plugins/rlaif-trl/tests/ppo/test_devices.py"}
    ),
    "snippets": frozenset({"tests/docs/test_snippets.py"}),
    "learning": frozenset({"plugins/rlaif-trl/tests/known_answers/"}),
}
"""Tests that have a target of their own, `make test-gallery` and so on, by their marker."""


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Leave files without a fast test unread: importing them takes longer than the fast tests."""
    if config.getoption("markexpr") != "not slow" or not collection_path.is_relative_to(ROOT):
        return None
    path = collection_path.relative_to(ROOT).as_posix()
    return True if path in SLOW or f"{path}/" in SLOW else None


def pytest_collection_modifyitems(items: Sequence[pytest.Item]) -> None:
    """Mark the slow tests, and those with a target of their own."""
    for item in items:
        function = item.nodeid.partition("[")[0]
        file = function.partition("::")[0]
        places = {function, file, *(f"{folder}/" for folder in PurePosixPath(file).parents)}
        if places & SLOW or function.endswith(SLOW_EVERYWHERE):
            item.add_marker(pytest.mark.slow)
        for marker, marked in TARGETS.items():
            if places & marked:
                item.add_marker(marker)


pytest_plugins = ["tests.support.fixtures"]
