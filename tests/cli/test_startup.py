"""The command line starts fast: nothing is imported that a listing does not need."""

from __future__ import annotations

import os
import subprocess
import sys

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
