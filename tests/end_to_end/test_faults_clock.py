"""A clock that jumps: no wait, no order of work and no label depends on the time of day."""

from __future__ import annotations

import itertools
import sqlite3
import time

import pytest

from rlaif_core.cli import main
from tests.support.fixtures import Toy

DAY = 86_400.0


def test_a_clock_that_jumps_back_and_forth_changes_nothing(
    toy: Toy, monkeypatch: pytest.MonkeyPatch
) -> None:
    toy.write(policy="faults: 0.3", judge="faults: 0.3")
    assert toy.run(run_dir="calm").returncode == 0

    jumps = itertools.cycle([0.0, 30 * DAY, -400 * DAY, 2 * DAY])
    steady = time.time
    monkeypatch.setattr(time, "time", lambda: steady() + next(jumps))
    began = time.monotonic()
    assert main(toy.command()[3:]) == 0
    assert time.monotonic() - began < 60.0

    assert toy.preferences() == toy.preferences("calm")
    seconds = toy.metrics()["seconds"].values()
    assert all(0.0 <= duration < 60.0 for duration in seconds)
    with sqlite3.connect(toy.folder / "run" / "ledger.sqlite") as ledger:
        written, latest = ledger.execute(
            "SELECT max(at) - min(at), max(seconds) FROM calls"
        ).fetchone()
    assert written > DAY  # it did jump
    assert latest < 60.0
