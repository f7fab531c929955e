"""For the tests of the core and of every plugin: what a shared, busy machine asks for."""

from __future__ import annotations

import os
from collections.abc import Sequence

import pytest
from hypothesis import HealthCheck, settings

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

SLOW = (
    "contrib/",
    "plugins/rlaif-data/tests/test_hub.py",
    "plugins/rlaif-judge-metrics/tests/test_cycles.py",
    "plugins/rlaif-judge-metrics/tests/test_judge_metrics.py",
    "plugins/rlaif-judges/tests/jury/test_settle.py",
    "plugins/rlaif-judges/tests/test_meta_rewarding.py",
    "plugins/rlaif-kit/tests/test_scaffold.py",
    "plugins/rlaif-lab/tests/test_models.py",
    "plugins/rlaif-report/tests/test_command.py",
    "plugins/rlaif-stats/tests/test_cycles.py",
    "plugins/rlaif-transformers/tests/generation/",
    "plugins/rlaif-transformers/tests/scoring/",
    "plugins/rlaif-transformers/tests/test_architectures.py",
    "plugins/rlaif-transformers/tests/test_batching.py",
    "plugins/rlaif-transformers/tests/test_fingerprint.py",
    *(
        f"plugins/rlaif-trl/tests/{name}"
        for name in (
            *("known_answers/", "imitation/", "online/", "pairs/", "policy/", "ppo/"),
            *("processes/", "reward/", "soups/", "test_every_optimizer.py", "test_invariance.py"),
            *("test_lab.py", "test_variants.py", "test_threads.py"),
        )
    ),
    "plugins/rlaif-verifiers/tests/test_code.py",
    "plugins/rlaif-verifiers/tests/test_real_data.py",
    "plugins/rlaif-verifiers/tests/test_sandbox",
    "plugins/rlaif-vllm/",
    "tests/cli/test_startup.py",
    "tests/commands/test_compare.py",
    "tests/commands/test_plan.py",
    "tests/commands/test_run.py",
    "tests/docs/test_snippets.py",
    "tests/end_to_end/",
    "tests/engine/judging/test_failure_limit.py",
    "tests/engine/stages/test_second_judge.py",
    "tests/engine/test_self_rewarding.py",
    "tests/engine/test_shared_answers.py",
)
"""Tests that start processes, train, or take seconds each: `make test-fast` leaves them out."""

SLOW_EVERYWHERE = (
    "test_a_malformed_reply_is_an_abstention_and_never_a_guess",
    "test_importing_its_module_loads_nothing_heavy_and_touches_nothing",
    "test_the_same_seed_gives_the_same_outcome",
)
"""Slow tests of the conformance kit, whose users need not know this marker."""


def pytest_collection_modifyitems(items: Sequence[pytest.Item]) -> None:
    """Mark the slow tests."""
    for item in items:
        if item.nodeid.startswith(SLOW) or item.nodeid.endswith(SLOW_EVERYWHERE):
            item.add_marker(pytest.mark.slow)


pytest_plugins = ["tests.support.fixtures"]
