"""Fixture plugins, really installed once a session into a folder of their own."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

PLUGINS = Path(__file__).parent / "fixtures" / "plugins"


@pytest.fixture(scope="session")
def plugin_site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder for `sys.path` that holds every distribution of tests/fixtures/plugins."""
    site = tmp_path_factory.mktemp("site")
    sources = sorted(str(path.parent) for path in PLUGINS.glob("*/pyproject.toml"))
    offline = ["--no-deps", "--no-build-isolation", "--no-index", "--disable-pip-version-check"]
    pip = [sys.executable, "-m", "pip", "install", "-q", *offline, "--target", str(site)]
    subprocess.run([*pip, *sources], check=True)
    return site
