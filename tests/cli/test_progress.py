"""What a log is told while a stage goes on."""

from __future__ import annotations

import pytest

from rlaif_core.cli import progress
from rlaif_core.cli.progress import Plain, duration


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    now = [0.0]
    monkeypatch.setattr(progress.time, "monotonic", lambda: now[0])
    return now


def test_loading_weights_is_no_part_of_the_rate(
    clock: list[float], capsys: pytest.CaptureFixture[str]
) -> None:
    plain = Plain()
    plain.start(0, "judge", 100)
    clock[0] = 40.0
    plain.advance(2)
    clock[0] = 55.0
    plain.advance(30)
    told = capsys.readouterr().err.splitlines()
    assert told[1] == "round 0 · judge: 2/100"
    assert told[2] == "round 0 · judge: 32/100 · 2/s · 34 s left"


def test_a_slow_rate_is_not_zero(clock: list[float], capsys: pytest.CaptureFixture[str]) -> None:
    plain = Plain()
    plain.start(0, "optimize", 200)
    plain.advance()
    for _ in range(6):
        clock[0] += 20.0
        plain.advance()
    assert capsys.readouterr().err.splitlines()[-1].endswith("7/200 · 0.05/s · 64 min left")


def test_every_stage_has_a_rate_of_its_own(clock: list[float]) -> None:
    plain = Plain()
    plain.start(0, "sample", 100)
    plain.advance()
    clock[0] = 10.0
    plain.advance(50)
    assert plain.rate == 5.0
    plain.start(0, "judge", 100)
    assert plain.rate is None
    assert plain.left == ""


@pytest.mark.parametrize(
    ("seconds", "told"), [(0.4, "0 s"), (99, "99 s"), (150, "2 min"), (5999, "100 min")]
)
def test_a_duration_is_told_in_a_fitting_unit(seconds: float, told: str) -> None:
    assert duration(seconds) == told


def test_hours_have_a_decimal() -> None:
    assert duration(9000) == "2.5 h"
