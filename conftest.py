"""For the tests of the core and of every plugin: what a shared, busy machine asks for."""

from __future__ import annotations

import os

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

pytest_plugins = ["tests.support.fixtures"]
