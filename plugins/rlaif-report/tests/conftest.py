from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.run_folder import finished_run, judged_pairs


@pytest.fixture(scope="session")
def run_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished run of one round. Tests read it; what they write goes elsewhere."""
    return finished_run(tmp_path_factory.mktemp("runs") / "one")


@pytest.fixture(scope="session")
def judged_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished `rlaif judge` run."""
    return judged_pairs(tmp_path_factory.mktemp("runs") / "judged")
