"""The command line starts fast: nothing is imported that a listing does not need."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from statistics import median

import pytest

HEAVY = {
    "importlib.metadata",
    "numpy",
    "pluggy",
    "pydantic",
    "rich",
    "typer",
    "yaml",
    "torch",
    "transformers",
}
RATIO = 2.5
RUNS = 7


@pytest.fixture
def environ(plugin_site) -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(plugin_site)}


@pytest.mark.parametrize("arguments", [["--help"], ["plugins", "list"], ["plugins", "--help"]])
def test_only_light_modules_are_imported(environ, arguments):
    program = (
        "import sys\n"
        "from rlaif_core.cli import main\n"
        f"assert main({arguments!r}) == 0\n"
        "print('modules:', *sys.modules)\n"
    )
    out = subprocess.check_output([sys.executable, "-c", program], env=environ, text=True)
    modules = set(out.rpartition("modules:")[2].split())
    assert "rlaif_core.cli" in modules
    assert not HEAVY & modules
    assert not [
        module for module in modules if module.startswith(("acme_", "rival_", "rlaif_core.api"))
    ]


@pytest.mark.parametrize(
    "arguments", [["--help"], ["plugins", "list"], ["plugins", "list", "--json"]]
)
def test_it_takes_at_most_two_and_a_half_times_what_reading_entry_points_takes(environ, arguments):
    commands = {
        "entry points": ["-c", "import importlib.metadata as m; m.entry_points()"],
        "rlaif": ["-m", "rlaif_core.cli", *arguments],
    }
    seconds: dict[str, list[float]] = {name: [] for name in commands}
    for _ in range(RUNS):  # in turn, so that a busy moment strikes both
        for name, command in commands.items():
            start = time.perf_counter()
            subprocess.run([sys.executable, *command], env=environ, check=True, capture_output=True)
            seconds[name].append(time.perf_counter() - start)
    assert median(seconds["rlaif"]) <= RATIO * median(seconds["entry points"])
