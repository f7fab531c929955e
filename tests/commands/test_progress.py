"""What a log is told while a stage goes on."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from rlaif_core.commands import progress
from rlaif_core.commands.progress import Live, Plain, duration


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


def test_answers_that_come_in_at_once_are_no_rate(clock: list[float]) -> None:
    plain = Plain()
    plain.start(0, "judge", 1200)
    clock[0] = 1.0
    plain.advance(1)
    clock[0] = 1.01
    plain.advance(63)
    assert plain.rate is None
    clock[0] = 11.0
    plain.advance(137)
    assert plain.rate == 20.0


def test_the_bar_says_what_is_left_at_the_rate_beside_it(clock: list[float]) -> None:
    screen = io.StringIO()
    live = Live(Console(file=screen, force_terminal=True, width=160))
    live.start(0, "judge", 1200)
    clock[0] = 40.0
    live.advance(64)
    clock[0] = 40.1
    live.advance(36)
    assert " left" not in screen.getvalue()
    clock[0] = 50.0
    live.advance(64)
    live.close()
    assert "164/1200" in screen.getvalue()
    assert "2 min left · 10/s" in screen.getvalue()


@pytest.mark.parametrize(
    ("seconds", "told"), [(0.4, "0 s"), (99, "99 s"), (150, "2 min"), (5999, "100 min")]
)
def test_a_duration_is_told_in_a_fitting_unit(seconds: float, told: str) -> None:
    assert duration(seconds) == told


def test_hours_have_a_decimal() -> None:
    assert duration(9000) == "2.5 h"


@pytest.mark.parametrize("width", [80, 110])
def test_a_narrow_terminal_shows_the_count_whole(clock: list[float], width: int) -> None:
    screen = io.StringIO()
    live = Live(Console(file=screen, force_terminal=True, width=width))
    live.start(0, "judge", 1530)
    live.advance(5)
    clock[0] = 10.0
    live.advance(610, agreement=0.837, reward=1.0)
    live.close()
    assert "615/1530" in screen.getvalue()


def test_a_cursor_is_hidden_only_while_there_is_a_stage() -> None:
    """What goes wrong before the first one leaves the terminal as it was."""
    written = io.StringIO()
    live = Live(Console(file=written, force_terminal=True))
    live.note("nothing has begun")
    assert "\x1b[?25l" not in written.getvalue()
    live.start(0, "judge", 10)
    assert "\x1b[?25l" in written.getvalue()
    live.close()
    assert "\x1b[?25h" in written.getvalue()
