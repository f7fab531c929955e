from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from rlaif_core.cli import main


class Outcome(NamedTuple):
    """What a command line came to."""

    code: int
    out: str
    err: str


Rlaif = Callable[..., Outcome]


@pytest.fixture
def rlaif(
    plugin_site: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Rlaif:
    """Runs `rlaif` with the fixture plugins installed, in this process."""
    monkeypatch.syspath_prepend(str(plugin_site))

    def run(*arguments: str) -> Outcome:
        capsys.readouterr()
        code = main(arguments)
        return Outcome(code, *capsys.readouterr())

    return run
